// Texts of the protocol: letters as it compares them (ASCII, whatever the locale), and how it shows
// what it was sent.
#pragma once

#include <string>
#include <string_view>

namespace leat::engine {

constexpr char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ToLower(c);
  return lower;
}

constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

// As far as a C string would go: how redis-server shows an argument in most errors.
constexpr std::string_view UpToNul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

// In double quotes, with everything but printable ASCII escaped, as MONITOR shows arguments.
std::string Quote(std::string_view bytes);

}  // namespace leat::engine
