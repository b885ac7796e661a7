// Calls that wait for keys.
//
//   park    a handler finds nothing to return and parks its call under its keys and its deadline
//   wake    a mutation changes one of the keys, or the time comes at which a call wants a retry
//   re-run  when the call (or transaction) that changed the key is over, those that wait for it are
//           run again; one that finds something leaves, one that does not keeps its place and its
//           deadline
//
// So a waiter never sees the middle of a transaction. Who waits for a key stands in one of its
// lanes:
//
//   "orders" ─┬─ XREADGROUP, "billing"    s1  s7  s9    retry at 1700000000250
//             ├─ XREADGROUP, "shipping"   s3  s4
//             └─ XREAD, "5-1"             s2  s8
//
// Calls of one lane are alike: where the first finds nothing, none behind it would. So a lane is
// served from its head until a re-run finds nothing, and a change costs as many re-runs as it
// serves calls, and one for each lane. Lanes that are ready together are served in order of arrival
// across all of them. Ready keys change nothing for calls that wait for others.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/engine/parked_call.h"
#include "server/engine/session.h"

namespace leat::engine {

class Blocking {
 public:
  Blocking() = default;
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;

  // The session's `parked` holds the call, which waits for keys of its database. It must not wait
  // already.
  void Park(Session& session, std::span<const KeyWait> waits);
  // The call was re-run and found nothing: the lanes that it heads are not served further. `waits`
  // are those of Park with new retry times.
  void ParkAgain(Session& session, std::span<const KeyWait> waits);
  // The call is over, whatever the reason. Nothing happens where the session waits for no key.
  void Unpark(Session& session);

  size_t waiting() const { return waiters_.size(); }

  void KeyFed(uint32_t database, const data::Key& key);
  void DatabaseChanged(uint32_t database);
  // Lanes whose retry time has come become ready, and have none any more.
  void RetryDue(int64_t now_ms);
  int64_t NextRetryMs() const;

  bool HasReady() const { return !changed_.empty() || !ready_.empty(); }
  // The session to be re-run next, or null. Unpark or ParkAgain follows before the next is asked
  // for; any other session may be unparked, and any key may change, meanwhile.
  Session* NextReady();

  // The session whose deadline has passed first, or null. A call still waits through the
  // millisecond of its deadline.
  Session* Overdue(int64_t now_ms) const;
  // When Overdue is to be asked next; max() when there is no deadline.
  int64_t NextDeadlineMs() const;

 private:
  using Arrival = uint64_t;
  using LaneName = std::pair<const CommandEntry*, std::string>;

  struct Lane {
    const DatabaseKey* key;
    const LaneName* name;
    std::map<Arrival, Session*> waiters;  // one at least
    int64_t retry_at_ms = 0;              // 0: none

    Arrival head() const { return waiters.begin()->first; }
  };
  using Lanes = std::map<LaneName, Lane>;
  struct Waiter {
    Arrival arrival;
    std::vector<Lane*> lanes;  // as in the waits of Park; null where one was named before
  };

  Lane& LaneOf(const ParkedCall& call, const KeyWait& wait);
  void Leave(Lane& lane, Arrival arrival);
  void Remove(Lane& lane);
  void SetRetry(Lane& lane, int64_t retry_at_ms);

  std::unordered_map<DatabaseKey, Lanes, DatabaseKeyHash, DatabaseKeyEqual> keys_;
  std::unordered_map<Session*, Waiter> waiters_;
  std::map<std::pair<int64_t, Arrival>, Session*> deadlines_;
  std::set<std::pair<int64_t, Lane*>> retries_;
  std::set<Lanes*> changed_;                   // of keys that changed since NextReady
  std::set<std::pair<Arrival, Lane*>> ready_;  // lanes to be served, each by its head
  Arrival next_arrival_ = 0;
};

}  // namespace leat::engine
