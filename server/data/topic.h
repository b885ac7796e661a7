// Topic: a durable append-only sequence of entries, each an id and an array of fields and values
// (a Redis stream). Pure data: the caller decides ids, times and replies.
//
//   Topic ─┬─ counters: length, last id, …
//          ├─ policy: what the server removes by itself (topic_policy.h), null where it is nothing
//          ├─ groups: the consumer groups (consumer_group.h), null while there are none
//          ├─ idempotency: appends that may be tried again (idempotency.h), null while there were
//          │  none and its settings are the built-in ones
//          ├─ sealed ──▶ ┌──────────────┬──────────────┬──────────────┐
//          │  (null in a │ first, last  │ first, last  │ first, last  │   a record for each
//          │   small     │ Block        │ Block        │ Block        │
//          │   topic)    └──┬───────────┴──┬───────────┴──┬───────────┘
//          │                ▼              ▼              ▼     immutable bytes (block.h)
//          └─ tail: Block ──▶ the open block's bytes
//
// Blocks are in the order of their ids; every sealed one holds a live entry, and the tail is empty
// or does. A search for an id needs only the records until it has found the block. The bytes of a
// sealed block may be on disk (page.h): what reads them may throw a PageFault, and has changed
// nothing then. The mutations of a topic never throw: they wait for the disk where they must, which
// is where a recovery replays them, for a command has read what it changes.
//
// Trimming is decided first and done later, with values that replay the same:
//
//   const Topic::TrimPoint trim = topic.FindTrimByLength(1000, …);   // changes nothing
//   topic.TrimThrough(trim.last_removed);
//
// Approximate trimming removes whole *nodes* only, as redis-server's does: a node is a run of
// `node_entries` entries in the order of insertion. Deleted entries keep their place in it; when
// all of the last node's are deleted, the next entry begins a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "server/base/shared_bytes.h"
#include "server/data/block.h"
#include "server/data/consumer_group.h"
#include "server/data/idempotency.h"
#include "server/data/stream_id.h"
#include "server/data/topic_policy.h"

namespace leat::data {

class Topic {
 public:
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t kDefaultNodeEntries = 100;  // stream-node-max-entries

  uint64_t length() const { return length_; }
  StreamId last_id() const { return last_id_; }  // the greatest ever, deleted or not
  StreamId first_id() const;                     // 0-0 when empty
  StreamId last_entry_id() const;                // of a live one; 0-0 when empty
  StreamId max_deleted_id() const { return max_deleted_id_; }
  uint64_t entries_added() const { return entries_added_; }

  // id > last_id().
  // `node_entries` is what approximate trimming will be asked with; sealed blocks go to `pager`.
  void Append(StreamId id, EntryFields fields, uint64_t node_entries = kDefaultNodeEntries,
              Pager* pager = nullptr);
  // The ID of the entry that was appended last and is still there, as a bulk string in wire form.
  std::string_view last_entry_id_bulk() const;
  bool Contains(StreamId id) const;
  // The id of the first entry whose id is at least `id`.
  std::optional<StreamId> NextEntry(StreamId id) const;
  // False if there is no such entry.
  bool Delete(StreamId id) { return DeleteRange(id, id) == 1; }
  // The entries of [first, last]; returns how many there were. `trimmed`: as a trim does it, so
  // that max_deleted_id() stays.
  uint64_t DeleteRange(StreamId first, StreamId last, bool trimmed = false);

  // What a trim would do: the entries up to `last_removed` go, and they are `removed`.
  struct TrimPoint {
    StreamId last_removed;
    uint64_t removed = 0;
  };
  // Down to `max_length` entries; approximate: while whole nodes can go, and no more than `limit`
  // entries. Without a limit: kNoLimit. node_entries > 0.
  TrimPoint FindTrimByLength(uint64_t max_length, bool approximate, uint64_t limit,
                             uint64_t node_entries) const;
  // Everything smaller than `min_id`; approximate as above.
  TrimPoint FindTrimById(StreamId min_id, bool approximate, uint64_t limit,
                         uint64_t node_entries) const;
  // Needs the bytes of the oldest block, in which a trim of a few entries ends.
  void NeedOldest() const {
    if (sealed_count() > 0) BlockAt(0);
  }
  // Removes every entry up to and with `last_removed`; returns how many.
  uint64_t TrimThrough(StreamId last_removed);
  // The entries of the oldest nodes, as many whole ones as have no more than `limit` together.
  uint64_t EntriesOfWholeNodes(uint64_t limit, uint64_t node_entries) const;

  // The oldest entries that no group needs, up to `last` and at most `most`, as runs of neighbours.
  // `limit`: the search ends before a node with a free entry whose entries, all of them, would make
  // more than that many. What was seen to be needed is remembered and not looked at again until a
  // group lets go of it.
  std::vector<IdRange> FindFree(StreamId last, uint64_t most, uint64_t limit,
                                uint64_t node_entries);

  // XSETID. The caller has checked that last_id is not smaller than the last entry's.
  void SetId(StreamId last_id, std::optional<uint64_t> entries_added,
             std::optional<StreamId> max_deleted_id);

  // Bytes that a reply can refer to by copying `owner`; valid until the topic changes.
  struct Run {
    const base::SharedBytes* owner;
    std::string_view bytes;
    uint64_t entries;
  };
  // The entries of [first, last], at most `limit`, appended to `runs`: ascending with one run for
  // live neighbours of a block, descending with one for each entry. Returns the number of entries;
  // where there are some, `last_read` receives the id of the last one.
  uint64_t Read(StreamId first, StreamId last, uint64_t limit, std::vector<Run>& runs,
                StreamId* last_read = nullptr) const;
  uint64_t ReadReverse(StreamId first, StreamId last, uint64_t limit, std::vector<Run>& runs) const;

  // Calls visit(id) for each entry of [first, last], ascending.
  template <typename Visit>
  void ForEachId(StreamId first, StreamId last, Visit visit) const;

  const ConsumerGroups& groups() const;
  ConsumerGroup* FindGroup(std::string_view name) const {
    return groups_ == nullptr ? nullptr : groups_->Find(name);
  }
  // Null when there is one of this name.
  ConsumerGroup* CreateGroup(std::string_view name);
  // False when there is none of this name.
  bool DestroyGroup(std::string_view name) { return groups_ != nullptr && groups_->Destroy(name); }

  const Idempotency& idempotency() const;
  Idempotency& UseIdempotency();

  // Null where there is no policy.
  TopicPolicyState* policy_state() const { return policy_.get(); }
  void SetPolicy(TopicPolicy policy, StreamId compacted_through);

  // A copy that shares sealed bytes.
  std::unique_ptr<Topic> Clone() const;

  // Calls visit(block, span) for each sealed block in order; and the open one.
  template <typename Visit>
  void ForEachSealed(Visit visit) const {
    for (size_t index = 0; index < sealed_count(); ++index) visit(RecordAt(index), SpanAt(index));
  }
  const Block& tail() const { return tail_; }
  size_t sealed_count() const { return sealed_ == nullptr ? 0 : sealed_->size(); }
  // Of sealed block `index`; what is asked of it may need its bytes, see Block.
  const Block& SealedAt(size_t index) const { return (*sealed_)[index].block; }
  const Block::Span& SealedSpanAt(size_t index) const { return (*sealed_)[index].span; }
  // `count` neighbouring sealed blocks, in memory and of no more than Block::kMaxAllocation live
  // bytes together, become one without what was deleted.
  void MergeSealed(size_t first, size_t count, Pager* pager);
  // The first sealed block whose last id is at least `id`; sealed_count() if none's is.
  size_t FindSealed(StreamId id) const { return FindBlock(id); }
  // The same in a topic that is made anew: sealed blocks in order, then the open one. False where
  // a block cannot stand there.
  bool RestoreSealed(Block block, Block::Span span);
  bool RestoreTail(Block block);
  // A repair: takes out the sealed blocks for which pred(block, span) holds, whose bytes are lost,
  // as if their entries had been deleted. Returns how many entries these were.
  uint64_t DropSealedIf(const std::function<bool(const Block&, const Block::Span&)>& pred);

  // Looks at each block; bytes shared with a copy count in both.
  size_t memory_bytes() const;
  size_t block_count() const;
  size_t node_count(uint64_t node_entries) const;

 private:
  struct SealedBlock {
    Block block;
    Block::Span span;  // from its first live entry to the last one ever in it
  };
  // Dropping from the front frees as it goes, and growing moves no records.
  using SealedBlocks = std::deque<SealedBlock>;

  // For those who look at a block's counts only: its bytes may be away.
  const Block& RecordAt(size_t index) const {
    return index < sealed_count() ? (*sealed_)[index].block : tail_;
  }
  // With its bytes.
  const Block& BlockAt(size_t index) const {
    const Block& block = RecordAt(index);
    if (block.page()) NeedPage(*block.page());
    return block;
  }
  static void NeedPage(Page& page);
  Block& MutableBlockAt(size_t index) { return const_cast<Block&>(BlockAt(index)); }
  // Needs the bytes of the sealed blocks from `from` on that have `limit` entries of the range, and
  // expects that those behind them are wanted next.
  enum class Direction : uint8_t { kUp, kDown };
  void NeedPages(size_t from, Direction direction, const IdRange& range, uint64_t limit) const;
  Block::Span SpanAt(size_t index) const {
    return index < sealed_count() ? (*sealed_)[index].span : tail_.span();
  }
  // The first block whose last id is at least `id`; the tail's index if no sealed one's is.
  size_t FindBlock(StreamId id) const;
  void SealTail(Pager* pager);
  void AddSealed(Block block, const Block::Span& span);
  void DropSealed(size_t index);
  uint64_t TrimSealed(StreamId last_removed);
  uint64_t NextOrdinal(uint64_t node_entries) const;
  size_t LastIndex() const;  // of the last block with a live entry; length() > 0
  std::optional<uint64_t> LastLiveOrdinal() const;

  // Calls visit(live, end) for each node in order: its live entries, and where its last one lies.
  struct NodeEnd {
    size_t block;
    uint32_t position;
  };
  StreamId IdOf(NodeEnd place) const;
  template <typename Visit>
  void ForEachNode(uint64_t node_entries, Visit visit) const;
  class FreeScan;
  // How many live entries the node has to which this place in a block belongs.
  uint64_t EntriesOfNodeAt(size_t block, uint32_t position, uint64_t node_entries) const;

  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
  uint64_t length_ = 0;
  std::unique_ptr<SealedBlocks> sealed_;
  std::unique_ptr<ConsumerGroups> groups_;
  std::unique_ptr<Idempotency> idempotency_;
  std::unique_ptr<TopicPolicyState> policy_;
  Block tail_;
};

template <typename Visit>
void Topic::ForEachId(StreamId first, StreamId last, Visit visit) const {
  if (first > last) return;
  for (size_t index = FindBlock(first); index < block_count(); ++index) {
    const Block::Span span = SpanAt(index);
    if (span.first > last) return;
    const Block& block = BlockAt(index);
    const uint32_t end = block.UpperBound(last, span);
    for (uint32_t at = block.NextLive(block.LowerBound(first, span)); at < end;
         at = block.NextLive(at + 1)) {
      visit(block.IdAt(at));
    }
  }
}

}  // namespace leat::data
