#include "server/data/expiry_wheel.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "server/data/prefetch.h"

namespace leat::data {

void ExpiryWheel::Add(Entry& entry, int64_t at_ms) {
  if (!levels_) levels_ = std::make_unique<Levels>();
  Entry::Expiry& expiry = entry.expiry();
  assert(expiry.cell == nullptr);
  expiry.at_ms = std::max<int64_t>(at_ms, 0);
  sum_ms_ += static_cast<uint64_t>(expiry.at_ms);
  ++size_;
  Place(entry, time_ms_);
}

void ExpiryWheel::Remove(Entry& entry) {
  if (!entry.has_expiry_ || entry.expiry().cell == nullptr) return;
  Entry::Expiry& expiry = entry.expiry();
  Entry** cell = expiry.cell;
  Chunk* chunk = ChunkOf(cell);
  // Only a slot's first chunk is not full: its last entry fills the gap.
  Chunk* first = levels_->first[chunk->slot];
  Entry* last = first->entries[--first->size];
  *cell = last;
  last->expiry().cell = cell;
  if (first->size == 0) FreeFirst(first->slot);
  sum_ms_ -= static_cast<uint64_t>(expiry.at_ms);
  --size_;
  expiry = {kNoExpiry, nullptr};
}

void ExpiryWheel::Replace(Entry& entry, Entry& moved) {
  assert(entry.expiry().cell != nullptr);
  moved.expiry() = std::exchange(entry.expiry(), {kNoExpiry, nullptr});
  *moved.expiry().cell = &moved;
}

void ExpiryWheel::Clear() {
  if (levels_) {
    for (uint32_t slot = 0; slot < levels_->first.size(); ++slot) {
      while (levels_->first[slot] != nullptr) FreeFirst(slot);
    }
  }
  cascading_level_ = 0;
  size_ = 0;
  sum_ms_ = 0;
  time_ms_ = 0;
  latest_now_ms_ = 0;
}

void ExpiryWheel::Swap(ExpiryWheel& other) noexcept {
  std::swap(levels_, other.levels_);
  std::swap(time_ms_, other.time_ms_);
  std::swap(latest_now_ms_, other.latest_now_ms_);
  std::swap(cascading_level_, other.cascading_level_);
  std::swap(size_, other.size_);
  std::swap(chunks_, other.chunks_);
  std::swap(sum_ms_, other.sum_ms_);
}

Entry* ExpiryWheel::FirstDue(int64_t now_ms, size_t& budget) {
  if (now_ms < latest_now_ms_) return nullptr;
  latest_now_ms_ = now_ms;
  if (size_ == 0) time_ms_ = now_ms;
  while (size_ != 0 && budget != 0) {
    if (cascading_level_ != 0) {
      Cascade(now_ms, budget);
      continue;
    }
    if (const Chunk* due = levels_->first[SlotOfTime(0)]) {
      --budget;
      PrefetchNext(*due);
      return due->entries[due->size - 1];
    }
    const Stop stop = NextStop();
    if (stop.at_ms > now_ms) {
      time_ms_ = now_ms;
      break;
    }
    time_ms_ = stop.at_ms;
    cascading_level_ = stop.level;
  }
  return nullptr;
}

int64_t ExpiryWheel::NextMs() const {
  if (size_ == 0) return std::numeric_limits<int64_t>::max();
  if (cascading_level_ != 0 || levels_->first[SlotOfTime(0)] != nullptr) return latest_now_ms_;
  return std::max(NextStop().at_ms, latest_now_ms_);
}

int64_t ExpiryWheel::MeanMs() const {
  return size_ == 0 ? 0 : static_cast<int64_t>(sum_ms_ / size_);
}

size_t ExpiryWheel::memory_bytes() const {
  return chunks_ * sizeof(Chunk) + (levels_ ? sizeof(Levels) : 0);
}

ExpiryWheel::Chunk* ExpiryWheel::ChunkOf(Entry** cell) {
  return reinterpret_cast<Chunk*>(reinterpret_cast<uintptr_t>(cell) & ~(kChunkBytes - 1));
}

// The entries of the chunk after this one will be needed in any order; the first of them soon.
void ExpiryWheel::PrefetchNext(const Chunk& chunk) {
  if (chunk.size != kChunkEntries || chunk.next == nullptr) return;
  for (const Entry* entry : chunk.next->entries) Prefetch(entry);
}

void ExpiryWheel::Place(Entry& entry, int64_t due_ms) {
  const int64_t at_ms = entry.expiry().at_ms <= due_ms ? time_ms_ : entry.expiry().at_ms;
  const auto difference = static_cast<uint64_t>(at_ms ^ time_ms_);
  const int level = difference == 0 ? 0 : (std::bit_width(difference) - 1) / kGroupBits;
  const int slot = static_cast<int>(at_ms >> (level * kGroupBits)) & (kSlots - 1);
  Chunk*& first = levels_->first[static_cast<size_t>(level * kSlots + slot)];
  if (first == nullptr || first->size == kChunkEntries) {
    auto* chunk = new Chunk;
    chunk->next = first;
    chunk->slot = static_cast<uint32_t>(level * kSlots + slot);
    chunk->size = 0;
    first = chunk;
    ++chunks_;
    levels_->occupied[static_cast<size_t>(level)] |= uint64_t{1} << slot;
  }
  Entry** cell = &first->entries[first->size++];
  *cell = &entry;
  entry.expiry().cell = cell;
}

void ExpiryWheel::FreeFirst(uint32_t slot) {
  Chunk* chunk = levels_->first[slot];
  levels_->first[slot] = chunk->next;
  if (chunk->next == nullptr) levels_->occupied[slot / kSlots] &= ~(uint64_t{1} << slot % kSlots);
  delete chunk;
  --chunks_;
}

void ExpiryWheel::Cascade(int64_t now_ms, size_t& budget) {
  const auto slot = static_cast<uint32_t>(cascading_level_ * kSlots + SlotOfTime(cascading_level_));
  while (Chunk* chunk = levels_->first[slot]) {
    if (budget == 0) return;
    --budget;
    PrefetchNext(*chunk);
    Entry* entry = chunk->entries[--chunk->size];
    if (chunk->size == 0) FreeFirst(slot);
    // What is due by now need not stop at the levels between.
    Place(*entry, now_ms);
  }
  cascading_level_ = 0;
}

// A lower level's slots all come before the next one of a higher level.
ExpiryWheel::Stop ExpiryWheel::NextStop() const {
  for (int level = 0; level < kLevels; ++level) {
    const int shift = level * kGroupBits;
    const uint64_t later = levels_->occupied[static_cast<size_t>(level)] >> SlotOfTime(level) >> 1;
    if (later == 0) continue;
    const int64_t steps = std::countr_zero(later) + 1;
    return {((time_ms_ >> shift) + steps) << shift, level};
  }
  return {std::numeric_limits<int64_t>::max(), 0};
}

}  // namespace leat::data
