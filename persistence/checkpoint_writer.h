// CheckpointWriter: takes an image of the data item by item and makes a file of it, on a thread of
// its own. The file is complete and durable before it gets its name, and replaces the checkpoint
// before it then: there is no moment without a whole one.
//
//   CheckpointWriter writer(disk, options);
//   for (…) { char* to = writer.Reserve(most); writer.Advance(Encode(to)); }   // never waits
//   writer.Finish();
//   … later: writer.state() == CheckpointWriter::State::kDone
//
// A writer that is destroyed before leaves nothing but an unfinished file, which the next one or
// the next start removes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "persistence/checkpoint_format.h"
#include "persistence/disk.h"
#include "persistence/status.h"

namespace leat::persistence {

class CheckpointWriter {
 public:
  enum class State : uint8_t { kWriting, kDone, kFailed };
  struct Options {
    std::string directory;
    Lsn lsn = 0;               // of the last change that the image shows
    uint64_t random_seed = 0;  // as Journal::Options
    bool threaded = true;      // false: Step does the work
  };

  CheckpointWriter(Disk& disk, Options options);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Room for the next item, of at most `bytes`; Advance says how large it is.
  char* Reserve(size_t bytes);
  void Advance(size_t bytes) { filled_ += bytes; }
  // No item follows. The file is put in force.
  void Finish();

  // Handed over and not yet written: who is ahead by too much waits.
  size_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
  uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }
  State state() const { return state_.load(std::memory_order_acquire); }
  const Status& status() const { return status_; }  // once kFailed
  const Options& options() const { return options_; }

  // With `threaded` false: writes what there is to write.
  void Step();
  // Blocks while more than this is queued.
  void WaitForRoom(size_t max_queued_bytes);
  // Blocks until state() is final, which Finish or a failure makes it.
  void Wait();

 private:
  struct Items {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    bool last = false;
  };

  void HandOver(bool last);
  void Run();
  void Handle(const Items& items);
  Status Begin();
  Status WriteRecord(std::string_view items);
  Status PutInForce();
  Status RemoveOthers();
  void End(const Status& status);
  std::string Path() const { return options_.directory + "/" + kCheckpoints.Name(options_.lsn); }
  std::string UnfinishedPath() const { return Path() + std::string(kUnfinishedSuffix); }

  Disk& disk_;
  const Options options_;

  // The caller's.
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t filled_ = 0;

  // The thread's.
  std::unique_ptr<File> file_;
  uint64_t salt_ = 0;
  uint64_t synced_bytes_ = 0;
  BlockBuffer encoded_;

  std::atomic<size_t> queued_bytes_ = 0;
  std::atomic<uint64_t> written_bytes_ = 0;
  std::atomic<State> state_ = State::kWriting;
  Status status_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Items> queue_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace leat::persistence
