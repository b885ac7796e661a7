// What a consumer group has pending: XACK, XPENDING (redis.io, "XPENDING").
#include <algorithm>
#include <string>
#include <vector>

#include "server/base/number.h"
#include "server/commands/entry_runs.h"
#include "server/commands/families.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::ConsumerGroup;
using data::Delivery;
using data::StreamId;

void XAck(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const GroupRef ref = FindGroup(call, key, call[2]);
  if (call.failed()) return;
  if (ref.group == nullptr) return call.reply.Integer(0);
  const auto ids = ReadIds(call, 3, call.size() - 3);
  if (!ids) return;
  ForgetRuns runs(ref.group->pending(), kAnyDelivery, {call, key, *ref.group});
  int64_t acknowledged = 0;
  for (const StreamId id : *ids) acknowledged += runs.Add(id) ? 1 : 0;
  runs.Flush();
  call.reply.Integer(acknowledged);
}

// How many are pending, from where to where, and whose they are.
void WriteSummary(Call& call, const ConsumerGroup& group) {
  const auto& pending = group.pending();
  call.reply.Array(4);
  call.reply.Integer(static_cast<int64_t>(pending.size()));
  if (pending.empty()) {
    call.reply.Null();
    call.reply.Null();
    return call.reply.NullArray();
  }
  WriteId(call.reply, pending.first_id());
  WriteId(call.reply, pending.last_id());
  size_t owners = 0;
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    if (!group.ConsumerAt(i).pending.empty()) ++owners;
  }
  call.reply.Array(owners);
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    const data::Consumer& consumer = group.ConsumerAt(i);
    if (consumer.pending.empty()) continue;
    call.reply.Array(2);
    call.reply.Bulk(consumer.name);
    call.reply.Bulk(std::to_string(consumer.pending.size()));
  }
}

struct PendingQuery {
  int64_t min_idle_ms = 0;
  StreamId first;
  StreamId last;
  uint64_t count = 0;
  std::optional<std::string_view> consumer;
};

// [IDLE min-idle] start end count [consumer]
bool ReadPendingQuery(Call& call, PendingQuery& query) {
  ArgReader args(call, 3);
  if (args.Match("IDLE")) {
    query.min_idle_ms = args.Integer();
    if (call.size() < 8) args.Fail(errors::kSyntax);
  }
  const std::string_view start = args.Next();
  const std::string_view end = args.Next();
  query.count = static_cast<uint64_t>(std::max<int64_t>(args.Integer(), 0));
  if (!args.Finish()) return false;
  const auto first = RangeStart(call, start);
  if (!first) return false;
  const auto last = RangeEnd(call, end);
  if (!last) return false;
  query.first = *first;
  query.last = *last;
  if (args.HasMore()) query.consumer = args.Next();
  return true;
}

void WriteOne(Call& call, const ConsumerGroup& group, StreamId id, const Delivery& delivery) {
  call.reply.Array(4);
  WriteId(call.reply, id);
  if (delivery.released()) {
    call.reply.Bulk("");
    call.reply.Integer(-1);
  } else {
    call.reply.Bulk(group.OwnerOf(delivery).name);
    call.reply.Integer(std::max<int64_t>(call.now_ms - delivery.time_ms(), 0));
  }
  call.reply.Integer(delivery.count());
}

// Writes what `ids`, the pending ones of the group or of a consumer, have in the range.
template <typename Ids>
void WriteMatches(Call& call, const ConsumerGroup& group, const Ids& ids,
                  const PendingQuery& query) {
  const auto& pending = group.pending();
  std::vector<ConsumerGroup::Pending::Cursor> found;
  for (auto at = ids.LowerBound(query.first);
       at != ids.end() && ids.IdAt(at) <= query.last && found.size() < query.count;
       at = ids.Next(at)) {
    const auto entry = pending.Find(ids.IdAt(at));
    const Delivery delivery = pending.ValueAt(entry);
    const bool idle = delivery.released() || call.now_ms - delivery.time_ms() >= query.min_idle_ms;
    if (query.min_idle_ms == 0 || idle) found.push_back(entry);
  }
  call.reply.Array(found.size());
  for (const auto entry : found) {
    WriteOne(call, group, pending.IdAt(entry), pending.ValueAt(entry));
  }
}

void XPending(Call& call) {
  const bool summary = call.size() == 3;
  if (!summary && (call.size() < 6 || call.size() > 9)) return call.Error(errors::kSyntax);
  PendingQuery query;
  if (!summary && !ReadPendingQuery(call, query)) return;
  const GroupRef ref = FindGroup(call, Call::KeyOf(call[1]), call[2]);
  if (call.failed()) return;
  if (ref.group == nullptr) return NoGroupError(call, call[1], call[2]);
  if (summary) return WriteSummary(call, *ref.group);
  if (!query.consumer) return WriteMatches(call, *ref.group, ref.group->pending(), query);
  const data::Consumer* consumer = ref.group->FindConsumer(*query.consumer);
  if (consumer == nullptr) return call.reply.Array(0);
  WriteMatches(call, *ref.group, consumer->pending, query);
}

constexpr Command kCommands[] = {
    {.name = "XACK",
     .arity = -4,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1) for each message ID processed.",
     .summary = "Marks a pending message as correctly processed, effectively removing it from the "
                "pending entries list of the consumer group. Return value of the command is the "
                "number of messages successfully acknowledged, that is, the IDs we were actually "
                "able to resolve in the PEL.",
     .handler = XAck},
    {.name = "XPENDING",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(N) with N being the number of elements returned, so asking for a small fixed "
                   "number of entries per call is O(1). O(M), where M is the total number of "
                   "entries scanned when used with the IDLE filter. When the command returns just "
                   "the summary and the list of consumers is small, it runs in O(1) time; "
                   "otherwise, an additional O(N) time for iterating every consumer.",
     .summary = "Return information and entries from a stream consumer group pending entries list, "
                "that are messages fetched but never acknowledged.",
     .tips = "nondeterministic_output",
     .handler = XPending},
};

}  // namespace

std::span<const Command> StreamPendingCommands() {
  return kCommands;
}

}  // namespace leat::commands
