// Repair: cuts a data directory down to what can be read, so that a server starts on it.
//
//   Repair repair(disk, inspection);
//   auto losses = repair.Plan();          // what would be lost, or why it cannot be repaired
//   if (losses.ok() && …) status = repair.Run("damaged-20260102T030405", random_seed);
//
// The journal ends before its first change that is damaged, or that cannot be applied without a
// block that is lost. Blocks that are damaged or missing are taken out of their topics, as if their
// entries had been deleted. What is left becomes a checkpoint, behind which an empty journal
// begins. Whatever is replaced or given up is moved to a directory of its own, nothing is deleted.
//
// A damaged checkpoint is not repaired: what of its keys is gone cannot be told, and the changes in
// the journal would not fit what is left.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "persistence/disk.h"
#include "server/check/inspection.h"

namespace leat::check {

class Repair {
 public:
  // `found` has been run, and outlives this.
  Repair(persistence::Disk& disk, const Inspection& found) : disk_(disk), found_(found) {}

  // Changes nothing. The text has a line for each loss.
  persistence::Result<std::string> Plan();
  // After a Plan. `aside`: the name of the directory to make in the data directory. After an error
  // it is as damaged as before, and what has been moved is in `aside`.
  persistence::Status Run(const std::string& aside, uint64_t random_seed);

 private:
  persistence::Status FindWhatIsLeft();
  persistence::Result<std::string> JournalLosses() const;
  persistence::Result<std::vector<persistence::Lsn>> JournalSegments() const;
  persistence::Status CopyAside(const std::string& path) const;
  persistence::Status MoveAside(const std::string& path) const;
  persistence::Status WriteCheckpoint(uint64_t random_seed);
  persistence::Status CutJournal(uint64_t random_seed);
  persistence::Status MoveDeadBlocks();

  persistence::Disk& disk_;
  const Inspection& found_;
  std::unique_ptr<Inspection> left_;
  persistence::Lsn last_lsn_ = 0;  // of what is left
  bool cuts_journal_ = false;
  std::string why_cut_;
  std::string aside_;
};

}  // namespace leat::check
