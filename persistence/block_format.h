// The bytes of the block store's segments; README.md describes them field by field.
//
//   segment   ┌────────────────┬────────┬────────┬────────┬─────
//             │ header (40 B)  │ record │ record │ record │ …
//             └────────────────┴────────┴────────┴────────┴─────
//   record    ┌──────────┬────────┬────────┬────────────┬──────┬─────────┐
//             │ checksum │ offset │ stored │ block size │ kind │ payload │
//             │        8 │      8 │      4 │          4 │    4 │  stored │
//             └──────────┴────────┴────────┴────────────┴──────┴─────────┘
//
// A record says at which offset it stands, so that one which got elsewhere is not taken for
// another.
//
//   BlockBuffer buffer;
//   std::string_view record = EncodeBlock(bytes, offset, salt, buffer);
//   if (Status status = CheckBlock(record, offset, salt); status.ok()) DecodeBlock(record);
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "persistence/segment_file.h"
#include "persistence/status.h"
#include "server/base/block_place.h"
#include "server/base/shared_bytes.h"

namespace leat::persistence {

using base::BlockPlace;

inline constexpr SegmentKind kBlockSegments = {
    .magic = "LEATBLKS", .name_prefix = "blocks-", .name_digits = 10, .name_suffix = ".seg"};
inline constexpr uint32_t kMaxBlockSegment = std::numeric_limits<uint32_t>::max();
inline constexpr size_t kBlockFrameBytes = 28;
inline constexpr uint64_t kMaxBlockBytes = std::numeric_limits<uint32_t>::max() - kBlockFrameBytes;

enum class BlockKind : uint32_t { kRaw = 0, kLz4 = 1 };

struct BlockFrame {
  uint64_t checksum = 0;
  uint64_t offset = 0;  // of this record in its file
  uint32_t stored_bytes = 0;
  uint32_t block_bytes = 0;
  BlockKind kind = BlockKind::kRaw;
};

BlockFrame LoadBlockFrame(const char* from);

// Memory for one record at a time. That of a large one is given back with the next small one.
class BlockBuffer {
 public:
  char* Reserve(size_t bytes);  // of no particular content

 private:
  std::unique_ptr<char[]> memory_;
  size_t capacity_ = 0;
};

// The record of a block of up to kMaxBlockBytes, in `buffer`: compressed where that saves an
// eighth.
std::string_view EncodeBlock(std::string_view bytes, uint64_t offset, uint64_t salt,
                             BlockBuffer& buffer);
// Makes a record that was read elsewhere one of this place.
void SealBlock(char* record, uint64_t offset, uint64_t salt);

// Whether `record` is, from its first byte to its last, one that belongs here. The error says what
// is wrong with it.
Status CheckBlock(std::string_view record, uint64_t offset, uint64_t salt);
// The block itself, of a record that has passed CheckBlock.
Result<base::SharedBytes> DecodeBlock(std::string_view record);

}  // namespace leat::persistence
