#include "server/engine/latency_histogram.h"

namespace leat::engine {

uint64_t LatencyHistogram::UpperBound(size_t bucket) {
  if (bucket < (1u << kSubBits)) return bucket;
  const size_t exponent = (bucket >> kSubBits) - 1;
  const uint64_t mantissa = (bucket & ((1u << kSubBits) - 1)) + (1u << kSubBits);
  return ((mantissa + 1) << exponent) - 1;
}

uint64_t LatencyHistogram::QuantileNanos(double quantile) const {
  const auto wanted = static_cast<uint64_t>(quantile * static_cast<double>(count_));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen > wanted || (seen == count_ && seen > 0)) return UpperBound(bucket);
  }
  return 0;
}

uint64_t LatencyHistogram::CountUpTo(uint64_t nanos) const {
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets && UpperBound(bucket) <= nanos; ++bucket) {
    seen += buckets_[bucket];
  }
  return seen;
}

}  // namespace leat::engine
