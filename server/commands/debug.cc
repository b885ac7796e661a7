// DEBUG: for tests and for looking inside. Allowed as `enable-debug-command` says.
#include <algorithm>
#include <string>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/value.h"
#include "server/data/glob.h"
#include "server/data/topic.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

// Holds the whole server, as the name says: nobody is served meanwhile.
void DebugSleep(Call& call) {
  const auto seconds = base::ParseDouble(call[2]);
  if (!seconds) return call.Error(errors::kNotFloat);
  call.engine.clock.Sleep(std::max(*seconds, 0.0));
  call.reply.Ok();
}

void DebugObject(Call& call) {
  const data::Entry* entry = call.FindNoTouch(Call::KeyOf(call[2]));
  if (entry == nullptr) return call.Error(errors::kNoSuchKey);
  const size_t bytes =
      entry->type() == data::Type::kStream ? entry->topic()->memory_bytes() : entry->memory_bytes();
  char address[32];
  std::snprintf(address, sizeof(address), "%p", static_cast<const void*>(entry));
  call.reply.Simple("Value at:" + std::string(address) +
                    " refcount:1 encoding:" + std::string(EncodingName(*entry)) +
                    " serializedlength:" + std::to_string(bytes) +
                    " lru:" + std::to_string(entry->access_clock()) + " lru_seconds_idle:" +
                    std::to_string(call.store.dataset().IdleSeconds(*entry)));
}

void DebugSetActiveExpire(Call& call) {
  call.engine.set_active_expire(call[2] != "0");
  call.reply.Ok();
}

void DebugStringMatchLen(Call& call) {
  call.reply.Integer(data::GlobMatch(call[3], call[2]) ? 1 : 0);
}

void DebugError(Call& call) {
  call.Error(call[2]);
}

// One reply of each kind, to try a client's parser on.
void DebugProtocol(Call& call) {
  resp::ReplyWriter& reply = call.reply;
  const std::string kind = ToLower(call[2]);
  const auto elements = [&reply] {
    for (int i = 0; i < 3; ++i) reply.Integer(i);
  };
  if (kind == "string") return reply.Bulk("Hello World");
  if (kind == "integer") return reply.Integer(12345);
  if (kind == "double") return reply.Double(3.141);
  if (kind == "null") return reply.Null();
  if (kind == "true" || kind == "false") return reply.Bool(kind == "true");
  if (kind == "bignum") return reply.BigNumber("1234567999999999999999999999999999999");
  if (kind == "verbatim") return reply.Verbatim("txt", "This is a verbatim\nstring");
  if (kind == "array") {
    reply.Array(3);
    return elements();
  }
  if (kind == "set") {
    reply.Set(3);
    return elements();
  }
  if (kind == "push") {
    reply.Push(2);
    reply.Bulk("server-cpu-usage");
    return reply.Integer(42);
  }
  if (kind == "map") {
    reply.Map(3);
    for (int i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Bool(i == 1);
    }
    return;
  }
  call.Error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|null|array|set|map|push|verbatim|true|false|bignum");
}

void DebugHelp(Call& call) {
  WriteHelp(call,
            {"ERROR <string>", "    Return an error reply with the given message.", "OBJECT <key>",
             "    Show low level info about <key> and its value.", "PROTOCOL <type>",
             "    Reply with a test value of the specified type.", "SET-ACTIVE-EXPIRE <0|1>",
             "    Setting it to 0 leaves expired keys until they are asked for.", "SLEEP <seconds>",
             "    Stop the server for <seconds>. Decimals allowed.",
             "STRINGMATCH-LEN <string> <pattern>", "    Run the glob matcher."});
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale | kProtected;

constexpr Command kDebugSubcommands[] = {
    {.name = "SLEEP", .arity = 3, .flags = kFlags, .handler = DebugSleep},
    {.name = "OBJECT", .arity = -3, .flags = kFlags, .handler = DebugObject},
    {.name = "SET-ACTIVE-EXPIRE", .arity = 3, .flags = kFlags, .handler = DebugSetActiveExpire},
    {.name = "STRINGMATCH-LEN", .arity = 4, .flags = kFlags, .handler = DebugStringMatchLen},
    {.name = "ERROR", .arity = 3, .flags = kFlags, .handler = DebugError},
    {.name = "PROTOCOL", .arity = 3, .flags = kFlags, .handler = DebugProtocol},
    {.name = "HELP", .arity = 2, .flags = kFlags, .handler = DebugHelp},
};

constexpr Command kCommands[] = {
    {.name = "DEBUG",
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "1.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for debugging commands",
     .subcommands = kDebugSubcommands},
};

}  // namespace

std::span<const Command> DebugCommands() {
  return kCommands;
}

}  // namespace leat::commands
