// Size classes: the sizes that the allocator (jemalloc) really hands out. Asking for exactly such a
// size leaves no hidden spare room, and a class is small enough to keep in one byte.
//
//   16 32 48 … 128 │ 160 192 224 256 │ 320 384 448 512 │ 640 …     four to each doubling from 128
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace leat::data {

// The smallest class that holds `bytes` (at most 2^60).
constexpr uint8_t SizeClassFor(size_t bytes) {
  if (bytes <= 128) return static_cast<uint8_t>(bytes == 0 ? 0 : (bytes - 1) / 16);
  const auto doubling = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;  // 7: up to 256
  const size_t quarter = (bytes - 1 - (size_t{1} << doubling)) >> (doubling - 2);
  return static_cast<uint8_t>(8 + (doubling - 7) * 4 + quarter);
}

constexpr size_t SizeOfClass(uint8_t size_class) {
  if (size_class < 8) return (size_t{size_class} + 1) * 16;
  const unsigned doubling = 7 + (size_class - 8u) / 4;
  const size_t quarter = (size_class - 8u) % 4 + 1;
  return (size_t{1} << doubling) + (quarter << (doubling - 2));
}

constexpr size_t RoundUpToClass(size_t bytes) {
  return SizeOfClass(SizeClassFor(bytes));
}

static_assert(RoundUpToClass(1) == 16 && RoundUpToClass(128) == 128 && RoundUpToClass(129) == 160);
static_assert(RoundUpToClass(256) == 256 && RoundUpToClass(1025) == 1280);

}  // namespace leat::data
