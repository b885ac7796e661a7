#include "server/data/id_map.h"

#include <algorithm>
#include <limits>

#include "server/data/delivery.h"

namespace leat::data {

template <typename Value>
size_t IdMap<Value>::memory_bytes() const {
  size_t bytes = slots_.capacity() * sizeof(Slot);
  for (size_t i = head_; i < slots_.size(); ++i) bytes += slots_[i].chunk->allocated_bytes();
  return bytes;
}

template <typename Value>
size_t IdMap<Value>::FindSlot(StreamId id) const {
  if (slots_.back().first <= id) return slots_.size() - 1;
  const auto above =
      std::upper_bound(slots_.begin() + static_cast<std::ptrdiff_t>(head_), slots_.end(), id,
                       [](StreamId wanted, const Slot& slot) { return wanted < slot.first; });
  const auto index = static_cast<size_t>(above - slots_.begin());
  return index == head_ ? head_ : index - 1;
}

// A position behind a chunk's last entry is the first of the next chunk.
template <typename Value>
auto IdMap<Value>::Normal(Cursor cursor) const -> Cursor {
  if (cursor.at < ChunkAt(cursor).end) return cursor;
  if (cursor.slot + 1 == slots_.size()) return end();
  return {cursor.slot + 1, slots_[cursor.slot + 1].chunk->begin};
}

template <typename Value>
auto IdMap<Value>::LowerBound(StreamId id) const -> Cursor {
  if (empty()) return end();
  const size_t slot = FindSlot(id);
  return Normal({slot, slots_[slot].chunk->LowerBound(id)});
}

template <typename Value>
bool IdMap<Value>::Insert(StreamId id, const Value& value) {
  if (empty()) AddSlot(slots_.size(), id, Chunk::kMinBytes);
  Cursor to{FindSlot(id), 0};
  to.at = ChunkAt(to).LowerBound(id);
  if (to.at < ChunkAt(to).end && IdAt(to) == id) return false;
  if (!ChunkAt(to).Fits(id)) {
    if (to.at == ChunkAt(to).begin) {
      slots_[to.slot].first = IdAt(to);
    } else {
      if (to.at < ChunkAt(to).end) {
        Split(to, to.at);
        // Ids that keep on not fitting leave small pieces, of which none may keep the whole's size.
        Owner& lower = slots_[to.slot].chunk;
        const size_t bytes = Chunk::BytesFor(lower->count());
        if (bytes < lower->allocated_bytes()) lower = lower->Resized(bytes);
      }
      ++to.slot;
    }
    to.at = 0;
    AddSlot(to.slot, id, Chunk::kMinBytes);
  } else if (ChunkAt(to).end == ChunkAt(to).capacity) {
    to = MakeRoom(to, id);
  }
  Slot& slot = slots_[to.slot];
  Chunk& chunk = *slot.chunk;
  slot.first = std::min(slot.first, id);
  if (to.at < chunk.end)
    chunk.Shift(to.at, to.at + 1);
  else
    ++chunk.end;
  chunk.keys()[to.at] = chunk.KeyOf(id);
  if constexpr (Chunk::kValueBytes > 0) chunk.values()[to.at] = value;
  chunk.NoteRank(value);
  ++size_;
  return true;
}

// The chunk of `cursor`, where `id` belongs and fits, is used up to its end. Returns where the
// position is once there is room.
template <typename Value>
auto IdMap<Value>::MakeRoom(Cursor cursor, StreamId id) -> Cursor {
  Owner& chunk = slots_[cursor.slot].chunk;
  const uint32_t begin = chunk->begin;
  if (begin > chunk->capacity / 4u) {
    chunk->begin = 0;
    chunk->Shift(begin, 0);
    return {cursor.slot, cursor.at - begin};
  }
  const size_t bytes = chunk->allocated_bytes();
  if (bytes < Chunk::kMaxBytes) {
    chunk = chunk->Resized(bytes * 2);
    return {cursor.slot, cursor.at - begin};
  }
  if (cursor.at < chunk->end) return Split(cursor, begin + chunk->count() / 2);
  // Appending leaves full chunks behind; what has filled one will fill the next.
  AddSlot(cursor.slot + 1, id, Chunk::kMaxBytes);
  return {cursor.slot + 1, 0};
}

// Moves the entries from `at` on, of which there are some, to a chunk of their own; returns where
// the position of `cursor` is then.
template <typename Value>
auto IdMap<Value>::Split(Cursor cursor, uint32_t at) -> Cursor {
  const size_t upper_bytes = Chunk::BytesFor(ChunkAt(cursor).end - at + 1);  // with room for one
  AddSlot(cursor.slot + 1, ChunkAt(cursor).IdAt(at), upper_bytes);
  Chunk& lower = ChunkAt(cursor);
  slots_[cursor.slot + 1].chunk->Take(lower, at);
  lower.end = static_cast<uint16_t>(at);
  // At the boundary it stays below: the upper chunk begins with a greater id.
  if (cursor.at <= at) return cursor;
  return {cursor.slot + 1, cursor.at - at};
}

template <typename Value>
void IdMap<Value>::RemoveSlot(size_t index) {
  if (index != head_) {
    slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(index));
    return;
  }
  slots_[index].chunk.reset();
  if (++head_ * 2 < slots_.size()) return;
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

template <typename Value>
size_t IdMap<Value>::EraseRange(StreamId first, StreamId last) {
  size_t erased = 0;
  for (Cursor from = LowerBound(first); from != end() && IdAt(from) <= last;
       from = LowerBound(first)) {
    Chunk& chunk = ChunkAt(from);
    uint32_t to = chunk.LowerBound(last);
    if (to < chunk.end && chunk.IdAt(to) == last) ++to;
    erased += to - from.at;
    size_ -= to - from.at;
    chunk.Cut(from.at, to);
    Mend(from.slot);
  }
  return erased;
}

// After a cut: an empty chunk goes, one with little left joins a neighbour that has room.
template <typename Value>
void IdMap<Value>::Mend(size_t index) {
  const Chunk& chunk = *slots_[index].chunk;
  if (chunk.count() == 0) return RemoveSlot(index);
  if (chunk.count() > chunk.capacity / 4u) return;
  if (index > head_)
    MergeInto(index - 1, index);
  else if (index + 1 < slots_.size())
    MergeInto(index, index + 1);
}

template <typename Value>
void IdMap<Value>::MergeInto(size_t index, size_t source) {
  Chunk& chunk = *slots_[index].chunk;
  const Chunk& other = *slots_[source].chunk;
  const bool fits = chunk.Fits(other.IdAt(other.begin)) && chunk.Fits(other.IdAt(other.end - 1u));
  // Not so full that the next insertion would split it again.
  if (!fits || chunk.count() + other.count() > chunk.capacity * 3u / 4) return;
  if (const uint32_t begin = std::exchange(chunk.begin, 0); begin > 0) chunk.Shift(begin, 0);
  chunk.Take(other, other.begin);
  RemoveSlot(source);
}

template <typename Value>
auto IdMap<Value>::Lowest(uint64_t bound, size_t limit) const -> std::vector<Ranked> {
  std::vector<Ranked> found;  // a heap, the greatest in front
  if (limit == 0) return found;
  for (size_t i = head_; i < slots_.size(); ++i) {
    Chunk& chunk = *slots_[i].chunk;
    const bool full = found.size() == limit;
    if (chunk.rank_floor > (full ? std::min(bound, found.front().rank) : bound)) continue;
    uint64_t floor = std::numeric_limits<uint64_t>::max();
    for (uint32_t at = chunk.begin; at < chunk.end; ++at) {
      const uint64_t rank = Chunk::RankOf(chunk.values()[at]);
      floor = std::min(floor, rank);
      if (rank > bound) continue;
      if (found.size() == limit && rank >= found.front().rank) continue;
      found.push_back({rank, chunk.IdAt(at)});
      std::push_heap(found.begin(), found.end());
      if (found.size() <= limit) continue;
      std::pop_heap(found.begin(), found.end());
      found.pop_back();
    }
    chunk.rank_floor = floor;
  }
  std::sort_heap(found.begin(), found.end());
  return found;
}

template class IdMap<Delivery>;
template class IdMap<NoValue>;

}  // namespace leat::data
