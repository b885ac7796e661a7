// Histogram: counts of durations in logarithmic buckets, as HdrHistogram keeps them. Every power of
// two is split into 64 equal buckets, so a percentile is at most 1/64 (1.6 %) too high, whatever
// its size, and recording is one addition. Only the maximum is exact.
//
//   Histogram latencies;
//   latencies.Record(1500, 16);            // sixteen replies after 1.5 µs each
//   latencies.Percentile(0.99);            // in the unit that was recorded
//
//   value   0 … 63 | 64 … 127 | 128, 130 … 254 | 256, 260 … 508 | …
//   bucket  0 … 63 | 64 … 127 | 128 …      191 | 192 …      255 | …
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace leat::bench {

class Histogram {
 public:
  void Record(uint64_t value, uint64_t count = 1) {
    buckets_[BucketOf(value)] += count;
    total_ += count;
    max_ = std::max(max_, value);
  }

  // The smallest recorded bound that at least `fraction` of all values do not exceed; 0 when empty.
  uint64_t Percentile(double fraction) const {
    const auto wanted = std::max<uint64_t>(
        1, static_cast<uint64_t>(std::ceil(static_cast<double>(total_) * fraction)));
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen >= wanted) return std::min(UpperBoundOf(bucket), max_);
    }
    return max_;
  }

  uint64_t total() const { return total_; }
  uint64_t max() const { return max_; }

 private:
  static constexpr int kSubBits = 6;
  static constexpr uint64_t kSubBuckets = uint64_t{1} << kSubBits;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) * kSubBuckets;

  static size_t BucketOf(uint64_t value) {
    if (value < kSubBuckets) return value;
    const int shift = std::bit_width(value) - 1 - kSubBits;
    return (static_cast<size_t>(shift) << kSubBits) + (value >> shift);
  }
  static uint64_t UpperBoundOf(size_t bucket) {
    if (bucket < kSubBuckets) return bucket;
    const int shift = static_cast<int>(bucket >> kSubBits) - 1;
    const uint64_t mantissa = kSubBuckets + (bucket & (kSubBuckets - 1));
    return (mantissa << shift) + ((uint64_t{1} << shift) - 1);
  }

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace leat::bench
