// XINFO: what a stream is made of (redis.io, "XINFO STREAM").
#include <algorithm>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

void WriteField(Call& call, std::string_view name, data::StreamId id) {
  call.reply.Bulk(name);
  call.reply.Bulk(id.ToString());
}

void WriteField(Call& call, std::string_view name, uint64_t number) {
  call.reply.Bulk(name);
  call.reply.Integer(static_cast<int64_t>(number));
}

// The fields that both forms begin with. Redis keeps entries in a radix tree of nodes; a topic has
// blocks, and counts as keys the nodes that approximate trimming goes by.
void WriteState(Call& call, const data::Topic& topic) {
  const int64_t node_entries = std::max<int64_t>(call.engine.config.stream_node_max_entries, 1);
  WriteField(call, "length", topic.length());
  WriteField(call, "radix-tree-keys", topic.node_count(static_cast<uint64_t>(node_entries)));
  WriteField(call, "radix-tree-nodes", topic.block_count() + 1);
  WriteField(call, "last-generated-id", topic.last_id());
  WriteField(call, "max-deleted-entry-id", topic.max_deleted_id());
  WriteField(call, "entries-added", topic.entries_added());
  WriteField(call, "recorded-first-entry-id", topic.first_id());
}

void WriteOneEntry(Call& call, std::string_view name, const data::Topic& topic, bool last) {
  call.reply.Bulk(name);
  std::vector<data::Topic::Run> runs;
  const uint64_t entries = last ? topic.ReadReverse(data::kMinStreamId, data::kMaxStreamId, 1, runs)
                                : topic.Read(data::kMinStreamId, data::kMaxStreamId, 1, runs);
  if (entries == 0) return call.reply.Null();
  call.reply.RawShared(*runs[0].owner, runs[0].bytes);
}

void WriteSummary(Call& call, const data::Topic& topic) {
  constexpr size_t kFields = 10;
  call.reply.Map(kFields);
  WriteState(call, topic);
  WriteField(call, "groups", uint64_t{0});
  WriteOneEntry(call, "first-entry", topic, false);
  WriteOneEntry(call, "last-entry", topic, true);
}

void WriteFull(Call& call, const data::Topic& topic, uint64_t limit) {
  constexpr size_t kFields = 9;
  call.reply.Map(kFields);
  WriteState(call, topic);
  call.reply.Bulk("entries");
  std::vector<data::Topic::Run> runs;
  const uint64_t entries = topic.Read(data::kMinStreamId, data::kMaxStreamId, limit, runs);
  WriteEntries(call.reply, entries, runs);
  call.reply.Bulk("groups");
  call.reply.Array(0);
}

void XInfoStream(Call& call) {
  const data::Topic* topic = FindTopic(call, Call::KeyOf(call[2]));
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  if (call.size() == 3) return WriteSummary(call, *topic);

  constexpr int64_t kDefaultCount = 10;
  int64_t count = kDefaultCount;
  ArgReader args(call, 3);
  const bool full = args.Match("FULL") && (!args.HasMore() || args.Match("COUNT", 1));
  if (full && args.HasMore()) count = args.Integer();
  if (!full || args.HasMore()) {
    return call.Error("ERR unknown subcommand or wrong number of arguments for '" +
                      std::string(call[1]) + "'. Try XINFO HELP.");
  }
  if (!args.Finish()) return;
  if (count < 0) count = kDefaultCount;
  WriteFull(call, *topic, count == 0 ? data::Topic::kNoLimit : static_cast<uint64_t>(count));
}

void XInfoHelp(Call& call) {
  WriteHelp(call, {"STREAM <key> [FULL [COUNT <count>]", "    Show information about a stream."});
}

constexpr Command kXInfoSubcommands[] = {
    {.name = "STREAM",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Get information about a stream",
     .handler = XInfoStream},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kStreamCategory,
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = XInfoHelp},
};

constexpr Command kCommands[] = {
    {.name = "XINFO",
     .arity = -2,
     .group = "stream",
     .since = "5.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for stream introspection commands",
     .subcommands = kXInfoSubcommands},
};

}  // namespace

std::span<const Command> StreamInfoCommands() {
  return kCommands;
}

}  // namespace leat::commands
