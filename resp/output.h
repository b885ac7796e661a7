// Output: what a client is still to be sent, as a list of slices: own bytes, and references to
// shared bytes (a published message, a block of a topic) that are sent without being copied.
//
// Own bytes lie in chunks. A chunk fills with bytes from its front and with references from its
// back; a reference remembers at which byte it stands, so order is kept and a reply that
// alternates between both (a header, a block, a header, a block …) still fills one chunk.
//
//   head_ ─▶ ┌────────┬───────────────┬──────┬─────────────┐    next    ┌───────┐
//            │ header │ bytes ▶       │ free │ ◀ refs 1, 0 │ ─────────▶ │  …    │ ◀─ tail_
//            └────────┴───────────────┴──────┴─────────────┘            └───────┘
//
// Chunks come from a bounded free list of the thread. A pool object passed to every Output would
// buy nothing: Splice moves chunks between any two Outputs, so they have one source in any case.
// The first chunk of an Output is small: a message to ten thousand subscribers touches little
// memory. An empty Output holds no chunk.
//
//   Output output;
//   output.Append("$5\r\n");
//   output.AppendShared(message, {message.data(), 5});
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "server/base/shared_bytes.h"

namespace leat::resp {

class Output {
 public:
  struct Slice {
    const char* data;
    size_t size;
  };
  // Fewer shared bytes than this are copied: that costs less than a reference and a slice.
  static constexpr size_t kShareBytes = 256;

  Output() = default;
  Output(Output&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        appended_bytes_(std::exchange(other.appended_bytes_, 0)),
        consumed_bytes_(std::exchange(other.consumed_bytes_, 0)),
        chunk_bytes_(std::exchange(other.chunk_bytes_, 0)) {}
  Output& operator=(Output&& other) noexcept;
  ~Output() { Clear(); }

  void Append(std::string_view bytes) {
    if (tail_ == nullptr || tail_->Room() < bytes.size()) return AppendAcross(bytes);
    if (bytes.empty()) return;
    std::memcpy(tail_->Write(), bytes.data(), bytes.size());
    tail_->used += bytes.size();
    appended_bytes_ += bytes.size();
  }

  // Room to format in place: write at most `size` bytes from the returned pointer, then say with
  // Commit where they end. Nothing else may be called in between.
  char* Reserve(size_t size) {
    if (tail_ == nullptr || tail_->Room() < size) AddChunk(size);
    return tail_->Write();
  }
  void Commit(const char* end) {
    const size_t size = static_cast<size_t>(end - tail_->Write());
    tail_->used += size;
    appended_bytes_ += size;
  }

  // `bytes` lie in `owner` and stay unchanged for as long as it is referenced.
  void AppendShared(const base::SharedBytes& owner, std::string_view bytes);
  // Moves the other's slices behind this one's; the other is empty afterwards.
  void Splice(Output&& other);

  bool empty() const { return appended_bytes_ == consumed_bytes_; }
  // Not yet consumed, shared bytes included.
  size_t size_bytes() const { return appended_bytes_ - consumed_bytes_; }
  // In all, ever: the position in the stream of output that the next byte will have.
  uint64_t appended_bytes() const { return appended_bytes_; }
  // Chunks with the references in them; not the shared bytes, which others hold too.
  size_t memory_bytes() const { return chunk_bytes_; }

  // Fills `slices` from the front with at most `max_bytes` in all and returns how many were filled.
  // They hold until the next Consume, Splice or Clear; appending leaves them as they are.
  size_t Peek(std::span<Slice> slices, size_t max_bytes) const;
  // The first `size` bytes, at most size_bytes(), were sent.
  void Consume(size_t size);
  // Drops what was not consumed; appended_bytes stays.
  void Clear();

 private:
  struct Reference {
    base::SharedBytes owner;
    const char* data;
    size_t size;
    size_t at;  // how many of the chunk's bytes go before it
  };
  struct Chunk {
    Chunk* next;
    size_t capacity;  // of bytes and references together
    size_t used;      // bytes written
    size_t consumed;  // bytes sent
    size_t references;
    size_t next_reference;  // the first one not sent completely

    char* Bytes() { return reinterpret_cast<char*>(this + 1); }
    char* Write() { return Bytes() + used; }
    size_t Room() const { return capacity - used - references * sizeof(Reference); }
    Reference& At(size_t index) {
      return reinterpret_cast<Reference*>(Bytes() + capacity)[-1 - static_cast<ptrdiff_t>(index)];
    }
    // Where the bytes end that go before the next reference.
    size_t RunEnd() { return next_reference < references ? At(next_reference).at : used; }
    bool Sent() const { return consumed == used && next_reference == references; }
  };
  class ChunkPool;

  void AppendAcross(std::string_view bytes);
  void AddChunk(size_t room);
  void PopChunk();

  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  uint64_t appended_bytes_ = 0;
  uint64_t consumed_bytes_ = 0;
  size_t chunk_bytes_ = 0;
};

}  // namespace leat::resp
