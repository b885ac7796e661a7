// The CPU time that a process has used so far, all its threads together (ended ones included, child
// processes not).
//
// The total comes from the process's CPU clock (clock_getcpuclockid), which counts nanoseconds. The
// split into user and system time comes from /proc/PID/stat, which counts ticks of 10 ms: over two
// seconds it is good to one percent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace leat::bench {

struct CpuTime {
  uint64_t total_ns = 0;
  uint64_t user_ns = 0;
  uint64_t system_ns = 0;
};

// Nothing when there is no such process.
std::optional<CpuTime> ReadCpuTime(pid_t pid);

}  // namespace leat::bench
