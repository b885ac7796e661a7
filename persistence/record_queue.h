// RecordQueue: the journal's records on their way from the loop to the disk.
//
// The loop encodes each record where it will be written from, without a lock: bytes in a chunk
// never move once published, so the writer reads behind a release store while the loop goes on in
// front. A record lies within one chunk. Records stay until they are released, that is until they
// are durable, because after a failed sync they must be written again elsewhere.
//
//   head_ (oldest kept)                             tail_ (being filled)
//   ┌───────────────────────┐   ┌──────────────┐   ┌─────────────────────────────────────┐
//   │ record record record  │──▶│ one large    │──▶│ record record ┊ record ┊ begun…     │
//   └───────────────────────┘   └──────────────┘   └───────────────┴────────┴────────────┘
//      durable … written … unwritten …                      published  ended   cursor_
//
// Two threads: the producer half belongs to the loop, the consumer half to the writer.
//
//   queue.BeginRecord();
//   queue.Append("payload");
//   Lsn lsn = queue.EndRecord(1);
//   queue.Publish();
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "persistence/log_format.h"

namespace leat::persistence {

class RecordQueue {
  struct Chunk;

 public:
  // The first record ended gets `next_lsn`.
  explicit RecordQueue(Lsn next_lsn = kFirstLsn);
  ~RecordQueue();
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;

  // --- Producer ---

  void BeginRecord() {
    assert(record_ == nullptr);
    char* start = Reserve(kRecordHeaderBytes);
    record_ = start;
    cursor_ = start + kRecordHeaderBytes;
  }
  // Room for `bytes` more of the payload, valid until the next call; Advance takes what was used.
  char* Reserve(size_t bytes) {
    if (static_cast<size_t>(limit_ - cursor_) < bytes) [[unlikely]]
      NextChunk(bytes);
    return cursor_;
  }
  void Advance(size_t bytes) { cursor_ += bytes; }
  void Append(std::string_view bytes) {
    char* to = Reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    cursor_ += bytes.size();
  }
  // Frames the record and returns the LSN of its last mutation.
  Lsn EndRecord(uint32_t mutations) {
    assert(record_ != nullptr && mutations > 0);
    const auto size = static_cast<size_t>(cursor_ - record_);
    StoreRecordHeader(record_, last_lsn_ + 1, size - kRecordHeaderBytes, mutations);
    record_ = nullptr;
    appended_bytes_ += size;
    ++appended_records_;
    last_lsn_ += mutations;
    return last_lsn_;
  }
  void CancelRecord() {
    assert(record_ != nullptr);
    cursor_ = record_;
    record_ = nullptr;
  }
  // Lets the consumer see every ended record. False: there was none since the last time.
  bool Publish();

  Lsn last_lsn() const { return last_lsn_; }
  uint64_t appended_bytes() const { return appended_bytes_; }
  // Of all that the consumer may see, ever. On any thread.
  uint64_t published_records() const { return published_records_.load(std::memory_order_seq_cst); }

  // --- Consumer ---

  // A place between two records. Stays valid until Release has passed it.
  class Position {
   public:
    uint64_t stream_bytes() const { return stream_bytes_; }  // of all records before it, ever

   private:
    friend class RecordQueue;
    Chunk* chunk_ = nullptr;
    size_t offset_ = 0;
    uint64_t stream_bytes_ = 0;
  };

  Position front() const { return front_; }  // the oldest record that is not released
  // Adds everything published from `from` on to `pieces`, each a run of whole records, and returns
  // its end. The consumer may write to these bytes: it adds the checksums.
  static Position Collect(Position from, std::vector<std::span<char>>* pieces);
  static bool HasMore(const Position& from);
  // Gives up everything before `end`.
  void Release(const Position& end);
  // For when nothing is being appended.
  void ReleaseSpareMemory();

 private:
  void NextChunk(size_t bytes);
  Chunk* Allocate(size_t capacity);
  void Recycle(Chunk* chunk);

  // Producer.
  Chunk* tail_;
  char* cursor_;
  char* limit_;
  char* record_ = nullptr;  // the record begun and not ended
  Lsn last_lsn_;
  uint64_t appended_bytes_ = 0;
  uint64_t published_bytes_ = 0;
  uint64_t appended_records_ = 0;
  std::atomic<uint64_t> published_records_ = 0;

  // Consumer, on a cache line of its own.
  alignas(64) Chunk* head_;
  Position front_;

  // Both: chunks to use again, since fresh memory costs a page fault every 4 KiB.
  alignas(64) std::mutex spare_mutex_;
  std::vector<Chunk*> spare_;
};

}  // namespace leat::persistence
