#include "server/data/topic.h"

#include <algorithm>
#include <cassert>

namespace leat::data {

StreamId Topic::first_id() const {
  if (sealed_ != nullptr) return sealed_->front().span.first;
  return tail_.empty() ? StreamId{} : tail_.IdAt(tail_.begin());
}

void Topic::Append(StreamId id, EntryFields fields, uint64_t node_entries, Pager* pager) {
  assert(id > last_id_);
  if (tail_.empty() || tail_.IsDeleted(tail_.end() - 1)) {
    const uint64_t ordinal = NextOrdinal(node_entries);
    if (ordinal != tail_.end_ordinal()) {
      if (!tail_.empty()) SealTail(pager);
      tail_ = Block(ordinal);
    }
  }
  if (!tail_.Append(id, fields)) {
    // A topic that has filled a block will fill the next; a large entry gets what it needs.
    const bool large = fields.bulks.size() > Block::kMaxAllocation / 2;
    SealTail(pager);
    tail_ = Block(tail_.end_ordinal(), large ? 0 : Block::kMaxAllocation);
    [[maybe_unused]] const bool appended = tail_.Append(id, fields);
    assert(appended);
  }
  last_id_ = id;
  ++length_;
  ++entries_added_;
}

// Leaves an empty tail that continues the order of insertion.
void Topic::SealTail(Pager* pager) {
  const Block::Span span = tail_.span();
  tail_.Seal(pager);
  const uint64_t end_ordinal = tail_.end_ordinal();
  AddSealed(std::move(tail_), span);
  tail_ = Block(end_ordinal);
}

void Topic::AddSealed(Block block, const Block::Span& span) {
  if (policy_ != nullptr) policy_->sealed_bytes += block.state().size;
  if (sealed_ == nullptr) sealed_ = std::make_unique<SealedBlocks>();
  sealed_->push_back({std::move(block), span});
}

bool Topic::RestoreSealed(Block block, Block::Span span) {
  if (block.live_count() == 0 || span.first > span.last || span.last > last_id_) return false;
  if (sealed_ != nullptr && sealed_->back().span.last >= span.first) return false;
  length_ += block.live_count();
  AddSealed(std::move(block), span);
  return true;
}

bool Topic::RestoreTail(Block block) {
  if (!block.empty()) {
    const Block::Span span = block.span();
    if (span.last > last_id_ || (sealed_ != nullptr && sealed_->back().span.last >= span.first)) {
      return false;
    }
  }
  length_ += block.live_count();
  tail_ = std::move(block);
  return true;
}

void Topic::NeedPage(Page& page) {
  page.pager.Used(page);
  if (page.resident()) return;
  Page* const needed = &page;
  page.pager.Fetch({&needed, 1});
}

void Topic::NeedPages(size_t from, Direction direction, const IdRange& range,
                      uint64_t limit) const {
  constexpr size_t kAhead = 4;
  std::vector<Page*> needed;
  bool all_here = true;
  uint64_t entries = 0;
  size_t ahead = 0;
  // Downwards the index wraps around at the end, which is no block's.
  for (size_t index = from; index < sealed_count() && ahead <= kAhead;
       direction == Direction::kUp ? ++index : --index) {
    const Block::Span span = SpanAt(index);
    if (span.first > range.last || span.last < range.first) break;
    const Block& block = RecordAt(index);
    if (!block.page()) continue;
    Page& page = *block.page();
    if (entries >= limit) {
      ++ahead;
      if (!page.resident()) page.pager.Expect(page);
      continue;
    }
    entries += block.live_count();
    page.pager.Used(page);
    all_here = all_here && page.resident();
    needed.push_back(&page);
  }
  if (!all_here) needed.front()->pager.Fetch(needed);
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

size_t Topic::LastIndex() const {
  return tail_.empty() ? sealed_count() - 1 : sealed_count();
}

StreamId Topic::last_entry_id() const {
  if (length_ == 0) return {};
  const Block& block = BlockAt(LastIndex());
  return block.IdAt(block.NthLive(block.live_count() - 1));
}

std::string_view Topic::last_entry_id_bulk() const {
  return tail_.empty() ? std::string_view() : tail_.IdBulkAt(tail_.end() - 1);
}

std::optional<uint64_t> Topic::LastLiveOrdinal() const {
  if (length_ == 0) return std::nullopt;
  const Block& block = RecordAt(LastIndex());
  return block.first_ordinal() + block.NthLive(block.live_count() - 1);
}

size_t Topic::FindBlock(StreamId id) const {
  if (sealed_ == nullptr || sealed_->back().span.last < id) return sealed_count();
  const SealedBlocks& blocks = *sealed_;
  if (blocks.front().span.last >= id) return 0;
  const auto found =
      std::partition_point(blocks.begin(), blocks.end(),
                           [id](const SealedBlock& sealed) { return sealed.span.last < id; });
  return static_cast<size_t>(found - blocks.begin());
}

bool Topic::Contains(StreamId id) const {
  const size_t index = FindBlock(id);
  if (id < SpanAt(index).first) return false;
  const Block& block = BlockAt(index);
  const uint32_t position = block.LowerBound(id, SpanAt(index));
  return position < block.end() && block.IdAt(position) == id && !block.IsDeleted(position);
}

std::optional<StreamId> Topic::NextEntry(StreamId id) const {
  for (size_t index = FindBlock(id); index < block_count(); ++index) {
    if (id <= SpanAt(index).first) return SpanAt(index).first;
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
    const Block::Span span = SpanAt(index);
    if (span.first > last) break;
    if (is_sealed && trimmed && first <= span.first && span.last <= last) {
      deleted += RecordAt(index).live_count();
      DropSealed(index);
      continue;
    }
    Block& block = MutableBlockAt(index);
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
    if (!block.empty()) {
      if (is_sealed) (*sealed_)[index].span.first = block.IdAt(block.begin());
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
  if (policy_ != nullptr) policy_->sealed_bytes -= RecordAt(index).state().size;
  sealed_->erase(sealed_->begin() + static_cast<std::ptrdiff_t>(index));
  if (sealed_->empty()) sealed_.reset();
}

void Topic::MergeSealed(size_t first, size_t count, Pager* pager) {
  const auto from = sealed_->begin() + static_cast<std::ptrdiff_t>(first);
  const auto to = from + static_cast<std::ptrdiff_t>(count);
  Block merged(from->block.first_ordinal() + from->block.begin(), Block::kMaxAllocation);
  uint64_t bytes_before = 0;
  for (auto at = from; at != to; ++at) {
    const Block& block = at->block;
    bytes_before += block.state().size;
    for (uint32_t i = block.NextLive(block.begin()); i < block.end(); i = block.NextLive(i + 1)) {
      [[maybe_unused]] const bool appended = merged.Append(block.IdAt(i), block.FieldsAt(i));
      assert(appended);
    }
  }
  const Block::Span span = merged.span();
  if (policy_ != nullptr) policy_->sealed_bytes += merged.state().size - bytes_before;
  merged.Seal(pager);
  *from = {std::move(merged), span};
  sealed_->erase(from + 1, to);
}

uint64_t Topic::DropSealedIf(const std::function<bool(const Block&, const Block::Span&)>& pred) {
  uint64_t dropped = 0;
  for (size_t index = 0; index < sealed_count();) {
    const SealedBlock& sealed = (*sealed_)[index];
    if (!pred(sealed.block, sealed.span)) {
      ++index;
      continue;
    }
    dropped += sealed.block.live_count();
    max_deleted_id_ = std::max(max_deleted_id_, sealed.span.last);
    DropSealed(index);
  }
  length_ -= dropped;
  if (dropped > 0 && length_ == 0) tail_ = Block(0);
  return dropped;
}

uint64_t Topic::TrimSealed(StreamId last_removed) {
  uint64_t removed = 0;
  while (sealed_ != nullptr) {
    SealedBlock& front = sealed_->front();
    if (front.span.last > last_removed) {
      if (front.span.first > last_removed) break;
      const uint32_t live_before = front.block.live_count();
      MutableBlockAt(0).TrimThrough(last_removed);
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
  NeedPages(FindBlock(first), Direction::kUp, {first, last}, limit);
  for (size_t index = FindBlock(first); index < block_count() && left > 0; ++index) {
    const Block::Span span = SpanAt(index);
    if (span.first > last) break;
    const Block& block = BlockAt(index);
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
  const size_t end = std::min(FindBlock(last) + 1, block_count());
  NeedPages(std::min(end, sealed_count()) - 1, Direction::kDown, {first, last}, limit);
  for (size_t index = end; index-- > 0 && left > 0;) {
    const Block::Span span = SpanAt(index);
    if (span.last < first) break;
    const Block& block = BlockAt(index);
    const uint32_t begin = block.LowerBound(first, span);
    for (uint32_t at = block.UpperBound(last, span); at > begin && left > 0; --at) {
      if (block.IsDeleted(at - 1)) continue;
      runs.push_back({&block.owner(), block.Bytes(at - 1, at), 1});
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

void Topic::SetPolicy(TopicPolicy policy, StreamId compacted_through) {
  if (!policy.IsSet()) return policy_.reset();
  if (policy_ == nullptr) {
    policy_ = std::make_unique<TopicPolicyState>();
    ForEachSealed([this](const Block& block, const Block::Span&) {
      policy_->sealed_bytes += block.state().size;
    });
  }
  policy_->policy = std::move(policy);
  policy_->compacted_through = compacted_through;
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
  if (policy_ != nullptr) clone->policy_ = std::make_unique<TopicPolicyState>(*policy_);
  if (sealed_ != nullptr) {
    clone->sealed_ = std::make_unique<SealedBlocks>();
    for (const SealedBlock& sealed : *sealed_) {
      clone->sealed_->push_back({sealed.block.CloneSealed(), sealed.span});
    }
  }
  return clone;
}

size_t Topic::memory_bytes() const {
  size_t sealed = sealed_ == nullptr ? 0 : sizeof(SealedBlocks);
  ForEachSealed([&sealed](const Block& block, const Block::Span&) {
    sealed += sizeof(SealedBlock) + block.memory_bytes();
  });
  const size_t groups = groups_ == nullptr ? 0 : groups_->memory_bytes();
  const size_t idempotency = idempotency_ == nullptr ? 0 : idempotency_->memory_bytes();
  const size_t policy =
      policy_ == nullptr ? 0 : sizeof(*policy_) + policy_->policy.compact_field.size();
  return sizeof(Topic) + tail_.memory_bytes() + sealed + groups + idempotency + policy;
}

size_t Topic::block_count() const {
  return sealed_count() + (tail_.empty() ? 0 : 1);
}

}  // namespace leat::data
