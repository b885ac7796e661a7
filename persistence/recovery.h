// Reads a journal back: every segment of a directory in order, each record once, or a refusal that
// names file, offset and remedy. README.md argues the rules; in short:
//
//   - A segment's records count up to the first LSN of the next segment, and must reach it.
//   - The last segment may end in a torn write. It is one only if nothing proves that the first
//     missing record was durable; otherwise it is damage.
//   - Behind a checkpoint it begins with the last segment that can hold what comes next. Records
//     that the checkpoint holds are verified, not replayed; the journal must reach its LSN.
//
// Nothing on disk is changed: the segment that Journal::Open starts next supersedes a torn tail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/disk.h"
#include "persistence/log_format.h"
#include "persistence/log_reader.h"

namespace leat::persistence {

// The end of the last segment, which was being written when the server or the machine stopped: what
// can be seen of records that did not arrive whole. Space that was never written to is none.
struct TornTail {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// Where a journal is damaged, for who looks at it without starting on it.
struct JournalDamage {
  Lsn lsn = 0;          // the first that cannot be had
  std::string message;  // as the refusal
};

struct SegmentFile {
  Lsn first_lsn = 0;
  uint64_t bytes = 0;  // of the file; 0: not known
};

struct RecoveryReport {
  std::vector<SegmentFile> obsolete;  // older than the checkpoint needs; not read
  std::vector<SegmentFile> segments;  // in order
  uint64_t records = 0;               // replayed
  uint64_t mutations = 0;
  uint64_t bytes = 0;               // of all records replayed, framing included
  uint64_t skipped_records = 0;     // held by the checkpoint
  Lsn last_lsn = 0;                 // of the journal's last mutation
  uint64_t last_segment_bytes = 0;  // of the last segment's whole records; more may be in the file
  Lsn durable_lsn = 0;              // up to here the journal itself proves that the disk had it
  std::optional<TornTail> cut;
  std::optional<JournalDamage> damage;  // with OnDamage::kStopThere
};

// An error stops the recovery; it is passed on with file and offset.
using ReplayFn = std::function<Status(const Record& record)>;

// What comes of damage: kRefuse is an error, before any record of the damaged segment is replayed
// where it is the last one. kStopThere replays all records before the damage and reports it.
enum class OnDamage : uint8_t { kRefuse, kStopThere };

// `checkpoint_lsn`: a checkpoint in force holds everything up to it; 0: there is none. It was put
// in force when the journal was durable up to there, so a journal that ends before is damaged.
Result<RecoveryReport> Recover(Disk& disk, const std::string& directory, const ReplayFn& replay,
                               Lsn checkpoint_lsn = 0, OnDamage on_damage = OnDamage::kRefuse);

}  // namespace leat::persistence
