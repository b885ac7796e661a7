// The expiry of keys: how long they live, and until when.
#include <optional>

#include "server/commands/expiry_time.h"
#include "server/commands/families.h"
#include "server/engine/call.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

// When a new expiry is taken. A key without one counts as living for ever.
struct Conditions {
  bool nx = false;  // it has none yet
  bool xx = false;  // it has one
  bool gt = false;  // the new one is later
  bool lt = false;  // the new one is earlier

  bool Hold(int64_t old_ms, int64_t new_ms) const {
    const bool had = old_ms != data::kNoExpiry;
    return !(nx && had) && !(xx && !had) && !(gt && (!had || new_ms <= old_ms)) &&
           !(lt && had && new_ms >= old_ms);
  }
};

// False, and the error is replied, when they are unknown or exclude each other.
bool ReadConditions(Call& call, Conditions& conditions) {
  for (const std::string_view word : call.args.subspan(3)) {
    if (EqualsIgnoringCase(word, "NX")) {
      conditions.nx = true;
    } else if (EqualsIgnoringCase(word, "XX")) {
      conditions.xx = true;
    } else if (EqualsIgnoringCase(word, "GT")) {
      conditions.gt = true;
    } else if (EqualsIgnoringCase(word, "LT")) {
      conditions.lt = true;
    } else {
      const std::string_view shown = UpToNul(word);
      call.Error("ERR Unsupported option " + std::string(shown));
      return false;
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    call.Error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (conditions.gt && conditions.lt) {
    call.Error("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

void ExpireWith(Call& call, TimeForm form) {
  Conditions conditions;
  if (!ReadConditions(call, conditions)) return;
  const auto time_ms = ReadExpiry(call, call[2], form);
  if (!time_ms) return;
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.Find(key);
  if (entry == nullptr || !conditions.Hold(entry->expire_at_ms(), *time_ms)) {
    return call.reply.Integer(0);
  }
  if (*time_ms <= call.now_ms) {
    call.Commit(data::DeleteKey{call.database(), key});
  } else {
    call.Commit(data::ExpireKey{call.database(), key, *time_ms});
  }
  call.reply.Integer(1);
}

void Expire(Call& call) {
  ExpireWith(call, kSeconds);
}

void PExpire(Call& call) {
  ExpireWith(call, kMilliseconds);
}

void ExpireAt(Call& call) {
  ExpireWith(call, kUnixSeconds);
}

void PExpireAt(Call& call) {
  ExpireWith(call, kUnixMilliseconds);
}

void Persist(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.Find(key);
  if (entry == nullptr || entry->expire_at_ms() == data::kNoExpiry) return call.reply.Integer(0);
  call.Commit(data::ExpireKey{call.database(), key, data::kNoExpiry});
  call.reply.Integer(1);
}

// To the nearest second.
int64_t ToSeconds(int64_t ms) {
  return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

// The key's expiry; null for what has none, after its reply: -2 for no key, -1 for no expiry.
std::optional<int64_t> ExpiryOrReply(Call& call) {
  const data::Entry* entry = call.FindNoTouch(Call::KeyOf(call[1]));
  if (entry != nullptr && entry->expire_at_ms() != data::kNoExpiry) return entry->expire_at_ms();
  call.reply.Integer(entry == nullptr ? -2 : -1);
  return std::nullopt;
}

void Ttl(Call& call) {
  if (const auto at_ms = ExpiryOrReply(call)) call.reply.Integer(ToSeconds(*at_ms - call.now_ms));
}

void PTtl(Call& call) {
  if (const auto at_ms = ExpiryOrReply(call)) call.reply.Integer(*at_ms - call.now_ms);
}

void ExpireTime(Call& call) {
  if (const auto at_ms = ExpiryOrReply(call)) call.reply.Integer(ToSeconds(*at_ms));
}

void PExpireTime(Call& call) {
  if (const auto at_ms = ExpiryOrReply(call)) call.reply.Integer(*at_ms);
}

constexpr std::array<KeySpec, 2> kChanged = {OneKey(kKeyReadWrite | kKeyUpdate)};
constexpr std::array<KeySpec, 2> kShown = {OneKey(kKeyReadOnly | kKeyAccess)};

constexpr Command kCommands[] = {
    {.name = "EXPIRE",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = kChanged,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Set a key's time to live in seconds",
     .handler = Expire},
    {.name = "PEXPIRE",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = kChanged,
     .group = "generic",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Set a key's time to live in milliseconds",
     .handler = PExpire},
    {.name = "EXPIREAT",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = kChanged,
     .group = "generic",
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Set the expiration for a key as a UNIX timestamp",
     .handler = ExpireAt},
    {.name = "PEXPIREAT",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = kChanged,
     .group = "generic",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
     .handler = PExpireAt},
    {.name = "PERSIST",
     .arity = 2,
     .flags = kWrite | kFast,
     .categories = kKeyspaceCategory,
     .keys = kChanged,
     .group = "generic",
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Remove the expiration from a key",
     .handler = Persist},
    {.name = "TTL",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = kShown,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Get the time to live for a key in seconds",
     .tips = "nondeterministic_output",
     .handler = Ttl},
    {.name = "PTTL",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = kShown,
     .group = "generic",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Get the time to live for a key in milliseconds",
     .tips = "nondeterministic_output",
     .handler = PTtl},
    {.name = "EXPIRETIME",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = kShown,
     .group = "generic",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Get the expiration Unix timestamp for a key",
     .handler = ExpireTime},
    {.name = "PEXPIRETIME",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kKeyspaceCategory,
     .keys = kShown,
     .group = "generic",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Get the expiration Unix timestamp for a key in milliseconds",
     .handler = PExpireTime},
};

}  // namespace

std::span<const Command> ExpireCommands() {
  return kCommands;
}

}  // namespace leat::commands
