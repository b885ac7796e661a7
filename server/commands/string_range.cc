// Strings as ranges of bytes: reading a part, writing a part, appending.
#include <algorithm>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/commands/value.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

// Whether a string may have `size` bytes more behind `offset`; replies the error where not. The sum
// of two sizes below 2^63 does not wrap.
bool CheckLength(Call& call, size_t offset, size_t size) {
  const auto limit = static_cast<size_t>(call.engine.config.limits.proto_max_bulk_len_bytes);
  if (offset + size <= limit) return true;
  call.Error(errors::kStringTooLong);
  return false;
}

void Strlen(Call& call) {
  const data::Entry* entry = call.FindForRead(call[1]);
  if (!CheckType(call, entry, data::Type::kString)) return;
  call.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->string().size()));
}

void GetRange(Call& call) {
  const auto first = base::ParseInt64(call[2]);
  const auto last = base::ParseInt64(call[3]);
  if (!first || !last) return call.Error(errors::kNotInteger);
  const data::Entry* entry = call.FindForRead(call[1]);
  if (entry == nullptr) return call.reply.Bulk({});
  if (!CheckType(call, entry, data::Type::kString)) return;

  // Negative positions count from the end, and no further than to the first byte.
  const std::string_view string = entry->string();
  const auto size = static_cast<int64_t>(string.size());
  if (*first < 0 && *last < 0 && *first > *last) return call.reply.Bulk({});
  const int64_t from = *first < 0 ? std::max<int64_t>(*first + size, 0) : *first;
  const int64_t to = std::min(*last < 0 ? std::max<int64_t>(*last + size, 0) : *last, size - 1);
  if (from > to) return call.reply.Bulk({});
  WriteString(call, *entry,
              string.substr(static_cast<size_t>(from), static_cast<size_t>(to - from + 1)));
}

void SetRange(Call& call) {
  const auto offset = base::ParseInt64(call[2]);
  if (!offset) return call.Error(errors::kNotInteger);
  if (*offset < 0) return call.Error(errors::kOffsetRange);
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.Find(key);
  if (!CheckType(call, entry, data::Type::kString)) return;
  const std::string_view bytes = call[3];
  const size_t size = entry == nullptr ? 0 : entry->string().size();
  if (bytes.empty()) return call.reply.Integer(static_cast<int64_t>(size));
  const auto start = static_cast<size_t>(*offset);
  if (!CheckLength(call, start, bytes.size())) return;
  call.Commit(data::SpliceString{call.database(), key, start, bytes});
  call.reply.Integer(static_cast<int64_t>(std::max(size, start + bytes.size())));
}

void Append(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const std::string_view bytes = call[2];
  const data::Entry* entry = call.Find(key);
  if (!CheckType(call, entry, data::Type::kString)) return;
  size_t size = 0;
  if (entry == nullptr) {
    call.Commit(data::SetString{call.database(), key, bytes, data::kNoExpiry});
  } else {
    size = entry->string().size();
    if (!CheckLength(call, size, bytes.size())) return;
    call.Commit(data::SpliceString{call.database(), key, size, bytes});
  }
  call.reply.Integer(static_cast<int64_t>(size + bytes.size()));
}

constexpr std::string_view kRangeComplexity =
    "O(N) where N is the length of the returned string. The complexity is ultimately determined "
    "by the returned length, but because creating a substring from an existing string is very "
    "cheap, it can be considered O(1) for small strings.";

constexpr Command kCommands[] = {
    {.name = "STRLEN",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadOnly)},
     .group = "string",
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Get the length of the value stored in a key",
     .handler = Strlen},
    {.name = "GETRANGE",
     .arity = 4,
     .flags = kReadOnly,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "string",
     .since = "2.4.0",
     .complexity = kRangeComplexity,
     .summary = "Get a substring of the string stored at a key",
     .handler = GetRange},
    {.name = "SUBSTR",
     .arity = 4,
     .flags = kReadOnly,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "string",
     .since = "1.0.0",
     .complexity = kRangeComplexity,
     .summary = "Get a substring of the string stored at a key",
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`",
     .handler = GetRange},
    {.name = "SETRANGE",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "string",
     .since = "2.2.0",
     .complexity = "O(1), not counting the time taken to copy the new string in place. Usually, "
                   "this string is very small so the amortized complexity is O(1). Otherwise, "
                   "complexity is O(M) with M being the length of the value argument.",
     .summary = "Overwrite part of a string at key starting at the specified offset",
     .handler = SetRange},
    {.name = "APPEND",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyInsert)},
     .group = "string",
     .since = "2.0.0",
     .complexity = "O(1). The amortized time complexity is O(1) assuming the appended value is "
                   "small and the already present value is of any size, since the dynamic string "
                   "library used by Redis will double the free space available on every "
                   "reallocation.",
     .summary = "Append a value to a key",
     .handler = Append},
};

}  // namespace

std::span<const Command> StringRangeCommands() {
  return kCommands;
}

}  // namespace leat::commands
