// Entries of a topic, and their IDs, as a reply.
#pragma once

#include <cstdint>
#include <span>

#include "resp/reply_writer.h"
#include "server/data/topic.h"

namespace leat::commands {

inline void WriteId(resp::ReplyWriter& reply, data::StreamId id) {
  char text[data::StreamId::kMaxTextLength];
  reply.Bulk({text, static_cast<size_t>(id.Format(text) - text)});
}

// An array of `entries` entries, which lie in `runs` in wire form.
inline void WriteEntries(resp::ReplyWriter& reply, uint64_t entries,
                         std::span<const data::Topic::Run> runs) {
  reply.Array(entries);
  for (const data::Topic::Run& run : runs) reply.RawShared(*run.owner, run.bytes);
}

// The single entry of `run` as the beginning of an array of `elements`, of which it has the first
// two: its ID and its fields.
inline void WriteEntryHeader(resp::ReplyWriter& reply, const data::Topic::Run& run,
                             size_t elements) {
  constexpr size_t kHeaderBytes = 4;  // "*2\r\n"
  reply.Array(elements);
  reply.RawShared(*run.owner, run.bytes.substr(kHeaderBytes));
}

}  // namespace leat::commands
