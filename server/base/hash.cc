#include "server/base/hash.h"

#define XXH_INLINE_ALL  // names are short: the call would cost as much as the hash
#include <xxhash.h>

namespace leat::base {

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace leat::base
