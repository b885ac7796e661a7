// What XREAD and XREADGROUP have in common: their options, and how much one call may return.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/data/topic.h"
#include "server/engine/call.h"

namespace leat::commands {

struct ReadOptions {
  uint64_t count = data::Topic::kNoLimit;      // entries of each stream
  uint64_t max_count = data::Topic::kNoLimit;  // entries of all streams
  uint64_t max_bytes = data::Topic::kNoLimit;  // of the reply, after which no entry follows
  std::optional<int64_t> block_ms;             // 0: for ever
  size_t first_key = 0;                        // the IDs follow the keys
  size_t keys = 0;

  // XREADGROUP only.
  std::string_view group;
  std::string_view consumer;
  std::optional<int64_t> min_idle_ms;  // CLAIM
  bool no_ack = false;
};

// False when an option is wrong: the error was replied.
bool ReadReadOptions(engine::Call& call, bool of_group, ReadOptions& options);

// When a call that blocks from now on gives up; 0: never.
int64_t DeadlineMs(const engine::Call& call, const ReadOptions& options);

}  // namespace leat::commands
