// Hashing of names: XXH3 with a seed, so that a client who picks names cannot make them collide.
//
// The seed is drawn once for the process (a port, like the clock: tests fix it) and handed to each
// table at its construction. Tables with different purposes may share it.
//
//   std::unordered_map<std::string, int, StringHash, std::equal_to<>> map(16, StringHash{seed});
//   map.find(std::string_view("a"));   // no std::string is made for a look-up
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace leat::base {

uint64_t HashBytes(std::string_view bytes, uint64_t seed);

// So many bits that two texts with the same hash are taken for one. XXH3-128 without a seed: the
// same in every process, so it may be stored.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;

  bool operator==(const Hash128&) const = default;
};

// Of the parts as if they stood one behind the other.
Hash128 HashBytes128(std::initializer_list<std::string_view> parts);

// Spreads a number or an address over all 64 bits. Distinct inputs keep distinct outputs.
inline uint64_t MixBits(uint64_t value) {
  value = (value ^ (value >> 32)) * 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 29)) * 0xbf58476d1ce4e5b9;
  return value ^ (value >> 32);
}

struct StringHash {
  using is_transparent = void;

  uint64_t seed = 0;

  size_t operator()(std::string_view bytes) const { return HashBytes(bytes, seed); }
};

}  // namespace leat::base
