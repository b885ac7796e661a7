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

class SystemClock final : public Clock {
 public:
  int64_t UnixMicros() override;
  uint64_t MonotonicNanos() override;
  void Sleep(double seconds) override;
};

}  // namespace leat::engine
