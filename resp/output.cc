#include "resp/output.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace leat::resp {
namespace {

// Sizes of chunks, header included. A pipeline's short replies fit a small one.
constexpr size_t kSmallChunkBytes = size_t{2} << 10;
constexpr size_t kLargeChunkBytes = size_t{16} << 10;
// Free chunks kept: 1 MiB of each size.
constexpr size_t kMaxFreeSmall = 512;
constexpr size_t kMaxFreeLarge = 64;
// Splice copies up to this much, so that many short outputs do not become a chain of chunks.
constexpr size_t kSpliceCopyBytes = 1024;

}  // namespace

// Free chunks of the thread, by size. Chunks of any other size go straight to the allocator.
class Output::ChunkPool {
 public:
  ~ChunkPool() {
    Release(small_);
    Release(large_);
  }

  Chunk* Take(size_t bytes) {
    FreeList* const list = ListFor(bytes);
    Chunk* chunk = list == nullptr ? nullptr : list->first;
    if (chunk != nullptr) {
      list->first = chunk->next;
      --list->count;
    } else {
      chunk = static_cast<Chunk*>(std::malloc(bytes));
      if (chunk == nullptr) throw std::bad_alloc();
    }
    *chunk = Chunk{nullptr, bytes - sizeof(Chunk), 0, 0, 0, 0};
    return chunk;
  }

  void Give(Chunk* chunk) {
    FreeList* const list = ListFor(chunk->capacity + sizeof(Chunk));
    if (list == nullptr || list->count == list->max_count) return std::free(chunk);
    chunk->next = list->first;
    list->first = chunk;
    ++list->count;
  }

  static ChunkPool& OfThread() {
    thread_local ChunkPool pool;
    return pool;
  }

 private:
  struct FreeList {
    Chunk* first = nullptr;
    size_t count = 0;
    size_t max_count = 0;
  };

  FreeList* ListFor(size_t bytes) {
    if (bytes == kSmallChunkBytes) return &small_;
    if (bytes == kLargeChunkBytes) return &large_;
    return nullptr;
  }

  static void Release(FreeList& list) {
    while (list.first != nullptr) std::free(std::exchange(list.first, list.first->next));
  }

  FreeList small_{nullptr, 0, kMaxFreeSmall};
  FreeList large_{nullptr, 0, kMaxFreeLarge};
};

Output& Output::operator=(Output&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  head_ = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  appended_bytes_ = std::exchange(other.appended_bytes_, 0);
  consumed_bytes_ = std::exchange(other.consumed_bytes_, 0);
  chunk_bytes_ = std::exchange(other.chunk_bytes_, 0);
  return *this;
}

// Fills the tail before it starts a chunk for the rest.
void Output::AppendAcross(std::string_view bytes) {
  while (!bytes.empty()) {
    if (tail_ == nullptr || tail_->Room() == 0) AddChunk(bytes.size());
    const size_t size = std::min(bytes.size(), tail_->Room());
    std::memcpy(tail_->Write(), bytes.data(), size);
    tail_->used += size;
    appended_bytes_ += size;
    bytes.remove_prefix(size);
  }
}

// Adds a chunk with at least `room` bytes of room.
void Output::AddChunk(size_t room) {
  // References lie at the end, so a chunk's size is a multiple of their alignment.
  size_t bytes = (sizeof(Chunk) + room + alignof(Reference) - 1) & ~(alignof(Reference) - 1);
  bytes = std::max(bytes, head_ == nullptr ? kSmallChunkBytes : kLargeChunkBytes);
  if (bytes > kSmallChunkBytes) bytes = std::max(bytes, kLargeChunkBytes);
  Chunk* const chunk = ChunkPool::OfThread().Take(bytes);
  (tail_ == nullptr ? head_ : tail_->next) = chunk;
  tail_ = chunk;
  chunk_bytes_ += bytes;
}

void Output::PopChunk() {
  Chunk* const chunk = head_;
  head_ = chunk->next;
  if (head_ == nullptr) tail_ = nullptr;
  chunk_bytes_ -= sizeof(Chunk) + chunk->capacity;
  for (size_t i = chunk->next_reference; i < chunk->references; ++i) chunk->At(i).~Reference();
  ChunkPool::OfThread().Give(chunk);
}

void Output::AppendShared(const base::SharedBytes& owner, std::string_view bytes) {
  if (bytes.size() < kShareBytes) return Append(bytes);
  if (tail_ == nullptr || tail_->Room() < sizeof(Reference)) AddChunk(sizeof(Reference));
  Chunk* const chunk = tail_;
  ++chunk->references;
  new (&chunk->At(chunk->references - 1)) Reference{owner, bytes.data(), bytes.size(), chunk->used};
  appended_bytes_ += bytes.size();
}

void Output::Splice(Output&& other) {
  if (other.head_ == nullptr) return;
  const bool one_run = other.head_ == other.tail_ && other.head_->references == 0;
  if (one_run && other.size_bytes() <= kSpliceCopyBytes && tail_ != nullptr) {
    Append({other.head_->Bytes() + other.head_->consumed, other.size_bytes()});
    other.Clear();
    return;
  }
  (tail_ == nullptr ? head_ : tail_->next) = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  appended_bytes_ += other.size_bytes();
  other.consumed_bytes_ = other.appended_bytes_;
  chunk_bytes_ += std::exchange(other.chunk_bytes_, 0);
}

size_t Output::Peek(std::span<Slice> slices, size_t max_bytes) const {
  size_t count = 0;
  const auto add = [&](const char* data, size_t size) {
    size = std::min(size, max_bytes);
    if (size > 0) slices[count++] = {data, size};
    max_bytes -= size;
    return count < slices.size() && max_bytes > 0;
  };
  if (slices.empty() || max_bytes == 0) return 0;
  for (Chunk* chunk = head_; chunk != nullptr; chunk = chunk->next) {
    size_t done = chunk->consumed;
    for (size_t i = chunk->next_reference; i < chunk->references; ++i) {
      const Reference& reference = chunk->At(i);
      if (!add(chunk->Bytes() + done, reference.at - done)) return count;
      if (!add(reference.data, reference.size)) return count;
      done = reference.at;
    }
    if (!add(chunk->Bytes() + done, chunk->used - done)) return count;
  }
  return count;
}

void Output::Consume(size_t size) {
  consumed_bytes_ += size;
  while (head_ != nullptr) {
    Chunk* const chunk = head_;
    if (chunk->Sent()) {
      PopChunk();
      continue;
    }
    if (size == 0) return;
    const size_t run = std::min(size, chunk->RunEnd() - chunk->consumed);
    chunk->consumed += run;
    size -= run;
    if (size == 0 || chunk->Sent()) continue;
    Reference& reference = chunk->At(chunk->next_reference);
    const size_t sent = std::min(size, reference.size);
    reference.data += sent;
    reference.size -= sent;
    size -= sent;
    if (reference.size > 0) continue;
    reference.~Reference();
    ++chunk->next_reference;
  }
}

void Output::Clear() {
  while (head_ != nullptr) PopChunk();
  consumed_bytes_ = appended_bytes_;
}

}  // namespace leat::resp
