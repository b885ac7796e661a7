// Key: a name and its hash, so that a call hashes each of its keys once.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace leat::data {

struct Key {
  std::string_view name;
  uint64_t hash;
};

// One seed for the whole process, set once before the first key is made: drawn at random, nobody
// can choose keys that collide.
inline uint64_t key_hash_seed = 0;

inline Key MakeKey(std::string_view name) {
  return Key{name, XXH3_64bits_withSeed(name.data(), name.size(), key_hash_seed)};
}

}  // namespace leat::data
