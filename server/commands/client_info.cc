#include "server/commands/client_info.h"

#include <algorithm>

#include "server/engine/command_table.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

void Add(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append("=").append(value).append(" ");
}

template <typename Integer>
requires std::is_integral_v<Integer>
void Add(std::string& text, std::string_view name, Integer value) {
  Add(text, name, std::string_view(std::to_string(value)));
}

std::string FlagsOf(const Session& session) {
  const std::pair<bool, char> all[] = {
      {session.monitor, 'O'},
      {session.IsSubscribed(), 'P'},
      {session.transaction != nullptr, 'x'},
      {session.parked != nullptr, 'b'},
      {session.watched != nullptr && session.watched->changed, 'd'},
      {session.closing, 'c'},
      {session.unix_socket, 'U'},
      {session.no_evict, 'e'},
      {session.no_touch, 'T'},
  };
  std::string flags;
  for (const auto& [set, letter] : all) {
    if (set) flags.push_back(letter);
  }
  return flags.empty() ? "N" : flags;
}

size_t BytesOf(const std::vector<std::string>& args) {
  size_t bytes = 0;
  for (const std::string& arg : args) bytes += arg.size();
  return bytes;
}

// Names and order are Redis'. Its reply buffer (rbs, rbp, obl) is here the output's list of chunks
// (oll, omem).
void AddMemory(std::string& text, const Session& session) {
  const size_t unread = session.reader.buffered_bytes();
  const size_t reading = session.reader.memory_bytes();
  const size_t arguments = session.parked == nullptr ? 0 : BytesOf(session.parked->args);
  const size_t queued = session.transaction == nullptr ? 0 : session.transaction->memory_bytes;
  const size_t output = session.output.memory_bytes();
  Add(text, "qbuf", unread);
  Add(text, "qbuf-free", reading - std::min(reading, unread));
  Add(text, "argv-mem", arguments);
  Add(text, "multi-mem", queued);
  Add(text, "rbs", 0);
  Add(text, "rbp", 0);
  Add(text, "obl", 0);
  Add(text, "oll", session.output.empty() ? 0 : 1);
  Add(text, "omem", output);
  Add(text, "tot-mem", sizeof(Session) + reading + arguments + queued + output);
}

}  // namespace

std::optional<ClientType> ParseClientType(std::string_view name) {
  if (EqualsIgnoringCase(name, "normal")) return ClientType::kNormal;
  if (EqualsIgnoringCase(name, "pubsub")) return ClientType::kPubSub;
  if (EqualsIgnoringCase(name, "master")) return ClientType::kMaster;
  if (EqualsIgnoringCase(name, "replica") || EqualsIgnoringCase(name, "slave")) {
    return ClientType::kReplica;
  }
  return std::nullopt;
}

ClientType TypeOf(const Session& session) {
  return session.IsSubscribed() ? ClientType::kPubSub : ClientType::kNormal;
}

void AppendClientLine(std::string& text, const Session& session, int64_t now_ms) {
  Add(text, "id", session.id);
  Add(text, "addr", session.address);
  Add(text, "laddr", session.local_address);
  Add(text, "fd", session.file_descriptor);
  Add(text, "name", session.name);
  Add(text, "age", (now_ms - session.created_ms) / 1000);
  Add(text, "idle", (now_ms - session.last_request_ms) / 1000);
  Add(text, "flags", FlagsOf(session));
  Add(text, "db", session.database);
  Add(text, "sub", session.channels);
  Add(text, "psub", session.patterns);
  Add(text, "ssub", session.shard_channels);
  if (session.transaction == nullptr) {
    Add(text, "multi", -1);
  } else {
    Add(text, "multi", session.transaction->calls.size());
  }
  AddMemory(text, session);
  Add(text, "events", session.output.empty() ? "r" : "rw");
  Add(text, "cmd", session.last_command == nullptr ? "NULL" : session.last_command->full_name);
  Add(text, "user", "default");
  Add(text, "redir", -1);
  Add(text, "resp", session.reply.version());
  Add(text, "lib-name", session.library_name);
  Add(text, "lib-ver", session.library_version);
  text.back() = '\n';
}

bool IsClientAttribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace leat::commands
