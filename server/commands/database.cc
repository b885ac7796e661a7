// Databases as a whole: their size, emptying them, exchanging two.
#include "server/commands/database.h"

#include <limits>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/engine/call.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

bool FitsInt32(int64_t number) {
  return number >= std::numeric_limits<int32_t>::min() &&
         number <= std::numeric_limits<int32_t>::max();
}

bool IsDatabase(Call& call, int64_t number) {
  return number >= 0 && static_cast<size_t>(number) < call.store.dataset().databases.size();
}

void DbSize(Call& call) {
  call.store.SeeEverything();
  call.reply.Integer(static_cast<int64_t>(call.store.database(call.database()).size()));
}

// ASYNC and SYNC say how the memory is given back, which nobody can see.
bool CheckFlushMode(Call& call) {
  if (call.size() == 1) return true;
  if (call.size() == 2 &&
      (EqualsIgnoringCase(call[1], "ASYNC") || EqualsIgnoringCase(call[1], "SYNC"))) {
    return true;
  }
  call.Error(errors::kSyntax);
  return false;
}

void Flush(Call& call, uint32_t database) {
  if (call.store.database(database).size() > 0) call.Commit(data::FlushDatabase{database});
}

void FlushDb(Call& call) {
  if (!CheckFlushMode(call)) return;
  Flush(call, call.database());
  call.reply.Ok();
}

void FlushAll(Call& call) {
  if (!CheckFlushMode(call)) return;
  for (uint32_t i = 0; i < call.store.dataset().databases.size(); ++i) Flush(call, i);
  call.reply.Ok();
}

void SwapDb(Call& call) {
  const auto one = base::ParseInt64(call[1]);
  if (!one || !FitsInt32(*one)) return call.Error("ERR invalid first DB index");
  const auto other = base::ParseInt64(call[2]);
  if (!other || !FitsInt32(*other)) return call.Error("ERR invalid second DB index");
  if (!IsDatabase(call, *one) || !IsDatabase(call, *other)) {
    return call.Error(errors::kDatabaseRange);
  }
  if (*one != *other) {
    call.Commit(data::SwapDatabases{static_cast<uint32_t>(*one), static_cast<uint32_t>(*other)});
  }
  call.reply.Ok();
}

constexpr std::string_view kFlushTips = "request_policy:all_shards,response_policy:all_succeeded";

constexpr Command kCommands[] = {
    {.name = "DBSIZE",
     .arity = 1,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Return the number of keys in the selected database",
     .tips = "request_policy:all_shards,response_policy:agg_sum",
     .handler = DbSize},
    {.name = "FLUSHDB",
     .arity = -1,
     .flags = kWrite,
     .categories = kKeyspaceCategory | kDangerousCategory,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys in the selected database",
     .summary = "Remove all keys from the current database",
     .tips = kFlushTips,
     .handler = FlushDb},
    {.name = "FLUSHALL",
     .arity = -1,
     .flags = kWrite,
     .categories = kKeyspaceCategory | kDangerousCategory,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of keys in all databases",
     .summary = "Remove all keys from all databases",
     .tips = kFlushTips,
     .handler = FlushAll},
    {.name = "SWAPDB",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory | kDangerousCategory,
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(N) where N is the count of clients watching or blocking on keys from both "
                   "databases.",
     .summary = "Swaps two Redis databases",
     .handler = SwapDb},
};

}  // namespace

std::optional<uint32_t> ReadDatabase(Call& call, std::string_view text) {
  const auto number = base::ParseInt64(text);
  if (!number) {
    call.Error(errors::kNotInteger);
  } else if (!FitsInt32(*number)) {
    call.Error("ERR value is out of range, value must between -2147483648 and 2147483647");
  } else if (!IsDatabase(call, *number)) {
    call.Error(errors::kDatabaseRange);
  } else {
    return static_cast<uint32_t>(*number);
  }
  return std::nullopt;
}

std::span<const Command> DatabaseCommands() {
  return kCommands;
}

}  // namespace leat::commands
