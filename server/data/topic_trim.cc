// Deciding where a trim ends. Exact trims count entries; approximate ones count nodes.
#include <algorithm>
#include <cassert>

#include "server/data/topic.h"

namespace leat::data {

template <typename Visit>
void Topic::ForEachNode(uint64_t node_entries, Visit visit) const {
  assert(node_entries > 0);
  uint64_t live = 0;
  uint64_t node = 0;
  NodeEnd end{0, 0};
  for (size_t index = 0; index < block_count(); ++index) {
    const Block& block = RecordAt(index);
    for (uint32_t from = block.begin(); from < block.end();) {
      const uint64_t node_here = (block.first_ordinal() + from) / node_entries;
      if (live > 0 && node_here != node) {
        if (!visit(live, end)) return;
        live = 0;
      }
      node = node_here;
      const uint64_t node_size_here = (node + 1) * node_entries - block.first_ordinal();
      const auto to = static_cast<uint32_t>(std::min<uint64_t>(block.end(), node_size_here));
      live += block.LiveBetween(from, to);
      end = {index, to - 1};
      from = to;
    }
  }
  if (live > 0) visit(live, end);
}

Topic::TrimPoint Topic::FindTrimByLength(uint64_t max_length, bool approximate, uint64_t limit,
                                         uint64_t node_entries) const {
  TrimPoint trim;
  if (length_ <= max_length) return trim;
  const uint64_t excess = length_ - max_length;
  if (!approximate) {
    if (max_length == 0) return {last_id_, excess};
    uint64_t left = excess - 1;  // the rank of the last entry that goes
    size_t index = 0;
    while (left >= RecordAt(index).live_count()) left -= RecordAt(index++).live_count();
    return {IdOf({index, RecordAt(index).NthLive(static_cast<uint32_t>(left))}), excess};
  }
  NodeEnd last{0, 0};
  ForEachNode(node_entries, [&](uint64_t live, NodeEnd end) {
    if (trim.removed + live > excess || trim.removed + live > limit) return false;
    trim.removed += live;
    last = end;
    return trim.removed < excess;
  });
  if (trim.removed == length_) {
    trim.last_removed = last_id_;
  } else if (trim.removed > 0) {
    trim.last_removed = IdOf(last);
  }
  return trim;
}

// Of the last entry of a sealed block without its bytes.
StreamId Topic::IdOf(NodeEnd place) const {
  const bool is_last = place.position + 1 == RecordAt(place.block).end();
  return is_last ? SpanAt(place.block).last : BlockAt(place.block).IdAt(place.position);
}

Topic::TrimPoint Topic::FindTrimById(StreamId min_id, bool approximate, uint64_t limit,
                                     uint64_t node_entries) const {
  TrimPoint trim;
  const std::optional<StreamId> last_smaller = min_id.Previous();
  if (!last_smaller || length_ == 0) return trim;
  if (!approximate) {
    const size_t target = FindBlock(*last_smaller);
    for (size_t index = 0; index < target; ++index) trim.removed += RecordAt(index).live_count();
    const Block& block = BlockAt(target);
    trim.removed +=
        block.LiveBetween(block.begin(), block.UpperBound(*last_smaller, SpanAt(target)));
    trim.last_removed = *last_smaller;
    if (trim.removed == length_) {
      // What was deleted in a full last node cannot keep it for more entries (see TrimThrough).
      const uint64_t node_end = (*LastLiveOrdinal() / node_entries + 1) * node_entries;
      if (node_end <= tail_.end_ordinal()) trim.last_removed = last_id_;
    }
    return trim;
  }
  NodeEnd last{0, 0};
  ForEachNode(node_entries, [&](uint64_t live, NodeEnd end) {
    const bool is_smaller = SpanAt(end.block).last < min_id || IdOf(end) < min_id;
    if (!is_smaller || trim.removed + live > limit) return false;
    trim.removed += live;
    last = end;
    return true;
  });
  if (trim.removed == length_) {
    trim.last_removed = last_id_;
  } else if (trim.removed > 0) {
    trim.last_removed = IdOf(last);
  }
  return trim;
}

uint64_t Topic::EntriesOfWholeNodes(uint64_t limit, uint64_t node_entries) const {
  uint64_t entries = 0;
  ForEachNode(node_entries, [&](uint64_t live, NodeEnd) {
    if (live > limit - entries) return false;
    entries += live;
    return true;
  });
  return entries;
}

uint64_t Topic::EntriesOfNodeAt(size_t block, uint32_t position, uint64_t node_entries) const {
  const uint64_t node = (RecordAt(block).first_ordinal() + position) / node_entries;
  const uint64_t begin = node * node_entries;
  const uint64_t end = begin + node_entries;
  while (block > 0 && RecordAt(block).first_ordinal() > begin) --block;
  uint64_t live = 0;
  for (; block < block_count() && RecordAt(block).first_ordinal() < end; ++block) {
    const Block& part = RecordAt(block);
    const auto place = [&part](uint64_t ordinal) {
      const uint64_t from_first = ordinal - std::min(ordinal, part.first_ordinal());
      return static_cast<uint32_t>(std::clamp<uint64_t>(from_first, part.begin(), part.end()));
    };
    live += part.LiveBetween(place(begin), place(end));
  }
  return live;
}

// Gathers free entries, the oldest first, until one of the bounds is met.
class Topic::FreeScan {
 public:
  FreeScan(const Topic& topic, uint64_t most, uint64_t limit, uint64_t node_entries)
      : topic_(topic), most_(most), limit_(limit), node_entries_(node_entries) {}

  // False when a bound was met within the range.
  bool Scan(const IdRange& range);

  StreamId looked_through() const { return looked_through_; }
  std::vector<IdRange>& runs() { return runs_; }

 private:
  bool MayEnterNode(size_t block, uint32_t position);

  const Topic& topic_;
  const uint64_t most_;
  const uint64_t limit_;
  const uint64_t node_entries_;
  std::vector<IdRange> runs_;
  uint64_t found_ = 0;
  std::optional<uint64_t> node_;
  StreamId looked_through_;
};

bool Topic::FreeScan::Scan(const IdRange& range) {
  bool in_run = false;
  for (size_t index = topic_.FindBlock(range.first); index < topic_.block_count(); ++index) {
    const Block::Span span = topic_.SpanAt(index);
    if (span.first > range.last) break;
    const Block& block = topic_.BlockAt(index);
    const uint32_t end = block.UpperBound(range.last, span);
    for (uint32_t at = block.NextLive(block.LowerBound(range.first, span)); at < end;
         at = block.NextLive(at + 1)) {
      const StreamId id = block.IdAt(at);
      const bool is_free = !topic_.groups_->Need(id);
      if (is_free) {
        if (!MayEnterNode(index, at)) return false;
        if (!in_run) runs_.push_back({id, id});
        runs_.back().last = id;
        ++found_;
      }
      in_run = is_free;
      looked_through_ = id;
      if (found_ == most_) return false;
    }
  }
  looked_through_ = range.last;
  return true;
}

bool Topic::FreeScan::MayEnterNode(size_t block, uint32_t position) {
  if (limit_ == kNoLimit) return true;
  const uint64_t node = (topic_.RecordAt(block).first_ordinal() + position) / node_entries_;
  if (node == node_) return true;
  node_ = node;
  return found_ + topic_.EntriesOfNodeAt(block, position, node_entries_) <= limit_;
}

// Costs a look at each entry once all groups have read it, and then at what lies between the first
// and the last that a group has acknowledged since the search before: what stays pending in front
// of these costs nothing. Where nothing is remembered (the first search, a copy, a group destroyed)
// it is one look at all that the slowest group has read.
std::vector<IdRange> Topic::FindFree(StreamId last, uint64_t most, uint64_t limit,
                                     uint64_t node_entries) {
  if (groups_ == nullptr || most == 0) return {};
  FreeScan scan(*this, most, limit, node_entries);
  // Entries to come are behind last_id(): nothing can be known of them.
  for (const IdRange& range :
       groups_->MayBeFree(std::min({last, groups_->ReadByAll(), last_id_}))) {
    if (!scan.Scan(range)) break;
  }
  IdRange found;
  for (const IdRange& run : scan.runs()) found.Cover(run);
  groups_->NoteFree(scan.looked_through(), found);
  return std::move(scan.runs());
}

size_t Topic::node_count(uint64_t node_entries) const {
  size_t nodes = 0;
  ForEachNode(node_entries, [&](uint64_t, NodeEnd) {
    ++nodes;
    return true;
  });
  return nodes;
}

}  // namespace leat::data
