// How far a consumer group has read, counted in entries of its topic ("entries-read" and "lag" of
// XINFO GROUPS).
//
// The counter is exact while nothing is deleted ahead of the group. Otherwise it is unknown until
// the group stands at an id whose place in the order of insertion is known: the topic's last one,
// or its first.
#pragma once

#include <cstdint>
#include <optional>

#include "server/data/consumer_group.h"
#include "server/data/stream_id.h"
#include "server/data/topic.h"

namespace leat::data {

// The group's counter once it has read the entries of `topic` in [first, last], which are `count`
// and more than 0, all behind its position.
int64_t EntriesReadThrough(const Topic& topic, const ConsumerGroup& group, StreamId first,
                           StreamId last, uint64_t count);

// Entries that the group has still to read; nothing where that is unknown.
std::optional<int64_t> Lag(const Topic& topic, const ConsumerGroup& group);

}  // namespace leat::data
