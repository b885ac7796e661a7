#include "server/data/keyspace_table.h"

#include <cassert>
#include <memory>

namespace leat::data {

void KeyspaceTable::Insert(Entry* entry, uint64_t hash) {
  recent_ = nullptr;
  if (directory_.empty()) {
    directory_.push_back({new Segment, 0, 0});
    deepest_ = segments_ = 1;
  }
  while (true) {
    const SegmentRef& ref = directory_[IndexOf(hash)];
    if (ref.segment->Insert(entry, hash, ref.depth)) break;
    Split(hash);
  }
  ++directory_[FirstIndexOf(hash)].entries;
  ++size_;
}

void KeyspaceTable::Erase(uint64_t hash, Slot& slot) {
  recent_ = nullptr;
  const size_t first = FirstIndexOf(hash);
  directory_[first].segment->Erase(slot);
  --directory_[first].entries;
  --size_;
  MergeAround(first);
}

void KeyspaceTable::Clear() {
  recent_ = nullptr;
  for (size_t index = 0; index < directory_.size(); index += RunOf(directory_[index].depth)) {
    delete directory_[index].segment;
  }
  directory_ = {};
  depth_ = 0;
  deepest_ = segments_ = size_ = 0;
}

void KeyspaceTable::Swap(KeyspaceTable& other) noexcept {
  recent_ = other.recent_ = nullptr;
  std::swap(directory_, other.directory_);
  std::swap(depth_, other.depth_);
  std::swap(deepest_, other.deepest_);
  std::swap(segments_, other.segments_);
  std::swap(size_, other.size_);
}

void KeyspaceTable::SetRun(size_t first, SegmentRef ref) {
  for (size_t i = 0; i < RunOf(ref.depth); ++i) directory_[first + i] = {ref.segment, 0, ref.depth};
  directory_[first].entries = ref.entries;
}

void KeyspaceTable::Split(uint64_t hash) {
  if (directory_[IndexOf(hash)].depth == depth_) DoubleDirectory();
  const size_t first = FirstIndexOf(hash);
  const SegmentRef old = directory_[first];
  assert(old.depth < Segment::kMaxDepth);
  auto right = std::make_unique<Segment>();
  const auto moved = static_cast<uint32_t>(old.segment->Split(*right, old.depth));
  const int depth = old.depth + 1;
  SetRun(first, {old.segment, old.entries - moved, depth});
  SetRun(first + RunOf(depth), {right.release(), moved, depth});
  ++segments_;
  if (depth == depth_) deepest_ += 2;
}

// Merges the segment at `first` with its neighbour in the split that made them, when both are
// nearly empty.
void KeyspaceTable::MergeAround(size_t first) {
  const int depth = directory_[first].depth;
  if (depth == 0 || directory_[first].entries > kMergeEntries) return;
  const size_t run = RunOf(depth);
  const SegmentRef left = directory_[first & ~run];
  const SegmentRef right = directory_[first | run];
  if (left.depth != right.depth || left.entries + right.entries > kMergeEntries) return;
  auto merged = std::make_unique<Segment>();
  if (!merged->Merge(*left.segment, *right.segment)) return;
  delete left.segment;
  delete right.segment;
  SetRun(first & ~run, {merged.release(), left.entries + right.entries, depth - 1});
  --segments_;
  if (depth != depth_) return;
  deepest_ -= 2;
  while (deepest_ == 0 && depth_ > 0) HalveDirectory();
}

void KeyspaceTable::DoubleDirectory() {
  std::vector<SegmentRef> doubled(directory_.size() * 2);
  for (size_t i = 0; i < directory_.size(); ++i) {
    const SegmentRef& ref = directory_[i];
    doubled[2 * i] = ref;
    doubled[2 * i + 1] = {ref.segment, 0, ref.depth};
  }
  directory_ = std::move(doubled);
  ++depth_;
  deepest_ = 0;
}

void KeyspaceTable::HalveDirectory() {
  std::vector<SegmentRef> halved(directory_.size() / 2);
  --depth_;
  for (size_t i = 0; i < halved.size(); ++i) {
    halved[i] = directory_[2 * i];
    deepest_ += halved[i].depth == depth_;
  }
  directory_ = std::move(halved);
}

Entry* KeyspaceTable::Random(uint64_t random_bits) const {
  if (size_ == 0) return nullptr;
  // Any odd factor with many bits set gives the next draw from the last.
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  const auto next = [&random_bits] {
    random_bits = (random_bits ^ random_bits >> 29) * kFactor;
    return random_bits;
  };
  // A segment by a random hash.
  size_t first = FirstIndexOf(next());
  while (directory_[first].entries == 0) {
    first = (first + RunOf(directory_[first].depth)) % directory_.size();
  }
  // The first of some random slots that holds an entry; in a table that is mostly empty, the n-th
  // entry of the segment. Either way all entries of the segment are as likely.
  const Segment& segment = *directory_[first].segment;
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    const uint64_t draw = next() >> 32;
    const Bucket& bucket = segment.bucket(draw % Segment::kBuckets);
    const auto index = static_cast<unsigned>(draw / Segment::kBuckets % Bucket::kSlots);
    if (bucket.has(index)) return bucket.slot(index).entry();
  }
  uint64_t skip = (next() >> 32) % directory_[first].entries;
  for (unsigned b = 0; b < Segment::kBuckets; ++b) {
    const Bucket& bucket = segment.bucket(b);
    if (skip >= bucket.size()) {
      skip -= bucket.size();
      continue;
    }
    unsigned index = 0;
    while (!bucket.has(index) || skip-- != 0) ++index;
    return bucket.slot(index).entry();
  }
  return nullptr;
}

}  // namespace leat::data
