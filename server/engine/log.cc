#include "server/engine/log.h"

#include <cstdio>
#include <ctime>

namespace leat::engine {

void Log::Write(LogLevel level, int64_t unix_ms, std::string_view text) const {
  if (!Writes(level)) return;
  static constexpr const char* kNames[] = {"debug", "verbose", "notice", "warning"};
  const std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%F %T", &local);
  std::printf("%s.%03d %s: %.*s\n", stamp, static_cast<int>(unix_ms % 1000),
              kNames[static_cast<size_t>(level)], static_cast<int>(text.size()), text.data());
  std::fflush(stdout);
}

}  // namespace leat::engine
