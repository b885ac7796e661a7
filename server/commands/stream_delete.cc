// Entries that go by their IDs: XDEL, XDELEX, XACKDEL (redis.io, "XDELEX").
#include <limits>
#include <optional>

#include "server/commands/entry_runs.h"
#include "server/commands/families.h"
#include "server/commands/stream_args.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::StreamId;

// What became of an ID, in the replies of XDELEX and XACKDEL.
enum Outcome : int64_t { kMissing = -1, kDeleted = 1, kReferenced = 2 };

void XDel(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.reply.Integer(0);
  const auto ids = ReadIds(call, 2, call.size() - 2);
  if (!ids) return;
  EntryRuns entries(call, key, *topic);
  int64_t deleted = 0;
  for (const StreamId id : *ids) deleted += entries.Add(id) ? 1 : 0;
  entries.Flush();
  call.reply.Integer(deleted);
}

struct DeleteOptions {
  References references = References::kKeep;
  IdBlock ids;
};

// [KEEPREF | DELREF | ACKED] IDS numids id …, in either order.
bool ReadDeleteOptions(Call& call, size_t first, DeleteOptions& options) {
  ArgReader args(call, first);
  std::optional<References> references;
  bool ids_read = false;
  while (args.HasMore()) {
    if (MatchReferences(args, references)) continue;
    if (args.Match("IDS", 1)) {
      options.ids = ReadIdBlock(args, std::numeric_limits<int64_t>::max(),
                                "ERR Number of IDs must be a positive integer",
                                "ERR The `numids` parameter must match the number of arguments");
      ids_read = true;
    } else {
      args.Fail(errors::kSyntax);
    }
  }
  if (!ids_read) args.Fail("ERR IDS option is required");
  options.references = references.value_or(References::kKeep);
  return args.Finish();
}

void ReplyAllMissing(Call& call, size_t ids) {
  call.reply.Array(ids);
  for (size_t i = 0; i < ids; ++i) call.reply.Integer(kMissing);
}

void XDelEx(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  DeleteOptions options;
  if (!ReadDeleteOptions(call, 2, options)) return;
  if (topic == nullptr) return ReplyAllMissing(call, options.ids.count);
  const auto ids = ReadIds(call, options.ids.first, options.ids.count);
  if (!ids) return;
  ReferenceRuns references(call, key, topic->groups());
  EntryRuns entries(call, key, *topic);
  call.reply.Array(ids->size());
  for (const StreamId id : *ids) {
    if (options.references == References::kRespect && topic->groups().Need(id)) {
      call.reply.Integer(kReferenced);
      continue;
    }
    if (options.references == References::kDrop) references.Add(id);
    call.reply.Integer(entries.Add(id) ? kDeleted : kMissing);
  }
  references.Flush();
  entries.Flush();
}

// Whether a group needs the entry that `acknowledging` has acknowledged, or is about to.
bool StillNeeded(const data::ConsumerGroups& groups, const data::ConsumerGroup& acknowledging,
                 StreamId id) {
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool needs =
        &groups[i] == &acknowledging ? id > acknowledging.last_id() : groups[i].Needs(id);
    if (needs) return true;
  }
  return false;
}

void XAckDel(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const GroupRef ref = FindGroup(call, key, call[2]);
  if (call.failed()) return;
  DeleteOptions options;
  if (!ReadDeleteOptions(call, 3, options)) return;
  if (ref.group == nullptr) return ReplyAllMissing(call, options.ids.count);
  const auto ids = ReadIds(call, options.ids.first, options.ids.count);
  if (!ids) return;
  const data::ConsumerGroups& groups = ref.topic->groups();
  ForgetRuns acknowledged(ref.group->pending(), kAnyDelivery, {call, key, *ref.group});
  ReferenceRuns references(call, key, groups, ref.group);
  EntryRuns entries(call, key, *ref.topic);
  call.reply.Array(ids->size());
  for (const StreamId id : *ids) {
    if (!acknowledged.Add(id)) {
      call.reply.Integer(kMissing);
      continue;
    }
    if (options.references == References::kRespect && StillNeeded(groups, *ref.group, id)) {
      call.reply.Integer(kReferenced);
      continue;
    }
    if (options.references == References::kDrop) references.Add(id);
    entries.Add(id);
    call.reply.Integer(kDeleted);
  }
  acknowledged.Flush();
  references.Flush();
  entries.Flush();
}

constexpr Command kCommands[] = {
    {.name = "XDEL",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1) for each single item to delete in the stream, regardless of the stream "
                   "size.",
     .summary = "Removes the specified entries from the stream. Returns the number of items "
                "actually deleted, that may be different from the number of IDs passed in case "
                "certain IDs do not exist.",
     .handler = XDel},
    {.name = "XDELEX",
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete)},
     .group = "stream",
     .since = "8.2.0",
     .complexity = "O(1) for each single item to delete in the stream, regardless of the stream "
                   "size.",
     .summary = "Deletes entries of a stream, and keeps, drops or respects the references that "
                "its consumer groups have to them.",
     .handler = XDelEx},
    {.name = "XACKDEL",
     .arity = -6,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete | kKeyUpdate)},
     .group = "stream",
     .since = "8.2.0",
     .complexity = "O(1) for each message ID processed.",
     .summary = "Acknowledges entries for a consumer group and deletes them from the stream.",
     .handler = XAckDel},
};

}  // namespace

std::span<const Command> StreamDeleteCommands() {
  return kCommands;
}

}  // namespace leat::commands
