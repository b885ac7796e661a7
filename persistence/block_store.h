// BlockStore: sealed blocks of all topics, in large segment files that they share. A block is
// opaque bytes; the store gives a place for it, and the bytes for a place. Who keeps the places,
// and writes them into a checkpoint, is the caller.
//
//   loop      Write, Move ──────────────┐              Read ─────┐          TakeAnswers
//   ────────────────────────────────────┼────────────────────────┼───────────────▲────────
//   writer    compress, append, fdatasync, unlink ───────────────┼── durable ────┤ notify
//   readers                                         read, verify, decompress ────┘
//
//   auto store = BlockStore::Open(disk, options);
//   (*store)->Adopt(place);                  // each place of the checkpoint
//   (*store)->RemoveUnused();
//   (*store)->Write(ticket, bytes);          // at once; the answer comes when they are durable
//   for (auto& answer : (*store)->TakeAnswers()) …
//
// Space: a block that is released leaves dead bytes. A segment of which little is alive is emptied
// by moving its blocks (SparsestSegment, Move, Release of the old place), and one with nothing
// alive is removed (RemoveDead), once no checkpoint in force refers to it.
//
// Threads: everything here is called on the loop; only the notification runs elsewhere. Disk
// trouble: see block_writer.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "persistence/block_files.h"
#include "persistence/block_format.h"
#include "persistence/block_reader.h"
#include "persistence/block_writer.h"
#include "persistence/disk.h"
#include "persistence/status.h"
#include "server/base/shared_bytes.h"

namespace leat::persistence {

class BlockStore {
 public:
  struct Options {
    std::string directory;  // the store's own; its parent must exist
    size_t segment_bytes = size_t{64} << 20;
    // Must be random in a server: clients that knew it could forge records within their blocks.
    uint64_t random_seed = 0;
    bool threaded = true;  // false: nothing runs by itself, Step does what is due
  };
  using Ticket = uint64_t;  // the caller's own number, given back with the answer
  struct Answer {
    enum class Kind { kWritten, kMoved, kRead } kind = Kind::kWritten;
    Ticket ticket = 0;
    BlockPlace place = {};         // the new one, or the one that was read
    base::SharedBytes bytes = {};  // kRead: exactly the block
    // Not ok: there is no place, or there are no bytes, and will not be. A Move leaves its source.
    Status status = {};
  };
  struct Usage {
    uint64_t segments = 0;
    uint64_t live_bytes = 0;      // records that are needed
    uint64_t dead_bytes = 0;      // records that are not, in files that are still there
    uint64_t unsynced_bytes = 0;  // given to Write and not answered: still in the caller's memory
  };

  static Result<std::unique_ptr<BlockStore>> Open(Disk& disk, Options options);
  // What has no answer by then is not kept.
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  // Recovery: a checkpoint refers to this block, which counts as alive. An error where the segment
  // is missing, its header is damaged, or it is too short. The block itself is not read.
  Status Adopt(const BlockPlace& place);
  // After recovery: removes the segments of earlier processes that nothing adopted.
  Status RemoveUnused();

  // The bytes stay as they are until the answer. More than kMaxBlockBytes are refused.
  void Write(Ticket ticket, std::string_view bytes);
  // Writes the same block once more; both places count as alive when it is answered.
  void Move(Ticket ticket, const BlockPlace& from);
  void Read(Ticket ticket, const BlockPlace& place);
  Result<base::SharedBytes> ReadNow(const BlockPlace& place);  // waits for the disk
  // Not needed any more, nor read from now on; reads and moves under way still work.
  void Release(const BlockPlace& place);

  // What has been done since. Writes and moves are answered when they are durable, in order.
  std::vector<Answer> TakeAnswers();
  // Called on another thread when there is something to take or status() has changed. Once this
  // returns the previous function is not called any more.
  void SetNotify(std::function<void()> notify);
  // An error while the disk refuses writes: they wait, and nothing is lost. It clears by itself.
  Status status() const;

  // Of the segments that are not written any more and have something alive, the one where that is
  // the least, if it is less than this share. A segment that ended early counts as if it were full
  // size: many small ones are worth joining.
  std::optional<uint32_t> SparsestSegment(double max_live_share = 0.5) const;
  // Removes the segments that are not written any more, have nothing alive, and are not pinned,
  // that is, referred to by the checkpoint in force. The files go off the loop.
  void RemoveDead(const std::function<bool(uint32_t segment)>& pinned);
  Usage usage() const;

  // With `threaded` false: what the threads would do at this time.
  void Step(int64_t now_ms);
  // Waits until everything written and moved is durable, or says why it is not.
  Status Flush();

 private:
  struct Segment {
    uint64_t end = kSegmentHeaderBytes;  // of the records
    uint64_t live_bytes = 0;
    uint32_t uses = 0;  // reads and moves under way
    bool writing = true;
    bool removing = false;

    uint64_t dead_bytes() const {
      const uint64_t bytes = end - kSegmentHeaderBytes;
      return bytes > live_bytes ? bytes - live_bytes : 0;
    }
  };

  BlockStore(Disk& disk, Options options, const std::set<uint32_t>& found);
  void Submit(const BlockWriter::Job& job);
  void Use(const BlockPlace& place, int change);
  void Collect();
  void Apply(BlockWriter::Event& event);
  void TakeReadAnswer(const BlockReader::Job& job, Result<base::SharedBytes> bytes);

  // On the writer thread.
  void Run();
  bool GiveToWriter();
  void TakeFromWriter();
  void Notify();
  int64_t NowMs() const;

  Disk& disk_;
  const Options options_;
  BlockFiles files_;

  // The loop's own.
  std::map<uint32_t, Segment> segments_;
  std::set<uint32_t> unclaimed_;  // files of earlier processes, until RemoveUnused
  std::vector<Answer> answers_;
  uint64_t unsynced_bytes_ = 0;
  BlockBuffer buffer_;
  int64_t step_now_ms_ = 0;

  std::mutex notify_mutex_;
  std::function<void()> notify_;

  mutable std::mutex mutex_;  // guards what follows, up to status_
  std::condition_variable woken_;
  std::condition_variable flushed_;
  std::vector<BlockWriter::Job> submitted_;
  bool flush_wanted_ = false;
  Status flush_status_;
  bool stop_ = false;
  std::vector<BlockWriter::Event> events_;
  std::vector<Answer> read_answers_;
  Status status_;

  // Behind what their threads use.
  BlockWriter writer_;
  BlockReader reader_;
  std::thread thread_;
};

}  // namespace leat::persistence
