// Connection: who a client is and how it talks (redis.io, "Connection management").
#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"
#include "server/engine/version.h"

namespace leat::commands {

using namespace engine;  // the vocabulary of every handler

namespace {

void Ping(Call& call) {
  if (call.size() > 2) {
    return call.Error("ERR wrong number of arguments for 'ping' command");
  }
  const std::string_view message = call.size() == 2 ? call[1] : std::string_view();
  if (call.session.InSubscribedMode()) {
    call.reply.Array(2);
    call.reply.Bulk("pong");
    call.reply.Bulk(message);
  } else if (call.size() == 2) {
    call.reply.Bulk(message);
  } else {
    call.reply.Simple("PONG");
  }
}

void Echo(Call& call) {
  call.reply.Bulk(call[1]);
}

void Quit(Call& call) {
  call.reply.Ok();
  call.engine.Close(call.session, false, "QUIT");
}

void Select(Call& call) {
  const auto number = base::ParseInt64(call[1]);
  if (!number) return call.Error(errors::kInvalidDatabase);
  if (*number < 0 || *number >= call.engine.config.databases) {
    return call.Error(errors::kDatabaseRange);
  }
  call.session.database = static_cast<uint32_t>(*number);
  call.reply.Ok();
}

constexpr uint32_t kAlways = kNoScript | kLoading | kStale | kFast;

constexpr Command kCommands[] = {
    {.name = "PING",
     .arity = -1,
     .flags = kFast,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Ping the server",
     .tips = "request_policy:all_shards,response_policy:all_succeeded",
     .handler = Ping},
    {.name = "ECHO",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Echo the given string",
     .handler = Echo},
    {.name = "QUIT",
     .arity = -1,
     .flags = kAlways | kNoAuth | kAllowBusy,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Close the connection",
     .handler = Quit},
    {.name = "SELECT",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Change the selected database for the current connection",
     .handler = Select},
};

}  // namespace

std::span<const Command> ConnectionCommands() {
  return kCommands;
}

}  // namespace leat::commands
