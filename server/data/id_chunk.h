// IdChunk: a run of an IdMap (id_map.h): ids in order, packed into 8 bytes each, and their values.
//
// A key is the milliseconds since the chunk's base, and the low half of the sequence number, whose
// high half all ids of a chunk share: keys are ordered like the ids. Positions count from 0; those
// before `begin` were erased.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

#include "server/data/stream_id.h"

namespace leat::data {

// The value of a map that is only a set.
struct NoValue {};

template <typename Value>
struct IdChunk {
  struct Free {
    void operator()(IdChunk* chunk) const { ::operator delete(chunk); }
  };
  using Owner = std::unique_ptr<IdChunk, Free>;

  static_assert(std::is_trivially_copyable_v<Value> && alignof(Value) <= alignof(uint64_t));
  static constexpr bool kRanked = requires(const Value& value) { value.rank(); };
  static constexpr uint64_t kLowHalf = std::numeric_limits<uint32_t>::max();
  static constexpr size_t kValueBytes = std::is_empty_v<Value> ? 0 : sizeof(Value);
  // Size classes of the allocator.
  static constexpr size_t kMinBytes = 128;
  static constexpr size_t kMaxBytes = kValueBytes == 0 ? 1024 : 4096;

  // An empty chunk of `bytes` in all, into which `id` fits.
  static Owner New(StreamId id, size_t bytes) {
    return Owner(new (::operator new(bytes))
                     IdChunk{.base_ms = id.ms,
                             .rank_floor = std::numeric_limits<uint64_t>::max(),
                             .high_seq = static_cast<uint32_t>(id.seq >> 32),
                             .begin = 0,
                             .end = 0,
                             .capacity = CapacityOf(bytes)});
  }
  // A copy of `bytes` in all, which are enough.
  Owner Resized(size_t bytes) const {
    Owner resized = New({base_ms, uint64_t{high_seq} << 32}, bytes);
    resized->Take(*this, begin);
    return resized;
  }
  static uint16_t CapacityOf(size_t bytes) {
    return static_cast<uint16_t>((bytes - sizeof(IdChunk)) / (sizeof(uint64_t) + kValueBytes));
  }
  // The smallest size class for so many entries, which are not more than a full chunk's.
  static size_t BytesFor(size_t entries) {
    size_t bytes = kMinBytes;
    while (CapacityOf(bytes) < entries) bytes *= 2;
    return bytes;
  }
  size_t allocated_bytes() const { return BytesFor(capacity); }

  uint64_t base_ms;
  uint64_t rank_floor;  // no value's rank is below
  uint32_t high_seq;
  uint16_t begin;
  uint16_t end;
  uint16_t capacity;

  uint64_t* keys() { return reinterpret_cast<uint64_t*>(this + 1); }
  const uint64_t* keys() const { return reinterpret_cast<const uint64_t*>(this + 1); }
  Value* values() { return reinterpret_cast<Value*>(keys() + capacity); }
  const Value* values() const { return reinterpret_cast<const Value*>(keys() + capacity); }
  uint32_t count() const { return static_cast<uint32_t>(end - begin); }

  bool Fits(StreamId id) const {
    return id.ms >= base_ms && id.ms - base_ms <= kLowHalf && id.seq >> 32 == high_seq;
  }
  uint64_t KeyOf(StreamId id) const { return (id.ms - base_ms) << 32 | (id.seq & kLowHalf); }
  StreamId IdAt(uint32_t at) const {
    const uint64_t key = keys()[at];
    return {base_ms + (key >> 32), uint64_t{high_seq} << 32 | (key & kLowHalf)};
  }
  // The first position whose id is not smaller, whether the id would fit or not.
  uint32_t LowerBound(StreamId id) const {
    if (id.ms < base_ms) return begin;
    if (id.ms - base_ms > kLowHalf) return end;
    uint64_t key = KeyOf(id);
    if (begin < end && keys()[end - 1] < key && id.seq >> 32 >= high_seq) return end;
    if (id.seq >> 32 < high_seq) key &= ~kLowHalf;
    if (id.seq >> 32 > high_seq) {
      return PositionIn(std::upper_bound(keys() + begin, keys() + end, key | kLowHalf));
    }
    return PositionIn(std::lower_bound(keys() + begin, keys() + end, key));
  }
  uint32_t PositionIn(const uint64_t* key) const { return static_cast<uint32_t>(key - keys()); }

  static uint64_t RankOf(const Value& value) {
    if constexpr (kRanked) return value.rank();
    return 0;
  }
  void NoteRank(const Value& value) { rank_floor = std::min(rank_floor, RankOf(value)); }
  // Moves the entries from `from` on to `to`, which has room for them.
  void Shift(uint32_t from, uint32_t to) {
    std::memmove(keys() + to, keys() + from, (end - from) * sizeof(uint64_t));
    if constexpr (kValueBytes > 0) {
      std::memmove(values() + to, values() + from, (end - from) * kValueBytes);
    }
    end = static_cast<uint16_t>(end - from + to);
  }
  void Cut(uint32_t from, uint32_t to) {
    if (from == begin) {
      begin = static_cast<uint16_t>(to);
    } else {
      Shift(to, from);
    }
  }
  // Appends the entries of `other` from `from` on, which fit.
  void Take(const IdChunk& other, uint32_t from) {
    for (uint32_t at = from; at < other.end; ++at) keys()[end++] = KeyOf(other.IdAt(at));
    const uint32_t taken = other.end - from;
    if constexpr (kValueBytes > 0) {
      std::memcpy(values() + end - taken, other.values() + from, taken * kValueBytes);
    }
    rank_floor = std::min(rank_floor, other.rank_floor);
  }
};

}  // namespace leat::data
