#include "server/engine/process_info.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <charconv>
#include <string>

#ifdef LEAT_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

namespace leat::engine {

namespace {

constexpr uint64_t kPageBytes = 4096;

#ifdef LEAT_JEMALLOC

uint64_t AllocatedBytes() {
  uint64_t epoch = 1;  // asks for fresh statistics
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  size_t allocated = 0;
  size_t size = sizeof(allocated);
  mallctl("stats.allocated", &allocated, &size, nullptr, 0);
  return allocated;
}

#else

uint64_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

#endif

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

MemoryUse ReadMemoryUse(persistence::Disk& disk) {
  MemoryUse use;
  use.allocated_bytes = AllocatedBytes();
  // "size resident shared …", in pages.
  if (const auto statm = disk.ReadFile("/proc/self/statm"); statm.ok()) {
    const size_t space = statm->find(' ');
    uint64_t pages = 0;
    if (space != std::string::npos) {
      std::from_chars(statm->data() + space + 1, statm->data() + statm->size(), pages);
    }
    use.resident_bytes = pages * kPageBytes;
  }
  return use;
}

uint64_t TotalSystemMemory() {
  struct sysinfo info {};
  sysinfo(&info);
  return uint64_t{info.totalram} * info.mem_unit;
}

int64_t ProcessId() {
  return getpid();
}

CpuUse ReadCpuUse(CpuScope scope) {
  const int who = scope == CpuScope::kProcess    ? RUSAGE_SELF
                  : scope == CpuScope::kChildren ? RUSAGE_CHILDREN
                                                 : RUSAGE_THREAD;
  rusage usage{};
  getrusage(who, &usage);
  return {Seconds(usage.ru_stime), Seconds(usage.ru_utime)};
}

#ifdef LEAT_JEMALLOC

const char* AllocatorName() {
  return "jemalloc-5.3.0";
}

std::string AllocatorReport() {
  std::string report;
  malloc_stats_print(
      [](void* into, const char* text) { static_cast<std::string*>(into)->append(text); }, &report,
      nullptr);
  return report;
}

void PurgeAllocator() {
  const std::string arenas = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + ".purge";
  mallctl(arenas.c_str(), nullptr, nullptr, nullptr, 0);
}

#else

const char* AllocatorName() {
  return "libc";
}

std::string AllocatorReport() {
  return "Stats not supported for the current allocator";
}

void PurgeAllocator() {
  malloc_trim(0);
}

#endif

}  // namespace leat::engine
