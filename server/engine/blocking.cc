#include "server/engine/blocking.h"

#include <algorithm>
#include <limits>

namespace leat::engine {

void Blocking::Park(Session& session) {
  const Arrival arrival = next_arrival_++;
  order_.emplace(&session, arrival);
  for (const DatabaseKey& key : session.parked->keys) waiters_[key].emplace(arrival, &session);
  if (session.parked->deadline_ms != 0) {
    deadlines_.emplace(std::pair(session.parked->deadline_ms, arrival), &session);
  }
}

void Blocking::Unpark(Session& session) {
  const auto found = order_.find(&session);
  if (found == order_.end()) return;
  const Arrival arrival = found->second;
  for (const DatabaseKey& key : session.parked->keys) {
    const auto waiting = waiters_.find(key);
    if (waiting == waiters_.end()) continue;  // the same key was named twice
    waiting->second.erase(arrival);
    if (waiting->second.empty()) waiters_.erase(waiting);
  }
  deadlines_.erase(std::pair(session.parked->deadline_ms, arrival));
  order_.erase(found);
}

void Blocking::KeyChanged(uint32_t database, const data::Key& key) {
  if (waiters_.empty()) return;
  DatabaseKey changed{database, std::string(key.name)};
  if (!waiters_.contains(changed)) return;
  if (std::find(ready_.begin(), ready_.end(), changed) == ready_.end()) {
    ready_.push_back(std::move(changed));
  }
}

void Blocking::DatabaseChanged(uint32_t database) {
  for (const auto& [key, sessions] : waiters_) {
    if (key.database == database) ready_.push_back(key);
  }
}

std::vector<Session*> Blocking::TakeReady() {
  std::map<Arrival, Session*> woken;
  for (const DatabaseKey& key : ready_) {
    const auto found = waiters_.find(key);
    if (found != waiters_.end()) woken.insert(found->second.begin(), found->second.end());
  }
  ready_.clear();
  std::vector<Session*> sessions;
  sessions.reserve(woken.size());
  for (const auto& [arrival, session] : woken) sessions.push_back(session);
  return sessions;
}

Session* Blocking::Overdue(int64_t now_ms) const {
  if (deadlines_.empty() || deadlines_.begin()->first.first >= now_ms) return nullptr;
  return deadlines_.begin()->second;
}

int64_t Blocking::NextDeadlineMs() const {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const int64_t deadline_ms = deadlines_.empty() ? kNever : deadlines_.begin()->first.first;
  return deadline_ms == kNever ? kNever : deadline_ms + 1;
}

}  // namespace leat::engine
