// IdMap: an ordered map from stream IDs to small values: the pending entries of a consumer group.
// They come in ascending order, mostly, and go in that order, mostly; anything else works too.
//
//   slots_   │ first id, chunk │ first id, chunk │ …      a chunk has the ids from its first one on
//                  ▼
//            ┌──────────────┬──────────────────────┬────────────────┐
//            │ base, bounds │ keys, 8 bytes each   │ values         │   4 KiB or 1 KiB when full
//            └──────────────┴──────────────────────┴────────────────┘
//
// Within a chunk an id is 8 bytes, ordered like the id: the milliseconds since the chunk's base,
// and the low half of the sequence number, whose high half all ids of a chunk share. An id that
// does not fit gets a chunk of its own.
//
// Values may have a rank (a number, `value.rank()`). Each chunk knows a lower bound of its ranks,
// so the lowest are found by looking at chunks, and into those that can have them.
//
//   IdMap<Delivery> map;
//   map.Insert({5, 1}, delivery);
//   for (auto at = map.LowerBound({5, 0}); at != map.end(); at = map.Next(at)) map.IdAt(at) …
//
// A cursor holds until the next Insert or EraseRange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/data/id_chunk.h"
#include "server/data/stream_id.h"

namespace leat::data {

// Defined for the values Delivery and NoValue.
template <typename Value>
class IdMap {
 public:
  struct Cursor {
    size_t slot;
    uint32_t at;
    bool operator==(const Cursor&) const = default;
  };
  struct Ranked {
    uint64_t rank;
    StreamId id;
    auto operator<=>(const Ranked&) const = default;
  };

  IdMap() = default;
  IdMap(const IdMap& other) : size_(other.size_) {
    for (size_t i = other.head_; i < other.slots_.size(); ++i) {
      const Slot& slot = other.slots_[i];
      slots_.push_back({slot.first, slot.chunk->Resized(slot.chunk->allocated_bytes())});
    }
  }
  IdMap(IdMap&& other) noexcept
      : slots_(std::exchange(other.slots_, {})),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  IdMap& operator=(IdMap other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t memory_bytes() const;  // without sizeof(IdMap)

  Cursor begin() const { return empty() ? end() : Cursor{head_, slots_[head_].chunk->begin}; }
  Cursor end() const { return {slots_.size(), 0}; }
  Cursor LowerBound(StreamId id) const;
  // end() where the id is missing.
  Cursor Find(StreamId id) const {
    const Cursor found = LowerBound(id);
    return found != end() && IdAt(found) == id ? found : end();
  }
  bool Contains(StreamId id) const { return Find(id) != end(); }
  Cursor Next(Cursor cursor) const { return Normal({cursor.slot, cursor.at + 1}); }

  StreamId IdAt(Cursor cursor) const { return ChunkAt(cursor).IdAt(cursor.at); }
  Value ValueAt(Cursor cursor) const { return ChunkAt(cursor).values()[cursor.at]; }
  void SetValue(Cursor cursor, const Value& value) {
    Chunk& chunk = ChunkAt(cursor);
    chunk.values()[cursor.at] = value;
    chunk.NoteRank(value);
  }
  StreamId first_id() const { return IdAt(begin()); }  // of a map that is not empty
  StreamId last_id() const {
    const Chunk& chunk = *slots_.back().chunk;
    return chunk.IdAt(chunk.end - 1u);
  }

  // False, and nothing changes, where the id is there already.
  bool Insert(StreamId id, const Value& value);
  // Erases the ids of [first, last]; returns how many there were.
  size_t EraseRange(StreamId first, StreamId last);
  bool Erase(StreamId id) { return EraseRange(id, id) == 1; }

  // The entries with the lowest ranks, none above `bound`, at most `limit`, ordered by rank and id.
  std::vector<Ranked> Lowest(uint64_t bound, size_t limit) const;

 private:
  using Chunk = IdChunk<Value>;
  using Owner = typename Chunk::Owner;
  struct Slot {
    StreamId first;  // no id of the chunk is smaller, and none of the chunks before is as great
    Owner chunk;
  };

  Chunk& ChunkAt(Cursor cursor) const { return *slots_[cursor.slot].chunk; }
  // The last chunk whose first id is not greater, or else the first; of a map that is not empty.
  size_t FindSlot(StreamId id) const;
  Cursor Normal(Cursor cursor) const;
  Cursor MakeRoom(Cursor cursor, StreamId id);
  Cursor Split(Cursor cursor, uint32_t at);
  void AddSlot(size_t index, StreamId id, size_t bytes) {
    slots_.insert(slots_.begin() + static_cast<std::ptrdiff_t>(index), {id, Chunk::New(id, bytes)});
  }
  void RemoveSlot(size_t index);
  void MergeInto(size_t index, size_t source);
  void Mend(size_t index);

  // Slots before head_ are empty: erasing from the front moves no slots, mostly.
  std::vector<Slot> slots_;
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace leat::data
