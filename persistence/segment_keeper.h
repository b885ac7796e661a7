// SegmentKeeper: looks after the journal's files other than the one being written. It removes the
// segments that a checkpoint has made superfluous, on a thread of its own, so that neither the loop
// nor a sync waits for it.
//
//   oldest                                        newest
//   ┌─────────┐ ┌─────────┐ ┌─────────┐ ┌──────────────────┐
//   │ removed │ │ removed │ │  kept   │ │ being written: … │
//   └─────────┘ └─────────┘ └──────▲──┘ └──────────────────┘
//                                  └ released through here: it may hold newer records
//
// The oldest goes first, and its name is gone durably before the next one is touched: at every
// moment, and after every crash, the segments that are there follow on one another.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "persistence/disk.h"
#include "persistence/log_format.h"
#include "persistence/recovery.h"
#include "persistence/status.h"

namespace leat::persistence {

struct DiskUsage {
  uint64_t segments = 0;
  uint64_t bytes = 0;
};

class SegmentKeeper {
 public:
  SegmentKeeper(Disk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)) {}
  ~SegmentKeeper() { Stop(); }
  SegmentKeeper(const SegmentKeeper&) = delete;
  SegmentKeeper& operator=(const SegmentKeeper&) = delete;

  void StartThread();
  void Stop();  // ends the thread; what is not done by then is done after the next start
  // Without a thread: does everything that is due.
  void Work();

  // --- On any thread ---

  // Segments of earlier lives, oldest first.
  void Found(const std::vector<SegmentFile>& segments);
  // The segment of `first_lsn` is in force, and the one before it is `finished_bytes` long.
  void Began(Lsn first_lsn, uint64_t finished_bytes);
  // Nobody needs records up to `lsn` any more. Segments that hold nothing newer go.
  void ReleaseThrough(Lsn lsn);
  // Without the bytes of the segment being written.
  DiskUsage usage() const;

 private:
  void Run();
  bool MayRemoveOldest() const;
  bool HasWork() const;
  void DoOne(std::unique_lock<std::mutex>& lock);

  Disk& disk_;
  const std::string directory_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SegmentFile> segments_;  // in order; the last one is being written
  Lsn released_lsn_ = 0;
  bool name_unsynced_ = false;  // that of the segment removed last
  bool failed_ = false;         // the last attempt; the next release tries again
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace leat::persistence
