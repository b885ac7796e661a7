// Keys of any type (redis.io, "Generic"): whether they are there, and under which name and in which
// database.
#include "server/commands/database.h"
#include "server/commands/families.h"
#include "server/engine/call.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

constexpr std::string_view kSameObject = "ERR source and destination objects are the same";

void Del(Call& call) {
  int64_t deleted = 0;
  for (const std::string_view name : call.args.subspan(1)) {
    const data::Key key = Call::KeyOf(name);
    if (call.Find(key) == nullptr) continue;
    call.Commit(data::DeleteKey{call.database(), key});
    ++deleted;
  }
  call.reply.Integer(deleted);
}

void Exists(Call& call) {
  int64_t found = 0;
  for (const std::string_view name : call.args.subspan(1)) {
    if (call.FindNoTouch(Call::KeyOf(name)) != nullptr) ++found;
  }
  call.reply.Integer(found);
}

void Touch(Call& call) {
  int64_t found = 0;
  for (const std::string_view name : call.args.subspan(1)) {
    if (call.FindForRead(name) != nullptr) ++found;
  }
  call.reply.Integer(found);
}

void Type(Call& call) {
  const data::Entry* entry = call.FindNoTouch(Call::KeyOf(call[1]));
  call.reply.Simple(entry == nullptr ? "none" : data::TypeName(entry->type()));
}

// False when there is no such key, which was replied.
bool RenameKey(Call& call, bool only_to_new, bool& renamed) {
  const data::Key from = Call::KeyOf(call[1]);
  const data::Key to = Call::KeyOf(call[2]);
  if (call.Find(from) == nullptr) {
    call.Error(errors::kNoSuchKey);
    return false;
  }
  const bool same = from.name == to.name;
  renamed = !only_to_new || (!same && call.Find(to) == nullptr);
  if (renamed && !same) {
    call.Commit(data::MoveKey{call.database(), from, call.database(), to});
  }
  return true;
}

void Rename(Call& call) {
  bool renamed = false;
  if (RenameKey(call, false, renamed)) call.reply.Ok();
}

void RenameNx(Call& call) {
  bool renamed = false;
  if (RenameKey(call, true, renamed)) call.reply.Integer(renamed ? 1 : 0);
}

void Copy(Call& call) {
  bool replace = false;
  uint32_t target = call.database();
  for (size_t i = 3; i < call.size(); ++i) {
    if (EqualsIgnoringCase(call[i], "REPLACE")) {
      replace = true;
    } else if (EqualsIgnoringCase(call[i], "DB") && i + 1 < call.size()) {
      const auto named = ReadDatabase(call, call[++i]);
      if (!named) return;
      target = *named;
    } else {
      return call.Error(errors::kSyntax);
    }
  }
  const data::Key from = Call::KeyOf(call[1]);
  const data::Key to = Call::KeyOf(call[2]);
  if (target == call.database() && from.name == to.name) return call.Error(kSameObject);
  if (call.FindForRead(from) == nullptr) return call.reply.Integer(0);
  if (!replace && call.store.Find(target, to, call.now_ms) != nullptr) {
    return call.reply.Integer(0);
  }
  call.Commit(data::CopyKey{call.database(), from, target, to});
  call.reply.Integer(1);
}

void Move(Call& call) {
  const auto target = ReadDatabase(call, call[2]);
  if (!target) return;
  if (*target == call.database()) return call.Error(kSameObject);
  const data::Key key = Call::KeyOf(call[1]);
  if (call.Find(key) == nullptr || call.store.Find(*target, key, call.now_ms) != nullptr) {
    return call.reply.Integer(0);
  }
  call.Commit(data::MoveKey{call.database(), key, *target, key});
  call.reply.Integer(1);
}

constexpr auto kEveryKeyRead = KeyRange(kKeyReadOnly, 1, -1);
constexpr auto kEveryKeyRemoved = KeyRange(kKeyRemove | kKeyDelete, 1, -1);
constexpr auto kRenamed = OneKey(kKeyReadWrite | kKeyAccess | kKeyDelete);
constexpr std::string_view kSumTips = "request_policy:multi_shard,response_policy:agg_sum";

constexpr Command kCommands[] = {
    {.name = "DEL",
     .arity = -2,
     .flags = kWrite,
     .categories = kKeyspaceCategory,
     .keys = {kEveryKeyRemoved},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys that will be removed. When a key to remove "
                   "holds a value other than a string, the individual complexity for this key is "
                   "O(M) where M is the number of elements in the list, set, sorted set or hash. "
                   "Removing a single key that holds a string value is O(1).",
     .summary = "Delete a key",
     .tips = kSumTips,
     .handler = Del},
    {.name = "UNLINK",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = {kEveryKeyRemoved},
     .group = "generic",
     .since = "4.0.0",
     .complexity = "O(1) for each key removed regardless of its size. Then the command does O(N) "
                   "work in a different thread in order to reclaim memory, where N is the number "
                   "of allocations the deleted objects where composed of.",
     .summary = "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but "
                "non blocking.",
     .tips = kSumTips,
     .handler = Del},
    {.name = "EXISTS",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = {kEveryKeyRead},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys to check.",
     .summary = "Determine if a key exists",
     .tips = kSumTips,
     .handler = Exists},
    {.name = "TOUCH",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = {kEveryKeyRead},
     .group = "generic",
     .since = "3.2.1",
     .complexity = "O(N) where N is the number of keys that will be touched.",
     .summary = "Alters the last access time of a key(s). Returns the number of existing keys "
                "specified.",
     .tips = kSumTips,
     .handler = Touch},
    {.name = "TYPE",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = {OneKey(kKeyReadOnly)},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Determine the type stored at key",
     .handler = Type},
    {.name = "RENAME",
     .arity = 3,
     .flags = kWrite,
     .categories = kKeyspaceCategory,
     .keys = {kRenamed, OneKey(kKeyOverwrite | kKeyUpdate, 2)},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Rename a key",
     .handler = Rename},
    {.name = "RENAMENX",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = {kRenamed, OneKey(kKeyOverwrite | kKeyInsert, 2)},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Rename a key, only if the new key does not exist",
     .handler = RenameNx},
    {.name = "COPY",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kKeyspaceCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess), OneKey(kKeyOverwrite | kKeyUpdate, 2)},
     .group = "generic",
     .since = "6.2.0",
     .complexity = "O(N) worst case for collections, where N is the number of nested items. O(1) "
                   "for string values.",
     .summary = "Copy a key",
     .handler = Copy},
    {.name = "MOVE",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyAccess | kKeyUpdate)},
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Move a key to another database",
     .handler = Move},
};

}  // namespace

std::span<const Command> GenericCommands() {
  return kCommands;
}

}  // namespace leat::commands
