// A checkpoint's bytes on disk; README.md describes them field by field.
//
//   file    ┌────────────────┬────────┬────────┬─────┬──────────────┐
//           │ header (40 B)  │ record │ record │  …  │ empty record │
//           └────────────────┴────────┴────────┴─────┴──────────────┘
//
// The number in header and name is the LSN of the last change that the checkpoint shows. Records
// are those of block segments (block_format.h), each a run of whole items. One of an empty block is
// the end: a file that has it is complete.
#pragma once

#include "persistence/block_format.h"
#include "persistence/log_format.h"
#include "persistence/segment_file.h"

namespace leat::persistence {

inline constexpr SegmentKind kCheckpoints = {
    .magic = "LEATCKPT", .name_prefix = "checkpoint-", .name_digits = 20, .name_suffix = ".ckpt"};
// What a record holds; an item larger than this has one of its own.
inline constexpr size_t kCheckpointRecordBytes = size_t{256} << 10;

}  // namespace leat::persistence
