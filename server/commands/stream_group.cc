// XGROUP: the consumer groups of a stream (redis.io, "XGROUP").
#include <string>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_settings.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::ConsumerGroup;
using data::StreamId;

constexpr std::string_view kNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";

struct GroupOptions {
  bool too_many = false;  // good ones, but more than any form takes: said once the key is found
  bool make_stream = false;
  int64_t entries_read = ConsumerGroup::kUnknownEntriesRead;
};

bool ReadGroupOptions(Call& call, bool create, GroupOptions& options) {
  constexpr size_t kMostOfCreate = 8;
  constexpr size_t kMostOfSetId = 7;
  options.too_many = call.args.size() > (create ? kMostOfCreate : kMostOfSetId);
  ArgReader args(call, 5);
  while (args.HasMore()) {
    if (create && args.Match("MKSTREAM")) {
      options.make_stream = true;
    } else if (args.Match("ENTRIESREAD", 1)) {
      options.entries_read = args.Integer();
      if (options.entries_read < 0 && options.entries_read != ConsumerGroup::kUnknownEntriesRead) {
        args.Fail("ERR value for ENTRIESREAD must be positive or -1");
      }
    } else {
      ReplySubcommandSyntax(call);
      return false;
    }
  }
  return args.Finish();
}

// "$" is the topic's last ID. Only SETID takes "-" and "+" too.
std::optional<StreamId> PositionArgument(Call& call, const data::Topic* topic, bool takes_edges) {
  if (call[4] == "$") return topic == nullptr ? StreamId{} : topic->last_id();
  if (takes_edges && call[4] == "-") return data::kMinStreamId;
  if (takes_edges && call[4] == "+") return data::kMaxStreamId;
  return StreamIdArgument(call, call[4]);
}

// The group that call[2] and call[3] name; null group when the error was replied.
GroupRef NeedGroup(Call& call, const data::Key& key) {
  GroupRef ref;
  ref.topic = FindTopic(call, key);
  if (call.failed()) return ref;
  if (ref.topic == nullptr) {
    call.Error(kNeedsKey);
    return ref;
  }
  ref.group = ref.topic->FindGroup(call[3]);
  if (ref.group == nullptr) NoSuchGroupError(call, call[2], call[3]);
  return ref;
}

void XGroupCreate(Call& call) {
  GroupOptions options;
  if (!ReadGroupOptions(call, true, options)) return;
  const data::Key key = Call::KeyOf(call[2]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr && !options.make_stream) return call.Error(kNeedsKey);
  if (options.too_many) return ReplySubcommandSyntax(call);
  const auto id = PositionArgument(call, topic, false);
  if (!id) return;
  if (topic == nullptr) {
    call.Commit(data::CreateTopic{call.database(), key});
    ConfigureNewTopic(call, key);
  } else if (topic->FindGroup(call[3]) != nullptr) {
    return call.Error("BUSYGROUP Consumer Group name already exists");
  }
  call.Commit(data::CreateGroup{call.database(), key, call[3], *id, options.entries_read});
  call.reply.Ok();
}

void XGroupSetId(Call& call) {
  GroupOptions options;
  if (!ReadGroupOptions(call, false, options)) return;
  const data::Key key = Call::KeyOf(call[2]);
  const GroupRef ref = NeedGroup(call, key);
  if (ref.group == nullptr) return;
  if (options.too_many) return ReplySubcommandSyntax(call);
  const auto id = PositionArgument(call, ref.topic, true);
  if (!id) return;
  call.Commit(data::SetGroupPosition{call.database(), key, call[3], *id, options.entries_read});
  call.reply.Ok();
}

void XGroupDestroy(Call& call) {
  const data::Key key = Call::KeyOf(call[2]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(kNeedsKey);
  const bool exists = topic->FindGroup(call[3]) != nullptr;
  if (exists) call.Commit(data::DestroyGroup{call.database(), key, call[3]});
  call.reply.Integer(exists ? 1 : 0);
}

void XGroupCreateConsumer(Call& call) {
  const data::Key key = Call::KeyOf(call[2]);
  const GroupRef ref = NeedGroup(call, key);
  if (ref.group == nullptr) return;
  const bool exists = ref.group->FindConsumer(call[4]) != nullptr;
  if (!exists) {
    call.Commit(data::CreateConsumer{call.database(), key, call[3], call[4], call.now_ms});
  }
  call.reply.Integer(exists ? 0 : 1);
}

void XGroupDelConsumer(Call& call) {
  const data::Key key = Call::KeyOf(call[2]);
  const GroupRef ref = NeedGroup(call, key);
  if (ref.group == nullptr) return;
  const data::Consumer* consumer = ref.group->FindConsumer(call[4]);
  const size_t pending = consumer == nullptr ? 0 : consumer->pending.size();
  if (consumer != nullptr) {
    call.Commit(data::DeleteConsumer{call.database(), key, call[3], call[4]});
  }
  call.reply.Integer(static_cast<int64_t>(pending));
}

void XGroupHelp(Call& call) {
  WriteHelp(call,
            {"CREATE <key> <groupname> <id|$> [option]",
             "    Create a consumer group that has read up to <id>. Options are:", "    * MKSTREAM",
             "      Create the empty stream if it does not exist.",
             "    * ENTRIESREAD entries_read", "      Set the group's counter of entries read.",
             "CREATECONSUMER <key> <groupname> <consumer>", "    Create a consumer in a group.",
             "DELCONSUMER <key> <groupname> <consumer>",
             "    Remove a consumer, with what it has pending.", "DESTROY <key> <groupname>",
             "    Remove a group.", "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
             "    Set up to where a group has read, and its counter of entries read."});
}

constexpr Command kXGroupSubcommands[] = {
    {.name = "CREATE",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyInsert, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Create a consumer group.",
     .handler = XGroupCreate},
    {.name = "SETID",
     .arity = -5,
     .flags = kWrite,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Set a consumer group to an arbitrary last delivered ID value.",
     .handler = XGroupSetId},
    {.name = "DESTROY",
     .arity = 4,
     .flags = kWrite,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity =
         "O(N) where N is the number of entries in the group's pending entries list (PEL).",
     .summary = "Destroy a consumer group.",
     .handler = XGroupDestroy},
    {.name = "CREATECONSUMER",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyInsert, 2)},
     .group = "stream",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Create a consumer in a consumer group.",
     .handler = XGroupCreateConsumer},
    {.name = "DELCONSUMER",
     .arity = 5,
     .flags = kWrite,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Delete a consumer from a consumer group.",
     .handler = XGroupDelConsumer},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kStreamCategory,
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = XGroupHelp},
};

constexpr Command kCommands[] = {
    {.name = "XGROUP",
     .arity = -2,
     .group = "stream",
     .since = "5.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for consumer groups commands",
     .subcommands = kXGroupSubcommands},
};

}  // namespace

std::span<const Command> StreamGroupCommands() {
  return kCommands;
}

}  // namespace leat::commands
