#include "server/engine/latency_monitor.h"

#include <algorithm>

namespace leat::engine {

void LatencyMonitor::Add(std::string_view event, int64_t now_ms, int64_t took_ms) {
  constexpr size_t kHistory = 160;  // as the LATENCY HISTORY page says
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.emplace(event, Event{}).first;
  auto& [samples, worst_ms] = found->second;
  worst_ms = std::max(worst_ms, took_ms);
  const int64_t now_seconds = now_ms / 1000;
  if (!samples.empty() && samples.back().unix_seconds == now_seconds) {
    samples.back().ms = std::max(samples.back().ms, took_ms);
    return;
  }
  samples.push_back({now_seconds, took_ms});
  if (samples.size() > kHistory) samples.pop_front();
}

bool LatencyMonitor::Reset(std::string_view event) {
  const auto found = events_.find(event);
  if (found == events_.end()) return false;
  events_.erase(found);
  return true;
}

size_t LatencyMonitor::ResetAll() {
  const size_t count = events_.size();
  events_.clear();
  return count;
}

}  // namespace leat::engine
