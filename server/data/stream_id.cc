#include "server/data/stream_id.h"

#include <charconv>

#include "server/base/number.h"

namespace leat::data {
namespace {

// redis-server copies the text into a buffer of 128 bytes and refuses what does not fit.
constexpr size_t kMaxParsedLength = 127;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  constexpr size_t kTimeDigits = 13;  // a time in milliseconds, until the year 2286
  if (text.size() == kTimeDigits) {
    const std::string_view rest = text.substr(8);
    uint64_t value = 0;
    bool plain = base::AreEightDigits(text.data());
    for (const char c : rest) {
      plain = plain && c >= '0' && c <= '9';
      value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    if (plain) return base::EightDigits(text.data()) * 100000 + value;
  }
  while (!text.empty() && IsSpace(text[0])) text.remove_prefix(1);
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<StreamId> StreamId::Next() const {
  if (seq != kMax) return StreamId{ms, seq + 1};
  if (ms != kMax) return StreamId{ms + 1, 0};
  return std::nullopt;
}

std::optional<StreamId> StreamId::Previous() const {
  if (seq != 0) return StreamId{ms, seq - 1};
  if (ms != 0) return StreamId{ms - 1, kMax};
  return std::nullopt;
}

char* StreamId::Format(char* out) const {
  out = base::FormatInteger(out, ms);
  *out++ = '-';
  return base::FormatInteger(out, seq);
}

std::string StreamId::ToString() const {
  char text[kMaxTextLength];
  return std::string(text, Format(text));
}

std::optional<ParsedStreamId> ParseStreamId(std::string_view text) {
  if (text.size() > kMaxParsedLength) return std::nullopt;
  const size_t dash = text.find('-');
  const std::optional<uint64_t> ms = ParseNumber(text.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return ParsedStreamId{{*ms, 0}, false};
  const std::optional<uint64_t> seq = ParseNumber(text.substr(dash + 1));
  if (!seq) return std::nullopt;
  return ParsedStreamId{{*ms, *seq}, true};
}

}  // namespace leat::data
