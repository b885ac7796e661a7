// TopicCompactor: removes from a topic what a newer entry with the same value of one field has made
// obsolete, a slice at a time.
//
//   sealed blocks   ├────── clean ───────┤├──────── dirty ────────┤   tail
//                                         1. newest entry of each value ▶
//                   2. remove older ones ▶                         ▶
//                   └── sparse neighbours become one block ──┘
//
// A round remembers the newest entry of each value in the dirty part, 16 bytes of hash and an ID,
// as many as `memory_bytes` holds, and then goes through all blocks up to there. Where there are
// more values, the next round goes on behind. The open block is never touched, an entry without the
// field stays, and so does the newest one of each value that is there. A crash costs the round
// alone: how far the topic is clean is a part of its policy.
//
// Where a group still needs an entry and references are respected, the entry stays until its value
// has been written again.
//
// Blocks on disk are read through the pager while the loop goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/hash.h"
#include "server/data/flat_table.h"
#include "server/data/policy_schedule.h"
#include "server/data/topic.h"
#include "server/store/store.h"
#include "server/store/topic_pager.h"

namespace leat::store {

class TopicCompactor {
 public:
  // The store outlives it.
  explicit TopicCompactor(Store& store) : store_(store) {}
  TopicCompactor(const TopicCompactor&) = delete;
  TopicCompactor& operator=(const TopicCompactor&) = delete;

  void set_memory_bytes(size_t bytes) { most_values_ = bytes / kBytesPerValue; }

  // Whether so much of a topic with such a policy is dirty.
  static bool IsDue(const data::Topic& topic, int64_t min_dirty_percentage);
  bool busy() const { return round_ != nullptr || !spent_.empty(); }
  // While it is not busy.
  void Start(data::PolicySchedule::Item item);
  // Between two batches: a slice. False where it waits for a block, or has come to its end.
  bool Step(int64_t now_ms);
  // False where it is another's wait.
  bool PageArrived(const TopicPager::Finished& finished);

  uint64_t removed_entries() const { return removed_entries_; }
  uint64_t rounds() const { return rounds_; }  // that came to their end

 private:
  // A slot has 32 bytes, and three eighths of them at least are in use.
  static constexpr size_t kBytesPerValue = 86;
  struct Newest {
    base::Hash128 value;
    data::StreamId id;

    bool Empty() const { return id == data::StreamId{}; }
    uint64_t Hash() const { return value.low; }
  };
  // Several tables, each of which is freed within a slice.
  using Table = data::FlatTable<Newest>;
  static constexpr size_t kTables = 16;
  struct Round {
    Table& TableOf(const base::Hash128& value) { return *tables[value.high % kTables]; }

    data::PolicySchedule::Item item;
    std::string field;
    std::vector<std::unique_ptr<Table>> tables;
    size_t values = 0;
    bool removing = false;
    data::StreamId next;     // not yet looked at
    data::StreamId through;  // what was remembered reaches to here
    bool all = false;        // which is all there is
    data::IdRange sparse;    // blocks that fit into one
    size_t sparse_blocks = 0;
    uint64_t sparse_bytes = 0;
  };

  data::Topic* Find(int64_t now_ms);
  void BeginRound(data::PolicySchedule::Item item);
  void Remember(const data::Topic& topic);
  bool RememberEntry(const data::Block& block, uint32_t position, data::StreamId id);
  void Remove(data::Topic& topic);
  void RemoveRuns(const data::Topic& topic, const std::vector<data::IdRange>& runs);
  bool IsObsolete(const data::Topic& topic, const data::Block& block, uint32_t position,
                  data::StreamId id) const;
  void GatherSparse(data::Topic& topic, size_t index);
  void MergeSparse(data::Topic& topic);
  void FinishRound(const data::Topic& topic);
  void Stop();
  // Whether the block's bytes are here; else they are on their way, and Step waits.
  bool Fetch(const data::Topic& topic, size_t index);
  void EndWait();
  // The value's hash, which is zero where there is no such field; null where it was not remembered.
  Newest* FindNewest(const data::Block& block, uint32_t position, base::Hash128& value) const;

  Store& store_;
  size_t most_values_ = (size_t{32} << 20) / kBytesPerValue;
  std::unique_ptr<Round> round_;
  std::vector<std::unique_ptr<Table>> spent_;  // to be freed
  TopicPager::WaitId wait_ = 0;
  bool waits_ = false;
  uint64_t removed_entries_ = 0;
  uint64_t rounds_ = 0;
};

}  // namespace leat::store
