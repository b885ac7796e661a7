// Outbox: the sessions that have something to send, gathered during a turn and flushed at its end,
// and the bounds on what may wait for a client that does not read.
#pragma once

#include <cstdint>
#include <vector>

#include "server/engine/config.h"
#include "server/engine/session.h"

namespace leat::engine {

class Outbox {
 public:
  explicit Outbox(const Config& config) : config_(config) {}

  void Add(Session& session) {
    if (session.in_outbox) return;
    session.in_outbox = true;
    sessions_.push_back(&session);
  }
  // Everything gathered since; Add starts anew.
  std::vector<Session*> Take();
  bool empty() const { return sessions_.empty(); }
  // The session goes.
  void Forget(Session& session);

  // Closes a session whose output passes its class's `client-output-buffer-limit`; what it was
  // still to be sent is dropped, and counted. False when it did.
  bool WithinLimit(Session& session, int64_t now_ms);

  uint64_t sessions_closed() const { return sessions_closed_; }

 private:
  const Config& config_;
  std::vector<Session*> sessions_;
  uint64_t sessions_closed_ = 0;
};

}  // namespace leat::engine
