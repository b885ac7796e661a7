#include "server/data/consumer_group.h"

#include <algorithm>
#include <cassert>

#include "server/data/topic.h"

namespace leat::data {

namespace {

int64_t Changed(int64_t count, int64_t change) {
  switch (change) {
    case kKeepCount:
      return count;
    case kCountUp:
      return count == Delivery::kMaxCount ? count : count + 1;
    case kCountDown:
      return std::max<int64_t>(count - 1, 0);
    default:
      return change;
  }
}

}  // namespace

ConsumerGroup::ConsumerGroup(const ConsumerGroup& other)
    : name_(other.name_),
      last_id_(other.last_id_),
      entries_read_(other.entries_read_),
      pending_(other.pending_),
      by_name_(other.by_name_),
      next_turn_(other.next_turn_),
      released_count_(other.released_count_),
      freed_(other.freed_) {
  for (const auto& consumer : other.consumers_) {
    consumers_.push_back(consumer == nullptr ? nullptr : std::make_unique<Consumer>(*consumer));
  }
}

size_t ConsumerGroup::NamePosition(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [this](uint32_t number, std::string_view wanted) {
                                        return consumers_[number]->name < wanted;
                                      });
  return static_cast<size_t>(found - by_name_.begin());
}

Consumer* ConsumerGroup::FindConsumer(std::string_view name) const {
  const size_t position = NamePosition(name);
  if (position == by_name_.size() || ConsumerAt(position).name != name) return nullptr;
  return &ConsumerAt(position);
}

Consumer* ConsumerGroup::CreateConsumer(std::string_view name, int64_t now_ms) {
  const size_t position = NamePosition(name);
  if (position < by_name_.size() && ConsumerAt(position).name == name) return nullptr;
  auto slot = consumers_.end();
  if (by_name_.size() < consumers_.size()) slot = std::find(consumers_.begin(), slot, nullptr);
  if (slot == consumers_.end()) slot = consumers_.insert(slot, nullptr);
  const auto number = static_cast<uint32_t>(slot - consumers_.begin());
  *slot = std::make_unique<Consumer>(
      Consumer{.name = std::string(name), .number = number, .seen_ms = now_ms, .pending = {}});
  by_name_.insert(by_name_.begin() + static_cast<std::ptrdiff_t>(position), number);
  return slot->get();
}

void ConsumerGroup::DeleteConsumer(Consumer& consumer) {
  const auto& ids = consumer.pending;
  if (!ids.empty()) freed_.Cover({ids.first_id(), ids.last_id()});
  for (auto at = ids.begin(); at != ids.end(); at = ids.Next(at)) pending_.Erase(ids.IdAt(at));
  by_name_.erase(by_name_.begin() + static_cast<std::ptrdiff_t>(NamePosition(consumer.name)));
  consumers_[consumer.number].reset();
}

void ConsumerGroup::Detach(StreamId id, const Delivery& delivery) {
  if (delivery.released()) {
    --released_count_;
  } else {
    consumers_[delivery.consumer()]->pending.Erase(id);
  }
}

void ConsumerGroup::Assign(Consumer& consumer, Pending::Cursor at, const Delivery& delivery) {
  const Delivery before = pending_.ValueAt(at);
  pending_.SetValue(at, delivery);
  if (!before.released() && before.consumer() == consumer.number) return;
  const StreamId id = pending_.IdAt(at);
  Detach(id, before);
  consumer.pending.Insert(id, {});
}

void ConsumerGroup::Deliver(const Topic& topic, Consumer& consumer, StreamId first, StreamId last,
                            int64_t now_ms) {
  const Delivery delivery = Delivery::To(consumer.number, now_ms, 1);
  topic.ForEachId(first, last, [&](StreamId id) {
    if (pending_.Insert(id, delivery)) {
      consumer.pending.Insert(id, {});
    } else {
      Assign(consumer, pending_.Find(id), delivery);
    }
  });
  consumer.seen_ms = consumer.active_ms = now_ms;
}

void ConsumerGroup::Redeliver(const Topic& topic, Consumer& consumer, StreamId first, StreamId last,
                              int64_t now_ms) {
  const auto& ids = consumer.pending;
  for (auto at = ids.LowerBound(first); at != ids.end() && ids.IdAt(at) <= last;
       at = ids.Next(at)) {
    const StreamId id = ids.IdAt(at);
    if (!topic.Contains(id)) continue;
    const Pending::Cursor entry = pending_.Find(id);
    const int64_t count = Changed(pending_.ValueAt(entry).count(), kCountUp);
    pending_.SetValue(entry, Delivery::To(consumer.number, now_ms, count));
  }
  consumer.seen_ms = now_ms;
}

void ConsumerGroup::Claim(Consumer& consumer, StreamId first, StreamId last, int64_t time_ms,
                          int64_t count) {
  for (auto at = pending_.LowerBound(first); at != pending_.end() && pending_.IdAt(at) <= last;
       at = pending_.Next(at)) {
    const int64_t new_count = Changed(pending_.ValueAt(at).count(), count);
    Assign(consumer, at, Delivery::To(consumer.number, time_ms, new_count));
  }
}

void ConsumerGroup::Release(StreamId first, StreamId last, int64_t count) {
  for (auto at = pending_.LowerBound(first); at != pending_.end() && pending_.IdAt(at) <= last;
       at = pending_.Next(at)) {
    const Delivery before = pending_.ValueAt(at);
    Detach(pending_.IdAt(at), before);
    pending_.SetValue(at, Delivery::Released(next_turn_++, Changed(before.count(), count)));
    ++released_count_;
  }
}

void ConsumerGroup::AddPending(StreamId id, Consumer* consumer, int64_t time_ms, int64_t count) {
  Attach(id, consumer,
         consumer == nullptr ? Delivery::Released(next_turn_++, count)
                             : Delivery::To(consumer->number, time_ms, count));
}

void ConsumerGroup::RestorePending(StreamId id, Consumer* consumer, uint64_t rank, int64_t count) {
  Attach(id, consumer, Delivery::Restored(rank, consumer == nullptr ? 0 : consumer->number, count));
}

// `id` is not pending; where it is released it has no consumer.
void ConsumerGroup::Attach(StreamId id, Consumer* consumer, const Delivery& delivery) {
  [[maybe_unused]] const bool is_new = pending_.Insert(id, delivery);
  assert(is_new);
  if (consumer == nullptr) {
    ++released_count_;
  } else {
    consumer->pending.Insert(id, {});
  }
}

size_t ConsumerGroup::Forget(StreamId first, StreamId last) {
  freed_.Cover({first, last});
  // A run of one owner's neighbours leaves the owner at once.
  const auto end_of = [this, last](Pending::Cursor at) {
    return at == pending_.end() || pending_.IdAt(at) > last;
  };
  for (auto at = pending_.LowerBound(first); !end_of(at);) {
    const Delivery delivery = pending_.ValueAt(at);
    const StreamId run_first = pending_.IdAt(at);
    StreamId run_last = run_first;
    if (delivery.released()) {
      --released_count_;
      at = pending_.Next(at);
      continue;
    }
    for (; !end_of(at); at = pending_.Next(at)) {
      const Delivery next = pending_.ValueAt(at);
      if (next.released() || next.consumer() != delivery.consumer()) break;
      run_last = pending_.IdAt(at);
    }
    consumers_[delivery.consumer()]->pending.EraseRange(run_first, run_last);
  }
  return pending_.EraseRange(first, last);
}

size_t ConsumerGroup::memory_bytes() const {
  size_t bytes = sizeof(ConsumerGroup) + name_.capacity() + pending_.memory_bytes() +
                 consumers_.capacity() * sizeof(void*) + by_name_.capacity() * sizeof(uint32_t);
  for (const auto& consumer : consumers_) {
    if (consumer == nullptr) continue;
    bytes += sizeof(Consumer) + consumer->name.capacity() + consumer->pending.memory_bytes();
  }
  return bytes;
}

ConsumerGroups::ConsumerGroups(const ConsumerGroups& other) {
  for (const auto& group : other.groups_) {
    groups_.push_back(std::make_unique<ConsumerGroup>(*group));
  }
}

size_t ConsumerGroups::Position(std::string_view name) const {
  const auto found = std::lower_bound(
      groups_.begin(), groups_.end(), name,
      [](const auto& group, std::string_view wanted) { return group->name() < wanted; });
  return static_cast<size_t>(found - groups_.begin());
}

ConsumerGroup* ConsumerGroups::Find(std::string_view name) const {
  const size_t position = Position(name);
  if (position == groups_.size() || groups_[position]->name() != name) return nullptr;
  return groups_[position].get();
}

ConsumerGroup* ConsumerGroups::Create(std::string_view name) {
  const size_t position = Position(name);
  if (position < groups_.size() && groups_[position]->name() == name) return nullptr;
  return groups_
      .insert(groups_.begin() + static_cast<std::ptrdiff_t>(position),
              std::make_unique<ConsumerGroup>(name))
      ->get();
}

bool ConsumerGroups::Destroy(std::string_view name) {
  const size_t position = Position(name);
  if (position == groups_.size() || groups_[position]->name() != name) return false;
  groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(position));
  ForgetFree();
  return true;
}

bool ConsumerGroups::Need(StreamId id) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [id](const auto& group) { return group->Needs(id); });
}

StreamId ConsumerGroups::ReadByAll() const {
  StreamId read = kMaxStreamId;
  for (const auto& group : groups_) read = std::min(read, group->last_id());
  return read;
}

std::vector<IdRange> ConsumerGroups::MayBeFree(StreamId last) const {
  std::vector<IdRange> ranges;
  const auto add = [&ranges, last](IdRange range) {
    range.last = std::min(range.last, last);
    if (!range.empty()) ranges.push_back(range);
  };
  for (const auto& group : groups_) add(group->freed());
  add(free_);
  if (const auto unseen = seen_through_.Next()) add({*unseen, last});
  std::sort(ranges.begin(), ranges.end(),
            [](const IdRange& a, const IdRange& b) { return a.first < b.first; });
  size_t apart = 0;
  for (const IdRange& range : ranges) {
    if (apart > 0 && range.first <= ranges[apart - 1].last) {
      ranges[apart - 1].Cover(range);
    } else {
      ranges[apart++] = range;
    }
  }
  ranges.resize(apart);
  return ranges;
}

void ConsumerGroups::NoteFree(StreamId looked_through, const IdRange& found) {
  for (const auto& group : groups_) group->DropFreed(looked_through);
  free_.DropThrough(looked_through);
  free_.Cover(found);
  seen_through_ = std::max(seen_through_, looked_through);
}

size_t ConsumerGroups::memory_bytes() const {
  size_t bytes = sizeof(ConsumerGroups) + groups_.capacity() * sizeof(void*);
  for (const auto& group : groups_) bytes += group->memory_bytes();
  return bytes;
}

}  // namespace leat::data
