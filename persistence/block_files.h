// BlockFiles: reads blocks from segments, on any thread. It keeps a bounded number of them open.
//
//   BlockFiles files(disk, directory);
//   BlockBuffer buffer;                            // one a thread
//   auto bytes = files.ReadBlock(place, buffer);   // verified, or the error for the operator
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "persistence/block_format.h"
#include "persistence/disk.h"
#include "persistence/status.h"
#include "server/base/shared_bytes.h"

namespace leat::persistence {

class BlockFiles {
 public:
  BlockFiles(Disk& disk, std::string directory, size_t max_open = 128)
      : disk_(disk), directory_(std::move(directory)), max_open_(max_open) {}

  // The size of the segment that `place` is in. An error where it is missing, its header is
  // damaged, or it is too short for the place.
  Result<uint64_t> CheckPlace(const BlockPlace& place);
  // The whole record, in `buffer`, verified.
  Result<std::span<char>> ReadRecord(const BlockPlace& place, BlockBuffer& buffer);
  Result<base::SharedBytes> ReadBlock(const BlockPlace& place, BlockBuffer& buffer);
  // The segment has been removed: lets its space go.
  void Forget(uint32_t segment);

  std::string PathOf(uint32_t segment) const {
    return directory_ + "/" + kBlockSegments.Name(segment);
  }
  size_t open_files() const;

 private:
  struct Segment {
    std::unique_ptr<ReadableFile> file;
    uint64_t salt = 0;
  };
  // Kept open by those who read from it, too.
  using SegmentRef = std::shared_ptr<const Segment>;
  struct Kept {
    SegmentRef segment;
    uint64_t last_use = 0;
  };

  Result<SegmentRef> Find(const BlockPlace& place);
  Result<SegmentRef> Open(uint32_t number);
  SegmentRef FindKept(uint32_t number);
  void Keep(uint32_t number, const SegmentRef& segment);
  Status Error(const BlockPlace& place, const std::string& problem) const;

  Disk& disk_;
  const std::string directory_;
  const size_t max_open_;
  mutable std::mutex mutex_;  // guards what follows; never held over a call of the disk but close
  std::map<uint32_t, Kept> kept_;
  uint64_t uses_ = 0;
};

}  // namespace leat::persistence
