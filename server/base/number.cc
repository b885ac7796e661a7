#include "server/base/number.h"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace leat::base {

namespace {

// The longest text that is tried. INCRBYFLOAT reads what it wrote, and the largest long double has
// 4,933 digits before the point.
constexpr size_t kMaxFloatText = 5 * 1024;

template <typename Float, Float (*Parse)(const char*, char**)>
std::optional<Float> ParseWhole(std::string_view text) {
  if (text.empty() || text.size() >= kMaxFloatText) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[0]);
  if (std::isspace(first) != 0) return std::nullopt;
  char copy[kMaxFloatText];
  text.copy(copy, text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const Float value = Parse(copy, &end);
  if (end != copy + text.size() || std::isnan(value)) return std::nullopt;
  const bool overflow = errno == ERANGE && (std::isinf(value) || value == 0);
  if (overflow) return std::nullopt;
  return value;
}

}  // namespace

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseWhole<long double, std::strtold>(text);
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseWhole<double, std::strtod>(text);
}

std::string FormatDouble(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (std::isnan(value)) return "nan";
  // Whole numbers of up to 17 digits are written without an exponent.
  if (value == std::floor(value) && std::fabs(value) < 1e17) {
    char digits[32];
    char* end = std::to_chars(digits, digits + sizeof(digits), static_cast<int64_t>(value)).ptr;
    return (value == 0 && std::signbit(value)) ? "-0" : std::string(digits, end);
  }
  char digits[64];
  std::snprintf(digits, sizeof(digits), "%.17g", value);
  return digits;
}

std::string FormatLongDouble(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char digits[5 * 1024];  // the largest long double has 4,933 digits before the point
  const int written = std::snprintf(digits, sizeof(digits), "%.17Lf", value);
  std::string_view text(digits, static_cast<size_t>(written));
  if (text.find('.') != std::string_view::npos) {
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  return text == "-0" ? "0" : std::string(text);
}

}  // namespace leat::base
