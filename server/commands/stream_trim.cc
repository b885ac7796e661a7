#include "server/commands/stream_trim.h"

#include <algorithm>
#include <vector>

#include "server/commands/entry_runs.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::StreamId;
using data::Topic;
using Strategy = TrimOptions::Strategy;

uint64_t NodeEntries(const Call& call) {
  const int64_t setting = call.engine.config.stream_node_max_entries;
  // 0 means no bound in Redis, which leaves a node to its bytes; a topic's nodes are always
  // counted.
  return setting > 0 ? static_cast<uint64_t>(setting) : Topic::kDefaultNodeEntries;
}

Topic::TrimPoint FindTrim(const Topic& topic, const TrimOptions& options, bool approximate,
                          uint64_t node_entries) {
  if (options.strategy == Strategy::kMaxLength) {
    return topic.FindTrimByLength(options.max_length, approximate, options.limit, node_entries);
  }
  return topic.FindTrimById(options.min_id, approximate, options.limit, node_entries);
}

// The same entry by entry: with "~" the nodes only count for the limit.
Topic::TrimPoint FindTrimOfEntries(const Topic& topic, const TrimOptions& options,
                                   uint64_t node_entries) {
  const Topic::TrimPoint point = FindTrim(topic, options, false, node_entries);
  if (options.limit == Topic::kNoLimit) return point;
  const uint64_t most = topic.EntriesOfWholeNodes(options.limit, node_entries);
  if (point.removed <= most) return point;
  return topic.FindTrimByLength(topic.length() - most, false, Topic::kNoLimit, node_entries);
}

uint64_t TrimThrough(Call& call, const data::Key& key, Topic::TrimPoint point) {
  if (point.removed > 0) call.Commit(data::TrimTopic{call.database(), key, point.last_removed});
  return point.removed;
}

// What the groups have pending of the entries that go. What dangled before goes on doing so, as
// after XDEL.
void DropReferences(Call& call, const data::Key& key, const Topic& topic, StreamId last) {
  const StreamId first = topic.first_id();
  for (size_t i = 0; i < topic.groups().size(); ++i) {
    const data::ConsumerGroup& group = topic.groups()[i];
    const auto& pending = group.pending();
    std::vector<StreamId> ids;
    for (auto at = pending.LowerBound(first); at != pending.end() && pending.IdAt(at) <= last;
         at = pending.Next(at)) {
      if (topic.Contains(pending.IdAt(at))) ids.push_back(pending.IdAt(at));
    }
    ForgetRuns runs(pending, kAnyDelivery, {call, key, group});
    for (const StreamId id : ids) runs.Add(id);
    runs.Flush();
  }
}

// Leaves what a group needs, and goes on behind it.
uint64_t TrimFree(Call& call, const data::Key& key, Topic& topic, const TrimOptions& options,
                  uint64_t node_entries) {
  StreamId last = data::kMaxStreamId;
  uint64_t most = Topic::kNoLimit;
  if (options.strategy == Strategy::kMaxLength) {
    most = topic.length() - std::min(topic.length(), options.max_length);
  } else {
    const auto last_smaller = options.min_id.Previous();
    if (!last_smaller) return 0;
    last = *last_smaller;
  }
  const uint64_t before = topic.length();
  for (const data::IdRange& run : topic.FindFree(last, most, options.limit, node_entries)) {
    call.Commit(data::DeleteEntries{call.database(), key, run.first, run.last, 1});
  }
  return before - topic.length();
}

}  // namespace

uint64_t TrimTopic(Call& call, const data::Key& key, Topic& topic, const TrimOptions& options) {
  if (options.strategy == Strategy::kNone) return 0;
  const uint64_t node_entries = NodeEntries(call);
  // Without groups there are no references, and what is said about them changes nothing.
  const auto references = topic.groups().size() == 0
                              ? References::kKeep
                              : options.references.value_or(References::kKeep);
  if (references == References::kRespect) {
    return TrimFree(call, key, topic, options, node_entries);
  }
  if (references == References::kKeep) {
    return TrimThrough(call, key, FindTrim(topic, options, options.approximate, node_entries));
  }
  const Topic::TrimPoint point = FindTrimOfEntries(topic, options, node_entries);
  if (point.removed > 0) DropReferences(call, key, topic, point.last_removed);
  return TrimThrough(call, key, point);
}

}  // namespace leat::commands
