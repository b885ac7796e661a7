// --publish: fan-out. Publishers send batches of PUBLISH to one channel; every subscriber must get
// every message. A publisher also waits while the subscribers are a batch or more behind, so that
// the server's output stays bounded and no slow-subscriber limit cuts in.
//
// All messages have one size, so subscribers know where each begins. The first eight bytes of the
// payload are the time at which the batch was sent: latency is from PUBLISH to delivery (to the
// reply, when there is no subscriber).
#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "tests/bench/failure.h"
#include "tests/bench/load.h"
#include "tests/bench/reply_skipper.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

class PublishLoad : public Load {
 public:
  PublishLoad(EventLoop& loop, const Options& options);

  void Start() override;
  bool Idle() const override { return waiting_ == 0 && undelivered_ == 0; }
  void Verify() const override;

 private:
  class Publisher;
  class Subscriber;
  class PatternHolder;

  void OnDelivered(uint64_t messages, uint64_t now_ns);

  Options options_;
  std::string request_head_;  // up to the payload
  std::string message_head_;  // likewise, of what a subscriber receives
  std::vector<std::unique_ptr<PatternHolder>> pattern_holders_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  std::deque<Publisher*> held_back_;
  uint64_t published_ = 0;
  uint64_t waiting_ = 0;      // for replies to PUBLISH
  uint64_t undelivered_ = 0;  // messages × subscribers
};

class PublishLoad::Publisher : public Connection {
 public:
  Publisher(PublishLoad& load, EventLoop& loop)
      : Connection(loop, load.options_.endpoint), load_(load) {
    const std::string request =
        load_.request_head_ + MakePayload(load_.options_.data_size_bytes) + "\r\n";
    request_bytes_ = request.size();
    for (uint64_t i = 0; i < load_.options_.pipeline; ++i) requests_ += request;
  }

  void SendBatch(uint64_t now_ns) {
    waiting_ = load_.Take(load_.options_.pipeline);
    if (waiting_ == 0) return;
    load_.waiting_ += waiting_;
    load_.published_ += waiting_;
    load_.undelivered_ += waiting_ * load_.options_.subscribers;
    sent_ns_ = now_ns;
    for (uint64_t i = 0; i < waiting_; ++i) {
      std::memcpy(requests_.data() + i * request_bytes_ + load_.request_head_.size(), &now_ns,
                  sizeof now_ns);
    }
    Send(std::string_view(requests_).substr(0, waiting_ * request_bytes_));
  }

  void OnBytes(std::string_view bytes, uint64_t now_ns) override {
    const auto expected = static_cast<int64_t>(load_.options_.subscribers);
    uint64_t replies = 0;
    const bool valid = skipper_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
      if (!reply.error.empty()) FailOnErrorReply(reply.error);
      if (reply.number != expected) {
        Fail(ExitCode::kFailed, "PUBLISH answered " + std::to_string(reply.number) +
                                    " receivers instead of " + std::to_string(expected));
      }
      ++replies;
    });
    if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
    if (replies > waiting_) Fail(ExitCode::kFailed, "more replies than requests");
    if (replies == 0) return;
    waiting_ -= replies;
    load_.waiting_ -= replies;
    load_.counts().operations += replies;
    if (expected == 0) load_.counts().latencies_ns.Record(now_ns - sent_ns_, replies);
    if (waiting_ == 0) {
      load_.held_back_.push_back(this);
      load_.OnDelivered(0, now_ns);
    }
  }

 private:
  PublishLoad& load_;
  ReplySkipper skipper_;
  std::string requests_;
  size_t request_bytes_ = 0;
  uint64_t waiting_ = 0;
  uint64_t sent_ns_ = 0;
};

class PublishLoad::Subscriber : public Connection {
 public:
  Subscriber(PublishLoad& load, EventLoop& loop)
      : Connection(loop, load.options_.endpoint), load_(load) {
    const std::vector<std::string> words = {"SUBSCRIBE", load_.options_.channel};
    subscribe_ = EncodeRequest(words);
    Send(subscribe_);
    message_bytes_ = load_.message_head_.size() + load_.options_.data_size_bytes + 2;
  }

  bool subscribed() const { return subscribed_; }
  uint64_t received() const { return received_; }

  void OnBytes(std::string_view bytes, uint64_t now_ns) override {
    if (!subscribed_) {
      OnSubscribed(bytes);
      return;
    }
    const uint64_t before = received_;
    if (!partial_.empty()) {
      const size_t missing = message_bytes_ - partial_.size();
      const std::string_view rest = bytes.substr(0, missing);
      partial_ += rest;
      bytes.remove_prefix(rest.size());
      if (partial_.size() < message_bytes_) return;
      OnMessage(partial_, now_ns);
      partial_.clear();
    }
    while (bytes.size() >= message_bytes_) {
      OnMessage(bytes, now_ns);
      bytes.remove_prefix(message_bytes_);
    }
    partial_ = bytes;
    load_.OnDelivered(received_ - before, now_ns);
  }

 private:
  void OnSubscribed(std::string_view bytes) {
    const bool valid = confirmation_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
      if (!reply.error.empty()) FailOnErrorReply(reply.error);
      subscribed_ = true;
    });
    if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
  }

  void OnMessage(std::string_view message, uint64_t now_ns) {
    const std::string& head = load_.message_head_;
    if (std::memcmp(message.data(), head.data(), head.size()) != 0) {
      Fail(ExitCode::kFailed, "a subscriber received something else than the message published");
    }
    uint64_t sent_ns = 0;
    std::memcpy(&sent_ns, message.data() + head.size(), sizeof sent_ns);
    ++received_;
    load_.counts().latencies_ns.Record(now_ns - sent_ns);
  }

  PublishLoad& load_;
  std::string subscribe_;
  ReplySkipper confirmation_;
  bool subscribed_ = false;
  size_t message_bytes_ = 0;
  std::string partial_;
  uint64_t received_ = 0;
};

// Holds pattern subscriptions of several shapes that never match the channel.
class PublishLoad::PatternHolder : public Connection {
 public:
  PatternHolder(EventLoop& loop, const Endpoint& endpoint, uint64_t first, uint64_t count)
      : Connection(loop, endpoint), waiting_(count) {
    std::vector<std::string> words = {"PSUBSCRIBE"};
    for (uint64_t i = first; i < first + count; ++i) words.push_back(Pattern(i));
    request_ = EncodeRequest(words);
    Send(request_);
  }

  bool subscribed() const { return waiting_ == 0; }

  void OnBytes(std::string_view bytes, uint64_t) override {
    const bool valid = skipper_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
      if (!reply.error.empty()) FailOnErrorReply(reply.error);
      if (waiting_ == 0) Fail(ExitCode::kFailed, "an unrelated pattern matched the channel");
      --waiting_;
    });
    if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
  }

 private:
  static std::string Pattern(uint64_t number) {
    const std::string n = std::to_string(number);
    switch (number % 5) {
      case 0:
        return "unrelated:" + n + ":*";
      case 1:
        return "*." + n;
      case 2:
        return "unrelated.?." + n;
      case 3:
        return "*:" + n + ":*";
      default:
        return "[u-z]nrelated:" + n + ":*";
    }
  }

  std::string request_;
  ReplySkipper skipper_;
  uint64_t waiting_;
};

PublishLoad::PublishLoad(EventLoop& loop, const Options& options)
    : Load(options.requests), options_(options) {
  const std::string payload(options.data_size_bytes, 'x');
  const std::vector<std::string> request = {"PUBLISH", options.channel, payload};
  const std::vector<std::string> message = {"message", options.channel, payload};
  request_head_ = EncodeRequest(request);
  request_head_.resize(request_head_.size() - payload.size() - 2);
  message_head_ = EncodeRequest(message);
  message_head_.resize(message_head_.size() - payload.size() - 2);

  constexpr uint64_t kPatternsEach = 1000;
  for (uint64_t first = 0; first < options.patterns; first += kPatternsEach) {
    const uint64_t count = std::min(kPatternsEach, options.patterns - first);
    pattern_holders_.push_back(
        std::make_unique<PatternHolder>(loop, options.endpoint, first, count));
  }
  for (uint64_t i = 0; i < options.subscribers; ++i) {
    subscribers_.push_back(std::make_unique<Subscriber>(*this, loop));
  }
  const auto all_subscribed = [this] {
    for (const auto& holder : pattern_holders_) {
      if (!holder->subscribed()) return false;
    }
    for (const auto& subscriber : subscribers_) {
      if (!subscriber->subscribed()) return false;
    }
    return true;
  };
  constexpr uint64_t kSubscribeNs = 60'000'000'000;
  loop.RunUntil(NowNs() + kSubscribeNs, all_subscribed);
  if (!all_subscribed()) Fail(ExitCode::kFailed, "a subscription was not confirmed within 60 s");

  for (uint64_t i = 0; i < options.publishers; ++i) {
    publishers_.push_back(std::make_unique<Publisher>(*this, loop));
  }
}

void PublishLoad::Start() {
  for (const auto& publisher : publishers_) publisher->SendBatch(NowNs());
}

void PublishLoad::Verify() const {
  for (const auto& subscriber : subscribers_) {
    if (subscriber->received() != published_) {
      Fail(ExitCode::kFailed, "a subscriber received " + std::to_string(subscriber->received()) +
                                  " of " + std::to_string(published_) + " messages");
    }
  }
}

void PublishLoad::OnDelivered(uint64_t messages, uint64_t now_ns) {
  if (messages > undelivered_) Fail(ExitCode::kFailed, "more messages than were published");
  undelivered_ -= messages;
  counts().deliveries += messages;
  const uint64_t one_batch_behind = options_.pipeline * options_.publishers * options_.subscribers;
  while (!held_back_.empty() && undelivered_ <= one_batch_behind) {
    Publisher* publisher = held_back_.front();
    held_back_.pop_front();
    publisher->SendBatch(now_ns);
  }
}

}  // namespace

std::unique_ptr<Load> MakePublishLoad(EventLoop& loop, const Options& options) {
  return std::make_unique<PublishLoad>(loop, options);
}

}  // namespace leat::bench
