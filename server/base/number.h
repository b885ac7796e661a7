// Numbers as text: the strict forms that the protocol and stored values use.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace leat::base {

inline constexpr size_t kMaxInt64Digits = 20;  // "-9223372036854775808"

// A signed 64-bit number in its one canonical form: no sign but '-', no leading zeros or spaces.
// Whatever this accepts, FormatInt64 gives back byte for byte.
inline std::optional<int64_t> ParseInt64(std::string_view text) {
  if (text.empty() || text.size() > kMaxInt64Digits) return std::nullopt;
  const bool negative = text[0] == '-';
  const char first = text[negative ? 1 : 0];  // from_chars rejects a lone '-'
  if (first == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// As ParseInt64, for 0 to 2^64 - 1.
inline std::optional<uint64_t> ParseUint64(std::string_view text) {
  if (text.empty() || text.size() > kMaxInt64Digits) return std::nullopt;
  if (text[0] == '0' && text.size() > 1) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number of decimal digits of `value`, at least 1.
inline size_t DigitCount(uint64_t value) {
  size_t digits = 1;
  for (;;) {
    if (value < 10) return digits;
    if (value < 100) return digits + 1;
    if (value < 1000) return digits + 2;
    if (value < 10000) return digits + 3;
    value /= 10000;
    digits += 4;
  }
}

// The value of the eight digits at `text`, four and two and one at a time in one register.
inline uint64_t EightDigits(const char* text) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t value;
  std::memcpy(&value, text, sizeof(value));
  value = (value & 0x0f0f0f0f0f0f0f0f) * (10 * 0x100 + 1) >> 8;
  value = (value & 0x00ff00ff00ff00ff) * (100 * 0x10000 + 1) >> 16;
  return (value & 0x0000ffff0000ffff) * (uint64_t{10000} * 0x100000000 + 1) >> 32;
}

// Whether the eight bytes at `text` are digits: 0x30 to 0x3f, and no further when 6 is added.
inline bool AreEightDigits(const char* text) {
  constexpr uint64_t kHighHalves = 0xf0f0f0f0f0f0f0f0;
  constexpr uint64_t kDigits = 0x3030303030303030;
  uint64_t bytes;
  std::memcpy(&bytes, text, sizeof(bytes));
  return (bytes & kHighHalves) == kDigits &&
         ((bytes + 0x0606060606060606) & kHighHalves) == kDigits;
}

// Writes `value` to `out`, which has room for kMaxInt64Digits, and returns the end.
template <typename Integer>
char* FormatInteger(char* out, Integer value) {
  return std::to_chars(out, out + kMaxInt64Digits, value).ptr;
}

// A floating-point number as clients send it: the whole text, no spaces, "inf" and "-inf" allowed,
// no NaN. Long double, as INCRBYFLOAT computes with it.
std::optional<long double> ParseLongDouble(std::string_view text);
std::optional<double> ParseDouble(std::string_view text);

// 17 significant digits, whole numbers without a fraction ("3", "0.10000000000000001", "inf"), as
// replies show doubles.
std::string FormatDouble(double value);
// Up to 17 decimals, trailing zeros cut, never an exponent: INCRBYFLOAT's form.
std::string FormatLongDouble(long double value);

}  // namespace leat::base
