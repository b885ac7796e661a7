// --group-cycle: the life of an entry in a topic with a consumer group. Each pair of a producer and
// a consumer repeats:
//
//   producer   XADD × entries (in batches of --pipeline)
//   consumer   XREADGROUP … COUNT entries … >      gets exactly that many
//   consumer   XACK with the IDs that it got
//
// All pairs share one topic and one group. A consumer reads only when its producer's entries are
// in, so at any moment at least as many entries were added as were asked for: no read comes back
// short, and every server does the same work. Latency is that of a whole cycle.
#include <algorithm>
#include <string>
#include <vector>

#include "server/base/number.h"
#include "tests/bench/failure.h"
#include "tests/bench/load.h"
#include "tests/bench/reply_skipper.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

constexpr const char* kGroup = "bench:group";

// Walks through a reply that is complete. Anything unexpected ends the program.
class ReplyCursor {
 public:
  explicit ReplyCursor(std::string_view rest) : rest_(rest) {}

  // The number in a line such as "*3\r\n", whose first byte must be `type`.
  uint64_t Header(char type) {
    const size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos || rest_.front() != type) FailOnShape();
    const auto number = base::ParseUint64(rest_.substr(1, end - 1));
    if (!number) FailOnShape();
    rest_.remove_prefix(end + 2);
    return *number;
  }
  // A bulk string as it stands in the reply, from its '$' to its closing CRLF.
  std::string_view RawBulk() {
    const std::string_view start = rest_;
    const uint64_t size = Header('$');
    if (rest_.size() < size + 2) FailOnShape();
    rest_.remove_prefix(size + 2);
    return start.substr(0, start.size() - rest_.size());
  }

 private:
  [[noreturn]] static void FailOnShape() {
    Fail(ExitCode::kFailed, "the reply of XREADGROUP does not have the form of one");
  }

  std::string_view rest_;
};

class GroupLoad : public Load {
 public:
  GroupLoad(EventLoop& loop, const Options& options);

  void Start() override;
  bool Idle() const override { return cycles_under_way_ == 0; }

 private:
  class Producer;
  class Consumer;

  Options options_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::unique_ptr<Producer>> producers_;
  uint64_t cycles_under_way_ = 0;
};

class GroupLoad::Producer : public Connection {
 public:
  Producer(GroupLoad& load, EventLoop& loop, Consumer& consumer)
      : Connection(loop, load.options_.endpoint), load_(load), consumer_(consumer) {
    const std::vector<std::string> words = {"XADD", load.options_.topic, "*", "field",
                                            MakePayload(load.options_.data_size_bytes)};
    const std::string request = EncodeRequest(words);
    request_bytes_ = request.size();
    for (uint64_t i = 0; i < load.options_.pipeline; ++i) requests_ += request;
  }

  void StartCycle(uint64_t now_ns) {
    entries_ = load_.Take(load_.options_.entries);
    if (entries_ == 0) return;
    ++load_.cycles_under_way_;
    started_ns_ = now_ns;
    unsent_entries_ = entries_;
    SendBatch();
  }
  void FinishCycle(uint64_t now_ns) {
    --load_.cycles_under_way_;
    load_.counts().operations += entries_;
    load_.counts().latencies_ns.Record(now_ns - started_ns_);
    StartCycle(now_ns);
  }

  void OnBytes(std::string_view bytes, uint64_t now_ns) override;

 private:
  void SendBatch() {
    waiting_ = std::min(unsent_entries_, load_.options_.pipeline);
    unsent_entries_ -= waiting_;
    Send(std::string_view(requests_).substr(0, waiting_ * request_bytes_));
  }

  GroupLoad& load_;
  Consumer& consumer_;
  ReplySkipper skipper_;
  std::string requests_;
  size_t request_bytes_ = 0;
  uint64_t entries_ = 0;  // of this cycle
  uint64_t unsent_entries_ = 0;
  uint64_t waiting_ = 0;
  uint64_t started_ns_ = 0;
};

class GroupLoad::Consumer : public Connection {
 public:
  Consumer(GroupLoad& load, EventLoop& loop, uint64_t number)
      : Connection(loop, load.options_.endpoint),
        topic_(load.options_.topic),
        name_("consumer:" + std::to_string(number)) {}

  void Read(Producer& producer, uint64_t entries) {
    producer_ = &producer;
    entries_ = entries;
    acknowledging_ = false;
    reply_.clear();
    const std::vector<std::string> words = {"XREADGROUP", "GROUP", kGroup,
                                            name_,        "COUNT", std::to_string(entries),
                                            "STREAMS",    topic_,  ">"};
    request_ = EncodeRequest(words);
    Send(request_);
  }

  void OnBytes(std::string_view bytes, uint64_t now_ns) override {
    bool complete = false;
    int64_t number = 0;
    const bool valid = skipper_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
      if (!reply.error.empty()) FailOnErrorReply(reply.error);
      if (complete) Fail(ExitCode::kFailed, "more replies than requests");
      complete = true;
      number = reply.number;
    });
    if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
    if (!acknowledging_) reply_ += bytes;
    if (!complete) return;
    if (!acknowledging_) {
      Acknowledge();
    } else if (static_cast<uint64_t>(number) != entries_) {
      Fail(ExitCode::kFailed,
           "XACK answered " + std::to_string(number) + " instead of " + std::to_string(entries_));
    } else {
      producer_->FinishCycle(now_ns);
    }
  }

 private:
  void Acknowledge() {
    const std::vector<std::string> words = {"XACK", topic_, kGroup};
    request_ = EncodeRequest(words);
    request_.replace(0, request_.find("\r\n"), "*" + std::to_string(words.size() + entries_));

    ReplyCursor cursor(reply_);
    uint64_t read = 0;
    if (cursor.Header('*') == 1 && cursor.Header('*') == 2) {
      cursor.RawBulk();  // the topic's name
      read = cursor.Header('*');
    }
    if (read != entries_) {
      Fail(ExitCode::kFailed, "XREADGROUP returned " + std::to_string(read) +
                                  " entries instead of " + std::to_string(entries_));
    }
    for (uint64_t i = 0; i < read; ++i) {
      cursor.Header('*');
      request_ += cursor.RawBulk();
      for (uint64_t fields = cursor.Header('*'); fields > 0; --fields) cursor.RawBulk();
    }
    acknowledging_ = true;
    Send(request_);
  }

  std::string topic_;
  std::string name_;
  Producer* producer_ = nullptr;
  ReplySkipper skipper_;
  std::string request_;
  std::string reply_;
  uint64_t entries_ = 0;
  bool acknowledging_ = false;
};

void GroupLoad::Producer::OnBytes(std::string_view bytes, uint64_t) {
  uint64_t replies = 0;
  const bool valid = skipper_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
    if (!reply.error.empty()) FailOnErrorReply(reply.error);
    ++replies;
  });
  if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
  if (replies > waiting_) Fail(ExitCode::kFailed, "more replies than requests");
  if (replies == 0) return;
  waiting_ -= replies;
  if (waiting_ != 0) return;
  if (unsent_entries_ != 0) {
    SendBatch();
  } else {
    consumer_.Read(*this, entries_);
  }
}

GroupLoad::GroupLoad(EventLoop& loop, const Options& options)
    : Load(options.requests), options_(options) {
  BlockingClient client(options.endpoint);
  client.Call(EncodeRequest(std::vector<std::string>{"DEL", options.topic}));
  client.Call(EncodeRequest(
      std::vector<std::string>{"XGROUP", "CREATE", options.topic, kGroup, "$", "MKSTREAM"}));
  for (uint64_t i = 0; i < options.clients; ++i) {
    consumers_.push_back(std::make_unique<Consumer>(*this, loop, i));
    producers_.push_back(std::make_unique<Producer>(*this, loop, *consumers_.back()));
  }
}

void GroupLoad::Start() {
  for (const auto& producer : producers_) producer->StartCycle(NowNs());
}

}  // namespace

std::unique_ptr<Load> MakeGroupLoad(EventLoop& loop, const Options& options) {
  return std::make_unique<GroupLoad>(loop, options);
}

}  // namespace leat::bench
