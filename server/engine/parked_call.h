// A call that waits: for a key (XREAD BLOCK), for the end of a pause (CLIENT PAUSE), or for the
// journal (its backlog is too long). It keeps copies of its arguments and is run again, as it
// stands, when what it waits for may have come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/transaction.h"

namespace leat::engine {

struct CommandEntry;

// What a waiting call answers when its time is over.
enum class TimeoutReply : uint8_t { kNullArray, kNull };

struct ParkedCall {
  enum class Reason : uint8_t { kKeys, kPause, kBacklog };

  Reason reason = Reason::kKeys;
  CommandEntry* command = nullptr;
  std::vector<std::string> args;
  uint32_t database = 0;
  std::vector<DatabaseKey> keys;  // kKeys
  int64_t deadline_ms = 0;        // 0: none
  TimeoutReply timeout_reply = TimeoutReply::kNullArray;
};

}  // namespace leat::engine
