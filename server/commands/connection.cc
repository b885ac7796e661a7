// Connection: who a client is and how it talks (redis.io, "Connection management").
#include <optional>
#include <string>

#include "server/base/number.h"
#include "server/commands/client_info.h"
#include "server/commands/database.h"
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
  const auto number = ReadDatabase(call, call[1]);
  if (!number) return;
  call.session.database = *number;
  call.reply.Ok();
}

// Takes as long for a wrong first byte as for a wrong last one, so that its duration says nothing
// of the password; it follows the length of what the client sent.
bool SamePassword(std::string_view sent, std::string_view password) {
  unsigned difference = sent.size() == password.size() ? 0 : 1;
  for (size_t i = 0; i < sent.size(); ++i) {
    const char expected = password.empty() ? '\0' : password[i % password.size()];
    difference |= static_cast<unsigned char>(sent[i] ^ expected);
  }
  return difference == 0;
}

void SetAuthenticated(Session& session, bool authenticated) {
  session.authenticated = authenticated;
  session.reader.set_authenticated(authenticated);
}

// The one user is `default`; without `requirepass` it takes any password.
bool Authenticate(Call& call, std::string_view user, std::string_view password) {
  const std::string& required = call.engine.config.require_pass;
  const bool same = required.empty() || SamePassword(password, required);
  if (user != "default" || !same) {
    call.Error(errors::kWrongPass);
    return false;
  }
  SetAuthenticated(call.session, true);
  return true;
}

void Auth(Call& call) {
  if (call.size() > 3) return call.Error(errors::kSyntax);
  for (size_t i = 1; i < call.size(); ++i) call.Redact(i);
  if (call.size() == 2 && call.engine.config.require_pass.empty()) {
    return call.Error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  const std::string_view user = call.size() == 3 ? call[1] : "default";
  if (Authenticate(call, user, call[call.size() - 1])) call.reply.Ok();
}

// What HELLO is asked for.
struct Greeting {
  std::optional<int> version;
  std::optional<std::string_view> user, password;
};

bool ParseGreeting(Call& call, Greeting& greeting) {
  if (call.size() > 1) {
    const auto version = base::ParseInt64(call[1]);
    if (!version) {
      call.Error("ERR Protocol version is not an integer or out of range");
      return false;
    }
    if (*version != 2 && *version != 3) {
      call.Error("NOPROTO unsupported protocol version");
      return false;
    }
    greeting.version = static_cast<int>(*version);
  }
  ArgReader options(call, 2);
  while (options.HasMore()) {
    if (options.Match("AUTH", 2)) {
      call.Redact(options.position());
      greeting.user = options.Next();
      call.Redact(options.position());
      greeting.password = options.Next();
    } else if (options.Match("SETNAME", 1)) {
      const std::string_view name = options.Next();
      if (!IsClientAttribute(name)) {
        options.Fail(kBadClientName);
      } else {
        call.session.name = name;  // it stays, even if what follows is wrong
      }
    } else {
      options.Fail("ERR Syntax error in HELLO option '" + std::string(options.Next()) + "'");
    }
  }
  return options.Finish();
}

void Hello(Call& call) {
  Greeting greeting;
  if (!ParseGreeting(call, greeting)) return;
  Session& session = call.session;
  if (greeting.user && !Authenticate(call, *greeting.user, *greeting.password)) return;
  if (!session.authenticated) {
    return call.Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time");
  }
  const int version = greeting.version.value_or(session.reply.version());
  session.reply.set_version(version);
  call.reply.set_version(version);

  call.reply.Map(7);
  call.reply.Bulk("server");
  call.reply.Bulk("redis");
  call.reply.Bulk("version");
  call.reply.Bulk(kRedisVersion);
  call.reply.Bulk("proto");
  call.reply.Integer(version);
  call.reply.Bulk("id");
  call.reply.Integer(static_cast<int64_t>(session.id));
  call.reply.Bulk("mode");
  call.reply.Bulk("standalone");
  call.reply.Bulk("role");
  call.reply.Bulk("master");
  call.reply.Bulk("modules");
  call.reply.Array(0);
}

// As if the client had just connected; what it told of itself by CLIENT SETINFO stays.
void Reset(Call& call) {
  Engine& engine = call.engine;
  Session& session = call.session;
  engine.StopMonitoring(session);
  session.transaction.reset();
  engine.watches.UnwatchAll(session);
  engine.pubsub.UnsubscribeAll(session);
  session.database = 0;
  session.name.clear();
  if (session.reply_mode == ReplyMode::kOff) session.reply_mode = ReplyMode::kOn;
  session.no_touch = session.no_evict = false;
  SetAuthenticated(session, engine.config.require_pass.empty());
  session.reply.set_version(2);
  call.reply.set_version(2);
  call.reply.Simple("RESET");
}

// Also for those who have not authenticated yet.
constexpr uint32_t kUnauthenticated = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

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
     .flags = kUnauthenticated,
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
    {.name = "HELLO",
     .arity = -1,
     .flags = kUnauthenticated,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Handshake with Redis",
     .handler = Hello},
    {.name = "AUTH",
     .arity = -2,
     .flags = kUnauthenticated,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "1.0.0",
     .complexity = "O(N) where N is the number of passwords defined for the user",
     .summary = "Authenticate to the server",
     .handler = Auth},
    {.name = "RESET",
     .arity = 1,
     .flags = kUnauthenticated,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Reset the connection",
     .handler = Reset},
};

}  // namespace

std::span<const Command> ConnectionCommands() {
  return kCommands;
}

}  // namespace leat::commands
