#include "persistence/record_queue.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace leat::persistence {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// Kept while busy: 64 MiB, about what a busy server appends between two syncs under `everysec`.
constexpr size_t kSpareChunks = 256;
// And while idle: 1 MiB.
constexpr size_t kIdleSpareChunks = 4;

}  // namespace

struct RecordQueue::Chunk {
  std::atomic<Chunk*> next = nullptr;  // once set, `published` grows no more
  std::atomic<size_t> published = 0;   // bytes of whole records that the consumer may read
  size_t capacity = 0;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

RecordQueue::RecordQueue(Lsn next_lsn) : last_lsn_(next_lsn - 1) {
  tail_ = head_ = Allocate(kChunkBytes);
  cursor_ = tail_->bytes();
  limit_ = cursor_ + tail_->capacity;
  front_.chunk_ = head_;
}

RecordQueue::~RecordQueue() {
  while (head_ != nullptr) {
    Chunk* next = head_->next.load(std::memory_order_relaxed);
    std::free(head_);
    head_ = next;
  }
  for (Chunk* chunk : spare_) std::free(chunk);
}

bool RecordQueue::Publish() {
  assert(record_ == nullptr);
  if (published_bytes_ == appended_bytes_) return false;
  published_bytes_ = appended_bytes_;
  // Sequentially consistent, as are the loads: the caller goes on to read whether the consumer
  // sleeps, and the consumer, having said that it sleeps, looks here once more.
  tail_->published.store(static_cast<size_t>(cursor_ - tail_->bytes()), std::memory_order_seq_cst);
  published_records_.store(appended_records_, std::memory_order_seq_cst);
  return true;
}

// Moves on to a chunk with room for `bytes` more, taking along the record that was begun.
void RecordQueue::NextChunk(size_t bytes) {
  char* start = record_ != nullptr ? record_ : cursor_;
  const auto held = static_cast<size_t>(cursor_ - start);
  // A record that outgrows a chunk doubles, so that encoding it stays linear.
  const size_t wanted = held + bytes;
  Chunk* chunk = Allocate(wanted <= kChunkBytes ? kChunkBytes : wanted + held);
  std::memcpy(chunk->bytes(), start, held);
  tail_->published.store(static_cast<size_t>(start - tail_->bytes()), std::memory_order_release);
  tail_->next.store(chunk, std::memory_order_seq_cst);
  tail_ = chunk;
  if (record_ != nullptr) record_ = chunk->bytes();
  cursor_ = chunk->bytes() + held;
  limit_ = chunk->bytes() + chunk->capacity;
}

RecordQueue::Position RecordQueue::Collect(Position from, std::vector<std::span<char>>* pieces) {
  for (;;) {
    // In this order: what is published after `next` was seen set is all that the chunk will hold.
    Chunk* next = from.chunk_->next.load(std::memory_order_seq_cst);
    const size_t end = from.chunk_->published.load(std::memory_order_seq_cst);
    if (end > from.offset_) {
      pieces->emplace_back(from.chunk_->bytes() + from.offset_, end - from.offset_);
      from.stream_bytes_ += end - from.offset_;
      from.offset_ = end;
    }
    if (next == nullptr) return from;
    from.chunk_ = next;
    from.offset_ = 0;
  }
}

bool RecordQueue::HasMore(const Position& from) {
  size_t offset = from.offset_;
  for (Chunk* chunk = from.chunk_; chunk != nullptr;) {
    Chunk* next = chunk->next.load(std::memory_order_seq_cst);
    if (chunk->published.load(std::memory_order_seq_cst) > offset) return true;
    chunk = next;
    offset = 0;
  }
  return false;
}

void RecordQueue::Release(const Position& end) {
  while (head_ != end.chunk_) {
    Chunk* next = head_->next.load(std::memory_order_relaxed);
    Recycle(head_);
    head_ = next;
  }
  front_ = end;
}

void RecordQueue::ReleaseSpareMemory() {
  const std::lock_guard lock(spare_mutex_);
  for (; spare_.size() > kIdleSpareChunks; spare_.pop_back()) std::free(spare_.back());
}

RecordQueue::Chunk* RecordQueue::Allocate(size_t capacity) {
  if (capacity == kChunkBytes) {
    const std::lock_guard lock(spare_mutex_);
    if (!spare_.empty()) {
      Chunk* chunk = spare_.back();
      spare_.pop_back();
      chunk->next.store(nullptr, std::memory_order_relaxed);
      chunk->published.store(0, std::memory_order_relaxed);
      return chunk;
    }
  }
  void* memory = std::malloc(sizeof(Chunk) + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  auto* chunk = new (memory) Chunk;
  chunk->capacity = capacity;
  return chunk;
}

void RecordQueue::Recycle(Chunk* chunk) {
  if (chunk->capacity == kChunkBytes) {
    const std::lock_guard lock(spare_mutex_);
    if (spare_.size() < kSpareChunks) {
      spare_.push_back(chunk);
      return;
    }
  }
  std::free(chunk);
}

}  // namespace leat::persistence
