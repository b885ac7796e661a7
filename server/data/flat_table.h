// FlatTable: a hash table of small entries that never stops the loop to grow.
//
// It is split into shards by the top bits of the hash, and each shard is an open-addressing array
// that grows and shrinks on its own: at a million entries a growth moves some thousands of them.
// Within a shard an entry lies at or behind the slot that the low bits of its hash name, with no
// empty slot between (erasing moves entries back).
//
//   shards_[hash >> 56] ──▶ ┌───┬───┬───┬───┬───┬───┬───┬───┐
//                           │ E │   │ E │ E │   │   │ E │   │   at most 3/4 full
//                           └───┴───┴───┴───┴───┴───┴───┴───┘
//
// An Entry is movable; a default-constructed one is empty, and it tells `bool Empty() const` and
// `uint64_t Hash() const`. The table does not compare entries: a look-up brings its own test.
//
//   Entry* entry = table.Find(hash, [&](const Entry& e) { return e.name == name; });
//   if (entry == nullptr) entry = table.Insert(Entry{...});
//
// A pointer to an entry holds until the next Insert or Erase.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace leat::data {

template <typename Entry>
class FlatTable {
 public:
  FlatTable() = default;
  FlatTable(const FlatTable&) = delete;
  FlatTable& operator=(const FlatTable&) = delete;

  size_t size() const { return size_; }

  template <typename Equal>
  Entry* Find(uint64_t hash, Equal&& equal) {
    Shard& shard = shards_[hash >> kShardShift];
    if (shard.used == 0) return nullptr;
    for (uint32_t slot = shard.Home(hash);; slot = shard.Next(slot)) {
      Entry& entry = shard.slots[slot];
      if (entry.Empty()) return nullptr;
      if (equal(std::as_const(entry))) return &entry;
    }
  }
  template <typename Equal>
  const Entry* Find(uint64_t hash, Equal&& equal) const {
    return const_cast<FlatTable*>(this)->Find(hash, std::forward<Equal>(equal));
  }

  // `entry` is not empty, and nothing equal to it is in the table.
  Entry* Insert(Entry entry) {
    Shard& shard = shards_[entry.Hash() >> kShardShift];
    if ((shard.used + 1) * 4 > shard.capacity * 3) {
      shard.Resize(shard.capacity == 0 ? kMinCapacity : shard.capacity * 2);
    }
    ++size_;
    return shard.Place(std::move(entry));
  }

  // `entry` points into the table.
  void Erase(Entry* entry) {
    Shard& shard = shards_[entry->Hash() >> kShardShift];
    shard.Close(static_cast<uint32_t>(entry - shard.slots.get()));
    --size_;
    if (shard.capacity > kMinCapacity && shard.used * 8 < shard.capacity) {
      shard.Resize(shard.capacity / 2);
    }
  }

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const Shard& shard : shards_) {
      for (uint32_t slot = 0; slot < shard.capacity; ++slot) {
        if (!shard.slots[slot].Empty()) visit(std::as_const(shard.slots[slot]));
      }
    }
  }

 private:
  static constexpr int kShardShift = 56;
  static constexpr size_t kShards = 256;
  static constexpr uint32_t kMinCapacity = 4;

  struct Shard {
    std::unique_ptr<Entry[]> slots;
    uint32_t used = 0;
    uint32_t capacity = 0;  // a power of two, or 0

    uint32_t Home(uint64_t hash) const { return static_cast<uint32_t>(hash) & (capacity - 1); }
    uint32_t Next(uint32_t slot) const { return (slot + 1) & (capacity - 1); }

    Entry* Place(Entry entry) {
      uint32_t slot = Home(entry.Hash());
      while (!slots[slot].Empty()) slot = Next(slot);
      slots[slot] = std::move(entry);
      ++used;
      return &slots[slot];
    }

    // Empties `hole`, and fills it with a later entry that may lie there, and so on.
    void Close(uint32_t hole) {
      for (uint32_t slot = Next(hole); !slots[slot].Empty(); slot = Next(slot)) {
        const uint32_t distance_from_home = (slot - Home(slots[slot].Hash())) & (capacity - 1);
        const uint32_t distance_from_hole = (slot - hole) & (capacity - 1);
        if (distance_from_home < distance_from_hole) continue;
        slots[hole] = std::move(slots[slot]);
        hole = slot;
      }
      slots[hole] = Entry();
      --used;
    }

    void Resize(uint32_t new_capacity) {
      std::unique_ptr<Entry[]> old = std::move(slots);
      const uint32_t old_capacity = capacity;
      slots = std::make_unique<Entry[]>(new_capacity);
      capacity = new_capacity;
      used = 0;
      for (uint32_t slot = 0; slot < old_capacity; ++slot) {
        if (!old[slot].Empty()) Place(std::move(old[slot]));
      }
    }
  };

  std::array<Shard, kShards> shards_;
  size_t size_ = 0;
};

}  // namespace leat::data
