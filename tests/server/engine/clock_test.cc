#include "server/engine/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace leat::engine {
namespace {

uint64_t SteadyNanos() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

TEST(SystemClockTest, MonotonicTimeFollowsTheSystemsAndNeverGoesBack) {
  SystemClock clock;
  uint64_t last = 0;
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 1000; ++j) {
      const uint64_t now = clock.MonotonicNanos();
      ASSERT_GE(now, last);
      last = now;
    }
    clock.Sleep(0.001);
    // Asked between two readings of the system's, with a thousandth of the test's length as slack.
    const uint64_t before = SteadyNanos();
    const uint64_t now = clock.MonotonicNanos();
    const uint64_t after = SteadyNanos();
    ASSERT_GE(now + 100'000, before);
    ASSERT_LE(now, after + 100'000);
  }
}

}  // namespace
}  // namespace leat::engine
