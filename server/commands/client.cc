// CLIENT: what a client says and asks of itself and of the other clients (redis.io, "Connection
// management").
#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "server/base/number.h"
#include "server/commands/client_info.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

// ON or OFF; another word is replied to as a syntax error.
std::optional<bool> ParseSwitch(Call& call, std::string_view word) {
  if (EqualsIgnoringCase(word, "ON")) return true;
  if (EqualsIgnoringCase(word, "OFF")) return false;
  call.Error(errors::kSyntax);
  return std::nullopt;
}

void ClientId(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.session.id));
}

void ClientGetName(Call& call) {
  if (call.session.name.empty()) return call.reply.Null();
  call.reply.Bulk(call.session.name);
}

void ClientSetName(Call& call) {
  if (!IsClientAttribute(call[2])) return call.Error(kBadClientName);
  call.session.name = call[2];
  call.reply.Ok();
}

void ClientSetInfo(Call& call) {
  std::string* attribute = nullptr;
  if (EqualsIgnoringCase(call[2], "LIB-NAME")) attribute = &call.session.library_name;
  if (EqualsIgnoringCase(call[2], "LIB-VER")) attribute = &call.session.library_version;
  if (attribute == nullptr) {
    return call.Error("ERR Unrecognized option '" + std::string(call[2]) + "'");
  }
  if (!IsClientAttribute(call[3])) {
    return call.Error("ERR " + std::string(call[2]) +
                      " cannot contain spaces, newlines or special characters.");
  }
  *attribute = call[3];
  call.reply.Ok();
}

void ClientInfo(Call& call) {
  std::string text;
  AppendClientLine(text, call.session, call.now_ms);
  call.reply.Verbatim("txt", text);
}

std::optional<ClientType> ParseType(Call& call, std::string_view name) {
  const auto type = ParseClientType(name);
  if (!type) call.Error("ERR Unknown client type '" + std::string(name) + "'");
  return type;
}

// The IDs that CLIENT LIST ID names, those of no client included.
void ListById(Call& call) {
  std::string text;
  for (const std::string_view argument : call.args.subspan(3)) {
    const auto id = base::ParseInt64(argument);
    if (!id) return call.Error("ERR Invalid client ID");
    const Session* session = call.engine.FindSession(static_cast<uint64_t>(*id));
    if (session != nullptr && !session->closing_at_once) {
      AppendClientLine(text, *session, call.now_ms);
    }
  }
  call.reply.Verbatim("txt", text);
}

void ClientList(Call& call) {
  std::optional<ClientType> type;
  if (call.size() > 3 && EqualsIgnoringCase(call[2], "ID")) return ListById(call);
  if (call.size() == 4 && EqualsIgnoringCase(call[2], "TYPE")) {
    type = ParseType(call, call[3]);
    if (!type) return;
  } else if (call.size() != 2) {
    return call.Error(errors::kSyntax);
  }
  std::string text;
  for (const auto& [id, session] : call.engine.sessions()) {
    if (session->closing_at_once || (type && TypeOf(*session) != *type)) continue;
    AppendClientLine(text, *session, call.now_ms);
  }
  call.reply.Verbatim("txt", text);
}

// Whom CLIENT KILL means: those for whom all that is set holds.
struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<ClientType> type;
  std::optional<std::string_view> address, local_address;
  std::optional<int64_t> min_age_ms;
  bool skip_me = true;

  bool Matches(const Session& session, const Call& call) const {
    return !session.closing_at_once && (!id || session.id == *id) &&
           (!type || TypeOf(session) == *type) && (!address || session.address == *address) &&
           (!local_address || session.local_address == *local_address) &&
           (!min_age_ms || call.now_ms - session.created_ms >= *min_age_ms) &&
           !(skip_me && &session == &call.session);
  }
};

bool ParseKillOption(Call& call, ArgReader& options, KillFilter& filter) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  if (options.Match("ID", 1)) {
    filter.id =
        static_cast<uint64_t>(options.IntegerIn(1, kMax, "ERR client-id should be greater than 0"));
  } else if (options.Match("TYPE", 1)) {
    filter.type = ParseType(call, options.Next());
    return filter.type.has_value();
  } else if (options.Match("ADDR", 1)) {
    filter.address = options.Next();
  } else if (options.Match("LADDR", 1)) {
    filter.local_address = options.Next();
  } else if (options.Match("USER", 1)) {
    const std::string_view user = options.Next();
    if (user != "default") options.Fail("ERR No such user '" + std::string(user) + "'");
  } else if (options.Match("MAXAGE", 1)) {
    const int64_t seconds = options.Integer("ERR maxage is not an integer or out of range");
    if (seconds <= 0) options.Fail("ERR maxage should be greater than 0");
    filter.min_age_ms = seconds > kMax / 1000 ? kMax : seconds * 1000;
  } else if (options.Match("SKIPME", 1)) {
    filter.skip_me = options.Match("YES");
    if (!filter.skip_me && !options.Match("NO")) options.Fail(errors::kSyntax);
  } else {
    options.Fail(errors::kSyntax);
  }
  return true;
}

// Returns how many. A client that ends itself is answered first.
int64_t Kill(Call& call, const KillFilter& filter) {
  int64_t killed = 0;
  for (const auto& [id, session] : call.engine.sessions()) {
    if (!filter.Matches(*session, call)) continue;
    call.engine.Close(*session, session.get() != &call.session, "CLIENT KILL");
    ++killed;
  }
  return killed;
}

void ClientKill(Call& call) {
  KillFilter filter;
  if (call.size() == 3) {  // the form of old
    filter.address = call[2];
    filter.skip_me = false;
    if (Kill(call, filter) == 0) return call.Error("ERR No such client");
    return call.reply.Ok();
  }
  ArgReader options(call, 2);
  while (options.HasMore()) {
    if (!ParseKillOption(call, options, filter)) return;
  }
  if (options.Finish()) call.reply.Integer(Kill(call, filter));
}

// Only what turns replies on is itself answered.
void ClientReply(Call& call) {
  ReplyMode& mode = call.session.reply_mode;
  if (EqualsIgnoringCase(call[2], "ON")) {
    mode = ReplyMode::kOn;
    call.reply.Ok();
  } else if (EqualsIgnoringCase(call[2], "OFF")) {
    mode = ReplyMode::kOff;
  } else if (EqualsIgnoringCase(call[2], "SKIP")) {
    if (mode != ReplyMode::kOff) mode = ReplyMode::kSkipNext;
  } else {
    call.Error(errors::kSyntax);
  }
}

void ClientPause(Call& call) {
  Pause pause{.until_ms = 0, .all = true};
  if (call.size() > 4) return ReplySubcommandSyntax(call);
  if (call.size() == 4) {
    pause.all = EqualsIgnoringCase(call[3], "ALL");
    if (!pause.all && !EqualsIgnoringCase(call[3], "WRITE")) {
      return call.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const auto ms = base::ParseInt64(call[2]);
  if (!ms) return call.Error(errors::kTimeoutNotInteger);
  if (*ms < 0) return call.Error(errors::kTimeoutNegative);
  if (*ms > std::numeric_limits<int64_t>::max() - call.now_ms) {
    return call.Error("ERR timeout is out of range");
  }
  pause.until_ms = call.now_ms + *ms;
  call.engine.SetPause(pause);
  call.reply.Ok();
}

void ClientUnpause(Call& call) {
  call.reply.Ok();
  call.engine.EndPause();
}

void ClientNoEvict(Call& call) {
  const auto on = ParseSwitch(call, call[2]);
  if (!on) return;
  call.session.no_evict = *on;
  call.reply.Ok();
}

void ClientNoTouch(Call& call) {
  const auto on = ParseSwitch(call, call[2]);
  if (!on) return;
  call.session.no_touch = *on;
  call.reply.Ok();
}

void ClientUnblock(Call& call) {
  if (call.size() > 4) return ReplySubcommandSyntax(call);
  const bool error = call.size() == 4 && EqualsIgnoringCase(call[3], "ERROR");
  if (call.size() == 4 && !error && !EqualsIgnoringCase(call[3], "TIMEOUT")) {
    return call.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const auto id = base::ParseInt64(call[2]);
  if (!id) return call.Error(errors::kNotInteger);
  Session* session = call.engine.FindSession(static_cast<uint64_t>(*id));
  const bool blocked = session != nullptr && !session->IsClosing() && session->parked != nullptr &&
                       session->parked->reason == ParkedCall::Reason::kEvent;
  if (blocked) {
    call.engine.Unblock(*session, error ? "UNBLOCKED client unblocked via CLIENT UNBLOCK" : "");
  }
  call.reply.Integer(blocked ? 1 : 0);
}

void ClientHelp(Call& call) {
  WriteHelp(call, {
                      "GETNAME",
                      "    Return the name of the current connection.",
                      "ID",
                      "    Return the ID of the current connection.",
                      "INFO",
                      "    Return information about the current client connection.",
                      "KILL <ip:port>",
                      "    Kill connection made from <ip:port>.",
                      "KILL <option> <value> [<option> <value> [...]]",
                      "    Kill connections. Options are:",
                      "    * ADDR (<ip:port>|<unixsocket>:0)",
                      "      Kill connections made from the specified address",
                      "    * LADDR (<ip:port>|<unixsocket>:0)",
                      "      Kill connections made to specified local address",
                      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                      "      Kill connections by type.",
                      "    * USER <username>",
                      "      Kill connections authenticated by <username>.",
                      "    * SKIPME (YES|NO)",
                      "      Skip killing current connection (default: yes).",
                      "    * ID <client-id>",
                      "      Kill the connection with that ID.",
                      "    * MAXAGE <seconds>",
                      "      Kill connections that are at least that old.",
                      "LIST [options ...]",
                      "    Return information about client connections. Options:",
                      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                      "      Return clients of specified type.",
                      "    * ID <client-id> [<client-id> ...]",
                      "      Return the clients with those IDs.",
                      "UNPAUSE",
                      "    Stop the current client pause, resuming traffic.",
                      "PAUSE <timeout> [WRITE|ALL]",
                      "    Suspend all, or just write, clients for <timeout> milliseconds.",
                      "REPLY (ON|OFF|SKIP)",
                      "    Control the replies sent to the current connection.",
                      "SETNAME <name>",
                      "    Assign the name <name> to the current connection.",
                      "SETINFO (LIB-NAME <name>|LIB-VER <version>)",
                      "    Tell which library the client uses.",
                      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                      "    Unblock the specified blocked client.",
                      "NO-EVICT (ON|OFF)",
                      "    Protect current client connection from eviction.",
                      "NO-TOUCH (ON|OFF)",
                      "    Leave the access times of keys as they are.",
                  });
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;  // concerns the client alone
constexpr uint32_t kOfOthers = kAdmin | kOwn;

constexpr Command kSubcommands[] = {
    {.name = "GETNAME",
     .arity = 2,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Get the current connection name",
     .handler = ClientGetName},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = ClientHelp},
    {.name = "ID",
     .arity = 2,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Returns the client ID for the current connection",
     .handler = ClientId},
    {.name = "INFO",
     .arity = 2,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Returns information about the current client connection.",
     .tips = "nondeterministic_output",
     .handler = ClientInfo},
    {.name = "KILL",
     .arity = -3,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "O(N) where N is the number of client connections",
     .summary = "Kill the connection of a client",
     .handler = ClientKill},
    {.name = "LIST",
     .arity = -2,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "O(N) where N is the number of client connections",
     .summary = "Get the list of client connections",
     .tips = "nondeterministic_output",
     .handler = ClientList},
    {.name = "NO-EVICT",
     .arity = 3,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Set client eviction mode for the current connection",
     .handler = ClientNoEvict},
    {.name = "NO-TOUCH",
     .arity = 3,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
     .handler = ClientNoTouch},
    {.name = "PAUSE",
     .arity = -3,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "2.9.50",
     .complexity = "O(1)",
     .summary = "Stop processing commands from clients for some time",
     .handler = ClientPause},
    {.name = "REPLY",
     .arity = 3,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Instruct the server whether to reply to commands",
     .handler = ClientReply},
    {.name = "SETINFO",
     .arity = 4,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Sets information specific to the client or connection.",
     .tips = "request_policy:all_nodes,response_policy:all_succeeded",
     .handler = ClientSetInfo},
    {.name = "SETNAME",
     .arity = 3,
     .flags = kOwn,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Set the current connection name",
     .handler = ClientSetName},
    {.name = "UNBLOCK",
     .arity = -3,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "5.0.0",
     .complexity = "O(log N) where N is the number of client connections",
     .summary = "Unblock a client blocked in a blocking command from a different connection",
     .handler = ClientUnblock},
    {.name = "UNPAUSE",
     .arity = 2,
     .flags = kOfOthers,
     .categories = kConnectionCategory,
     .group = "connection",
     .since = "6.2.0",
     .complexity = "O(N) Where N is the number of paused clients",
     .summary = "Resume processing of clients that were paused",
     .handler = ClientUnpause},
};

constexpr Command kCommands[] = {
    {.name = "CLIENT",
     .arity = -2,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for client connection commands",
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const Command> ClientCommands() {
  return kCommands;
}

}  // namespace leat::commands
