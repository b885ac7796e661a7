// Looking for keys: KEYS, SCAN and RANDOMKEY.
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/data/glob.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

// Which keys are wanted. "*" also matches the empty key, which no other pattern but "" does.
struct Filter {
  std::string_view pattern = "*";
  bool any_type = true;
  std::string_view type = {};
  int64_t now_ms;

  bool Accepts(const data::Entry& entry) const {
    const bool expired = entry.expire_at_ms() != data::kNoExpiry && entry.expire_at_ms() < now_ms;
    return !expired && (pattern == "*" || data::GlobMatch(pattern, entry.key())) &&
           (any_type || EqualsIgnoringCase(type, data::TypeName(entry.type())));
  }
};

void WriteKeys(Call& call, const std::vector<std::string_view>& keys) {
  call.reply.Array(keys.size());
  for (const std::string_view key : keys) call.reply.Bulk(key);
}

void Keys(Call& call) {
  call.store.SeeEverything();
  const Filter filter{.pattern = call[1], .now_ms = call.now_ms};
  std::vector<std::string_view> keys;
  call.store.database(call.database()).ForEach([&](const data::Entry& entry) {
    if (filter.Accepts(entry)) keys.push_back(entry.key());
  });
  WriteKeys(call, keys);
}

// As strtoul reads it: a sign is taken and the empty text is 0.
std::optional<uint64_t> ParseCursor(std::string_view text) {
  const std::string terminated(text);
  if (std::isspace(static_cast<unsigned char>(terminated[0])) != 0) return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const uint64_t cursor = std::strtoull(terminated.c_str(), &end, 10);
  if (*end != '\0' || errno == ERANGE) return std::nullopt;
  return cursor;
}

void Scan(Call& call) {
  auto cursor = ParseCursor(call[1]);
  if (!cursor) return call.Error(errors::kInvalidCursor);
  int64_t count = 10;
  Filter filter{.now_ms = call.now_ms};
  ArgReader options(call, 2);
  while (options.HasMore()) {
    if (options.Match("COUNT", 1)) {
      count = options.Integer();
      if (count < 1) options.Fail(errors::kSyntax);
    } else if (options.Match("MATCH", 1)) {
      filter.pattern = options.Next();
    } else if (options.Match("TYPE", 1)) {
      filter.type = options.Next();
      filter.any_type = false;
    } else {
      options.Fail(errors::kSyntax);
    }
  }
  if (!options.Finish()) return;

  // A call looks at about `count` keys, whether they are wanted or not, and where the table is
  // nearly empty at no more than ten times as many buckets.
  call.store.SeeEverything();
  const data::Keyspace& keyspace = call.store.database(call.database());
  constexpr int64_t kBucketsPerKey = 10;
  int64_t buckets = 0;
  if (__builtin_mul_overflow(count, kBucketsPerKey, &buckets)) {
    buckets = std::numeric_limits<int64_t>::max();
  }
  int64_t seen = 0;
  std::vector<std::string_view> keys;
  do {
    cursor = keyspace.Scan(*cursor, [&](const data::Entry& entry) {
      ++seen;
      if (filter.Accepts(entry)) keys.push_back(entry.key());
    });
  } while (*cursor != 0 && seen < count && --buckets > 0);

  char digits[base::kMaxInt64Digits];
  const char* const end = base::FormatInteger(digits, *cursor);
  call.reply.Array(2);
  call.reply.Bulk({digits, static_cast<size_t>(end - digits)});
  WriteKeys(call, keys);
}

void RandomKey(Call& call) {
  call.store.SeeEverything();
  const data::Keyspace& keyspace = call.store.database(call.database());
  // An expired key goes when it is found, but stays while clients are paused: then any will do.
  constexpr int kTries = 100;
  std::string name;
  for (int tries = 0; tries < kTries; ++tries) {
    const data::Entry* entry = keyspace.Random(call.engine.Random());
    if (entry == nullptr) return call.reply.Null();
    name = entry->key();
    if (call.store.FindNoTouch(call.database(), Call::KeyOf(name), call.now_ms) != nullptr) break;
  }
  call.reply.Bulk(name);
}

constexpr Command kCommands[] = {
    {.name = "KEYS",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory | kDangerousCategory,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(N) with N being the number of keys in the database, under the assumption "
                   "that the key names in the database and the given pattern have limited length.",
     .summary = "Find all keys matching the given pattern",
     .tips = "request_policy:all_shards,nondeterministic_output_order",
     .handler = Keys},
    {.name = "SCAN",
     .arity = -2,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .group = "generic",
     .since = "2.8.0",
     .complexity = "O(1) for every call. O(N) for a complete iteration, including enough command "
                   "calls for the cursor to return back to 0. N is the number of elements inside "
                   "the collection.",
     .summary = "Incrementally iterate the keys space",
     .tips = "nondeterministic_output,request_policy:special",
     .handler = Scan},
    {.name = "RANDOMKEY",
     .arity = 1,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .group = "generic",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Return a random key from the keyspace",
     .tips = "request_policy:all_shards,nondeterministic_output",
     .handler = RandomKey},
};

}  // namespace

std::span<const Command> ScanCommands() {
  return kCommands;
}

}  // namespace leat::commands
