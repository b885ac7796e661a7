// Delivery: what a consumer group knows of one pending entry.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

namespace leat::data {

// One pending entry: who has it since when, and how often it was delivered.
class Delivery {
 public:
  static constexpr int64_t kMaxCount = std::numeric_limits<int64_t>::max();

  // `time_ms` is a Unix time, not negative.
  static Delivery To(uint32_t consumer, int64_t time_ms, int64_t count) {
    return Delivery(kOwned | static_cast<uint64_t>(time_ms), count, consumer);
  }
  // `turn` counts the releases of a group, so that it orders them.
  static Delivery Released(uint64_t turn, int64_t count) { return Delivery(turn, count, 0); }

  // As rank() gave it; `consumer` is that of one that is not released.
  static Delivery Restored(uint64_t rank, uint32_t consumer, int64_t count) {
    return Delivery(rank, count, consumer);
  }

  static bool IsReleased(uint64_t rank) { return (rank & kOwned) == 0; }
  bool released() const { return IsReleased(rank()); }
  uint32_t consumer() const { return words_[4]; }  // of one that is not released
  int64_t count() const { return Get<int64_t>(2); }
  // 0 for a released one.
  int64_t time_ms() const { return released() ? 0 : static_cast<int64_t>(rank() & ~kOwned); }

  // The order in which entries are claimed: the released first, then by age.
  uint64_t rank() const { return Get<uint64_t>(0); }
  // The rank of an entry that was delivered then; what is older or released is not above it.
  static uint64_t RankOf(int64_t time_ms) { return kOwned | static_cast<uint64_t>(time_ms); }

 private:
  static constexpr uint64_t kOwned = uint64_t{1} << 63;

  Delivery(uint64_t rank, int64_t count, uint32_t consumer) {
    std::memcpy(words_.data(), &rank, sizeof(rank));
    std::memcpy(words_.data() + 2, &count, sizeof(count));
    words_[4] = consumer;
  }
  template <typename Number>
  Number Get(size_t word) const {
    Number number;
    std::memcpy(&number, words_.data() + word, sizeof(number));
    return number;
  }

  // Rank, count, consumer. Words of four bytes, because 64-bit members would cost four of padding.
  std::array<uint32_t, 5> words_;
};

// What happens to the count of deliveries; any other value, which is not negative, replaces it.
enum CountChange : int64_t { kKeepCount = -1, kCountUp = -2, kCountDown = -3 };

}  // namespace leat::data
