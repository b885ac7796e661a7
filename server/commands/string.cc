// Strings (redis.io, "Strings").
#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

void WriteString(Call& call, const data::Entry& entry) {
  if (const base::SharedBytes* shared = entry.shared_string()) {
    call.reply.BulkShared(*shared, entry.string());
  } else {
    call.reply.Bulk(entry.string());
  }
}

void Get(Call& call) {
  const data::Entry* entry = call.FindForRead(call[1]);
  if (entry == nullptr) return call.reply.Null();
  if (entry->type() != data::Type::kString) return call.Error(errors::kWrongType);
  WriteString(call, *entry);
}

void Set(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  call.Commit(data::SetString{call.database(), key, call[2], data::kNoExpiry});
  call.reply.Ok();
}

constexpr Command kCommands[] = {
    {.name = "GET",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Get the value of a key",
     .handler = Get},
    {.name = "SET",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyAccess | kKeyUpdate | kKeyVariable)},
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Set the string value of a key",
     .handler = Set},
};

}  // namespace

std::span<const Command> StringCommands() {
  return kCommands;
}

}  // namespace leat::commands
