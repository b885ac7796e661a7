// BlockWriter: writes blocks into segments, decides when they are synced, and what happens when the
// disk refuses. It has no thread and no clock: each Step does what is due at `now_ms` and says when
// it wants to be called again. BlockStore runs it on the writer thread; tests call it through it.
//
//   waiting_ ──write──▶ unsynced_ ──sync──▶ a kWritten or kMoved event
//      ▲                    │
//      └── a failed write ──┘   or sync abandons the segment: nothing is known any more about what
//                               of it will reach the disk behind its last sync. What was written
//                               there goes to a new one, about once a second until that works.
//
// A segment that is abandoned before anything in it was synced is removed at once: on a full disk
// the attempts would fill it further.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/block_files.h"
#include "persistence/block_format.h"
#include "persistence/disk.h"
#include "persistence/status.h"

namespace leat::persistence {

class BlockWriter {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  static constexpr size_t kMaxUnsyncedBytes = size_t{8} << 20;
  static constexpr int64_t kSyncAfterMs = 1000;
  static constexpr int64_t kRetryMs = 1000;

  struct Options {
    std::string directory;
    size_t segment_bytes = 0;  // a new segment is begun once the current one is this large
    uint64_t random_seed = 0;
    uint32_t first_segment = 1;
  };
  struct Job {
    enum class Kind { kWrite, kMove, kRemove } kind = Kind::kWrite;
    uint64_t ticket = 0;
    std::string_view bytes = {};  // kWrite
    BlockPlace place = {};        // kMove: from where; kRemove: its segment
  };
  struct Event {
    enum class Kind {
      kWritten,  // durable, at `place`; or never to be, as `status` says
      kMoved,    // the same
      kEnded,    // `place.segment` is not written any more; it has `bytes` bytes that count
      kRemoved,  // of `place.segment`, or `status`
    } kind = Kind::kWritten;
    uint64_t ticket = 0;
    BlockPlace place = {};
    BlockPlace from = {};  // kMoved
    uint64_t bytes = 0;    // kWritten: of the block
    Status status = {};
  };

  BlockWriter(Disk& disk, BlockFiles& files, Options options)
      : disk_(disk),
        files_(files),
        options_(std::move(options)),
        next_segment_(options_.first_segment) {}

  void Add(const Job& job);
  // Returns when to call it again at the latest.
  int64_t Step(int64_t now_ms);
  // Writes and syncs everything now.
  Status Flush(int64_t now_ms);

  std::vector<Event> TakeEvents() { return std::exchange(events_, {}); }
  const Status& status() const { return status_; }  // disk trouble

 private:
  struct Written {
    Job job;
    BlockPlace place;
  };

  void RemoveSegments();
  void WriteWaiting(int64_t now_ms);
  Status WriteNext();
  Result<std::string_view> MakeRecord(const Job& job);
  Status StartSegment();
  void Sync(int64_t now_ms);
  void EndSegment();
  void Fail(const Status& reason, int64_t now_ms);
  void Refuse(const Job& job, Status reason);
  void ForgetTroubleWhenIdle();

  bool SegmentIsFull() const {
    return file_ != nullptr && size_ > kSegmentHeaderBytes && size_ >= options_.segment_bytes;
  }
  bool SyncIsDue(int64_t now_ms) const;

  Disk& disk_;
  BlockFiles& files_;
  const Options options_;

  std::deque<Job> waiting_;
  std::vector<Written> unsynced_;  // in the current segment
  std::vector<uint32_t> to_remove_;
  std::vector<Event> events_;

  std::unique_ptr<File> file_;  // of the current segment; null: the next block begins one
  uint32_t segment_ = 0;
  uint32_t next_segment_;
  uint64_t segments_started_ = 0;
  uint64_t salt_ = 0;
  uint64_t size_ = 0;         // of what is written
  uint64_t synced_size_ = 0;  // of what the disk has
  int64_t unsynced_since_ms_ = kNever;

  Status status_;
  int64_t retry_at_ms_ = 0;
  BlockBuffer buffer_;
};

}  // namespace leat::persistence
