// Calls that wait for keys.
//
//   park    a handler finds nothing to return and parks its call under its keys and its deadline
//   wake    a mutation changes one of the keys: the key is put on the ready list
//   re-run  when the call (or transaction) that changed it is over, the waiters of each ready key
//           are run again in order of arrival; one that finds something leaves, one that does not
//           keeps its place and its deadline
//
// So a waiter never sees the middle of a transaction, and a key that many wait for is served first
// come, first served. Ready keys change nothing for calls that wait for others.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/engine/parked_call.h"
#include "server/engine/session.h"

namespace leat::engine {

class Blocking {
 public:
  // The session's `parked` holds the call. It must not wait already.
  void Park(Session& session);
  // The call is over, whatever the reason.
  void Unpark(Session& session);

  size_t waiting() const { return order_.size(); }
  bool HasWaiters() const { return !waiters_.empty(); }

  void KeyChanged(uint32_t database, const data::Key& key);
  void DatabaseChanged(uint32_t database);

  bool HasReady() const { return !ready_.empty(); }
  // The sessions that wait for the keys that became ready, in order of arrival, each once.
  std::vector<Session*> TakeReady();

  // The session whose deadline has passed first, or null. A call still waits through the
  // millisecond of its deadline.
  Session* Overdue(int64_t now_ms) const;
  // When Overdue is to be asked next; max() when there is no deadline.
  int64_t NextDeadlineMs() const;

 private:
  using Arrival = uint64_t;

  std::unordered_map<DatabaseKey, std::map<Arrival, Session*>, DatabaseKeyHash> waiters_;
  std::unordered_map<Session*, Arrival> order_;
  std::map<std::pair<int64_t, Arrival>, Session*> deadlines_;
  std::vector<DatabaseKey> ready_;
  Arrival next_arrival_ = 0;
};

}  // namespace leat::engine
