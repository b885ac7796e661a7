// BlockPlace: where a block of a topic is on disk. The topics keep it, the block store gives it.
#pragma once

#include <cstdint>

namespace leat::base {

struct BlockPlace {
  uint32_t segment = 0;  // the number of a file; 0: nowhere
  uint32_t size = 0;     // of the record in it, with its frame
  uint64_t offset = 0;

  bool stored() const { return segment != 0; }
  bool operator==(const BlockPlace&) const = default;
};

}  // namespace leat::base
