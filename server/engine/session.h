// Session: one client's protocol state, without its socket. Bytes come in through `reader`, replies
// and pushes go out through `output`; whoever holds the session (a connection of the loop, a test)
// moves both.
//
// Output may have to wait: under `appendfsync always` a reply is held until the journal has synced
// what it depends on. `gates` say from which position of the output on which LSN must be durable;
// what stands before the first closed gate may go.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/output.h"
#include "resp/reply_writer.h"
#include "resp/request_reader.h"
#include "server/data/subscriptions.h"
#include "server/engine/parked_call.h"
#include "server/engine/transaction.h"
#include "server/store/store.h"

namespace leat::engine {

struct CommandEntry;

// CLIENT REPLY. kSkipNext becomes kSkip for the one call whose reply is skipped. Pushes are sent in
// every mode.
enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkip };

struct Gate {
  uint64_t position;  // of Output::appended_bytes
  store::Lsn lsn;
};

struct Session : data::Subscriber {
  Session(uint64_t session_id, const resp::Limits* limits)
      : id(session_id), reader(limits), reply(output, 2) {}

  const uint64_t id;
  resp::RequestReader reader;
  resp::Output output;
  resp::ReplyWriter reply;
  void* connection = nullptr;  // the holder's own

  // Who it is.
  std::string name, library_name, library_version;
  std::string address, local_address;  // "127.0.0.1:50000", or "/path/of/socket:0"
  int file_descriptor = -1;
  bool unix_socket = false;
  bool authenticated = true;
  uint32_t database = 0;

  // What it does.
  int64_t created_ms = 0;
  int64_t last_request_ms = 0;
  CommandEntry* last_command = nullptr;
  ReplyMode reply_mode = ReplyMode::kOn;
  bool monitor = false;
  bool no_evict = false;
  bool no_touch = false;
  std::unique_ptr<Transaction> transaction;  // between MULTI and EXEC
  std::unique_ptr<WatchedKeys> watched;      // between WATCH and EXEC
  std::unique_ptr<ParkedCall> parked;        // a call that waits: nothing is read on until it ends
  store::Lsn last_written_lsn = 0;           // of what its calls have changed
  size_t channels = 0, patterns = 0, shard_channels = 0;  // subscribed to, counted by PubSub

  // How it ends.
  bool closing = false;          // after the output was sent
  bool closing_at_once = false;  // nothing more is sent
  std::string closing_reason;

  // Output that waits.
  std::deque<Gate> gates;
  bool in_outbox = false;
  bool held = false;
  int64_t soft_limit_since_ms = 0;  // 0: below it

  bool IsSubscribed() const { return channels + patterns + shard_channels > 0; }
  bool InSubscribedMode() const { return reply.version() == 2 && IsSubscribed(); }
  // It is to be closed: nothing new is run for it or sent to it.
  bool IsClosing() const { return closing || closing_at_once; }
  // How many bytes of the output may be sent when everything up to `durable` is on disk.
  size_t SendableBytes(store::Lsn durable);
  // What stands behind `position` of the output waits for `lsn`.
  void AddGate(uint64_t position, store::Lsn lsn);
};

}  // namespace leat::engine
