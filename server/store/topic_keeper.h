// TopicKeeper: carries out the policies of topics (data/topic_policy.h) without anyone asking: it
// takes from the schedule what is due, decides what has to go, and commits that as mutations.
//
// Retention removes whole blocks, which needs none of their bytes: a topic on disk is not read for
// it. The open block goes when all of it is too old. What respects references (ACKED) leaves a
// block as long as a group needs an entry of it, and goes on behind it.
//
//   while it is due: keeper.Step(now_ms)     a slice: a tenth of a millisecond, or two
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "server/data/policy_schedule.h"
#include "server/data/topic.h"
#include "server/store/store.h"
#include "server/store/topic_compactor.h"

namespace leat::store {

// Nothing in the range is pending for a group any more.
void DropReferences(Store& store, uint32_t database, const data::Key& key, const data::Topic& topic,
                    const data::IdRange& range);

class TopicKeeper {
 public:
  // The store outlives it.
  explicit TopicKeeper(Store& store) : compactor(store), store_(store) {}
  TopicKeeper(const TopicKeeper&) = delete;
  TopicKeeper& operator=(const TopicKeeper&) = delete;

  // Between two batches: a slice of what is due.
  void Step(int64_t now_ms);
  // When the next Step has something to do; INT64_MAX: never, until data changes.
  int64_t NextMs() const {
    return std::min(compaction_due_ms_, store_.dataset().schedule.NextMs());
  }
  // A block that compaction waited for has come; false where it is another's wait.
  bool PageArrived(const TopicPager::Finished& finished);
  void set_min_dirty_percentage(int64_t percentage) { min_dirty_percentage_ = percentage; }

  uint64_t removed_entries() const { return removed_entries_; }  // by retention

  TopicCompactor compactor;

 private:
  // One topic that is looked at.
  struct Visit {
    uint32_t database;
    data::Key key;
    data::Topic& topic;
    const data::TopicPolicy& policy;
    int64_t now_ms;
  };
  class Excess;

  // Returns when the topic is due next, and takes what was done from the budget.
  int64_t Look(const Visit& visit, size_t& budget);
  void StepCompaction(int64_t now_ms);
  void NoteCompaction(const Visit& visit);
  int64_t TrimFront(const Visit& visit, size_t& budget);
  int64_t TrimFree(const Visit& visit, size_t& budget);
  void Remove(const Visit& visit, const data::IdRange& range);
  static void NoteLimits(const Visit& visit);
  static int64_t NextByAge(const Visit& visit);
  static size_t CostOf(const Visit& visit, const data::Block& block);
  template <typename Callback>
  static void ForEachOld(const Visit& visit, size_t from, const Excess& excess, Callback callback);

  Store& store_;
  uint64_t removed_entries_ = 0;
  int64_t compaction_due_ms_ = data::PolicySchedule::kNever;
  int64_t min_dirty_percentage_ = 50;
  std::set<std::pair<uint32_t, std::string>> to_compact_;  // once the compactor is free
};

}  // namespace leat::store
