// Entries of a topic as a reply.
#pragma once

#include <cstdint>
#include <span>

#include "resp/reply_writer.h"
#include "server/data/topic.h"

namespace leat::commands {

// An array of `entries` entries, which lie in `runs` in wire form.
inline void WriteEntries(resp::ReplyWriter& reply, uint64_t entries,
                         std::span<const data::Topic::Run> runs) {
  reply.Array(entries);
  for (const data::Topic::Run& run : runs) reply.RawShared(*run.owner, run.bytes);
}

}  // namespace leat::commands
