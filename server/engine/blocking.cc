#include "server/engine/blocking.h"

#include <cassert>
#include <limits>

namespace leat::engine {

void Blocking::Park(Session& session, std::span<const KeyWait> waits) {
  const ParkedCall& call = *session.parked;
  const Arrival arrival = next_arrival_++;
  Waiter& waiter = waiters_[&session];
  waiter.arrival = arrival;
  waiter.lanes.reserve(waits.size());
  for (const KeyWait& wait : waits) {
    Lane& lane = LaneOf(call, wait);
    const bool enters = lane.waiters.emplace(arrival, &session).second;
    waiter.lanes.push_back(enters ? &lane : nullptr);
    if (enters) SetRetry(lane, wait.retry_at_ms);
  }
  if (call.deadline_ms != 0) deadlines_.emplace(std::pair(call.deadline_ms, arrival), &session);
}

void Blocking::ParkAgain(Session& session, std::span<const KeyWait> waits) {
  const auto found = waiters_.find(&session);
  if (found == waiters_.end()) return;  // closed by its own re-run
  const Waiter& waiter = found->second;
  assert(waits.size() == waiter.lanes.size());
  for (size_t i = 0; i < waits.size(); ++i) {
    Lane* lane = waiter.lanes[i];
    if (lane == nullptr) continue;
    ready_.erase({waiter.arrival, lane});
    SetRetry(*lane, waits[i].retry_at_ms);
  }
}

void Blocking::Unpark(Session& session) {
  const auto found = waiters_.find(&session);
  if (found == waiters_.end()) return;
  const Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  deadlines_.erase(std::pair(session.parked->deadline_ms, waiter.arrival));
  for (Lane* lane : waiter.lanes) {
    if (lane != nullptr) Leave(*lane, waiter.arrival);
  }
}

Blocking::Lane& Blocking::LaneOf(const ParkedCall& call, const KeyWait& wait) {
  const data::Key name = data::MakeKey(wait.key);
  auto key = keys_.find(DatabaseKeyView{call.database, name});
  if (key == keys_.end()) {
    key = keys_.try_emplace(DatabaseKey{call.database, std::string(wait.key)}).first;
  }
  const auto lane = key->second.try_emplace(LaneName(call.command, wait.lane)).first;
  lane->second.key = &key->first;
  lane->second.name = &lane->first;
  return lane->second;
}

void Blocking::Leave(Lane& lane, Arrival arrival) {
  const bool ready = ready_.erase({lane.head(), &lane}) > 0;
  lane.waiters.erase(arrival);
  if (lane.waiters.empty()) return Remove(lane);
  if (ready) ready_.emplace(lane.head(), &lane);
}

void Blocking::Remove(Lane& lane) {
  SetRetry(lane, 0);
  const auto key = keys_.find(*lane.key);
  Lanes& lanes = key->second;
  lanes.erase(lanes.find(*lane.name));
  if (!lanes.empty()) return;
  changed_.erase(&lanes);
  keys_.erase(key);
}

void Blocking::SetRetry(Lane& lane, int64_t retry_at_ms) {
  if (lane.retry_at_ms == retry_at_ms) return;
  if (lane.retry_at_ms != 0) retries_.erase({lane.retry_at_ms, &lane});
  lane.retry_at_ms = retry_at_ms;
  if (retry_at_ms != 0) retries_.emplace(retry_at_ms, &lane);
}

void Blocking::KeyFed(uint32_t database, const data::Key& key) {
  if (keys_.empty()) return;
  const auto found = keys_.find(DatabaseKeyView{database, key});
  if (found != keys_.end()) changed_.insert(&found->second);
}

void Blocking::DatabaseChanged(uint32_t database) {
  for (auto& [key, lanes] : keys_) {
    if (key.database == database) changed_.insert(&lanes);
  }
}

void Blocking::RetryDue(int64_t now_ms) {
  while (NextRetryMs() <= now_ms) {
    Lane& lane = *retries_.begin()->second;
    SetRetry(lane, 0);
    ready_.emplace(lane.head(), &lane);
  }
}

int64_t Blocking::NextRetryMs() const {
  return retries_.empty() ? std::numeric_limits<int64_t>::max() : retries_.begin()->first;
}

Session* Blocking::NextReady() {
  for (Lanes* lanes : changed_) {
    for (auto& [name, lane] : *lanes) ready_.emplace(lane.head(), &lane);
  }
  changed_.clear();
  return ready_.empty() ? nullptr : ready_.begin()->second->waiters.begin()->second;
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
