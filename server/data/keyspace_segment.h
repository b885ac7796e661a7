// Segment: 128 buckets of the keyspace's table, in the order of their keys' hashes.
//
// A bucket is one cache line. An entry belongs to its home bucket, which the seven hash bits behind
// the segment's prefix name. When that is full it goes to one of the next seven (wrapping around
// within the segment), and every full bucket that it passed has its overflow bit set: a search ends
// at the first bucket without it. A bucket with the overflow bit is always full.
//
//   hash      │ prefix: `depth` bits │ home: 7 │ window: up to 12 │ …  fingerprint: last 8 │
//
//   bucket    │ present: 7, overflow: 1 │ fingerprints: 7 × 8 │ slots: 7 × 64 │   = 64 bytes
//
//   slot      │ window: 13 │ displacement: 3 │ pointer to the entry: 48 │
//
// The displacement (how many buckets from home) lets buckets be scanned, moved and split without
// touching the entries. The window holds the hash bits that follow the home, which the next splits
// need, ended by a 1 and zeros; when it is used up, a key is hashed again.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/data/entry.h"
#include "server/data/prefetch.h"

namespace leat::data {

class Slot {
 public:
  Slot() = default;
  Slot(Entry* entry, unsigned displacement, unsigned window)
      : word_(reinterpret_cast<uintptr_t>(entry) | uint64_t{displacement} << kPointerBits |
              uint64_t{window} << kWindowShift) {
    assert(reinterpret_cast<uintptr_t>(entry) >> kPointerBits == 0);
  }
  Entry* entry() const { return reinterpret_cast<Entry*>(word_ & kPointerMask); }
  unsigned displacement() const { return static_cast<unsigned>(word_ >> kPointerBits) & 7; }
  unsigned window() const { return static_cast<unsigned>(word_ >> kWindowShift); }
  // Another allocation of the same key.
  void Replace(Entry* entry) { *this = Slot(entry, displacement(), window()); }

 private:
  static constexpr int kPointerBits = 48;
  static constexpr uint64_t kPointerMask = (uint64_t{1} << kPointerBits) - 1;
  static constexpr int kWindowShift = kPointerBits + 3;

  uint64_t word_ = 0;
};

class alignas(64) Bucket {
 public:
  static constexpr unsigned kSlots = 7;

  bool full() const { return (head_ & kPresentMask) == kPresentMask; }
  unsigned size() const { return static_cast<unsigned>(std::popcount(head_ & kPresentMask)); }
  bool overflow() const { return (head_ & kOverflow) != 0; }
  void set_overflow(bool on) { head_ = on ? head_ | kOverflow : head_ & ~kOverflow; }

  bool has(unsigned index) const { return (head_ >> index & 1) != 0; }
  Slot& slot(unsigned index) { return slots_[index]; }
  const Slot& slot(unsigned index) const { return slots_[index]; }
  uint8_t fingerprint(unsigned index) const {
    return static_cast<uint8_t>(head_ >> (8 * (index + 1)));
  }
  // Bit 8 * (index + 1) + 7 is set for each slot with this fingerprint, present or not.
  uint64_t Match(uint8_t fingerprint) const;
  static unsigned IndexOf(uint64_t match) {
    return static_cast<unsigned>(std::countr_zero(match)) / 8 - 1;
  }

  void Add(uint8_t fingerprint, Slot slot);  // must not be full
  void Remove(unsigned index) { head_ &= ~(uint64_t{1} << index); }
  unsigned IndexOf(const Slot& slot) const { return static_cast<unsigned>(&slot - slots_); }

 private:
  static constexpr uint64_t kPresentMask = 0x7f;
  static constexpr uint64_t kOverflow = 0x80;

  uint64_t head_ = 0;
  Slot slots_[kSlots];
};
static_assert(sizeof(Bucket) == 64);

class Segment {
 public:
  static constexpr int kHomeBits = 7;
  static constexpr unsigned kBuckets = 1u << kHomeBits;
  static constexpr unsigned kMaxProbes = 8;  // buckets that an entry may be in
  static constexpr unsigned kMaxEntriesOfHome = kMaxProbes * Bucket::kSlots;
  static constexpr size_t kCapacity = size_t{kBuckets} * Bucket::kSlots;
  static constexpr int kMaxDepth = 40;

  static unsigned Home(uint64_t hash, int depth) {
    return static_cast<unsigned>(hash >> (64 - kHomeBits - depth)) & (kBuckets - 1);
  }

  static uint8_t Fingerprint(uint64_t hash) { return static_cast<uint8_t>(hash); }

  Slot* Find(std::string_view key, uint64_t hash, int depth);
  // The key must not be there. False when there is no place: the segment must be split.
  bool Insert(Entry* entry, uint64_t hash, int depth);
  void Erase(Slot& slot);

  // Moves the upper half to `right`, which is empty, and returns how many entries that are. This
  // segment had `depth`; both get one more.
  size_t Split(Segment& right, int depth);
  // Fills this segment, which is empty, with the entries of two neighbours. False when some find no
  // place: then this one is to be forgotten.
  bool Merge(const Segment& left, const Segment& right);

  // Calls visit(Entry*) for the entries of one home bucket.
  template <typename Visit>
  void VisitHome(unsigned home, Visit visit) const;
  const Bucket& bucket(unsigned index) const { return buckets_[index]; }
  void PrefetchBucket(uint64_t hash, int depth) const { Prefetch(&buckets_[Home(hash, depth)]); }
  // The entry that the home bucket has with this fingerprint.
  void PrefetchEntry(uint64_t hash, int depth) const {
    const Bucket& home = buckets_[Home(hash, depth)];
    const uint64_t match = home.Match(Fingerprint(hash));
    if (match != 0) Prefetch(home.slot(Bucket::IndexOf(match)).entry());
  }

 private:
  bool Place(unsigned home, uint8_t fingerprint, unsigned window, Entry* entry);
  // Closes the gap in a bucket with an entry that passed it, and that gap, and so on.
  void Refill(unsigned index);
  template <typename Visit>
  void VisitSlots(Visit visit) const;

  Bucket buckets_[kBuckets];
};

// A slot's fingerprint is equal where a byte of the difference is 0. The sum sets
// the top bit of every byte whose low seven bits are not; no carry crosses into the next byte.
inline uint64_t Bucket::Match(uint8_t fingerprint) const {
  constexpr uint64_t kOnes = 0x0101010101010100;  // bytes 1 to 7
  constexpr uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
  const uint64_t difference = head_ ^ (kOnes * fingerprint);
  return ~(((difference & kLow7) + kLow7) | difference | kLow7) & ~uint64_t{0xff};
}

inline Slot* Segment::Find(std::string_view key, uint64_t hash, int depth) {
  unsigned index = Home(hash, depth);
  for (unsigned probes = 0; probes < kMaxProbes; ++probes) {
    Bucket& bucket = buckets_[index];
    for (uint64_t match = bucket.Match(Fingerprint(hash)); match != 0; match &= match - 1) {
      const unsigned i = Bucket::IndexOf(match);
      if (bucket.has(i) && bucket.slot(i).entry()->key() == key) return &bucket.slot(i);
    }
    if (!bucket.overflow()) return nullptr;
    index = (index + 1) % kBuckets;
  }
  return nullptr;
}

template <typename Visit>
void Segment::VisitHome(unsigned home, Visit visit) const {
  for (unsigned distance = 0; distance < kMaxProbes; ++distance) {
    const Bucket& bucket = buckets_[(home + distance) % kBuckets];
    for (unsigned i = 0; i < Bucket::kSlots; ++i) {
      const Slot& slot = bucket.slot(i);
      if (bucket.has(i) && slot.displacement() == distance) visit(slot.entry());
    }
    if (!bucket.overflow()) return;
  }
}

}  // namespace leat::data
