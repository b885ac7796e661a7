// KeyspaceTable: the entries of one database in the order of their keys' hashes.
//
// An extendible hash table: a directory, indexed by the first bits of the hash, of fixed-size
// segments. A full segment is split in two; when its depth has reached the directory's, the
// directory is doubled. Two neighbours that are nearly empty are merged. So no step costs more than
// one segment's work, and a table that shrank is as quick to walk as one that never grew.
//
//   directory (depth 2)     00 ──┬─▶ segment, depth 1: hashes 0…
//                           01 ──┘
//                           10 ────▶ segment, depth 2: hashes 10…
//                           11 ────▶ segment, depth 2: hashes 11…
//
// The table refers to entries and does not own them. A Slot* holds until the next change.
//
//   if (Slot* slot = table.Find(key)) table.Erase(key.hash, *slot);
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/data/key.h"
#include "server/data/keyspace_segment.h"

namespace leat::data {

class KeyspaceTable {
 public:
  // A cursor is a position in hash order: the hash's first 52 bits, so that a client that reads it
  // as a double keeps it exact.
  static constexpr int kCursorShift = 64 - 52;
  static uint64_t CursorOf(uint64_t hash) { return hash >> kCursorShift; }

  KeyspaceTable() = default;
  ~KeyspaceTable() { Clear(); }
  KeyspaceTable(const KeyspaceTable&) = delete;
  KeyspaceTable& operator=(const KeyspaceTable&) = delete;

  Slot* Find(const Key& key) const {
    if (recent_ != nullptr && recent_hash_ == key.hash && recent_->entry()->key() == key.name) {
      return recent_;
    }
    if (directory_.empty()) return nullptr;
    const SegmentRef& ref = directory_[IndexOf(key.hash)];
    Slot* const found = ref.segment->Find(key.name, key.hash, ref.depth);
    recent_ = found;
    recent_hash_ = key.hash;
    return found;
  }
  // Hints to the processor, for a Find that follows other work.
  void PrefetchBucket(uint64_t hash) const {
    if (directory_.empty()) return;
    const SegmentRef& ref = directory_[IndexOf(hash)];
    ref.segment->PrefetchBucket(hash, ref.depth);
  }
  void PrefetchEntry(uint64_t hash) const {
    if (directory_.empty()) return;
    const SegmentRef& ref = directory_[IndexOf(hash)];
    ref.segment->PrefetchEntry(hash, ref.depth);
  }
  // The key must not be there.
  void Insert(Entry* entry, uint64_t hash);
  void Erase(uint64_t hash, Slot& slot);
  void Clear();  // without touching the entries
  void Swap(KeyspaceTable& other) noexcept;

  // Visits the entries of the bucket at `cursor` and returns the next cursor, 0 at the end. What is
  // in the table from the first call to the last is visited at least once, whatever else comes and
  // goes. `visit(Entry&)` may erase or replace the entry that it visits, and no other.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, Visit visit) const;

  // Every entry is about as likely; null only when the table is empty.
  Entry* Random(uint64_t random_bits) const;

  size_t size() const { return size_; }
  size_t segments() const { return segments_; }
  size_t memory_bytes() const {
    return segments_ * sizeof(Segment) + directory_.capacity() * sizeof(SegmentRef);
  }

 private:
  // Of several neighbours that refer to one segment, only the first counts its entries.
  struct SegmentRef {
    Segment* segment;
    uint32_t entries;
    int32_t depth;
  };
  // Two neighbours with no more entries than this together are merged. Far below the number at
  // which a segment is split, so that a table whose size swings a little does neither.
  static constexpr uint32_t kMergeEntries = Segment::kCapacity / 4;

  size_t IndexOf(uint64_t hash) const { return hash >> 1 >> (63 - depth_); }
  size_t RunOf(int depth) const { return size_t{1} << (depth_ - depth); }
  size_t FirstIndexOf(uint64_t hash) const {
    const size_t index = IndexOf(hash);
    return index & ~(RunOf(directory_[index].depth) - 1);
  }
  void SetRun(size_t first, SegmentRef ref);
  void Split(uint64_t hash);
  void MergeAround(size_t first);
  void DoubleDirectory();
  void HalveDirectory();

  // What the last Find found, until a slot moves: a command decides, and its mutation looks the
  // same key up again.
  mutable Slot* recent_ = nullptr;
  mutable uint64_t recent_hash_ = 0;

  std::vector<SegmentRef> directory_;
  int depth_ = 0;
  size_t deepest_ = 0;  // segments whose depth is the directory's
  size_t segments_ = 0;
  size_t size_ = 0;
};

template <typename Visit>
uint64_t KeyspaceTable::Scan(uint64_t cursor, Visit visit) const {
  if (directory_.empty()) return 0;
  const uint64_t position = cursor << kCursorShift;
  const SegmentRef& ref = directory_[IndexOf(position)];
  const int bits = ref.depth + Segment::kHomeBits;
  // Collected first: erasing one entry may move others, of this bucket too.
  Entry* found[Segment::kMaxEntriesOfHome];
  size_t count = 0;
  ref.segment->VisitHome(Segment::Home(position, ref.depth),
                         [&](Entry* entry) { found[count++] = entry; });
  // Empty buckets are passed over, so a table of few keys is walked in few steps.
  uint64_t next = position;
  unsigned home = Segment::Home(position, ref.depth);
  do {
    next = ((next >> (64 - bits)) + 1) << (64 - bits);  // wraps around to 0
  } while (++home < Segment::kBuckets && ref.segment->bucket(home).size() == 0);
  for (size_t i = 0; i < count; ++i) visit(*found[i]);
  return next >> kCursorShift;
}

}  // namespace leat::data
