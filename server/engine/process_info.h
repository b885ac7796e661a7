// What the process uses, for INFO and MEMORY.
#pragma once

#include <cstdint>
#include <string>

#include "persistence/disk.h"

namespace leat::engine {

struct MemoryUse {
  uint64_t allocated_bytes = 0;  // by the program, as the allocator counts them
  uint64_t resident_bytes = 0;   // of the process
};
MemoryUse ReadMemoryUse(persistence::Disk& disk);
uint64_t TotalSystemMemory();

struct CpuUse {
  double system_seconds = 0, user_seconds = 0;
};
enum class CpuScope : uint8_t { kProcess, kChildren, kMainThread };
CpuUse ReadCpuUse(CpuScope scope);

int64_t ProcessId();

const char* AllocatorName();
std::string AllocatorReport();
// Returns unused memory to the operating system where the allocator can.
void PurgeAllocator();

}  // namespace leat::engine
