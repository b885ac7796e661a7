// Strings (redis.io, "Strings"): setting and getting whole values.
#include "server/base/number.h"
#include "server/commands/expiry_time.h"
#include "server/commands/families.h"
#include "server/commands/value.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

// Replies with the string at `key`, or null. False when the key holds another type, which was
// replied instead.
bool GetOrReply(Call& call, const data::Key& key) {
  const data::Entry* entry = call.FindForRead(key);
  if (!CheckType(call, entry, data::Type::kString)) return false;
  if (entry == nullptr) {
    call.reply.Null();
  } else {
    WriteString(call, *entry);
  }
  return true;
}

void Get(Call& call) {
  GetOrReply(call, Call::KeyOf(call[1]));
}

void GetDel(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.FindForRead(key);
  if (!CheckType(call, entry, data::Type::kString)) return;
  if (entry == nullptr) return call.reply.Null();
  WriteString(call, *entry);
  call.Commit(data::DeleteKey{call.database(), key});
}

void GetSet(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  if (!GetOrReply(call, key)) return;
  call.Commit(data::SetString{call.database(), key, call[2], data::kNoExpiry});
}

void GetEx(Call& call) {
  ExpiryOption expiry;
  bool persist = false;
  ArgReader options(call, 2);
  while (options.HasMore()) {
    if (expiry.Match(options)) continue;
    if (options.Match("PERSIST")) {
      persist = true;
    } else {
      options.Fail(errors::kSyntax);
    }
  }
  if (persist && expiry.form != nullptr) options.Fail(errors::kSyntax);
  if (!options.Finish()) return;

  const data::Key key = Call::KeyOf(call[1]);
  const data::Entry* entry = call.FindForRead(key);
  if (entry == nullptr) return call.reply.Null();
  if (!CheckType(call, entry, data::Type::kString)) return;
  int64_t expire_at_ms = persist ? data::kNoExpiry : entry->expire_at_ms();
  if (expiry.form != nullptr) {
    const auto time_ms = ReadPositiveExpiry(call, expiry.text, *expiry.form);
    if (!time_ms) return;
    expire_at_ms = *time_ms;
  }
  WriteString(call, *entry);
  if (expiry.form != nullptr && expire_at_ms <= call.now_ms) {
    call.Commit(data::DeleteKey{call.database(), key});
  } else if (expire_at_ms != entry->expire_at_ms()) {
    call.Commit(data::ExpireKey{call.database(), key, expire_at_ms});
  }
}

struct SetOptions {
  bool nx = false, xx = false, get = false, keep_ttl = false;
  ExpiryOption expiry;
};

// False, and the error is replied, when they are malformed.
bool ReadSetOptions(Call& call, SetOptions& set) {
  ArgReader options(call, 3);
  while (options.HasMore()) {
    if (set.expiry.Match(options)) continue;
    if (options.Match("NX")) {
      set.nx = true;
    } else if (options.Match("XX")) {
      set.xx = true;
    } else if (options.Match("GET")) {
      set.get = true;
    } else if (options.Match("KEEPTTL")) {
      set.keep_ttl = true;
    } else {
      options.Fail(errors::kSyntax);
    }
  }
  if ((set.nx && set.xx) || (set.keep_ttl && set.expiry.form != nullptr)) {
    options.Fail(errors::kSyntax);
  }
  return options.Finish();
}

void SetWithOptions(Call& call, const data::Key& key) {
  SetOptions set;
  if (!ReadSetOptions(call, set)) return;
  int64_t expire_at_ms = data::kNoExpiry;
  if (set.expiry.form != nullptr) {
    const auto time_ms = ReadPositiveExpiry(call, set.expiry.text, *set.expiry.form);
    if (!time_ms) return;
    expire_at_ms = *time_ms;
  }
  if (set.get && !GetOrReply(call, key)) return;
  if (set.nx || set.xx || set.keep_ttl) {
    const data::Entry* entry = call.Find(key);
    if (entry == nullptr ? set.xx : set.nx) {
      if (!set.get) call.reply.Null();
      return;
    }
    if (set.keep_ttl && entry != nullptr) expire_at_ms = entry->expire_at_ms();
  }
  call.Commit(data::SetString{call.database(), key, call[2], expire_at_ms});
  if (!set.get) call.reply.Ok();
}

void Set(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  if (call.size() > 3) return SetWithOptions(call, key);
  call.Commit(data::SetString{call.database(), key, call[2], data::kNoExpiry});
  call.reply.Ok();
}

void SetNx(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  if (call.Find(key) != nullptr) return call.reply.Integer(0);
  call.Commit(data::SetString{call.database(), key, call[2], data::kNoExpiry});
  call.reply.Integer(1);
}

void SetExpiring(Call& call, TimeForm form) {
  const auto time_ms = ReadPositiveExpiry(call, call[2], form);
  if (!time_ms) return;
  call.Commit(data::SetString{call.database(), Call::KeyOf(call[1]), call[3], *time_ms});
  call.reply.Ok();
}

void SetEx(Call& call) {
  SetExpiring(call, kSeconds);
}

void PSetEx(Call& call) {
  SetExpiring(call, kMilliseconds);
}

void MGet(Call& call) {
  call.reply.Array(call.size() - 1);
  for (const std::string_view name : call.args.subspan(1)) {
    const data::Entry* entry = call.FindForRead(name);
    if (entry == nullptr || entry->type() != data::Type::kString) {
      call.reply.Null();
    } else {
      WriteString(call, *entry);
    }
  }
}

// MSET and MSETNX take names and values in turn. False, and the error is replied, for an odd one.
bool CheckPairs(Call& call) {
  if (call.size() % 2 == 1) return true;
  call.Error("ERR wrong number of arguments for '" + call.command.full_name + "' command");
  return false;
}

void SetPairs(Call& call) {
  for (size_t i = 1; i < call.size(); i += 2) {
    call.Commit(
        data::SetString{call.database(), Call::KeyOf(call[i]), call[i + 1], data::kNoExpiry});
  }
}

void MSet(Call& call) {
  if (!CheckPairs(call)) return;
  SetPairs(call);
  call.reply.Ok();
}

void MSetNx(Call& call) {
  if (!CheckPairs(call)) return;
  for (size_t i = 1; i < call.size(); i += 2) {
    if (call.Find(call[i]) != nullptr) return call.reply.Integer(0);
  }
  SetPairs(call);
  call.reply.Integer(1);
}

constexpr auto kOverwrite = OneKey(kKeyOverwrite | kKeyUpdate);

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
    {.name = "GETDEL",
     .arity = 2,
     .flags = kWrite | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyAccess | kKeyDelete)},
     .group = "string",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Get the value of a key and delete the key",
     .handler = GetDel},
    {.name = "GETEX",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyAccess | kKeyUpdate)},
     .group = "string",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Get the value of a key and optionally set its expiration",
     .handler = GetEx},
    {.name = "GETSET",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyAccess | kKeyUpdate)},
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Set the string value of a key and return its old value",
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `!GET` argument",
     .handler = GetSet},
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
    {.name = "SETNX",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStringCategory,
     .keys = {OneKey(kKeyOverwrite | kKeyInsert)},
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Set the value of a key, only if the key does not exist",
     .handler = SetNx},
    {.name = "SETEX",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {kOverwrite},
     .group = "string",
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Set the value and expiration of a key",
     .handler = SetEx},
    {.name = "PSETEX",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {kOverwrite},
     .group = "string",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Set the value and expiration in milliseconds of a key",
     .handler = PSetEx},
    {.name = "MGET",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kStringCategory,
     .keys = {KeyRange(kKeyReadOnly | kKeyAccess, 1, -1)},
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of keys to retrieve.",
     .summary = "Get the values of all the given keys",
     .tips = "request_policy:multi_shard",
     .handler = MGet},
    {.name = "MSET",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {KeyRange(kKeyOverwrite | kKeyUpdate, 1, -1, 2)},
     .group = "string",
     .since = "1.0.1",
     .complexity = "O(N) where N is the number of keys to set.",
     .summary = "Set multiple keys to multiple values",
     .tips = "request_policy:multi_shard,response_policy:all_succeeded",
     .handler = MSet},
    {.name = "MSETNX",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kStringCategory,
     .keys = {KeyRange(kKeyOverwrite | kKeyInsert, 1, -1, 2)},
     .group = "string",
     .since = "1.0.1",
     .complexity = "O(N) where N is the number of keys to set.",
     .summary = "Set multiple keys to multiple values, only if none of the keys exist",
     .tips = "request_policy:multi_shard,response_policy:agg_min",
     .handler = MSetNx},
};

}  // namespace

std::span<const Command> StringCommands() {
  return kCommands;
}

}  // namespace leat::commands
