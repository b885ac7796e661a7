// Reads a journal back: every segment of a directory in order, each record once, or a refusal that
// names file, offset and remedy. README.md argues the rules; in short:
//
//   - A segment's records count up to the first LSN of the next segment, and must reach it.
//   - The last segment may end in a torn write. It is one only if nothing proves that the first
//     missing record was durable; otherwise it is damage.
//
// Nothing on disk is changed: the segment that Journal::Open starts next supersedes a torn tail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "persistence/disk.h"
#include "persistence/log_format.h"
#include "persistence/log_reader.h"

namespace leat::persistence {

// The end of the last segment, which was being written when the server or the machine stopped.
struct TornTail {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

struct RecoveryReport {
  uint64_t segments = 0;
  uint64_t records = 0;
  uint64_t mutations = 0;
  uint64_t bytes = 0;   // of all records replayed, framing included
  Lsn last_lsn = 0;     // of the last mutation replayed
  Lsn durable_lsn = 0;  // up to here the journal itself proves that the disk had it
  std::optional<TornTail> cut;
};

// An error stops the recovery; it is passed on with file and offset.
using ReplayFn = std::function<Status(const Record& record)>;

Result<RecoveryReport> Recover(Disk& disk, const std::string& directory, const ReplayFn& replay);

}  // namespace leat::persistence
