// Journal: the durable order of mutations. The loop appends records and never waits for the disk; a
// writer thread writes and syncs them and announces how far it is. Payloads are opaque bytes.
//
//   loop        BeginRecord … EndRecord → Submit                      durable_lsn() ≥ mine: reply
//   ────────────────────────────────────────┼───────────────────────────────▲─────────────
//   writer                                  └▶ checksum, write, fdatasync ──┘ notify
//
//   auto journal = Journal::Open(disk, options, replay);
//   (*journal)->BeginRecord();
//   (*journal)->Append(payload);
//   Lsn lsn = (*journal)->EndRecord(1);  // a reply waits for this one
//   (*journal)->Submit();                // at the end of the turn
//
// Threads: everything here is called on the loop; only the notification runs elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "persistence/disk.h"
#include "persistence/journal_writer.h"
#include "persistence/log_format.h"
#include "persistence/record_queue.h"
#include "persistence/recovery.h"
#include "persistence/segment_keeper.h"
#include "persistence/status.h"
#include "persistence/sync_thread.h"

namespace leat::persistence {

class Journal {
 public:
  struct Options {
    std::string directory;  // the journal's own; its parent must exist
    SyncPolicy policy = SyncPolicy::kEverySecond;
    size_t segment_bytes = size_t{64} << 20;
    // The caller holds writers back while backlog_bytes() is above this. A quarter of it not yet
    // synced makes a sync due whatever the policy, so that only a slow disk ever gets there.
    size_t max_backlog_bytes = size_t{256} << 20;
    // Must be random in a server: clients that knew it could forge records within their payloads.
    uint64_t random_seed = 0;
    // A checkpoint in force holds everything up to this LSN; 0: there is none.
    Lsn checkpoint_lsn = 0;
    bool threaded = true;  // false: nothing runs by itself, Step does a round of it
  };

  // Replays every record behind the checkpoint in order, then begins a new segment behind what the
  // old ones prove to be durable; those that the checkpoint has made superfluous go. Fails,
  // changing nothing, if the journal is damaged or `replay` refuses a record.
  static Result<std::unique_ptr<Journal>> Open(Disk& disk, Options options, const ReplayFn& replay);
  ~Journal();  // flushes and closes
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const RecoveryReport& recovery() const { return recovery_; }

  // A record, encoded in place: any mix of Append and Reserve + Advance between BeginRecord and
  // EndRecord, which returns the LSN of its last mutation, or CancelRecord. All of its mutations
  // are recovered or none.
  void BeginRecord() { queue_.BeginRecord(); }
  void Append(std::string_view bytes) { queue_.Append(bytes); }
  char* Reserve(size_t bytes) { return queue_.Reserve(bytes); }
  void Advance(size_t bytes) { queue_.Advance(bytes); }
  Lsn EndRecord(uint32_t mutations) { return queue_.EndRecord(mutations); }
  void CancelRecord() { queue_.CancelRecord(); }
  // At the end of a turn: hands what was appended to the writer. Never waits for it.
  void Submit();

  Lsn appended_lsn() const { return queue_.last_lsn(); }
  Lsn written_lsn() const { return writer_.written_lsn(); }  // survives the death of the process
  Lsn durable_lsn() const { return writer_.durable_lsn(); }  // survives a power loss
  // Appended and kept in memory because it is not yet durable.
  size_t backlog_bytes() const { return queue_.appended_bytes() - writer_.durable_bytes(); }
  uint64_t appended_bytes() const { return queue_.appended_bytes() - reopened_bytes_; }  // by now
  // Of all segment files, for INFO.
  DiskUsage disk_usage() const;
  // An error while the disk is in trouble: nothing is announced as durable until it clears.
  Status status() const { return writer_.status(); }

  SyncPolicy policy() const { return policy_.load(std::memory_order_relaxed); }
  void SetPolicy(SyncPolicy policy);
  // Called on the writer thread whenever durable_lsn() or status() has changed. Once this returns
  // the previous function is not called any more.
  void SetNotify(std::function<void()> notify);

  // A checkpoint that is durable and in force holds everything up to `lsn`: segments that hold
  // nothing newer are given up, on a thread of their own (with `threaded` false, by Step).
  void ReleaseThrough(Lsn lsn) { keeper_.ReleaseThrough(lsn); }

  // Whatever the policy: what has been submitted becomes durable soon.
  void RequestSync();
  // Blocks until everything appended is durable, or says why it is not.
  Status Flush();
  // With `threaded` false: what the writer thread would do at this time.
  Status Step(int64_t now_ms);

 private:
  Journal(Disk& disk, Options options, Lsn next_lsn, RecoveryReport recovery);
  Status Begin(Disk& disk, RecoveryReport found, Lsn first_lsn);
  void Run();
  void Wait(std::unique_lock<std::mutex>& lock, const JournalWriter::Plan& plan);
  void Gather(std::unique_lock<std::mutex>& lock, uint64_t records);
  void Wake();
  void Notify();
  int64_t NowMs() const;

  static constexpr uint64_t kNoRecords = std::numeric_limits<uint64_t>::max();

  const Options options_;
  const RecoveryReport recovery_;
  RecordQueue queue_;
  std::atomic<SyncPolicy> policy_;
  int64_t step_now_ms_ = 0;      // the time of the last Step
  uint64_t reopened_bytes_ = 0;  // of recovered records that had to be appended once more
  bool open_ = false;

  std::mutex notify_mutex_;
  std::function<void()> notify_;

  // While the writer waits for work: the Submit that makes it so many records wakes the writer.
  std::atomic<uint64_t> wake_at_records_ = kNoRecords;
  std::mutex mutex_;  // guards what follows, up to flush_status_
  std::condition_variable woken_;
  std::condition_variable flushed_;
  bool wake_ = false;
  bool stop_ = false;
  bool flush_wanted_ = false;
  Status flush_status_;
  std::chrono::nanoseconds sync_time_{0};  // of the last write and sync

  // Behind what their threads use.
  SegmentKeeper keeper_;
  const std::unique_ptr<SyncThread> sync_thread_;  // null unless threaded
  JournalWriter writer_;
  std::thread thread_;
};

}  // namespace leat::persistence
