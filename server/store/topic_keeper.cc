#include "server/store/topic_keeper.h"

#include <algorithm>
#include <vector>

namespace leat::store {

namespace {

using data::Block;
using data::IdRange;
using data::PolicySchedule;
using data::References;
using data::StreamId;
using data::Topic;

// A slice: a visit is a step, a block some; a step takes a microsecond, or five where memory goes
// back to the system.
constexpr size_t kStepsPerSlice = 64;
// What groups still need is looked at again after so long.
constexpr int64_t kRetryMs = 1000;

bool Needed(const data::ConsumerGroups& groups, const Block::Span& span) {
  for (size_t i = 0; i < groups.size(); ++i) {
    if (span.last > groups[i].last_id()) return true;
    const auto& pending = groups[i].pending();
    const auto at = pending.LowerBound(span.first);
    if (at != pending.end() && pending.IdAt(at) <= span.last) return true;
  }
  return false;
}

}  // namespace

void DropReferences(Store& store, uint32_t database, const data::Key& key, const Topic& topic,
                    const IdRange& range) {
  for (size_t i = 0; i < topic.groups().size(); ++i) {
    const data::ConsumerGroup& group = topic.groups()[i];
    const auto& pending = group.pending();
    const auto at = pending.LowerBound(range.first);
    if (at == pending.end() || pending.IdAt(at) > range.last) continue;
    store.Commit(data::ForgetPending{database, key, group.name(), range.first, range.last});
  }
}

// What a topic has more than it may: blocks are shown to it from the oldest on.
class TopicKeeper::Excess {
 public:
  explicit Excess(const Visit& visit)
      : policy_(visit.policy),
        now_ms_(static_cast<uint64_t>(visit.now_ms)),
        entries_(visit.topic.length()),
        bytes_(visit.topic.policy_state()->sealed_bytes + visit.topic.tail().state().size) {}

  bool TooOld(const Block::Span& span) const {
    return policy_.retention_ms > 0 && now_ms_ > policy_.retention_ms &&
           span.last.ms < now_ms_ - policy_.retention_ms;
  }
  bool Holds(const Block& block, const Block::Span& span) const {
    const auto too_many = [](uint64_t most, uint64_t all, uint64_t here) {
      return most > 0 && all - here >= most;
    };
    return TooOld(span) || too_many(policy_.retention_entries, entries_, block.live_count()) ||
           too_many(policy_.retention_bytes, bytes_, block.state().size);
  }
  void Take(const Block& block) {
    entries_ -= block.live_count();
    bytes_ -= block.state().size;
  }

 private:
  const data::TopicPolicy& policy_;
  const uint64_t now_ms_;
  uint64_t entries_;
  uint64_t bytes_;
};

// Calls callback(block, span) for the blocks from `from` on of which there is too much, until it
// says false or there are none. The open block is only ever too old.
template <typename Callback>
void TopicKeeper::ForEachOld(const Visit& visit, size_t from, const Excess& excess,
                             Callback callback) {
  const Topic& topic = visit.topic;
  for (size_t index = from; index < topic.sealed_count(); ++index) {
    const Block& block = topic.SealedAt(index);
    const Block::Span& span = topic.SealedSpanAt(index);
    if (!excess.Holds(block, span) || !callback(block, span)) return;
  }
  const Block& tail = topic.tail();
  if (!tail.empty() && excess.TooOld(tail.span())) callback(tail, tail.span());
}

size_t TopicKeeper::CostOf(const Visit& visit, const Block& block) {
  constexpr size_t kBytesPerStep = size_t{16} << 10;  // memory that goes back to the system
  constexpr size_t kReferencesPerStep = 64;
  const size_t bytes_cost = 1 + block.state().size / kBytesPerStep;
  if (visit.policy.references != References::kDrop) return bytes_cost;
  return bytes_cost + block.live_count() * visit.topic.groups().size() / kReferencesPerStep;
}

void TopicKeeper::Step(int64_t now_ms) {
  PolicySchedule& schedule = store_.dataset().schedule;
  if (compaction_due_ms_ <= now_ms) StepCompaction(now_ms);
  size_t budget = kStepsPerSlice;
  store_.BeginBatch();
  while (budget > 0) {
    const auto due = schedule.TakeDue(now_ms);
    if (!due) break;
    --budget;
    const data::Key key = data::MakeKey(due->name);
    data::Entry* entry = store_.FindNoTouch(due->database, key, now_ms);
    if (entry == nullptr || entry->type() != data::Type::kStream) continue;
    Topic& topic = *entry->topic();
    if (topic.policy_state() == nullptr) continue;
    const Visit visit{due->database, key, topic, topic.policy_state()->policy, now_ms};
    const int64_t next_ms = Look(visit, budget);
    if (next_ms != PolicySchedule::kNever) schedule.Mark(due->database, due->name, next_ms);
  }
  store_.EndBatch();
}

void TopicKeeper::StepCompaction(int64_t now_ms) {
  const bool goes_on = compactor.Step(now_ms);
  compaction_due_ms_ = goes_on ? now_ms + 1 : PolicySchedule::kNever;
  if (compactor.busy() || to_compact_.empty()) return;
  const auto next = to_compact_.extract(to_compact_.begin());
  store_.dataset().schedule.Mark(next.value().first, next.value().second);
}

bool TopicKeeper::PageArrived(const TopicPager::Finished& finished) {
  if (!compactor.PageArrived(finished)) return false;
  compaction_due_ms_ = PolicySchedule::kAtOnce;
  return true;
}

// Topics wait for the compactor under their names: one that is not what it was by then is looked at
// like any other.
void TopicKeeper::NoteCompaction(const Visit& visit) {
  if (!TopicCompactor::IsDue(visit.topic, min_dirty_percentage_)) return;
  std::string name(visit.key.name);
  if (compactor.busy()) {
    to_compact_.emplace(visit.database, std::move(name));
    return;
  }
  compactor.Start({visit.database, std::move(name)});
  compaction_due_ms_ = PolicySchedule::kAtOnce;
}

int64_t TopicKeeper::Look(const Visit& visit, size_t& budget) {
  NoteCompaction(visit);
  const bool respects =
      visit.policy.references == References::kRespect && visit.topic.groups().size() > 0;
  return respects ? TrimFree(visit, budget) : TrimFront(visit, budget);
}

int64_t TopicKeeper::TrimFront(const Visit& visit, size_t& budget) {
  const Topic& topic = visit.topic;
  Excess excess(visit);
  IdRange range;
  bool is_cut = false;
  ForEachOld(visit, 0, excess, [&](const Block& block, const Block::Span& span) {
    is_cut = budget == 0;
    if (is_cut) return false;
    budget -= std::min(budget, CostOf(visit, block));
    excess.Take(block);
    range.Cover({topic.first_id(), span.last});
    return true;
  });
  Remove(visit, range);
  if (is_cut) return PolicySchedule::kAtOnce;
  NoteLimits(visit);
  return NextByAge(visit);
}

int64_t TopicKeeper::TrimFree(const Visit& visit, size_t& budget) {
  Topic& topic = visit.topic;
  StreamId& looked_through = topic.policy_state()->looked_through;
  Excess excess(visit);
  std::vector<IdRange> runs;
  bool in_run = false;
  bool is_cut = false;
  // What a slice before this left needed is not in sight any more.
  bool all_gone = looked_through == StreamId{};
  const size_t from = all_gone ? 0 : topic.FindSealed(*looked_through.Next());
  ForEachOld(visit, from, excess, [&](const Block& block, const Block::Span& span) {
    is_cut = budget == 0;
    if (is_cut) return false;
    budget -= std::min(budget, CostOf(visit, block));
    looked_through = std::min(span.last, *data::kMaxStreamId.Previous());
    if (Needed(topic.groups(), span)) {
      all_gone = in_run = false;
      return true;
    }
    excess.Take(block);
    if (!in_run) runs.emplace_back();
    runs.back().Cover({span.first, span.last});
    in_run = true;
    return true;
  });
  for (const IdRange& run : runs) Remove(visit, run);
  if (is_cut) return PolicySchedule::kAtOnce;
  looked_through = {};
  topic.policy_state()->due_entries = topic.policy_state()->due_bytes =
      data::TopicPolicyState::kNever;
  return all_gone ? NextByAge(visit) : visit.now_ms + kRetryMs;
}

// The first block goes once there is enough behind it.
void TopicKeeper::NoteLimits(const Visit& visit) {
  data::TopicPolicyState& state = *visit.topic.policy_state();
  state.due_entries = state.due_bytes = data::TopicPolicyState::kNever;
  if (visit.topic.sealed_count() == 0) return;
  const Block& first = visit.topic.SealedAt(0);
  if (visit.policy.retention_entries > 0) {
    state.due_entries = visit.policy.retention_entries + first.live_count();
  }
  if (visit.policy.retention_bytes > 0) {
    state.due_bytes = visit.policy.retention_bytes + first.state().size;
  }
}

void TopicKeeper::Remove(const Visit& visit, const IdRange& range) {
  if (range.empty()) return;
  const Topic& topic = visit.topic;
  if (visit.policy.references == References::kDrop) {
    DropReferences(store_, visit.database, visit.key, topic, range);
  }
  const uint64_t before = topic.length();
  if (range.first <= topic.first_id()) {
    store_.Commit(data::TrimTopic{visit.database, visit.key, range.last});
  } else {
    store_.Commit(data::DeleteEntries{visit.database, visit.key, range.first, range.last, 1});
  }
  removed_entries_ += before - topic.length();
}

int64_t TopicKeeper::NextByAge(const Visit& visit) {
  const Topic& topic = visit.topic;
  const uint64_t age_ms = visit.policy.retention_ms;
  if (age_ms == 0 || topic.length() == 0) return PolicySchedule::kNever;
  const StreamId last =
      topic.sealed_count() > 0 ? topic.SealedSpanAt(0).last : topic.tail().span().last;
  constexpr auto kNever = static_cast<uint64_t>(PolicySchedule::kNever);
  if (age_ms >= kNever || last.ms >= kNever - age_ms) return PolicySchedule::kNever;
  return static_cast<int64_t>(last.ms + age_ms + 1);
}

}  // namespace leat::store
