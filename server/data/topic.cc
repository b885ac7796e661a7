#include "server/data/topic.h"

#include <algorithm>
#include <cassert>

namespace leat::data {

StreamId Topic::first_id() const {
  if (sealed_ != nullptr) return sealed_->blocks.front().span.first;
  return tail_.empty() ? StreamId{} : tail_.IdAt(tail_.begin());
}

void Topic::Append(StreamId id, EntryFields fields, uint64_t node_entries) {
  assert(id > last_id_);
  if (tail_.empty() || tail_.IsDeleted(tail_.end() - 1)) {
    const uint64_t ordinal = NextOrdinal(node_entries);
    if (ordinal != tail_.end_ordinal()) {
      if (!tail_.empty()) SealTail();
      tail_ = Block(ordinal);
    }
  }
  if (!tail_.Append(id, fields)) {
    // A topic that has filled a block will fill the next; a large entry gets what it needs.
    const bool large = fields.bulks.size() > Block::kMaxAllocation / 2;
    SealTail();
    tail_ = Block(tail_.end_ordinal(), large ? 0 : Block::kMaxAllocation);
    [[maybe_unused]] const bool appended = tail_.Append(id, fields);
    assert(appended);
  }
  last_id_ = id;
  ++length_;
  ++entries_added_;
}

// Leaves an empty tail that continues the order of insertion.
void Topic::SealTail() {
  tail_.Seal();
  const Block::Span span = tail_.span();
  const uint64_t end_ordinal = tail_.end_ordinal();
  if (sealed_ == nullptr) sealed_ = std::make_unique<SealedBlocks>();
  sealed_->memory_bytes += tail_.memory_bytes();
  sealed_->blocks.push_back({std::move(tail_), span});
  tail_ = Block(end_ordinal);
}

// Where the next entry stands in the order of insertion, the last one being deleted: behind it, or
// at the start of a new node if all of its node's are.
uint64_t Topic::NextOrdinal(uint64_t node_entries) const {
  const uint64_t next = tail_.end_ordinal();
  const std::optional<uint64_t> last_live = LastLiveOrdinal();
  if (!last_live) return next;
  const uint64_t node = next / node_entries;
  if (next % node_entries == 0 || *last_live / node_entries == node) return next;
  return (node + 1) * node_entries;
}

const Block& Topic::LastBlock() const {
  return tail_.empty() ? sealed_->blocks.back().block : tail_;
}

StreamId Topic::last_entry_id() const {
  if (length_ == 0) return {};
  const Block& block = LastBlock();
  return block.IdAt(block.NthLive(block.live_count() - 1));
}

std::string_view Topic::last_entry_id_bulk() const {
  return tail_.empty() ? std::string_view() : tail_.IdBulkAt(tail_.end() - 1);
}

std::optional<uint64_t> Topic::LastLiveOrdinal() const {
  if (length_ == 0) return std::nullopt;
  const Block& block = LastBlock();
  return block.first_ordinal() + block.NthLive(block.live_count() - 1);
}

size_t Topic::FindBlock(StreamId id) const {
  if (sealed_ == nullptr || sealed_->blocks.back().span.last < id) return sealed_count();
  const auto& blocks = sealed_->blocks;
  if (blocks.front().span.last >= id) return 0;
  const auto found =
      std::partition_point(blocks.begin(), blocks.end(),
                           [id](const SealedBlock& sealed) { return sealed.span.last < id; });
  return static_cast<size_t>(found - blocks.begin());
}

bool Topic::Contains(StreamId id) const {
  const size_t index = FindBlock(id);
  const Block& block = BlockAt(index);
  const uint32_t position = block.LowerBound(id, SpanAt(index));
  return position < block.end() && block.IdAt(position) == id && !block.IsDeleted(position);
}

std::optional<StreamId> Topic::NextEntry(StreamId id) const {
  for (size_t index = FindBlock(id); index < block_count(); ++index) {
    const Block& block = BlockAt(index);
    const uint32_t position = block.NextLive(block.LowerBound(id, SpanAt(index)));
    if (position < block.end()) return block.IdAt(position);
  }
  return std::nullopt;
}

uint64_t Topic::DeleteRange(StreamId first, StreamId last, bool trimmed) {
  uint64_t deleted = 0;
  for (size_t index = FindBlock(first); index < block_count();) {
    const bool is_sealed = index < sealed_count();
    Block& block = is_sealed ? sealed_->blocks[index].block : tail_;
    const Block::Span span = SpanAt(index);
    if (span.first > last) break;
    const size_t memory_before = block.memory_bytes();
    const uint32_t end = block.UpperBound(last, span);
    std::optional<uint32_t> last_deleted;
    for (uint32_t at = block.NextLive(block.LowerBound(first, span)); at < end;
         at = block.NextLive(at + 1)) {
      block.Delete(at);
      last_deleted = at;
      ++deleted;
    }
    if (last_deleted && !trimmed) {
      max_deleted_id_ = std::max(max_deleted_id_, block.IdAt(*last_deleted));
    }
    if (is_sealed) sealed_->memory_bytes += block.memory_bytes() - memory_before;
    if (!block.empty()) {
      if (is_sealed) sealed_->blocks[index].span.first = block.IdAt(block.begin());
      ++index;
    } else if (is_sealed) {
      DropSealed(index);
    } else {
      tail_ = Block(tail_.end_ordinal());
    }
  }
  length_ -= deleted;
  if (deleted > 0 && length_ == 0) tail_ = Block(0);
  return deleted;
}

void Topic::DropSealed(size_t index) {
  auto& blocks = sealed_->blocks;
  sealed_->memory_bytes -= blocks[index].block.memory_bytes();
  blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(index));
  if (blocks.empty()) sealed_.reset();
}

uint64_t Topic::TrimSealed(StreamId last_removed) {
  uint64_t removed = 0;
  while (sealed_ != nullptr) {
    SealedBlock& front = sealed_->blocks.front();
    if (front.span.last > last_removed) {
      if (front.span.first > last_removed) break;
      const uint32_t live_before = front.block.live_count();
      front.block.TrimThrough(last_removed);
      removed += live_before - front.block.live_count();
      if (!front.block.empty()) {
        front.span.first = front.block.IdAt(front.block.begin());
        break;
      }
    } else {
      removed += front.block.live_count();
    }
    DropSealed(0);
  }
  return removed;
}

uint64_t Topic::TrimThrough(StreamId last_removed) {
  uint64_t removed = TrimSealed(last_removed);
  if (sealed_ == nullptr && !tail_.empty()) {
    const uint32_t live_before = tail_.live_count();
    tail_.TrimThrough(last_removed);
    removed += live_before - tail_.live_count();
  }
  length_ -= removed;
  if (removed > 0 && length_ == 0) {
    // An entry that was deleted before and is not trimmed keeps the last node in its place.
    const bool keeps_node = tail_.end() > 0 && tail_.IdAt(tail_.end() - 1) > last_removed;
    tail_ = Block(keeps_node ? tail_.end_ordinal() : 0);
  }
  return removed;
}

void Topic::SetId(StreamId last_id, std::optional<uint64_t> entries_added,
                  std::optional<StreamId> max_deleted_id) {
  last_id_ = last_id;
  if (entries_added) entries_added_ = *entries_added;
  if (max_deleted_id) max_deleted_id_ = *max_deleted_id;
  // A smaller last id: an entry may come where none was.
  if (groups_ != nullptr) groups_->ForgetFree();
}

uint64_t Topic::Read(StreamId first, StreamId last, uint64_t limit, std::vector<Run>& runs,
                     StreamId* last_read) const {
  if (first > last) return 0;
  uint64_t left = limit;
  for (size_t index = FindBlock(first); index < block_count() && left > 0; ++index) {
    const Block& block = BlockAt(index);
    const Block::Span span = SpanAt(index);
    if (span.first > last) break;
    const uint32_t end = block.UpperBound(last, span);
    uint32_t from = block.NextLive(block.LowerBound(first, span));
    while (from < end && left > 0) {
      uint32_t to = std::min(block.NextDeleted(from), end);
      if (to - from > left) to = from + static_cast<uint32_t>(left);
      runs.push_back({&block.owner(), block.Bytes(from, to), to - from});
      left -= to - from;
      if (last_read != nullptr) *last_read = block.IdAt(to - 1);
      from = block.NextLive(to);
    }
  }
  return limit - left;
}

uint64_t Topic::ReadReverse(StreamId first, StreamId last, uint64_t limit,
                            std::vector<Run>& runs) const {
  if (first > last) return 0;
  uint64_t left = limit;
  for (size_t index = std::min(FindBlock(last) + 1, block_count()); index-- > 0 && left > 0;) {
    const Block& block = BlockAt(index);
    const Block::Span span = SpanAt(index);
    if (span.last < first) break;
    const uint32_t begin = block.LowerBound(first, span);
    for (uint32_t end = block.UpperBound(last, span); end > begin && left > 0; --end) {
      if (block.IsDeleted(end - 1)) continue;
      runs.push_back({&block.owner(), block.Bytes(end - 1, end), 1});
      --left;
    }
  }
  return limit - left;
}

const ConsumerGroups& Topic::groups() const {
  static const ConsumerGroups kNone;
  return groups_ == nullptr ? kNone : *groups_;
}

ConsumerGroup* Topic::CreateGroup(std::string_view name) {
  if (groups_ == nullptr) groups_ = std::make_unique<ConsumerGroups>();
  return groups_->Create(name);
}

const Idempotency& Topic::idempotency() const {
  static const Idempotency kUnused;
  return idempotency_ == nullptr ? kUnused : *idempotency_;
}

Idempotency& Topic::UseIdempotency() {
  if (idempotency_ == nullptr) idempotency_ = std::make_unique<Idempotency>();
  return *idempotency_;
}

std::unique_ptr<Topic> Topic::Clone() const {
  auto clone = std::make_unique<Topic>();
  clone->last_id_ = last_id_;
  clone->max_deleted_id_ = max_deleted_id_;
  clone->entries_added_ = entries_added_;
  clone->length_ = length_;
  clone->tail_ = tail_.CloneOpen();
  if (groups_ != nullptr) clone->groups_ = std::make_unique<ConsumerGroups>(*groups_);
  if (idempotency_ != nullptr) clone->idempotency_ = std::make_unique<Idempotency>(*idempotency_);
  if (sealed_ != nullptr) {
    clone->sealed_ = std::make_unique<SealedBlocks>();
    clone->sealed_->memory_bytes = sealed_->memory_bytes;
    for (const SealedBlock& sealed : sealed_->blocks) {
      clone->sealed_->blocks.push_back({sealed.block.CloneSealed(), sealed.span});
    }
  }
  return clone;
}

size_t Topic::memory_bytes() const {
  const size_t sealed = sealed_ == nullptr ? 0
                                           : sizeof(SealedBlocks) + sealed_->memory_bytes +
                                                 sealed_->blocks.size() * sizeof(SealedBlock);
  const size_t groups = groups_ == nullptr ? 0 : groups_->memory_bytes();
  const size_t idempotency = idempotency_ == nullptr ? 0 : idempotency_->memory_bytes();
  return sizeof(Topic) + tail_.memory_bytes() + sealed + groups + idempotency;
}

size_t Topic::block_count() const {
  return sealed_count() + (tail_.empty() ? 0 : 1);
}

}  // namespace leat::data
