// Block: a run of a topic's consecutive entries in the RESP bytes that a read returns, so that a
// reply is a slice of the block. An entry is
//
//   *2\r\n$15\r\n1700000000000-0\r\n  *2\r\n$5\r\nfield\r\n$5\r\nvalue\r\n
//   its id                            its fields, as the caller made them
//
// One buffer holds the entries from its front and the index, two bytes an entry, from its back:
//
//   0                                 size_                             capacity
//   ┌─────────┬───────────┬───────────┬ ─ ─ ─ ─ ─ ┬────────┬────────┬────────┐
//   │ entry 0 │ entry 1   │ entry 2   │   room    │ at 2   │ at 1   │ at 0   │
//   └─────────┴───────────┴───────────┴ ─ ─ ─ ─ ─ ┴────────┴────────┴────────┘
//     trimmed   ▲ begin_ = 1
//
// Appended bytes never change. Trimming moves `begin_`; deleting marks the entry in a bitmap beside
// the buffer, which exists only once something is deleted. So a reader's reference stays intact, a
// sealed block's buffer is immutable (copies of a topic share it), and an id is read back from the
// text where a search needs it. The bytes of a sealed block may be away, on disk (page.h): then
// only what needs none of them may be asked, up to `end_ordinal` and the counts of live entries.
//
// An open block starts at the size of its first entry and grows to kMaxAllocation; growing makes a
// new buffer without what was trimmed and leaves the old one to those who still refer to it. An
// entry larger than that has a block of its own. Positions count from 0, trimmed ones included.
//
//   Block block(0);
//   block.Append({5, 1}, {2, "$1\r\nf\r\n$1\r\nv\r\n"});
//   block.Bytes(0, 1)   →  "*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "server/base/shared_bytes.h"
#include "server/data/page.h"
#include "server/data/stream_id.h"

namespace leat::data {

// What an entry says: `count` bulk strings in wire form, names and values in turn.
struct EntryFields {
  size_t count;
  std::string_view bulks;
};

// The value of the first field of this name.
std::optional<std::string_view> FindField(const EntryFields& fields, std::string_view name);

class Block {
 public:
  // What the allocator is asked for at most, but for a single larger entry.
  static constexpr size_t kMaxAllocation = 64 * 1024;

  Block() = default;
  // `first_ordinal` is the place of the first entry in the topic's order of insertion. With
  // `allocation` the buffer is made at once, for a topic that will fill it.
  explicit Block(uint64_t first_ordinal, size_t allocation = 0);

  // Appends behind the last entry, whose id is smaller. False if the block is full: seal it and
  // begin another. An empty block takes any entry.
  [[nodiscard]] bool Append(StreamId id, EntryFields fields);
  // All of a block but its bytes.
  struct State {
    uint64_t first_ordinal = 0;
    uint64_t size = 0;  // of the entries' bytes
    uint32_t count = 0;
    uint32_t begin = 0;
    std::span<const uint64_t> marks;
  };
  State state() const {
    return {first_ordinal_, size_, count_, begin_, {marks_.get(), mark_words_}};
  }
  // The bytes of the entries, trimmed ones included, and the index behind them.
  std::string_view entry_bytes() const { return {buffer().data(), size_}; }
  std::string_view index_bytes() const;
  // Whether a block can be in such a state, whatever its bytes are; and with these.
  static bool Valid(const State& state);
  static bool Valid(const State& state, std::string_view entries, std::string_view index);
  // Made anew from a valid state: open, from its bytes; sealed, where the page is.
  Block(const State& state, std::string_view entries, std::string_view index);
  Block(const State& state, PageRef page);

  // Nothing will be appended: gives back room where it is worth a copy, and gives the bytes to
  // `pager` where there is one.
  void Seal(Pager* pager);

  // A block with the same entries: of a sealed one sharing its bytes, of an open one with its own.
  Block CloneSealed() const;
  Block CloneOpen() const;

  bool empty() const { return count_ == begin_; }
  uint32_t begin() const { return begin_; }
  uint32_t end() const { return count_; }
  uint32_t live_count() const { return static_cast<uint32_t>(count_ - begin_ - deleted_); }
  uint64_t first_ordinal() const { return first_ordinal_; }
  uint64_t end_ordinal() const { return first_ordinal_ + count_; }
  const base::SharedBytes& owner() const { return buffer(); }
  const PageRef& page() const { return page_; }  // of a sealed block; null without a pager
  bool resident() const { return !page_ || page_->resident(); }
  size_t memory_bytes() const;  // without sizeof(Block)

  StreamId IdAt(uint32_t position) const;
  // The same as the bulk string that stands in the entry: "$3\r\n5-1\r\n".
  std::string_view IdBulkAt(uint32_t position) const;
  EntryFields FieldsAt(uint32_t position) const;
  // What the live entries take, in a block without others. Looks at each where some are deleted.
  uint64_t live_bytes() const;
  // The ids at begin() and at end() - 1. Who has them at hand saves a search from reading them.
  struct Span {
    StreamId first;
    StreamId last;
  };
  Span span() const { return empty() ? Span{} : Span{IdAt(begin_), IdAt(count_ - 1u)}; }
  // The first position with an id of at least `id`, or end().
  uint32_t LowerBound(StreamId id, const Span& span) const;
  // The first position with a greater id, or end().
  uint32_t UpperBound(StreamId id, const Span& span) const;
  // The bytes of positions [from, to).
  std::string_view Bytes(uint32_t from, uint32_t to) const;

  bool IsDeleted(uint32_t position) const;
  // The first position from `position` on whose entry is live, or deleted; end() if there is none.
  uint32_t NextLive(uint32_t position) const;
  uint32_t NextDeleted(uint32_t position) const;
  uint32_t LiveBetween(uint32_t from, uint32_t to) const;
  // The position of the live entry with `rank` live ones before it; rank < live_count().
  uint32_t NthLive(uint32_t rank) const;

  // A live entry of at least begin().
  void Delete(uint32_t position);
  // Moves begin() to the first live entry with a greater id; costs little if that is near.
  void TrimThrough(StreamId id);

 private:
  using Offset = uint16_t;

  // The index lies backwards: the offset of position p is the p-th before the buffer's end.
  const base::SharedBytes& buffer() const { return page_ ? page_->bytes : bytes_; }
  Offset* IndexEnd() const {
    const base::SharedBytes& bytes = buffer();
    return reinterpret_cast<Offset*>(bytes.data() + bytes.capacity());
  }
  size_t OffsetOf(uint32_t position) const {
    return position == count_ ? size_ : *(IndexEnd() - 1 - position);
  }
  size_t Room() const { return bytes_.capacity() - size_ - count_ * sizeof(Offset); }
  uint32_t BinarySearch(StreamId id, uint32_t low, uint32_t high) const;
  void TrimTo(uint32_t position);
  bool GrowFor(size_t entry_bytes);
  void MoveTo(size_t allocation);
  void DropTrimmedMarks();

  void TakeState(const State& state);

  base::SharedBytes bytes_;  // until the page has them
  PageRef page_;
  std::unique_ptr<uint64_t[]> marks_;  // a set bit for a deleted position
  uint64_t first_ordinal_ = 0;
  uint64_t size_ = 0;
  uint16_t count_ = 0;
  uint16_t begin_ = 0;
  uint16_t deleted_ = 0;  // from begin_ on
  uint16_t mark_words_ = 0;
};

}  // namespace leat::data
