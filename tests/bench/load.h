// Load: one workload in progress, and what was measured of it.
//
// Every load is a closed loop: a client sends its next batch when the last one is answered. So
// latencies are those of a server kept busy, not those of a server under a given rate.
#pragma once

#include <cstdint>
#include <memory>

#include "tests/bench/event_loop.h"
#include "tests/bench/histogram.h"
#include "tests/bench/options.h"

namespace leat::bench {

// What a load counts while it runs; set back to zero when the warm-up ends.
struct Counts {
  uint64_t operations = 0;
  uint64_t deliveries = 0;   // messages that subscribers received
  uint64_t reply_bytes = 0;  // with --command
  uint64_t nulls = 0;        // null replies, such as GET of a missing key
  Histogram latencies_ns;
};

class Load {
 public:
  explicit Load(uint64_t requests) : limited_(requests != 0), remaining_(requests) {}
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  virtual ~Load() = default;

  // Sends the first batches.
  virtual void Start() = 0;
  // Nothing is under way any more.
  virtual bool Idle() const = 0;
  // Ends the program when what arrived is not what had to arrive; called once, when idle.
  virtual void Verify() const {}

  void Stop() { stopped_ = true; }
  // All operations of --requests are done.
  bool Finished() const { return limited_ && remaining_ == 0 && Idle(); }

  Counts& counts() { return counts_; }

 protected:
  // How many of `wanted` operations may still be sent: 0 once the load is stopped.
  uint64_t Take(uint64_t wanted) {
    if (stopped_) return 0;
    if (!limited_) return wanted;
    const uint64_t taken = wanted < remaining_ ? wanted : remaining_;
    remaining_ -= taken;
    return taken;
  }

 private:
  Counts counts_;
  bool stopped_ = false;
  bool limited_;
  uint64_t remaining_;
};

std::unique_ptr<Load> MakeCommandLoad(EventLoop& loop, const Options& options);
std::unique_ptr<Load> MakePublishLoad(EventLoop& loop, const Options& options);
std::unique_ptr<Load> MakeGroupLoad(EventLoop& loop, const Options& options);

}  // namespace leat::bench
