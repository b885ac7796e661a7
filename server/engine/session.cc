#include "server/engine/session.h"

namespace leat::engine {

size_t Session::SendableBytes(store::Lsn durable) {
  while (!gates.empty() && gates.front().lsn <= durable) gates.pop_front();
  const uint64_t sent = output.appended_bytes() - output.size_bytes();
  return gates.empty() ? output.size_bytes() : gates.front().position - sent;
}

void Session::AddGate(uint64_t position, store::Lsn lsn) {
  // Later output cannot overtake earlier output: a gate that opens sooner than the last adds
  // nothing.
  if (gates.empty() || gates.back().lsn < lsn) gates.push_back({position, lsn});
}

}  // namespace leat::engine
