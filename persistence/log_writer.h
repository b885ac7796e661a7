// LogWriter: puts records into segment files. It decides nothing: when to write, to sync or to give
// a segment up is JournalWriter's.
//
// A segment comes into force whole: header and first records are written to `<name>.new`, or over
// what a spare file held, synced, and renamed. So a file with a segment's name always has an intact
// header, and everything below its first LSN was durable before it got that name.
//
// After Append or Sync has failed the segment is abandoned: the only call that makes sense is
// StartSegment, with every record that is not durable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/disk.h"
#include "persistence/log_format.h"

namespace leat::persistence {

// Runs of whole records, framed but for their checksums.
using Records = std::span<const std::span<char>>;

class LogWriter {
 public:
  // `random_seed`, which clients must not know, is where the segments' salts come from.
  LogWriter(Disk& disk, std::string directory, uint64_t random_seed)
      : disk_(disk), directory_(std::move(directory)), random_seed_(random_seed) {}

  // Begins the segment of `first_lsn` with `records`; when this returns they are durable. A segment
  // of the same first LSN is replaced: it must hold nothing durable. `spare`: the path of a file to
  // make it from, with space in it; empty: there is none.
  Status StartSegment(Lsn first_lsn, Records records, const std::string& spare = "");
  // Appends `records`, behind a mark if `durable_lsn` is news to the file.
  Status Append(Records records, Lsn durable_lsn);
  // May run on another thread than Append, but not during StartSegment.
  Status Sync() { return NamedError(path_, file_->Sync()); }
  // Last, and with everything synced: gives back the space that was not used.
  void CutUnused();

  Lsn next_lsn() const { return next_lsn_; }
  Lsn marked_lsn() const { return marked_lsn_; }  // what the last mark says
  uint64_t size_bytes() const { return size_bytes_; }
  bool from_spare() const { return from_spare_; }  // else the file grows as it is written

 private:
  void Seal(Records records);

  Disk& disk_;
  const std::string directory_;
  const uint64_t random_seed_;
  uint64_t segments_started_ = 0;

  std::string path_;  // of the current segment
  std::unique_ptr<File> file_;
  uint64_t salt_ = 0;
  Lsn next_lsn_ = kFirstLsn;
  Lsn marked_lsn_ = 0;
  uint64_t size_bytes_ = 0;
  bool from_spare_ = false;
  std::vector<std::string_view> pieces_;  // kept for its capacity
};

}  // namespace leat::persistence
