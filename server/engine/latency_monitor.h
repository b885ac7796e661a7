// LatencyMonitor: events that took at least `latency-monitor-threshold`, a short history of each
// (LATENCY LATEST, HISTORY, RESET). Events: "command", "fast-command", "expire-cycle".
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace leat::engine {

class LatencyMonitor {
 public:
  struct Sample {
    int64_t unix_seconds;
    int64_t ms;
  };
  struct Event {
    std::deque<Sample> samples;  // oldest first; one a second, the worst of it
    int64_t worst_ms = 0;
  };

  void Add(std::string_view event, int64_t now_ms, int64_t took_ms);
  // Returns whether there was such an event.
  bool Reset(std::string_view event);
  size_t ResetAll();

  const std::map<std::string, Event, std::less<>>& events() const { return events_; }

 private:
  std::map<std::string, Event, std::less<>> events_;
};

}  // namespace leat::engine
