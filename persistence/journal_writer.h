// JournalWriter: decides when records go to disk, when they are synced, and what happens when the
// disk refuses. It has no thread and no clock: each Step does what is due at `now_ms` and says when
// it wants to be called again. Journal runs it on the writer thread; tests call it by hand.
//
//   written_ ≥ sync_target_ ≥ durable_      positions in the queue
//
//   durable_ … written_     in the current segment, not known to be on disk; kept in memory
//   written_ … published    to be written by the next Step
//
// Trouble: a failed write or sync abandons the segment, because nothing is known any more about
// what of it will reach the disk. Everything behind durable_ is written once more, to a new
// segment, about once a second until that works. Only then is it announced as durable.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "persistence/disk.h"
#include "persistence/log_format.h"
#include "persistence/log_writer.h"
#include "persistence/record_queue.h"
#include "persistence/segment_keeper.h"
#include "persistence/status.h"
#include "persistence/sync_thread.h"

namespace leat::persistence {

enum class SyncPolicy { kAlways, kEverySecond, kNo };

class JournalWriter {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Options {
    std::string directory;
    size_t segment_bytes = 0;       // a new segment is begun once the current one is this large
    size_t max_unsynced_bytes = 0;  // a sync is due at this many, whatever the policy
    uint64_t random_seed = 0;
  };
  struct Plan {
    bool changed = false;         // the durable LSN or the status did
    int64_t wake_at_ms = kNever;  // when the next Step has something to do, as far as is known
    bool wake_on_submit = true;   // false: what is submitted before that can wait for it
    // What is submitted next is better written together with more, if that comes soon: when so many
    // records have been published in all, there is nothing to wait for. 0: no waiting.
    uint64_t gather_records = 0;
  };

  // `sync_thread` may be null: then every sync is done in place.
  JournalWriter(Disk& disk, RecordQueue& queue, Options options, SegmentKeeper& keeper,
                SyncThread* sync_thread)
      : queue_(queue),
        options_(std::move(options)),
        keeper_(keeper),
        sync_thread_(sync_thread),
        log_(disk, options_.directory, options_.random_seed) {}

  // First: begins a segment at `first_lsn` with everything in the queue, which is durable then.
  Status Start(Lsn first_lsn);
  Plan Step(int64_t now_ms, SyncPolicy policy);
  // On any thread: a sync is due with the next Step, whatever the policy.
  void RequestSync() { sync_requested_.store(true, std::memory_order_release); }
  // Writes and syncs everything now.
  Status Flush(int64_t now_ms);
  // Last: Flush, and leaves the proof that all of it was durable.
  Status Close(int64_t now_ms);
  bool HasUnwritten() const { return !in_trouble_ && RecordQueue::HasMore(written_); }

  // On any thread.
  Lsn written_lsn() const { return written_lsn_.load(std::memory_order_acquire); }
  Lsn durable_lsn() const { return durable_lsn_.load(std::memory_order_acquire); }
  // Of the queue's stream; what lies behind is kept in memory.
  uint64_t durable_bytes() const { return durable_bytes_.load(std::memory_order_acquire); }
  // Of the segment being written.
  uint64_t segment_bytes() const { return segment_bytes_.load(std::memory_order_acquire); }
  Status status() const;

 private:
  void TakeSyncResult(int64_t now_ms);
  void WriteNew(int64_t now_ms);
  void SyncIfDue(int64_t now_ms, SyncPolicy policy);
  void TidyWhenIdle(int64_t now_ms);
  Plan MakePlan(int64_t now_ms, SyncPolicy policy, bool wrote) const;

  Status SyncNow(int64_t now_ms);
  Status StartSegment();
  void FinishSync(const Status& result, int64_t now_ms);
  void SetDurable(const RecordQueue::Position& position, Lsn lsn);
  void Fail(const Status& reason, int64_t now_ms);
  void SetStatus(const Status& status);

  bool AllSynced() const { return written_.stream_bytes() == durable_.stream_bytes(); }

  RecordQueue& queue_;
  const Options options_;
  SegmentKeeper& keeper_;
  SyncThread* const sync_thread_;
  LogWriter log_;
  std::vector<std::span<char>> pieces_;  // kept for its capacity

  RecordQueue::Position written_;
  RecordQueue::Position durable_;
  RecordQueue::Position sync_target_;  // written_ when the sync under way began
  Lsn sync_target_lsn_ = 0;
  bool syncing_ = false;                // on the sync thread
  int64_t unsynced_since_ms_ = kNever;  // of the oldest write that no sync has been begun for
  uint64_t records_written_ = 0;        // up to written_, or a few less
  uint64_t records_together_ = 0;       // in the last write
  bool prepared_next_ = false;          // the keeper was asked for the next segment's file
  int64_t idle_at_ms_ = kNever;         // when the server counts as idle, if nothing comes before

  bool in_trouble_ = false;
  int64_t retry_at_ms_ = kNever;
  bool changed_ = false;

  std::atomic<bool> sync_requested_ = false;
  std::atomic<Lsn> written_lsn_ = 0;
  std::atomic<Lsn> durable_lsn_ = 0;
  std::atomic<uint64_t> durable_bytes_ = 0;
  std::atomic<uint64_t> segment_bytes_ = 0;
  std::atomic<bool> has_error_ = false;
  mutable std::mutex status_mutex_;
  Status status_;
};

}  // namespace leat::persistence
