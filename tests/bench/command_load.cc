// --command: every client sends a batch of one command, waits for all its replies, sends the next.
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/failure.h"
#include "tests/bench/load.h"
#include "tests/bench/reply_skipper.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

class CommandLoad : public Load {
 public:
  CommandLoad(EventLoop& loop, const Options& options, const std::vector<std::string>& words)
      : Load(options.requests), pipeline_(options.pipeline) {
    keys_.keyspace = options.keyspace;
    const RequestBatch batch(words, pipeline_, MakePayload(options.data_size_bytes));
    for (uint64_t i = 0; i < options.clients; ++i) {
      clients_.push_back(std::make_unique<Client>(*this, loop, options.endpoint, batch));
    }
  }

  void Start() override {
    for (const auto& client : clients_) client->SendBatch(NowNs());
  }
  bool Idle() const override { return waiting_ == 0; }

 private:
  class Client : public Connection {
   public:
    Client(CommandLoad& load, EventLoop& loop, const Endpoint& endpoint, RequestBatch batch)
        : Connection(loop, endpoint), load_(load), batch_(std::move(batch)) {}

    void SendBatch(uint64_t now_ns) {
      waiting_ = load_.Take(load_.pipeline_);
      if (waiting_ == 0) return;
      load_.waiting_ += waiting_;
      sent_ns_ = now_ns;
      Send(batch_.Next(waiting_, load_.keys_));
    }

    void OnBytes(std::string_view bytes, uint64_t now_ns) override {
      uint64_t replies = 0;
      uint64_t nulls = 0;
      const bool valid = skipper_.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
        if (!reply.error.empty()) FailOnErrorReply(reply.error);
        ++replies;
        if (reply.number == -1 && reply.type != ':') ++nulls;
      });
      if (!valid) Fail(ExitCode::kFailed, "a reply is not RESP");
      load_.counts().reply_bytes += bytes.size();
      if (replies > waiting_) Fail(ExitCode::kFailed, "more replies than requests");
      if (replies == 0) return;
      waiting_ -= replies;
      load_.waiting_ -= replies;
      Counts& counts = load_.counts();
      counts.operations += replies;
      counts.nulls += nulls;
      counts.latencies_ns.Record(now_ns - sent_ns_, replies);
      if (waiting_ == 0) SendBatch(now_ns);
    }

   private:
    CommandLoad& load_;
    RequestBatch batch_;
    ReplySkipper skipper_;
    uint64_t waiting_ = 0;
    uint64_t sent_ns_ = 0;
  };

  uint64_t pipeline_;
  KeySource keys_;
  std::vector<std::unique_ptr<Client>> clients_;
  uint64_t waiting_ = 0;
};

}  // namespace

std::unique_ptr<Load> MakeCommandLoad(EventLoop& loop, const Options& options) {
  const auto words = SplitWords(options.command);
  if (!words) Fail(ExitCode::kUsage, "--command is empty or leaves a quote open");
  return std::make_unique<CommandLoad>(loop, options, *words);
}

}  // namespace leat::bench
