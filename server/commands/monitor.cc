// MONITOR: every call that the server runs, as a line (engine/dispatch.cc writes them).
#include "server/commands/families.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"

namespace leat::commands {

using namespace engine;

namespace {

void Monitor(Call& call) {
  if (call.mode == Call::Mode::kInTransaction) {
    return call.Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  if (call.session.monitor) return;  // as redis-server: not even a reply
  call.engine.Monitor(call.session);
  call.reply.Ok();
}

constexpr Command kCommands[] = {
    {.name = "MONITOR",
     .arity = 1,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .group = "server",
     .since = "1.0.0",
     .summary = "Listen for all requests received by the server in real time",
     .handler = Monitor},
};

}  // namespace

std::span<const Command> MonitorCommands() {
  return kCommands;
}

}  // namespace leat::commands
