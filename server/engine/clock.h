// The time, as a port: the engine asks once a turn and passes it on; tests move it by hand.
#pragma once

#include <cstdint>

namespace leat::engine {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixMicros() = 0;        // wall time
  virtual uint64_t MonotonicNanos() = 0;   // for durations
  virtual void Sleep(double seconds) = 0;  // of the calling thread
};

// Every call is timed, so MonotonicNanos reads the processor's own counter where that runs at one
// steady rate, which the system's clock is asked for once a second.
class SystemClock final : public Clock {
 public:
  SystemClock();
  int64_t UnixMicros() override;
  uint64_t MonotonicNanos() override;
  void Sleep(double seconds) override;

 private:
  uint64_t Calibrate(uint64_t ticks);

  const bool has_counter_;
  uint64_t base_ticks_ = 0;
  uint64_t base_nanos_ = 0;
  double nanos_per_tick_ = 0;        // 0: not known yet
  uint64_t ticks_to_calibrate_ = 0;  // from base_ticks_ on
  uint64_t last_nanos_ = 0;
};

}  // namespace leat::engine
