#include "server/data/group_lag.h"

#include <algorithm>
#include <limits>

namespace leat::data {

namespace {

constexpr int64_t kUnknown = ConsumerGroup::kUnknownEntriesRead;

// Whether an entry was deleted, other than by trimming, at `id` or behind it. What was deleted
// before the first entry that is left does not count.
bool HasDeletedFrom(const Topic& topic, StreamId id) {
  const StreamId deleted = topic.max_deleted_id();
  return topic.length() > 0 && deleted != StreamId{} && deleted >= topic.first_id() &&
         deleted >= id;
}

constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();

// The groups' counters are signed, and ENTRIESREAD may set them as high as they go; XSETID may set
// the topic's so that it grows beyond.
int64_t EntriesAdded(const Topic& topic) {
  return static_cast<int64_t>(std::min(topic.entries_added(), kMost));
}

// `read`, not unknown, and `count` more.
int64_t CountOn(int64_t read, uint64_t count) {
  return static_cast<int64_t>(std::min(static_cast<uint64_t>(read) + count, kMost));
}

// How many entries were ever inserted up to `id`.
int64_t EntriesUpTo(const Topic& topic, StreamId id) {
  const int64_t added = EntriesAdded(topic);
  if (added == 0) return 0;
  if (topic.length() == 0 && id <= topic.last_id()) return added;
  if (id == topic.last_id()) return added;
  if (id > topic.last_id()) return kUnknown;
  const StreamId first = topic.first_id();
  if (topic.max_deleted_id() == StreamId{} || topic.max_deleted_id() < first) {
    const int64_t before_first = added - static_cast<int64_t>(topic.length());
    if (id < first) return before_first;
    if (id == first) return before_first + 1;
  }
  return kUnknown;
}

}  // namespace

int64_t EntriesReadThrough(const Topic& topic, const ConsumerGroup& group, StreamId first,
                           StreamId last, uint64_t count) {
  int64_t read = group.entries_read();
  if (read != kUnknown && !HasDeletedFrom(topic, first)) return CountOn(read, count);
  topic.ForEachId(first, last, [&](StreamId id) {
    const bool counts_on = read != kUnknown && !HasDeletedFrom(topic, id);
    read = counts_on ? CountOn(read, 1) : EntriesUpTo(topic, id);
  });
  return read;
}

std::optional<int64_t> Lag(const Topic& topic, const ConsumerGroup& group) {
  if (topic.entries_added() == 0) return 0;
  int64_t read = group.entries_read();
  if (read == kUnknown || HasDeletedFrom(topic, group.last_id())) {
    read = EntriesUpTo(topic, group.last_id());
  }
  if (read == kUnknown) return std::nullopt;
  return EntriesAdded(topic) - read;
}

}  // namespace leat::data
