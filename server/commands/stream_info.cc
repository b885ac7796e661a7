// XINFO: what a stream is made of (redis.io, "XINFO STREAM").
#include <algorithm>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"
#include "server/data/group_lag.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/policy_options.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::ConsumerGroup;

void WriteField(Call& call, std::string_view name, data::StreamId id) {
  call.reply.Bulk(name);
  call.reply.Bulk(id.ToString());
}

void WriteField(Call& call, std::string_view name, uint64_t number) {
  call.reply.Bulk(name);
  call.reply.Integer(static_cast<int64_t>(number));
}

void WriteField(Call& call, std::string_view name, std::string_view value) {
  call.reply.Bulk(name);
  call.reply.Bulk(value);
}

// What the topic remembers of idempotent appends.
void WriteIdempotency(Call& call, const data::Idempotency& idempotency) {
  const auto tracked = idempotency.CountTracked(idempotency.KeepFromMs(call.now_ms));
  WriteField(call, "idmp-duration", uint64_t{idempotency.settings().duration_seconds});
  WriteField(call, "idmp-maxsize", uint64_t{idempotency.settings().max_entries});
  WriteField(call, "pids-tracked", tracked.producers);
  WriteField(call, "iids-tracked", tracked.records);
  WriteField(call, "iids-added", idempotency.added());
  WriteField(call, "iids-duplicates", idempotency.duplicates());
}

size_t PolicyFields(const data::TopicPolicyState* state) {
  if (state == nullptr) return 0;
  const data::TopicPolicy& policy = state->policy;
  const auto is_set = [&policy](const RetentionOption& option) {
    return policy.*option.value != 0;
  };
  const auto limits =
      std::count_if(std::begin(kRetentionOptions), std::end(kRetentionOptions), is_set);
  return static_cast<size_t>(limits) + 1 + (policy.compact_field.empty() ? 0 : 1);
}

// Only what is set: without a policy the reply is redis-server's.
void WritePolicy(Call& call, const data::TopicPolicyState* state) {
  if (state == nullptr) return;
  const data::TopicPolicy& policy = state->policy;
  for (const RetentionOption& option : kRetentionOptions) {
    if (policy.*option.value != 0) WriteField(call, option.name, policy.*option.value);
  }
  WriteField(call, kReferencesOption, ReferencesWord(policy.references));
  if (!policy.compact_field.empty()) WriteField(call, kCompactOption, policy.compact_field);
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
  WriteIdempotency(call, topic.idempotency());
  WritePolicy(call, topic.policy_state());
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
  constexpr size_t kFields = 16;
  topic.NeedOldest();
  call.reply.Map(kFields + PolicyFields(topic.policy_state()));
  WriteState(call, topic);
  WriteField(call, "groups", topic.groups().size());
  WriteOneEntry(call, "first-entry", topic, false);
  WriteOneEntry(call, "last-entry", topic, true);
}

// Null where it is unknown.
void WriteCounter(Call& call, std::string_view name, std::optional<int64_t> counter) {
  call.reply.Bulk(name);
  counter ? call.reply.Integer(*counter) : call.reply.Null();
}

void WriteCounters(Call& call, const data::Topic& topic, const ConsumerGroup& group) {
  const int64_t read = group.entries_read();
  const bool known = read != ConsumerGroup::kUnknownEntriesRead;
  WriteCounter(call, "entries-read", known ? std::optional(read) : std::nullopt);
  WriteCounter(call, "lag", data::Lag(topic, group));
}

// The first `limit` of `ids`, pending ones of the group or of a consumer.
template <typename Ids>
void WritePending(Call& call, const ConsumerGroup& group, const Ids& ids, uint64_t limit,
                  bool with_owner) {
  const auto& pending = group.pending();
  call.reply.Bulk("pending");
  uint64_t left = std::min<uint64_t>(limit, ids.size());
  call.reply.Array(left);
  for (auto at = ids.begin(); left > 0; at = ids.Next(at), --left) {
    const data::StreamId id = ids.IdAt(at);
    const data::Delivery delivery = pending.ValueAt(pending.Find(id));
    call.reply.Array(with_owner ? 4 : 3);
    WriteId(call.reply, id);
    if (with_owner) {
      call.reply.Bulk(delivery.released() ? std::string_view() : group.OwnerOf(delivery).name);
    }
    call.reply.Integer(delivery.time_ms());
    call.reply.Integer(delivery.count());
  }
}

void WriteFullConsumer(Call& call, const ConsumerGroup& group, const data::Consumer& consumer,
                       uint64_t limit) {
  call.reply.Map(5);
  WriteField(call, "name", consumer.name);
  WriteCounter(call, "seen-time", consumer.seen_ms);
  WriteCounter(call, "active-time", consumer.active_ms);
  WriteField(call, "pel-count", consumer.pending.size());
  WritePending(call, group, consumer.pending, limit, false);
}

void WriteFullGroup(Call& call, const data::Topic& topic, const ConsumerGroup& group,
                    uint64_t limit) {
  call.reply.Map(8);
  WriteField(call, "name", group.name());
  WriteField(call, "last-delivered-id", group.last_id());
  WriteCounters(call, topic, group);
  WriteField(call, "pel-count", group.pending().size());
  WriteField(call, "nacked-count", group.released_count());
  WritePending(call, group, group.pending(), limit, true);
  call.reply.Bulk("consumers");
  call.reply.Array(group.consumer_count());
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    WriteFullConsumer(call, group, group.ConsumerAt(i), limit);
  }
}

void WriteFull(Call& call, const data::Topic& topic, uint64_t limit) {
  constexpr size_t kFields = 15;
  call.reply.Map(kFields + PolicyFields(topic.policy_state()));
  WriteState(call, topic);
  call.reply.Bulk("entries");
  std::vector<data::Topic::Run> runs;
  const uint64_t entries = topic.Read(data::kMinStreamId, data::kMaxStreamId, limit, runs);
  WriteEntries(call.reply, entries, runs);
  call.reply.Bulk("groups");
  call.reply.Array(topic.groups().size());
  for (size_t i = 0; i < topic.groups().size(); ++i) {
    WriteFullGroup(call, topic, topic.groups()[i], limit);
  }
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

void XInfoGroups(Call& call) {
  const data::Topic* topic = FindTopic(call, Call::KeyOf(call[2]));
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  const data::ConsumerGroups& groups = topic->groups();
  call.reply.Array(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    const ConsumerGroup& group = groups[i];
    call.reply.Map(6);
    WriteField(call, "name", group.name());
    WriteField(call, "consumers", group.consumer_count());
    WriteField(call, "pending", group.pending().size());
    WriteField(call, "last-delivered-id", group.last_id());
    WriteCounters(call, *topic, group);
  }
}

void XInfoConsumers(Call& call) {
  const data::Topic* topic = FindTopic(call, Call::KeyOf(call[2]));
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  const ConsumerGroup* group = topic->FindGroup(call[3]);
  if (group == nullptr) return NoSuchGroupError(call, call[2], call[3]);
  call.reply.Array(group->consumer_count());
  for (size_t i = 0; i < group->consumer_count(); ++i) {
    const data::Consumer& consumer = group->ConsumerAt(i);
    const int64_t since_active = std::max<int64_t>(call.now_ms - consumer.active_ms, 0);
    call.reply.Map(4);
    WriteField(call, "name", consumer.name);
    WriteField(call, "pending", consumer.pending.size());
    WriteCounter(call, "idle", std::max<int64_t>(call.now_ms - consumer.seen_ms, 0));
    WriteCounter(call, "inactive", consumer.active_ms < 0 ? -1 : since_active);
  }
}

void XInfoHelp(Call& call) {
  WriteHelp(call, {"CONSUMERS <key> <groupname>", "    Show the consumers of a group.",
                   "GROUPS <key>", "    Show the consumer groups of a stream.",
                   "STREAM <key> [FULL [COUNT <count>]", "    Show information about a stream."});
}

constexpr Command kXInfoSubcommands[] = {
    {.name = "CONSUMERS",
     .arity = 4,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "List the consumers in a consumer group",
     .tips = "nondeterministic_output",
     .handler = XInfoConsumers},
    {.name = "GROUPS",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess, 2)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "List the consumer groups of a stream",
     .handler = XInfoGroups},
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
