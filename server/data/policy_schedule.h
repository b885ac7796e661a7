// PolicySchedule: which topics with a policy are to be looked at, and when. Applying a mutation
// marks a topic where there may be something to do: its policy or its place is new, a block was
// sealed, it was empty. So the schedule is complete after a recovery, and topics that nothing
// happens to cost nothing.
//
// An item is a hint: the topic may be gone, or have another policy. Who takes one looks, and marks
// it again with the time when it is due next.
//
//   schedule.Mark(database, "logs", due_ms);
//   while (auto due = schedule.TakeDue(now_ms)) …
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/data/stream_id.h"

namespace leat::data {

class PolicySchedule {
 public:
  static constexpr int64_t kAtOnce = 0;
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Item {
    uint32_t database;
    std::string name;
  };

  explicit PolicySchedule(size_t databases) : databases_(databases) {}

  // It is due then, or when it is due already if that is before.
  void Mark(uint32_t database, std::string_view name, int64_t due_ms = kAtOnce);
  // The first that is due by `now_ms`; it is not in the schedule any more.
  std::optional<Item> TakeDue(int64_t now_ms);
  int64_t NextMs() const;
  size_t size() const;

  void Swap(uint32_t database, uint32_t other);
  void Clear(uint32_t database) { databases_[database] = {}; }
  // A topic with a policy has come to this key.
  void Placed(uint32_t database, std::string_view name);

  // Compaction works on one topic at a time, in many slices, and must know what was removed since
  // it looked.
  void Follow(Item item) { followed_ = Followed{std::move(item), false, {}}; }
  void Unfollow() { followed_.reset(); }
  // Not what the follower removes itself.
  void set_notes_removed(bool notes) { notes_removed_ = notes; }
  void Removed(uint32_t database, std::string_view name, const IdRange& range);
  // What was looked at is not what is there now.
  bool Lost() const { return !followed_ || followed_->lost; }
  bool WasRemoved(StreamId id) const;

 private:
  struct Database {
    std::map<std::string, int64_t, std::less<>> due_by_name;
    std::set<std::pair<int64_t, std::string_view>> by_due;  // names of the map
  };
  struct Followed {
    Item item;
    bool lost;
    std::vector<IdRange> removed;
  };

  std::vector<Database> databases_;
  std::optional<Followed> followed_;
  bool notes_removed_ = true;
};

}  // namespace leat::data
