// Sizes for people.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace leat::commands {

// "1.50M", as INFO shows memory.
inline std::string HumanBytes(uint64_t bytes) {
  constexpr char kUnits[] = "BKMGT";
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 2 < sizeof(kUnits); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f%c" : "%.2f%c", value, kUnits[unit]);
  return text;
}

}  // namespace leat::commands
