// ExpiryWheel: finds the entries whose deadline has passed. Setting, changing and removing a
// deadline is O(1); a deadline is exact to the millisecond, however far away.
//
// A hierarchical timing wheel (Varghese and Lauck, 1987). A deadline's level is the highest 6-bit
// group in which it differs from the wheel's time; its slot is that group's value. The time stops
// at each occupied slot: a slot of level 0 is due, one of a higher level is first spread over the
// levels below it ("cascaded"). While one is being spread the time waits, so that a slot with a
// million entries is worked off in as many slices as the caller's budget asks for.
//
//   level 1   ░░░░██░░░█░░░  64 slots of 64 ms      slot ──▶ chunk ──▶ chunk ──▶ …
//   level 0   ░░█░░█░░░░░░░  64 slots of 1 ms                30 entries each, only the first
//              ▲ time                                        is not full
//
// The wheel owns its chunks, not the entries. Each entry knows its cell in a chunk; a chunk is
// aligned to its size, so a cell leads to its chunk and slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "server/data/entry.h"

namespace leat::data {

class ExpiryWheel {
 public:
  ExpiryWheel() = default;
  ~ExpiryWheel() { Clear(); }
  ExpiryWheel(const ExpiryWheel&) = delete;
  ExpiryWheel& operator=(const ExpiryWheel&) = delete;

  // `entry` has room for an expiry and is not in the wheel. A deadline before 0 counts as 0.
  void Add(Entry& entry, int64_t at_ms);
  // Leaves the entry without a deadline. Does nothing for one that is not in the wheel.
  void Remove(Entry& entry);
  // `moved` takes the place and the deadline of `entry`, which must be in the wheel.
  void Replace(Entry& entry, Entry& moved);
  void Clear();  // without touching the entries; the time may begin anywhere again
  void Swap(ExpiryWheel& other) noexcept;

  // An entry whose deadline is at or before `now_ms`, or null. It stays until it is removed, and is
  // returned again until then. Every entry that is returned or cascaded takes one off `budget`; at
  // 0 the answer is null, and NextMs() says that there is more to do. Time does not go back: a
  // `now_ms` before an earlier one finds nothing.
  Entry* FirstDue(int64_t now_ms, size_t& budget);

  // No entry is due before this; max() when there is none at all. It may be early, never late.
  int64_t NextMs() const;

  size_t size() const { return size_; }
  // The mean of all deadlines; 0 when there is none.
  int64_t MeanMs() const;
  size_t memory_bytes() const;

 private:
  static constexpr int kGroupBits = 6;
  static constexpr int kSlots = 1 << kGroupBits;
  static constexpr int kLevels = (63 + kGroupBits - 1) / kGroupBits;
  static constexpr size_t kChunkBytes = 256;
  static constexpr size_t kChunkEntries = kChunkBytes / sizeof(Entry*) - 2;

  struct alignas(kChunkBytes) Chunk {
    Chunk* next;
    uint32_t slot;  // level * kSlots + the slot in it
    uint32_t size;
    Entry* entries[kChunkEntries];
  };
  static_assert(sizeof(Chunk) == kChunkBytes);

  struct Levels {
    std::array<uint64_t, kLevels> occupied{};
    std::array<Chunk*, kLevels * kSlots> first{};
  };
  __extension__ typedef unsigned __int128 WideSum;  // of many deadlines near 2^63

  int SlotOfTime(int level) const {
    return static_cast<int>(time_ms_ >> (level * kGroupBits)) & (kSlots - 1);
  }
  struct Stop {
    int64_t at_ms;
    int level;
  };
  static Chunk* ChunkOf(Entry** cell);
  static void PrefetchNext(const Chunk& chunk);
  // Puts the entry where its deadline belongs; up to `due_ms`, into the current slot of level 0.
  void Place(Entry& entry, int64_t due_ms);
  void FreeFirst(uint32_t slot);
  void Cascade(int64_t now_ms, size_t& budget);
  Stop NextStop() const;

  std::unique_ptr<Levels> levels_;  // only once there was a deadline
  int64_t time_ms_ = 0;             // where the wheel stands; it may lag behind latest_now_ms_
  int64_t latest_now_ms_ = 0;       // what is in level 0's current slot is due by then
  int cascading_level_ = 0;         // its current slot is not empty yet; 0: none
  size_t size_ = 0;
  size_t chunks_ = 0;
  WideSum sum_ms_ = 0;
};

}  // namespace leat::data
