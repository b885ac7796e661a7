// StreamId: the place of an entry in a topic, a time in milliseconds and a sequence number within
// it, ordered by both. "5-1" is its text.
//
//   ParseStreamId("5", 0)   → 5-0        a bound of XRANGE: the sequence number may be missing
//   ParseStreamId("5")      → 5-0, has_seq false
//   StreamId{5, 1}.Next()   → 5-2        no value behind kMax
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace leat::data {

struct StreamId {
  static constexpr size_t kMaxTextLength = 20 + 1 + 20;

  uint64_t ms = 0;
  uint64_t seq = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the check misreads a defaulted <=>
  auto operator<=>(const StreamId&) const = default;

  std::optional<StreamId> Next() const;
  std::optional<StreamId> Previous() const;

  // Writes "ms-seq" to `out`, which has room for kMaxTextLength, and returns the end.
  char* Format(char* out) const;
  std::string ToString() const;
};

inline constexpr StreamId kMinStreamId{0, 0};
inline constexpr StreamId kMaxStreamId{std::numeric_limits<uint64_t>::max(),
                                       std::numeric_limits<uint64_t>::max()};

// The ids from `first` to `last`; empty unless said otherwise.
struct IdRange {
  StreamId first = kMaxStreamId;
  StreamId last = kMinStreamId;

  bool empty() const { return first > last; }
  // Widens so that it holds `other`, and what lies between the two.
  void Cover(const IdRange& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
  // Nothing up to and with `id` is in it any more.
  void DropThrough(StreamId id) {
    if (id < first) return;
    const std::optional<StreamId> next = id.Next();
    *this = next && *next <= last ? IdRange{*next, last} : IdRange{};
  }
};

struct ParsedStreamId {
  StreamId id;  // seq is 0 where it was missing
  bool has_seq;
};

// "ms" or "ms-seq", and nothing else: "-", "+", "$", "(" and "ms-*" mean something to single
// commands only. A number may have leading spaces, one '+' and leading zeros, as redis-server
// reads it; numbers of 2^64 and above are refused.
std::optional<ParsedStreamId> ParseStreamId(std::string_view text);

inline std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t default_seq) {
  const std::optional<ParsedStreamId> parsed = ParseStreamId(text);
  if (!parsed) return std::nullopt;
  return StreamId{parsed->id.ms, parsed->has_seq ? parsed->id.seq : default_seq};
}

}  // namespace leat::data
