// A command is declared once, in a row at the top of its family's file under server/commands. The
// row is all that the server knows of it: COMMAND's replies, arity errors, what a transaction, a
// pause or a subscribed client may run, and where the keys stand, are read from here.
//
//   {.name = "GET", .arity = 2, .flags = kReadOnly | kFast, .keys = {FirstKey(kKeyRead)},
//    .group = "string", .since = "1.0.0", .complexity = "O(1)",
//    .summary = "Get the value of a key", .handler = Get},
//
// A container such as CLIENT has no handler but rows of its own for its subcommands.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace leat::engine {

class Call;
using Handler = void (*)(Call&);

// What COMMAND INFO shows, in Redis' words; see FlagNames.
enum CommandFlag : uint32_t {
  kWrite = 1 << 0,
  kReadOnly = 1 << 1,
  kDenyOom = 1 << 2,
  kAdmin = 1 << 3,
  kPubSub = 1 << 4,
  kNoScript = 1 << 5,
  kBlocking = 1 << 6,
  kLoading = 1 << 7,
  kStale = 1 << 8,
  kSkipMonitor = 1 << 9,
  kSkipSlowLog = 1 << 10,
  kFast = 1 << 11,
  kNoAuth = 1 << 12,
  kMayReplicate = 1 << 13,  // waits for the end of CLIENT PAUSE WRITE
  kNoMulti = 1 << 14,
  kMovableKeys = 1 << 15,
  kAllowBusy = 1 << 16,
  kNoAsyncLoading = 1 << 17,
  kProtected = 1 << 18,  // may be disabled, as DEBUG
};

// ACL categories that do not follow from the flags (those that do: read, write, admin, dangerous,
// pubsub, fast, slow, blocking).
enum CommandCategory : uint32_t {
  kKeyspaceCategory = 1 << 0,
  kStringCategory = 1 << 1,
  kStreamCategory = 1 << 2,
  kConnectionCategory = 1 << 3,
  kTransactionCategory = 1 << 4,
  kDangerousCategory = 1 << 5,
  kAdminCategory = 1 << 6,
  kBitmapCategory = 1 << 7,
};

enum KeyFlag : uint16_t {
  kKeyReadOnly = 1 << 0,   // RO
  kKeyReadWrite = 1 << 1,  // RW
  kKeyOverwrite = 1 << 2,  // OW
  kKeyRemove = 1 << 3,     // RM
  kKeyAccess = 1 << 4,     // the value is returned or influences the reply
  kKeyUpdate = 1 << 5,
  kKeyInsert = 1 << 6,
  kKeyDelete = 1 << 7,
  kKeyNotKey = 1 << 8,  // routed like a key, but none: shard channels
  kKeyIncomplete = 1 << 9,
  kKeyVariable = 1 << 10,
};

// Where keys stand among the arguments (redis.io, "Key specifications").
struct KeySpec {
  enum class Begin : uint8_t { kNone, kIndex, kKeyword };
  enum class Find : uint8_t { kRange, kKeyCount };

  Begin begin = Begin::kNone;
  Find find = Find::kRange;
  uint16_t flags = 0;
  int16_t first = 0;              // kIndex: the position; kKeyword: where the search starts
  std::string_view keyword = {};  // kKeyword
  int16_t last = 0;  // kRange: relative to the first key; negative: from the end of the arguments
  int16_t step = 1;
  int16_t limit = 0;  // kRange, last -1: 2 means the first half of the rest, and so on
  std::string_view notes = {};
};

constexpr KeySpec KeyRange(uint16_t flags, int16_t first, int16_t last, int16_t step = 1) {
  return {.begin = KeySpec::Begin::kIndex,
          .flags = flags,
          .first = first,
          .last = static_cast<int16_t>(last < 0 ? last : last - first),
          .step = step};
}
constexpr KeySpec OneKey(uint16_t flags, int16_t position = 1) {
  return KeyRange(flags, position, position);
}

struct Command {
  std::string_view name;  // upper case; a subcommand's own name without its container's
  int arity = 0;          // with the name (and the container's); negative: at least that many
  uint32_t flags = 0;
  uint32_t categories = 0;
  std::array<KeySpec, 2> keys = {};
  std::string_view group = {};
  std::string_view since = {};
  std::string_view complexity = {};
  std::string_view summary = {};
  std::string_view tips = {};  // comma-separated, as "nondeterministic_output"
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  Handler handler = nullptr;
  std::span<const Command> subcommands = {};
};

}  // namespace leat::engine
