// VerifyBlockSegment: walks the records of one block segment, for an offline check. The server does
// not need it: it reads only places that a checkpoint or its own memory refers to.
//
//   auto report = VerifyBlockSegment(disk, "data/blocks/blocks-0000000001.seg",
//                                    [&](const BlockPlace& place, std::string_view block) { … });
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/block_format.h"
#include "persistence/disk.h"
#include "persistence/status.h"

namespace leat::persistence {

struct BlockSegmentReport {
  // Bytes that are no intact record. At the end of a segment this is no damage by itself: what a
  // process had not synced when it ended, or when the disk refused it, is left there, and nothing
  // refers to it.
  struct Gap {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    std::string problem;
  };
  uint32_t segment = 0;
  uint64_t file_bytes = 0;
  uint64_t records = 0;
  std::vector<Gap> gaps;
};

// Called for each intact record, with the block that it holds.
using BlockVisitFn = std::function<void(const BlockPlace& place, std::string_view block)>;

// An error where the file cannot be read, its name is not a block segment's, or its header is
// damaged or not that of its name.
Result<BlockSegmentReport> VerifyBlockSegment(Disk& disk, const std::string& path,
                                              const BlockVisitFn& visit);

}  // namespace leat::persistence
