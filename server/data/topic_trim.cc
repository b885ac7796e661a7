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
    const Block& block = BlockAt(index);
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
    while (left >= BlockAt(index).live_count()) left -= BlockAt(index++).live_count();
    const Block& block = BlockAt(index);
    return {block.IdAt(block.NthLive(static_cast<uint32_t>(left))), excess};
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
    trim.last_removed = BlockAt(last.block).IdAt(last.position);
  }
  return trim;
}

Topic::TrimPoint Topic::FindTrimById(StreamId min_id, bool approximate, uint64_t limit,
                                     uint64_t node_entries) const {
  TrimPoint trim;
  const std::optional<StreamId> last_smaller = min_id.Previous();
  if (!last_smaller || length_ == 0) return trim;
  if (!approximate) {
    const size_t target = FindBlock(*last_smaller);
    for (size_t index = 0; index < target; ++index) trim.removed += BlockAt(index).live_count();
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
  ForEachNode(node_entries, [&](uint64_t live, NodeEnd end) {
    const StreamId last_in_node = BlockAt(end.block).IdAt(end.position);
    if (last_in_node >= min_id || trim.removed + live > limit) return false;
    trim.removed += live;
    trim.last_removed = last_in_node;
    return true;
  });
  if (trim.removed == length_) trim.last_removed = last_id_;
  return trim;
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
