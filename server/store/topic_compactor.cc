#include "server/store/topic_compactor.h"

#include <algorithm>
#include <utility>

#include "server/store/topic_keeper.h"

namespace leat::store {

namespace {

using data::Block;
using data::IdRange;
using data::References;
using data::StreamId;
using data::Topic;

// Of a slice: a tenth of a millisecond, or two.
constexpr uint32_t kEntriesPerSlice = 500;
// Values that are forgotten in a slice.
constexpr size_t kFreedPerSlice = 20'000;
// Blocks that are expected next while one is read.
constexpr size_t kAhead = 4;
// Neighbours become one block while they have no more than this together.
constexpr uint64_t kMergedBytes = Block::kMaxAllocation * 3 / 4;
constexpr size_t kMergedBlocks = 16;

StreamId Behind(StreamId id) {
  return id.Next().value_or(id);
}

}  // namespace

bool TopicCompactor::IsDue(const Topic& topic, int64_t min_dirty_percentage) {
  const data::TopicPolicyState& state = *topic.policy_state();
  if (state.policy.compact_field.empty()) return false;
  const size_t all = topic.sealed_count();
  const size_t dirty = all - topic.FindSealed(Behind(state.compacted_through));
  return dirty > 0 && dirty * 100 >= all * static_cast<size_t>(min_dirty_percentage);
}

void TopicCompactor::Start(data::PolicySchedule::Item item) {
  BeginRound(std::move(item));
}

void TopicCompactor::BeginRound(data::PolicySchedule::Item item) {
  round_ = std::make_unique<Round>();
  round_->item = item;
  for (size_t i = 0; i < kTables; ++i) round_->tables.push_back(std::make_unique<Table>());
  store_.dataset().schedule.Follow(std::move(item));
}

void TopicCompactor::Stop() {
  EndWait();
  for (auto& table : round_->tables) spent_.push_back(std::move(table));
  round_.reset();
  store_.dataset().schedule.Unfollow();
}

// The topic, if it still is what the round began with.
Topic* TopicCompactor::Find(int64_t now_ms) {
  data::PolicySchedule& schedule = store_.dataset().schedule;
  if (schedule.Lost()) {
    schedule.Mark(round_->item.database, round_->item.name);
    return nullptr;
  }
  const data::Key key = data::MakeKey(round_->item.name);
  data::Entry* entry = store_.FindNoTouch(round_->item.database, key, now_ms);
  if (entry == nullptr || entry->type() != data::Type::kStream) return nullptr;
  Topic* topic = entry->topic();
  if (topic->policy_state() == nullptr) return nullptr;
  const data::TopicPolicyState& state = *topic->policy_state();
  if (round_->field.empty()) {
    round_->field = state.policy.compact_field;
    round_->next = Behind(state.compacted_through);
  }
  return round_->field == state.policy.compact_field && !round_->field.empty() ? topic : nullptr;
}

bool TopicCompactor::Step(int64_t now_ms) {
  if (!busy() || waits_) return false;
  for (size_t freed = 0; !spent_.empty(); spent_.pop_back()) {
    if (freed > kFreedPerSlice) return true;
    freed += spent_.back()->size();
  }
  if (round_ == nullptr) return false;
  store_.BeginBatch();
  Topic* topic = Find(now_ms);
  if (topic == nullptr) {
    Stop();
  } else if (round_->removing) {
    Remove(*topic);
  } else {
    Remember(*topic);
  }
  store_.EndBatch();
  return busy() && !waits_;
}

TopicCompactor::Newest* TopicCompactor::FindNewest(const Block& block, uint32_t position,
                                                   base::Hash128& value) const {
  const auto field = data::FindField(block.FieldsAt(position), round_->field);
  if (!field) return nullptr;
  value = base::HashBytes128({*field});
  return round_->TableOf(value).Find(
      value.low, [&value](const Newest& newest) { return newest.value == value; });
}

// False where there is no room for its value.
bool TopicCompactor::RememberEntry(const Block& block, uint32_t position, StreamId id) {
  base::Hash128 value;
  if (Newest* newest = FindNewest(block, position, value)) {
    newest->id = id;
    return true;
  }
  if (value == base::Hash128()) return true;  // it has no such field
  if (round_->values >= most_values_) return false;
  round_->TableOf(value).Insert({value, id});
  ++round_->values;
  return true;
}

void TopicCompactor::Remember(const Topic& topic) {
  Round& round = *round_;
  const size_t index = topic.FindSealed(round.next);
  round.all = index == topic.sealed_count();
  if (!round.all) {
    if (!Fetch(topic, index)) return;
    const Block& block = topic.SealedAt(index);
    uint32_t at = block.NextLive(block.LowerBound(round.next, topic.SealedSpanAt(index)));
    for (uint32_t looked = 0; at < block.end(); at = block.NextLive(at + 1)) {
      if (looked++ == kEntriesPerSlice) return;
      const StreamId id = block.IdAt(at);
      if (!RememberEntry(block, at, id)) break;
      round.through = id;
      round.next = Behind(id);
    }
    EndWait();
    if (at == block.end()) {
      round.through = topic.SealedSpanAt(index).last;
      round.next = Behind(round.through);
      return;
    }
  }
  round.removing = true;
  round.next = {};
}

bool TopicCompactor::IsObsolete(const Topic& topic, const Block& block, uint32_t position,
                                StreamId id) const {
  base::Hash128 value;
  const Newest* newest = FindNewest(block, position, value);
  if (newest == nullptr || newest->id <= id) return false;
  if (store_.dataset().schedule.WasRemoved(newest->id)) return false;
  const bool respects = topic.policy_state()->policy.references == References::kRespect;
  return !respects || !topic.groups().Need(id);
}

void TopicCompactor::Remove(Topic& topic) {
  Round& round = *round_;
  const size_t index = topic.FindSealed(round.next);
  if (index == topic.sealed_count() || topic.SealedSpanAt(index).first > round.through) {
    MergeSparse(topic);
    return FinishRound(topic);
  }
  if (!Fetch(topic, index)) return;
  const Block& block = topic.SealedAt(index);
  const Block::Span span = topic.SealedSpanAt(index);
  std::vector<IdRange> runs;
  bool in_run = false;
  uint32_t at = block.NextLive(block.LowerBound(round.next, span));
  for (uint32_t looked = 0; at < block.end() && looked < kEntriesPerSlice; ++looked) {
    const StreamId id = block.IdAt(at);
    const bool obsolete = id <= round.through && IsObsolete(topic, block, at, id);
    if (obsolete && !in_run) runs.push_back({id, id});
    if (obsolete) runs.back().last = id;
    in_run = obsolete;
    round.next = Behind(id);
    at = block.NextLive(at + 1);
  }
  const bool done = at == block.end();
  RemoveRuns(topic, runs);
  if (!done) return;
  round.next = Behind(span.last);
  const size_t there = topic.FindSealed(span.first);
  if (there < topic.sealed_count() && topic.SealedSpanAt(there).last == span.last) {
    GatherSparse(topic, there);
  }
  EndWait();
}

void TopicCompactor::RemoveRuns(const Topic& topic, const std::vector<IdRange>& runs) {
  const auto& [database, name] = round_->item;
  const data::Key key = data::MakeKey(name);
  data::PolicySchedule& schedule = store_.dataset().schedule;
  const uint64_t before = topic.length();
  schedule.set_notes_removed(false);
  for (const IdRange& run : runs) {
    if (topic.policy_state()->policy.references == References::kDrop) {
      DropReferences(store_, database, key, topic, run);
    }
    store_.Commit(data::DeleteEntries{database, key, run.first, run.last, 1});
  }
  schedule.set_notes_removed(true);
  removed_entries_ += before - topic.length();
}

// The block at `index`, which is in memory, joins those before it or begins anew.
void TopicCompactor::GatherSparse(Topic& topic, size_t index) {
  Round& round = *round_;
  const uint64_t bytes = topic.SealedAt(index).live_bytes();
  if (round.sparse_blocks == kMergedBlocks || round.sparse_bytes + bytes > kMergedBytes) {
    MergeSparse(topic);
  }
  if (bytes > kMergedBytes) return;
  const Block::Span& span = topic.SealedSpanAt(index);
  round.sparse.Cover({span.first, span.last});
  round.sparse_bytes += bytes;
  ++round.sparse_blocks;
}

// How entries lie in blocks is no part of the data: nothing is recorded.
void TopicCompactor::MergeSparse(Topic& topic) {
  const IdRange range = std::exchange(round_->sparse, {});
  round_->sparse_blocks = round_->sparse_bytes = 0;
  if (range.empty()) return;
  const size_t from = topic.FindSealed(range.first);
  const size_t to = std::min(topic.FindSealed(range.last) + 1, topic.sealed_count());
  uint64_t live = 0;
  uint64_t all = 0;
  for (size_t index = from; index < to; ++index) {
    const Block& block = topic.SealedAt(index);
    if (!block.resident()) return;  // it was evicted meanwhile
    live += block.live_bytes();
    all += block.state().size;
  }
  const bool pays = to - from > 1 || (to - from == 1 && live * 2 < all);
  if (pays && live <= kMergedBytes) topic.MergeSealed(from, to - from, store_.dataset().pager);
}

void TopicCompactor::FinishRound(const Topic& topic) {
  ++rounds_;
  const data::PolicySchedule::Item item = round_->item;
  const bool all = round_->all;
  const StreamId through = round_->through;
  Stop();
  const data::TopicPolicy policy = topic.policy_state()->policy;
  const StreamId before = topic.policy_state()->compacted_through;
  store_.Commit(data::MakeConfigureTopic(item.database, data::MakeKey(item.name), policy,
                                         std::max(before, through)));
  if (!all) BeginRound(item);
}

bool TopicCompactor::Fetch(const Topic& topic, size_t index) {
  const data::PageRef& page = topic.SealedAt(index).page();
  if (!page) return true;
  page->pager.Used(*page);
  if (page->resident()) return true;
  EndWait();
  data::PageFault fault;
  fault.needed.push_back(page);
  wait_ = store_.pager()->Await(fault);
  waits_ = true;
  const size_t end = std::min(topic.sealed_count(), index + 1 + kAhead);
  for (size_t next = index + 1; next < end; ++next) {
    const data::PageRef& expected = topic.SealedAt(next).page();
    if (expected && !expected->resident()) expected->pager.Expect(*expected);
  }
  return false;
}

void TopicCompactor::EndWait() {
  if (wait_ != 0) store_.pager()->End(std::exchange(wait_, 0));
  waits_ = false;
}

bool TopicCompactor::PageArrived(const TopicPager::Finished& finished) {
  if (wait_ == 0 || finished.id != wait_) return false;
  waits_ = false;
  if (!finished.error.empty()) Stop();  // the topic stays as it is until a block is sealed
  return true;
}

}  // namespace leat::store
