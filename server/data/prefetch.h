// Prefetch: asks the processor to bring a cache line closer. Any address may be asked for.
#pragma once

namespace leat::data {

inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  // GCC takes a function that does nothing but prefetch for one without effect, and drops its
  // calls.
  asm volatile("" : : "r"(address));
}

}  // namespace leat::data
