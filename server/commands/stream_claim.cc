// Pending entries change their owner: XCLAIM, XAUTOCLAIM (redis.io, "XCLAIM").
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "server/commands/entry_runs.h"
#include "server/commands/families.h"
#include "server/commands/pending_runs.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::ConsumerGroup;
using data::Delivery;
using data::StreamId;

struct ClaimOptions {
  int64_t min_idle_ms = 0;
  int64_t time_ms = 0;  // that of the delivery
  int64_t count = data::kCountUp;
  StreamId last_id;
  bool force = false;
  bool just_id = false;
};

int64_t MinIdleArgument(Call& call, std::string_view error) {
  ArgReader args(call, 4);
  const int64_t min_idle_ms = args.Integer(error);
  args.Finish();
  return std::max<int64_t>(min_idle_ms, 0);
}

// A group whose entries go to one consumer.
struct Claim {
  Call& call;
  data::Key key;
  GroupRef ref;
  std::string_view consumer;
  ClaimOptions options;

  bool IdleEnough(const Delivery& delivery) const {
    return delivery.released() || options.min_idle_ms == 0 ||
           call.now_ms - delivery.time_ms() >= options.min_idle_ms;
  }
  // Takes pending entries that are idle for long enough.
  auto Runs() const {
    return PendingRuns(
        ref.group->pending(), [this](const Delivery& delivery) { return IdleEnough(delivery); },
        [this](StreamId first, StreamId last) {
          call.Commit(data::ClaimPending{call.database(), key, ref.group->name(), consumer, first,
                                         last, options.time_ms, options.count, call.now_ms});
        });
  }
  // Entries that the topic has no more are not pending any longer either.
  void Forget(StreamId id) const {
    call.Commit(data::ForgetPending{call.database(), key, ref.group->name(), id, id});
  }
  void AddPending(StreamId id) const {
    int64_t count = options.count;
    if (count == data::kKeepCount) count = 1;
    if (count == data::kCountUp) count = 2;  // made by a first delivery, and claimed
    call.Commit(data::AddPending{call.database(), key, ref.group->name(), consumer, 0, id,
                                 options.time_ms, count, call.now_ms});
  }
  void Write(const std::vector<StreamId>& claimed) const {
    call.reply.Array(claimed.size());
    std::vector<data::Topic::Run> runs;
    for (const StreamId id : claimed) {
      if (options.just_id) {
        WriteId(call.reply, id);
        continue;
      }
      runs.clear();
      ref.topic->Read(id, id, 1, runs);
      call.reply.RawShared(*runs.front().owner, runs.front().bytes);
    }
  }
};

// How many arguments from the sixth on are IDs: the first that is none begins the options.
size_t CountIds(const Call& call) {
  const auto ids = call.args.subspan(5);
  const auto end = std::find_if(ids.begin(), ids.end(),
                                [](std::string_view text) { return !data::ParseStreamId(text); });
  return static_cast<size_t>(end - ids.begin());
}

// IDLE and TIME: a time that is not between 0 and now counts as now.
int64_t DeliveryTime(int64_t time_ms, int64_t now_ms) {
  return time_ms < 0 || time_ms > now_ms ? now_ms : time_ms;
}

bool ReadClaimOptions(Call& call, size_t first, ClaimOptions& options) {
  ArgReader args(call, first);
  options.time_ms = call.now_ms;
  int64_t retry_count = -1;
  while (args.HasMore()) {
    if (args.Match("FORCE")) {
      options.force = true;
    } else if (args.Match("JUSTID")) {
      options.just_id = true;
    } else if (args.Match("IDLE", 1)) {
      const int64_t idle_ms = args.Integer("ERR Invalid IDLE option argument for XCLAIM");
      options.time_ms =
          idle_ms < 0 ? call.now_ms : DeliveryTime(call.now_ms - idle_ms, call.now_ms);
    } else if (args.Match("TIME", 1)) {
      const int64_t time_ms = args.Integer("ERR Invalid TIME option argument for XCLAIM");
      options.time_ms = DeliveryTime(time_ms, call.now_ms);
    } else if (args.Match("RETRYCOUNT", 1)) {
      retry_count = args.Integer("ERR Invalid RETRYCOUNT option argument for XCLAIM");
    } else if (args.Match("LASTID", 1)) {
      const auto id = data::ParseStreamId(args.Next(), 0);
      if (!id) args.Fail(kInvalidStreamId);
      options.last_id = id.value_or(StreamId{});
    } else {
      args.Fail("ERR Unrecognized XCLAIM option '" + std::string(UpToNul(args.Next())) + "'");
    }
  }
  if (options.just_id) options.count = data::kKeepCount;
  if (retry_count >= 0) options.count = retry_count;
  return args.Finish();
}

void XClaim(Call& call) {
  Claim claim{
      .call = call, .key = Call::KeyOf(call[1]), .ref = {}, .consumer = call[3], .options = {}};
  claim.ref = FindGroup(call, claim.key, call[2]);
  if (call.failed()) return;
  if (claim.ref.group == nullptr) return NoGroupError(call, call[1], call[2]);
  ConsumerGroup& group = *claim.ref.group;
  claim.options.min_idle_ms =
      MinIdleArgument(call, "ERR Invalid min-idle-time argument for XCLAIM");
  const size_t id_count = CountIds(call);
  if (call.failed() || !ReadClaimOptions(call, 5 + id_count, claim.options)) return;
  if (claim.options.last_id > group.last_id()) {
    call.Commit(data::SetGroupPosition{call.database(), claim.key, call[2], claim.options.last_id,
                                       group.entries_read()});
  }
  UseConsumer(call, claim.key, group, claim.consumer);

  const auto ids = ReadIds(call, 5, id_count);
  std::vector<StreamId> claimed;
  auto runs = claim.Runs();
  for (const StreamId id : *ids) {
    const bool exists = claim.ref.topic->Contains(id);
    if (exists && runs.Add(id)) {
      claimed.push_back(id);
    } else if (!exists || claim.options.force) {
      runs.Flush();
      const bool pending = group.pending().Contains(id);
      if (!exists && pending) claim.Forget(id);
      if (exists && !pending) {
        claim.AddPending(id);
        claimed.push_back(id);
      }
    }
  }
  runs.Flush();
  claim.Write(claimed);
}

struct AutoClaimOptions {
  StreamId start;
  int64_t count = 100;
  bool just_id = false;
};

bool ReadAutoClaimOptions(Call& call, AutoClaimOptions& options) {
  const auto start = RangeStart(call, call[5]);
  if (!start) return false;
  options.start = *start;
  constexpr int64_t kMaxCount = std::numeric_limits<int64_t>::max() / 16;
  ArgReader args(call, 6);
  while (args.HasMore()) {
    if (args.Match("COUNT", 1)) {
      options.count = args.IntegerIn(1, kMaxCount, "ERR COUNT must be > 0");
    } else if (args.Match("JUSTID")) {
      options.just_id = true;
    } else {
      args.Fail(errors::kSyntax);
    }
  }
  return args.Finish();
}

void XAutoClaim(Call& call) {
  Claim claim{
      .call = call, .key = Call::KeyOf(call[1]), .ref = {}, .consumer = call[3], .options = {}};
  claim.options.min_idle_ms =
      MinIdleArgument(call, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  AutoClaimOptions options;
  if (call.failed() || !ReadAutoClaimOptions(call, options)) return;
  claim.options.time_ms = call.now_ms;
  claim.options.just_id = options.just_id;
  if (options.just_id) claim.options.count = data::kKeepCount;
  claim.ref = FindGroup(call, claim.key, call[2]);
  if (call.failed()) return;
  if (claim.ref.group == nullptr) return NoGroupError(call, call[1], call[2]);
  UseConsumer(call, claim.key, *claim.ref.group, claim.consumer);

  // Decided first, because the cursor walks over what changes.
  std::vector<StreamId> claimed;
  std::vector<StreamId> gone;
  const auto& pending = claim.ref.group->pending();
  auto at = pending.LowerBound(options.start);
  constexpr int64_t kAttemptsFactor = 10;  // entries looked at for each one wanted
  for (int64_t attempts = options.count * kAttemptsFactor, left = options.count;
       attempts > 0 && left > 0 && at != pending.end(); --attempts, at = pending.Next(at)) {
    const StreamId id = pending.IdAt(at);
    if (!claim.ref.topic->Contains(id)) {
      gone.push_back(id);
      --left;
    } else if (claim.IdleEnough(pending.ValueAt(at))) {
      claimed.push_back(id);
      --left;
    }
  }
  const StreamId next = at == pending.end() ? StreamId{} : pending.IdAt(at);
  auto runs = claim.Runs();
  for (const StreamId id : claimed) runs.Add(id);
  runs.Flush();
  ForgetRuns forgets(pending, kAnyDelivery, {call, claim.key, *claim.ref.group});
  for (const StreamId id : gone) forgets.Add(id);
  forgets.Flush();

  call.reply.Array(3);
  WriteId(call.reply, next);
  claim.Write(claimed);
  call.reply.Array(gone.size());
  for (const StreamId id : gone) WriteId(call.reply, id);
}

constexpr Command kCommands[] = {
    {.name = "XCLAIM",
     .arity = -6,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(log N) with N being the number of messages in the PEL of the consumer group.",
     .summary = "Changes (or acquires) ownership of a message in a consumer group, as if the "
                "message was delivered to the specified consumer.",
     .tips = "nondeterministic_output",
     .handler = XClaim},
    {.name = "XAUTOCLAIM",
     .arity = -6,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete)},
     .group = "stream",
     .since = "6.2.0",
     .complexity = "O(1) if COUNT is small.",
     .summary = "Changes (or acquires) ownership of messages in a consumer group, as if the "
                "messages were delivered to the specified consumer.",
     .tips = "nondeterministic_output",
     .handler = XAutoClaim},
};

}  // namespace

std::span<const Command> StreamClaimCommands() {
  return kCommands;
}

}  // namespace leat::commands
