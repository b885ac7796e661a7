// TopicPolicy: what the server removes from a topic by itself (XCFGSET, `topic-defaults`).
//
// Retention goes by whole blocks, the oldest first: a block goes once all of it is too old, or once
// the topic without it still has as many entries, or bytes, as it may. So up to one block more than
// was asked for is kept. Compaction keeps the newest entry for each value of one field.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "server/data/stream_id.h"

namespace leat::data {

// What becomes of an entry that consumer groups refer to, having it pending or yet to be read, when
// it is to go: KEEPREF, it goes and its references dangle; DELREF, they go with it; ACKED, it
// stays.
enum class References : uint8_t { kKeep, kDrop, kRespect };

struct TopicPolicy {
  uint64_t retention_ms = 0;  // by the time in an entry's ID; 0 here and below: for ever
  uint64_t retention_bytes = 0;
  uint64_t retention_entries = 0;
  References references = References::kKeep;
  std::string compact_field;  // empty: no compaction

  bool operator==(const TopicPolicy&) const = default;
  bool IsSet() const { return *this != TopicPolicy(); }
};

// The policy of a topic with what belongs to it.
struct TopicPolicyState {
  TopicPolicy policy;
  // Every value was looked at up to here, in sealed blocks: an older entry for it is gone.
  StreamId compacted_through;
  uint64_t sealed_bytes = 0;  // of the entries in sealed blocks
  // Observations of whoever carries the policy out, not recorded: retention that respects
  // references goes on looking behind this; a topic of so many entries or bytes has a block too
  // many.
  StreamId looked_through;
  uint64_t due_entries = kNever;
  uint64_t due_bytes = kNever;

  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
};

}  // namespace leat::data
