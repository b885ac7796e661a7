// SegmentKeeper: looks after the journal's files other than the one being written, on a thread of
// its own, so that neither the loop nor a sync waits for it.
//
//   oldest                                           newest
//   ┌──────────┐ ┌──────────┐ ┌──────────┐ ┌──────────────────┐      ┌───────┐ ┌───────┐
//   │ given up │ │ given up │ │   kept   │ │ being written: … │  ◀─  │ spare │ │ spare │
//   └────┬─────┘ └──────────┘ └───────▲──┘ └──────────────────┘      └───▲───┘ └───────┘
//        │                            └ released through here            │
//        └───────────────────────────────────────────────────────────────┘
//
// - Gives up the segments that a checkpoint has made superfluous. The oldest goes first, and its
//   name is gone durably before the next one is touched: at every moment, and after every crash,
//   the segments that are there follow on one another.
// - Has the next segment's file ready: one that was given up or, without such, a new one filled
// with
//   zeros. Its blocks are there and written, so a sync writes nothing but the records. What such a
//   spare holds means nothing, and what is read of it under a segment's name passes no checksum.
#pragma once

#include <atomic>
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
  uint64_t bytes = 0;  // spares included
};

class SegmentKeeper {
 public:
  SegmentKeeper(Disk& disk, std::string directory, uint64_t segment_bytes)
      : disk_(disk), directory_(std::move(directory)), segment_bytes_(segment_bytes) {}
  ~SegmentKeeper() { Stop(); }
  SegmentKeeper(const SegmentKeeper&) = delete;
  SegmentKeeper& operator=(const SegmentKeeper&) = delete;

  // First: removes what an earlier life left unfinished, and takes over its spares.
  Status TidyUp();
  void StartThread();
  void Stop();  // ends the thread; what is not done by then is done after the next start
  // Without a thread: does everything that is due.
  void Work();

  // --- On any thread ---

  // Segments of earlier lives, oldest first.
  void Found(const std::vector<SegmentFile>& segments);
  // The segment of `first_lsn` is in force, and the one before it is `finished_bytes` long.
  void Began(Lsn first_lsn, uint64_t finished_bytes);
  // Nobody needs records up to `lsn` any more. Segments that hold nothing newer are given up.
  void ReleaseThrough(Lsn lsn);
  // Another segment will be needed before long.
  void PrepareNext();
  // The path of a spare, which is the caller's from now on; empty if there is none.
  std::string TakeSpare();
  bool HasSpare() const { return has_spare_.load(std::memory_order_relaxed); }
  // Without the segment being written.
  DiskUsage usage() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Run();
  bool HasWork() const;
  void DoOne(Lock& lock);
  bool MaySyncNames() const { return name_unsynced_ && !failed_; }
  bool MayGiveUpOldest() const;
  void GiveUpOldest(Lock& lock);
  void SyncNames(Lock& lock);
  void PrepareSpare(Lock& lock);
  Status FillWithZeros(const std::string& path);
  void AddSpare(const std::string& path);
  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  Disk& disk_;
  const std::string directory_;
  const uint64_t segment_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SegmentFile> segments_;  // in order; the last one is being written
  Lsn released_lsn_ = 0;
  bool failed_ = false;         // to give up the oldest; the next release tries again
  bool name_unsynced_ = false;  // that of the segment given up last,
  std::string future_spare_;    // which is a spare then, unless it was removed
  std::deque<std::string> spares_;
  std::atomic<bool> has_spare_ = false;
  uint64_t last_spare_number_ = 0;
  bool prepare_wanted_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace leat::persistence
