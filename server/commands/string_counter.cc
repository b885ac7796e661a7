// Strings as counters: INCR, DECR and their kin. The new value is committed as text, so a replay
// computes nothing.
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/commands/value.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

// Sets the key's string and keeps its expiry.
void Rewrite(Call& call, const data::Key& key, const data::Entry* entry, std::string_view value) {
  const int64_t expire_at_ms = entry == nullptr ? data::kNoExpiry : entry->expire_at_ms();
  call.Commit(data::SetString{call.database(), key, value, expire_at_ms});
}

void Add(Call& call, int64_t delta) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.Find(key);
  if (!CheckType(call, entry, data::Type::kString)) return;
  int64_t value = 0;
  if (entry != nullptr) {
    const auto number = base::ParseInt64(entry->string());
    if (!number) return call.Error(errors::kNotInteger);
    value = *number;
  }
  if (__builtin_add_overflow(value, delta, &value)) return call.Error(errors::kOverflow);
  char digits[base::kMaxInt64Digits];
  const char* const end = base::FormatInteger(digits, value);
  Rewrite(call, key, entry, {digits, static_cast<size_t>(end - digits)});
  call.reply.Integer(value);
}

void Incr(Call& call) {
  Add(call, 1);
}

void Decr(Call& call) {
  Add(call, -1);
}

void IncrBy(Call& call) {
  const auto delta = base::ParseInt64(call[2]);
  if (!delta) return call.Error(errors::kNotInteger);
  Add(call, *delta);
}

void DecrBy(Call& call) {
  const auto delta = base::ParseInt64(call[2]);
  if (!delta) return call.Error(errors::kNotInteger);
  if (*delta == std::numeric_limits<int64_t>::min()) {
    return call.Error("ERR decrement would overflow");
  }
  Add(call, -*delta);
}

void IncrByFloat(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.Find(key);
  if (!CheckType(call, entry, data::Type::kString)) return;
  const auto value =
      entry == nullptr ? std::optional(0.0L) : base::ParseLongDouble(entry->string());
  const auto delta = base::ParseLongDouble(call[2]);
  if (!value || !delta) return call.Error(errors::kNotFloat);
  const long double sum = *value + *delta;
  if (!std::isfinite(sum)) return call.Error("ERR increment would produce NaN or Infinity");
  const std::string text = base::FormatLongDouble(sum);
  Rewrite(call, key, entry, text);
  call.reply.Bulk(text);
}

constexpr std::array<KeySpec, 2> kCounter = {OneKey(kKeyReadWrite | kKeyAccess | kKeyUpdate)};

constexpr Command kCommands[] = {
    {.name = "INCR",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = kCounter,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Increment the integer value of a key by one",
     .handler = Incr},
    {.name = "DECR",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = kCounter,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Decrement the integer value of a key by one",
     .handler = Decr},
    {.name = "INCRBY",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = kCounter,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Increment the integer value of a key by the given amount",
     .handler = IncrBy},
    {.name = "DECRBY",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = kCounter,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Decrement the integer value of a key by the given number",
     .handler = DecrBy},
    {.name = "INCRBYFLOAT",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = kCounter,
     .group = "string",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Increment the float value of a key by the given amount",
     .handler = IncrByFloat},
};

}  // namespace

std::span<const Command> StringCounterCommands() {
  return kCommands;
}

}  // namespace leat::commands
