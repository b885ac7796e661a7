#include "server/data/idempotency.h"

#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

namespace leat::data {

namespace {

// Of std::list and std::map with libstdc++.
constexpr size_t kListNodeLinks = 2 * sizeof(void*);
constexpr size_t kMapNodeLinks = 4 * sizeof(void*);

}  // namespace

static_assert(Producer::kMaxRecords < std::numeric_limits<uint16_t>::max());
static_assert(Idempotency::Settings::kMostEntries < Producer::kMaxRecords);

Producer::Producer(std::string_view name) : name_(name) {
  Resize(kMinCapacity);
}

size_t Producer::DueCount(uint64_t keep_from_ms) const {
  size_t due = 0;
  while (due < size_ && (*this)[due].id.ms < keep_from_ms) ++due;
  return due;
}

const Producer::Record* Producer::Find(base::Hash128 iid, uint64_t keep_from_ms) const {
  const size_t slot = SlotOf(iid);
  if (index_[slot] == kFree) return nullptr;
  const uint32_t place = index_[slot] - 1u;
  const Record& record = ring_[place];
  if (record.id.ms >= keep_from_ms) return &record;
  // Old, but one that was recorded before it may be of a younger entry and keep it.
  const size_t age = (place - begin_) & (ring_.size() - 1);
  return age < DueCount(keep_from_ms) ? nullptr : &record;
}

void Producer::Add(const Record& record) {
  assert(size_ < kMaxRecords);
  if (size_ == ring_.size()) Resize(2 * ring_.size());
  const size_t place = (begin_ + size_) & (ring_.size() - 1);
  ring_[place] = record;
  const size_t slot = SlotOf(record.iid);
  assert(index_[slot] == kFree);
  index_[slot] = static_cast<uint16_t>(place + 1);
  ++size_;
}

void Producer::RemoveOldest(size_t count) {
  assert(count <= size_);
  for (; count > 0; --count) {
    FreeSlot(SlotOf(ring_[begin_].iid));
    begin_ = (begin_ + 1) & static_cast<uint32_t>(ring_.size() - 1);
    --size_;
  }
  size_t capacity = ring_.size();
  while (capacity > kMinCapacity && size_ < capacity / 4) capacity /= 2;
  if (capacity < ring_.size()) Resize(capacity);
}

size_t Producer::SlotOf(base::Hash128 iid) const {
  size_t slot = iid.low & index_mask();
  while (index_[slot] != kFree && ring_[index_[slot] - 1u].iid != iid) {
    slot = (slot + 1) & index_mask();
  }
  return slot;
}

// What stands behind it without a gap moves up where it would else be cut off from its place.
void Producer::FreeSlot(size_t slot) {
  size_t hole = slot;
  for (;;) {
    slot = (slot + 1) & index_mask();
    if (index_[slot] == kFree) break;
    const size_t home = ring_[index_[slot] - 1u].iid.low & index_mask();
    const bool behind_hole = ((slot - home) & index_mask()) < ((slot - hole) & index_mask());
    if (behind_hole) continue;
    index_[hole] = index_[slot];
    hole = slot;
  }
  index_[hole] = kFree;
}

void Producer::Resize(size_t capacity) {
  std::vector<Record> old(capacity);
  old.swap(ring_);
  index_ = std::vector<uint16_t>(2 * capacity, kFree);
  const uint32_t old_begin = std::exchange(begin_, 0);
  const uint32_t records = std::exchange(size_, 0);
  for (uint32_t age = 0; age < records; ++age) Add(old[(old_begin + age) & (old.size() - 1)]);
}

size_t Producer::memory_bytes() const {
  return sizeof(Producer) + name_.capacity() + ring_.size() * sizeof(Record) +
         index_.size() * sizeof(uint16_t);
}

bool Idempotency::Settings::Valid() const {
  return duration_seconds >= 1 && duration_seconds <= kMostSeconds && max_entries >= 1 &&
         max_entries <= kMostEntries;
}

Idempotency::Idempotency(const Idempotency& other)
    : settings_(other.settings_), added_(other.added_), duplicates_(other.duplicates_) {
  if (other.producers_ == nullptr) return;
  producers_ = std::make_unique<Producers>();
  for (const Producer& producer : other.producers_->by_age) producers_->Add(producer);
}

void Idempotency::Configure(const Settings& settings) {
  assert(settings.Valid());
  if (settings == settings_) return;
  settings_ = settings;
  producers_.reset();
}

uint64_t Idempotency::KeepFromMs(int64_t now_ms) const {
  constexpr int64_t kMsPerSecond = 1000;
  const int64_t last_due_ms = now_ms - int64_t{settings_.duration_seconds} * kMsPerSecond;
  return last_due_ms < 0 ? 0 : static_cast<uint64_t>(last_due_ms) + 1;
}

std::optional<StreamId> Idempotency::Find(std::string_view producer, base::Hash128 iid,
                                          uint64_t keep_from_ms) const {
  const Producer* found = FindProducer(producer);
  const Producer::Record* record = found == nullptr ? nullptr : found->Find(iid, keep_from_ms);
  return record == nullptr ? std::nullopt : std::optional(record->id);
}

bool Idempotency::Record(std::string_view name, base::Hash128 iid, StreamId id,
                         uint64_t keep_from_ms) {
  if (Find(name, iid, keep_from_ms)) return false;
  ForgetDueProducers(keep_from_ms);
  Producer& producer = UseProducer(name);
  producer.RemoveOldest(producer.DueCount(keep_from_ms));
  producer.Add({iid, id});
  if (producer.size() > settings_.max_entries) producer.RemoveOldest(1);
  ++added_;
  return true;
}

bool Idempotency::RestoreProducer(std::string_view name,
                                  std::span<const Producer::Record> records) {
  if (FindProducer(name) != nullptr || records.size() > settings_.max_entries) return false;
  Producer& producer = UseProducer(name);
  for (const Producer::Record& record : records) {
    if (producer.Find(record.iid, 0) != nullptr) return false;
    producer.Add(record);
  }
  return true;
}

Idempotency::Tracked Idempotency::CountTracked(uint64_t keep_from_ms) const {
  Tracked tracked;
  ForEachProducer([&tracked, keep_from_ms](const Producer& producer) {
    const size_t records = producer.size() - producer.DueCount(keep_from_ms);
    tracked.records += records;
    if (records > 0) ++tracked.producers;
  });
  return tracked;
}

size_t Idempotency::memory_bytes() const {
  size_t bytes = sizeof(Idempotency);
  if (producers_ == nullptr) return bytes;
  bytes += sizeof(Producers);
  ForEachProducer([&bytes](const Producer& producer) {
    bytes += producer.memory_bytes() + kListNodeLinks + kMapNodeLinks +
             sizeof(decltype(Producers::by_name)::value_type);
  });
  return bytes;
}

void Idempotency::Producers::Add(Producer producer) {
  by_age.push_back(std::move(producer));
  by_name.emplace(by_age.back().name(), std::prev(by_age.end()));
}

const Producer* Idempotency::FindProducer(std::string_view name) const {
  if (producers_ == nullptr) return nullptr;
  const auto found = producers_->by_name.find(name);
  return found == producers_->by_name.end() ? nullptr : &*found->second;
}

Producer& Idempotency::UseProducer(std::string_view name) {
  if (producers_ == nullptr) producers_ = std::make_unique<Producers>();
  auto& [by_age, by_name] = *producers_;
  const auto found = by_name.find(name);
  if (found != by_name.end()) {
    by_age.splice(by_age.end(), by_age, found->second);
  } else {
    producers_->Add(Producer(name));
  }
  return by_age.back();
}

// From the one whose last record is the oldest, up to the first that keeps some. A record brings
// one producer at most, and takes more with it than it brings; but never so many that it shows.
void Idempotency::ForgetDueProducers(uint64_t keep_from_ms) {
  constexpr int kMost = 8;
  if (producers_ == nullptr) return;
  auto& [by_age, by_name] = *producers_;
  for (int forgotten = 0; forgotten < kMost && !by_age.empty(); ++forgotten) {
    Producer& oldest = by_age.front();
    oldest.RemoveOldest(oldest.DueCount(keep_from_ms));
    if (oldest.size() > 0) return;
    by_name.erase(oldest.name());
    by_age.pop_front();
  }
}

}  // namespace leat::data
