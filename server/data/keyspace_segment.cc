#include "server/data/keyspace_segment.h"

#include <cstring>

#include "server/data/key.h"

namespace leat::data {

namespace {

// The window: hash bits, most significant first, then a 1, then zeros.
constexpr int kWindowBits = 13;
constexpr unsigned kWindowTop = 1u << (kWindowBits - 1);
constexpr unsigned kWindowMask = (1u << kWindowBits) - 1;

unsigned WindowOf(uint64_t hash, int depth) {
  const uint64_t rest = hash << (depth + Segment::kHomeBits);
  return static_cast<unsigned>(rest >> (64 - kWindowBits)) | 1;
}

// The window after its first bit went into the home, or came out of it.
unsigned ShiftedLeft(unsigned window) {
  return (window << 1) & kWindowMask;
}
unsigned ShiftedRight(unsigned window, unsigned bit) {
  const unsigned full = window & 1;  // the last bit goes, the mark takes its place
  return bit * kWindowTop | window >> 1 | full;
}

}  // namespace

void Bucket::Add(uint8_t fingerprint, Slot slot) {
  assert(!full());
  const auto index = static_cast<unsigned>(std::countr_one(head_ & kPresentMask));
  const unsigned shift = 8 * (index + 1);
  head_ &= ~(uint64_t{0xff} << shift);
  head_ |= uint64_t{1} << index | uint64_t{fingerprint} << shift;
  slots_[index] = slot;
}

bool Segment::Place(unsigned home, uint8_t fingerprint, unsigned window, Entry* entry) {
  for (unsigned distance = 0; distance < kMaxProbes; ++distance) {
    Bucket& bucket = buckets_[(home + distance) % kBuckets];
    if (!bucket.full()) {
      bucket.Add(fingerprint, Slot(entry, distance, window));
      return true;
    }
    // Also where no place is found in the end: the segment is split then, and this forgotten.
    bucket.set_overflow(true);
  }
  return false;
}

bool Segment::Insert(Entry* entry, uint64_t hash, int depth) {
  return Place(Home(hash, depth), Fingerprint(hash), WindowOf(hash, depth), entry);
}

void Segment::Erase(Slot& slot) {
  const auto offset = reinterpret_cast<uintptr_t>(&slot) - reinterpret_cast<uintptr_t>(this);
  const auto index = static_cast<unsigned>(offset / sizeof(Bucket));
  buckets_[index].Remove(buckets_[index].IndexOf(slot));
  Refill(index);
}

void Segment::Refill(unsigned index) {
  while (buckets_[index].overflow()) {
    Bucket& gap = buckets_[index];
    bool filled = false;
    for (unsigned distance = 1; distance < kMaxProbes && !filled; ++distance) {
      Bucket& bucket = buckets_[(index + distance) % kBuckets];
      for (unsigned i = 0; i < Bucket::kSlots && !filled; ++i) {
        const Slot slot = bucket.slot(i);
        if (!bucket.has(i) || slot.displacement() < distance) continue;
        gap.Add(bucket.fingerprint(i),
                Slot(slot.entry(), slot.displacement() - distance, slot.window()));
        bucket.Remove(i);
        index = (index + distance) % kBuckets;
        filled = true;
      }
      if (!filled && !bucket.overflow()) break;
    }
    if (!filled) gap.set_overflow(false);
  }
}

template <typename Visit>
void Segment::VisitSlots(Visit visit) const {
  for (unsigned index = 0; index < kBuckets; ++index) {
    const Bucket& bucket = buckets_[index];
    for (unsigned i = 0; i < Bucket::kSlots; ++i) {
      if (!bucket.has(i)) continue;
      const Slot& slot = bucket.slot(i);
      visit((index - slot.displacement()) % kBuckets, bucket.fingerprint(i), slot);
    }
  }
}

// All entries find a place: those of one home bucket, at most 56, have two now, and the halves have
// twice the room. Only the wrap-around could undo that, with two full runs where average ones are
// a tenth as long.
size_t Segment::Split(Segment& right, int depth) {
  const Segment old = *this;
  for (Bucket& bucket : buckets_) bucket = Bucket();
  size_t moved = 0;
  old.VisitSlots([&](unsigned home, uint8_t fingerprint, const Slot& slot) {
    unsigned window = slot.window();
    if (window == kWindowTop) window = WindowOf(MakeKey(slot.entry()->key()).hash, depth);
    const unsigned bit = window / kWindowTop;
    const bool upper = home >= kBuckets / 2;
    Segment& half = upper ? right : *this;
    const bool placed =
        half.Place((home * 2 + bit) % kBuckets, fingerprint, ShiftedLeft(window), slot.entry());
    assert(placed);
    (void)placed;
    moved += upper;
  });
  return moved;
}

bool Segment::Merge(const Segment& left, const Segment& right) {
  bool placed = true;
  const auto take = [&](const Segment& half, unsigned base) {
    half.VisitSlots([&](unsigned home, uint8_t fingerprint, const Slot& slot) {
      placed = placed && Place(base + home / 2, fingerprint, ShiftedRight(slot.window(), home % 2),
                               slot.entry());
    });
  };
  take(left, 0);
  take(right, kBuckets / 2);
  return placed;
}

}  // namespace leat::data
