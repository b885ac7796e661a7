// Waiting for durability: WAIT and WAITAOF (redis.io, "Generic").
//
// Both are about the writes that this client has made. WAITAOF numlocal: they are on this server's
// disk, that is in its journal, synced. Under `appendfsync always` every reply waits for that by
// itself; under the other policies this is how to be sure of one write among many. There are no
// replicas, so whoever asks for some waits until the time is over.
#include <limits>
#include <string>

#include "server/commands/families.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"

namespace leat::commands {

using namespace engine;

namespace {

// Takes the last argument; 0: for ever.
int64_t Deadline(const Call& call, ArgReader& args) {
  const int64_t timeout_ms = args.Integer(errors::kTimeoutNotInteger);
  if (timeout_ms < 0) args.Fail(errors::kTimeoutNegative);
  const bool ever =
      timeout_ms == 0 || timeout_ms > std::numeric_limits<int64_t>::max() - call.now_ms;
  return ever ? 0 : call.now_ms + timeout_ms;
}

std::vector<std::string> Arguments(const Call& call) {
  return {call.args.begin(), call.args.end()};
}

void Wait(Call& call) {
  ArgReader args(call, 1);
  const int64_t replicas = args.Integer();
  const int64_t deadline_ms = Deadline(call, args);
  if (!args.Finish()) return;
  if (replicas <= 0) return call.reply.Integer(0);
  call.Park({}, deadline_ms, TimeoutReply::kNoReplicas, Arguments(call));
}

void WaitAof(Call& call) {
  ArgReader args(call, 1);
  const int64_t local = args.Integer();
  if (local < 0 || local > 1) args.Fail("ERR value is out of range, value must between 0 and 1");
  const int64_t replicas = args.Integer();
  if (replicas < 0) args.Fail("ERR value is out of range, must be positive");
  const int64_t deadline_ms = Deadline(call, args);
  if (!args.Finish()) return;
  if (local == 1 && call.store.journal() == nullptr) {
    return call.Error(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  const bool durable = call.engine.HasWritesOnDisk(call.session);
  const bool enough = replicas == 0 && (local == 0 || durable);
  if (enough || call.mode == Call::Mode::kInTransaction) {
    return WriteCopies(call.reply, durable);
  }
  call.Park({}, deadline_ms, TimeoutReply::kCopies, Arguments(call));
  if (!durable && call.mode == Call::Mode::kDirect) call.engine.WakeWhenDurable(call.session);
}

constexpr Command kCommands[] = {
    {.name = "WAIT",
     .arity = 3,
     .flags = kNoScript,
     .categories = kConnectionCategory,
     .group = "generic",
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Wait for the synchronous replication of all the write commands sent in the "
                "context of the current connection",
     .tips = "request_policy:all_shards,response_policy:agg_min",
     .handler = Wait},
    {.name = "WAITAOF",
     .arity = 4,
     .flags = kNoScript | kBlocking,
     .categories = kConnectionCategory,
     .group = "generic",
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Blocks until all of the preceding write commands sent by the connection are "
                "written to the append-only file of the master and/or replicas.",
     .tips = "request_policy:all_shards,response_policy:agg_min",
     .handler = WaitAof},
};

}  // namespace

std::span<const Command> WaitCommands() {
  return kCommands;
}

}  // namespace leat::commands
