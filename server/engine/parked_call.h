// A call that waits: for a key (XREAD BLOCK), for its client's writes to be on disk (WAITAOF), for
// the end of a pause (CLIENT PAUSE), for the disk to catch up, or for blocks of a topic that are on
// disk. It keeps copies of its arguments and is run again, as it stands, when what it waits for may
// have come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leat::engine {

struct CommandEntry;

// A key that a call waits for.
struct KeyWait {
  std::string_view key;
  // Calls of the same command that wait in one lane of a key are alike: where the one that waits
  // longest finds nothing, the others would not either (see blocking.h).
  std::string lane;
  // When there may be something to return though the key does not change, in Unix milliseconds,
  // later than now; 0: never. It holds for the lane, until a call of it says otherwise.
  int64_t retry_at_ms = 0;
};

// What a waiting call answers when its time is over.
enum class TimeoutReply : uint8_t {
  kNullArray,
  kNull,
  kNoReplicas,  // WAIT: how many have the client's writes
  kCopies,      // WAITAOF: on how many disks they are, here and at replicas
};

struct ParkedCall {
  enum class Reason : uint8_t { kEvent, kPause, kBacklog, kPages };

  Reason reason = Reason::kEvent;  // of keys, of the journal, or only its deadline
  CommandEntry* command = nullptr;
  std::vector<std::string> args;
  uint32_t database = 0;
  int64_t deadline_ms = 0;   // 0: none
  uint64_t durable_lsn = 0;  // run again when the journal has synced so far; 0: not for that
  TimeoutReply timeout_reply = TimeoutReply::kNullArray;
  uint64_t page_wait = 0;  // of kPages: TopicPager::WaitId
};

}  // namespace leat::engine
