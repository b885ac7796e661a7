#include "server/engine/clock.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace leat::engine {

namespace {

#if defined(__x86_64__)
// "Invariant TSC" (Intel's manual, volume 3, "Time-stamp counter").
bool HasSteadyCounter() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1U << 8) != 0;
}
uint64_t Ticks() {
  return __rdtsc();
}
#else
bool HasSteadyCounter() {
  return false;
}
uint64_t Ticks() {
  return 0;
}
#endif

uint64_t SystemNanos() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

}  // namespace

SystemClock::SystemClock() : has_counter_(HasSteadyCounter()) {}

int64_t SystemClock::UnixMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

uint64_t SystemClock::MonotonicNanos() {
  if (!has_counter_) return SystemNanos();
  const uint64_t ticks = Ticks();
  const uint64_t since = ticks - base_ticks_;
  if (since >= ticks_to_calibrate_) return Calibrate(ticks);
  const auto nanos = static_cast<uint64_t>(static_cast<double>(since) * nanos_per_tick_);
  return last_nanos_ = std::max(last_nanos_, base_nanos_ + nanos);
}

// Takes the rate from the time since the last calibration. The first has none to look back to, nor
// has one before which the counter went back, as where a virtual machine was moved.
uint64_t SystemClock::Calibrate(uint64_t ticks) {
  constexpr uint64_t kShortestNanos = 10'000'000;  // for a rate that is right to a millionth
  constexpr double kIntervalNanos = 1e9;
  const uint64_t nanos = SystemNanos();
  const bool looks_back = base_ticks_ != 0 && ticks > base_ticks_;
  if (looks_back && nanos - base_nanos_ < kShortestNanos) {
    return last_nanos_ = std::max(last_nanos_, nanos);
  }
  ticks_to_calibrate_ = 0;
  if (looks_back) {
    nanos_per_tick_ =
        static_cast<double>(nanos - base_nanos_) / static_cast<double>(ticks - base_ticks_);
    ticks_to_calibrate_ = static_cast<uint64_t>(kIntervalNanos / nanos_per_tick_);
  }
  base_ticks_ = ticks;
  base_nanos_ = nanos;
  return last_nanos_ = std::max(last_nanos_, nanos);
}

void SystemClock::Sleep(double seconds) {
  const auto whole = static_cast<std::time_t>(seconds);
  const timespec length{whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
  nanosleep(&length, nullptr);
}

}  // namespace leat::engine
