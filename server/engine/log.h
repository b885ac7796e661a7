// Lines for the operator, on standard output, from `loglevel` on.
#pragma once

#include <cstdint>
#include <string_view>

namespace leat::engine {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };

// "2026-01-31 12:00:00.123 warning: text". Nothing below `level` is written.
class Log {
 public:
  explicit Log(const LogLevel& level) : level_(level) {}

  bool Writes(LogLevel level) const { return level >= level_; }
  void Write(LogLevel level, int64_t unix_ms, std::string_view text) const;

 private:
  const LogLevel& level_;
};

}  // namespace leat::engine
