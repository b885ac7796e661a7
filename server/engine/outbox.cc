#include "server/engine/outbox.h"

#include <utility>

namespace leat::engine {

std::vector<Session*> Outbox::Take() {
  for (Session* session : sessions_) session->in_outbox = false;
  return std::exchange(sessions_, {});
}

void Outbox::Forget(Session& session) {
  if (session.in_outbox) std::erase(sessions_, &session);
}

bool Outbox::WithinLimit(Session& session, int64_t now_ms) {
  if (session.closing_at_once) return false;
  constexpr size_t kNormal = 0;
  constexpr size_t kPubSub = 2;
  const OutputLimit& limit = config_.output_limits[session.IsSubscribed() ? kPubSub : kNormal];
  const size_t waiting = session.output.size_bytes();
  bool within = limit.hard_bytes == 0 || waiting <= limit.hard_bytes;
  if (limit.soft_bytes == 0 || waiting <= limit.soft_bytes) {
    session.soft_limit_since_ms = 0;
  } else if (session.soft_limit_since_ms == 0) {
    session.soft_limit_since_ms = now_ms;
  } else if (now_ms - session.soft_limit_since_ms >= limit.soft_seconds * 1000) {
    within = false;
  }
  if (within) return true;
  ++sessions_closed_;
  session.closing = session.closing_at_once = true;
  session.closing_reason = "its output passed client-output-buffer-limit";
  session.output.Clear();
  session.gates.clear();
  Add(session);
  return false;
}

}  // namespace leat::engine
