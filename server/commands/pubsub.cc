// Channels: SUBSCRIBE and PUBLISH, their patterns and their shard channels (redis.io, "Pub/Sub").
// What they do is in engine/pubsub.h.
#include <optional>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"

namespace leat::commands {

using namespace engine;

namespace {

// The words in which (un)subscriptions of a kind are confirmed.
struct Words {
  std::string_view subscribe, unsubscribe;
};

Words WordsOf(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::kPattern:
      return {"psubscribe", "punsubscribe"};
    case ChannelKind::kShardChannel:
      return {"ssubscribe", "sunsubscribe"};
    case ChannelKind::kChannel:
      break;
  }
  return {"subscribe", "unsubscribe"};
}

// A confirmation is a push: it stands where a reply would, and CLIENT REPLY does not suppress it.
void Confirm(Call& call, ChannelKind kind, std::string_view what,
             std::optional<std::string_view> name) {
  Session& session = call.session;
  const bool gathered =
      call.mode == Call::Mode::kInTransaction && session.reply_mode == ReplyMode::kOn;
  resp::ReplyWriter& reply = gathered ? call.reply : session.reply;
  reply.Push(3);
  reply.Bulk(what);
  if (name) {
    reply.Bulk(*name);
  } else {
    reply.Null();
  }
  const size_t count = kind == ChannelKind::kShardChannel ? session.shard_channels
                                                          : session.channels + session.patterns;
  reply.Integer(static_cast<int64_t>(count));
}

void SubscribeTo(Call& call, ChannelKind kind) {
  for (const std::string_view name : call.args.subspan(1)) {
    call.engine.pubsub.Subscribe(kind, name, call.session);
    Confirm(call, kind, WordsOf(kind).subscribe, name);
  }
}

void UnsubscribeFrom(Call& call, ChannelKind kind) {
  PubSub& pubsub = call.engine.pubsub;
  const auto leave = [&](std::string_view name) {
    pubsub.Unsubscribe(kind, name, call.session);
    Confirm(call, kind, WordsOf(kind).unsubscribe, name);
  };
  if (call.size() > 1) {
    for (const std::string_view name : call.args.subspan(1)) leave(name);
    return;
  }
  const auto subscribed = pubsub.NamesOf(kind, call.session);
  if (subscribed.empty()) return Confirm(call, kind, WordsOf(kind).unsubscribe, std::nullopt);
  // A name goes with its last subscriber.
  const std::vector<std::string> names(subscribed.begin(), subscribed.end());
  for (const std::string& name : names) leave(name);
}

void Subscribe(Call& call) {
  SubscribeTo(call, ChannelKind::kChannel);
}

void PSubscribe(Call& call) {
  SubscribeTo(call, ChannelKind::kPattern);
}

void SSubscribe(Call& call) {
  if (call.mode == Call::Mode::kInTransaction) {
    return call.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  }
  SubscribeTo(call, ChannelKind::kShardChannel);
}

void Unsubscribe(Call& call) {
  UnsubscribeFrom(call, ChannelKind::kChannel);
}

void PUnsubscribe(Call& call) {
  UnsubscribeFrom(call, ChannelKind::kPattern);
}

void SUnsubscribe(Call& call) {
  UnsubscribeFrom(call, ChannelKind::kShardChannel);
}

void Publish(Call& call) {
  call.reply.Integer(call.engine.pubsub.Publish(call[1], call[2], call.now_ms));
}

void SPublish(Call& call) {
  call.reply.Integer(call.engine.pubsub.PublishToShard(call[1], call[2], call.now_ms));
}

void ReplyNames(Call& call, const data::Subscriptions& channels) {
  if (call.size() > 3) return ReplySubcommandSyntax(call);
  const auto names = call.size() == 3 ? channels.Names(call[2]) : channels.Names(std::nullopt);
  call.reply.Array(names.size());
  for (const std::string_view name : names) call.reply.Bulk(name);
}

void ReplySubscriberCounts(Call& call, const data::Subscriptions& channels) {
  call.reply.Array(2 * (call.size() - 2));
  for (const std::string_view name : call.args.subspan(2)) {
    const data::Channel* channel = channels.Find(name);
    call.reply.Bulk(name);
    call.reply.Integer(channel == nullptr ? 0 : static_cast<int64_t>(channel->subscriber_count()));
  }
}

void PubsubChannels(Call& call) {
  ReplyNames(call, call.engine.pubsub.channels());
}

void PubsubShardChannels(Call& call) {
  ReplyNames(call, call.engine.pubsub.shard_channels());
}

void PubsubNumSub(Call& call) {
  ReplySubscriberCounts(call, call.engine.pubsub.channels());
}

void PubsubShardNumSub(Call& call) {
  ReplySubscriberCounts(call, call.engine.pubsub.shard_channels());
}

void PubsubNumPat(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.engine.pubsub.pattern_count()));
}

void PubsubHelp(Call& call) {
  WriteHelp(call,
            {
                "CHANNELS [<pattern>]",
                "    Return the currently active channels matching a <pattern> (default: '*').",
                "NUMPAT",
                "    Return number of subscriptions to patterns.",
                "NUMSUB [<channel> ...]",
                "    Return the number of subscribers for the specified channels, excluding",
                "    pattern subscriptions(default: no channels).",
                "SHARDCHANNELS [<pattern>]",
                ("    Return the currently active shard level channels matching a <pattern> "
                 "(default: '*')."),
                "SHARDNUMSUB [<shardchannel> ...]",
                "    Return the number of subscribers for the specified shard level channel(s)",
            });
}

constexpr uint32_t kSubscribes = kPubSub | kNoScript | kLoading | kStale;

constexpr Command kSubcommands[] = {
    {.name = "CHANNELS",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .group = "pubsub",
     .since = "2.8.0",
     .complexity = "O(N) where N is the number of active channels, and assuming constant time "
                   "pattern matching (relatively short channels and patterns)",
     .summary = "List active channels",
     .handler = PubsubChannels},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "pubsub",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = PubsubHelp},
    {.name = "NUMPAT",
     .arity = 2,
     .flags = kPubSub | kLoading | kStale,
     .group = "pubsub",
     .since = "2.8.0",
     .complexity = "O(1)",
     .summary = "Get the count of unique patterns pattern subscriptions",
     .handler = PubsubNumPat},
    {.name = "NUMSUB",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .group = "pubsub",
     .since = "2.8.0",
     .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
     .summary = "Get the count of subscribers for channels",
     .handler = PubsubNumSub},
    {.name = "SHARDCHANNELS",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .group = "pubsub",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of active shard channels, and assuming constant "
                   "time pattern matching (relatively short shard channels).",
     .summary = "List active shard channels",
     .handler = PubsubShardChannels},
    {.name = "SHARDNUMSUB",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .group = "pubsub",
     .since = "7.0.0",
     .complexity =
         "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
     .summary = "Get the count of subscribers for shard channels",
     .handler = PubsubShardNumSub},
};

constexpr Command kCommands[] = {
    {.name = "SUBSCRIBE",
     .arity = -2,
     .flags = kSubscribes,
     .group = "pubsub",
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of channels to subscribe to.",
     .summary = "Listen for messages published to the given channels",
     .handler = Subscribe},
    {.name = "UNSUBSCRIBE",
     .arity = -1,
     .flags = kSubscribes,
     .group = "pubsub",
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of clients already subscribed to a channel.",
     .summary = "Stop listening for messages posted to the given channels",
     .handler = Unsubscribe},
    {.name = "PSUBSCRIBE",
     .arity = -2,
     .flags = kSubscribes,
     .group = "pubsub",
     .since = "2.0.0",
     .complexity = "O(N) where N is the number of patterns the client is already subscribed to.",
     .summary = "Listen for messages published to channels matching the given patterns",
     .handler = PSubscribe},
    {.name = "PUNSUBSCRIBE",
     .arity = -1,
     .flags = kSubscribes,
     .group = "pubsub",
     .since = "2.0.0",
     .complexity = "O(N+M) where N is the number of patterns the client is already subscribed and "
                   "M is the number of total patterns subscribed in the system (by any client).",
     .summary = "Stop listening for messages posted to channels matching the given patterns",
     .handler = PUnsubscribe},
    {.name = "SSUBSCRIBE",
     .arity = -2,
     .flags = kSubscribes,
     .keys = {KeyRange(kKeyNotKey, 1, -1)},
     .group = "pubsub",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of shard channels to subscribe to.",
     .summary = "Listen for messages published to the given shard channels",
     .handler = SSubscribe},
    {.name = "SUNSUBSCRIBE",
     .arity = -1,
     .flags = kSubscribes,
     .keys = {KeyRange(kKeyNotKey, 1, -1)},
     .group = "pubsub",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of clients already subscribed to a shard channel.",
     .summary = "Stop listening for messages posted to the given shard channels",
     .handler = SUnsubscribe},
    {.name = "PUBLISH",
     .arity = 3,
     .flags = kPubSub | kLoading | kStale | kFast | kMayReplicate,
     .group = "pubsub",
     .since = "2.0.0",
     .complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel "
                   "and M is the total number of subscribed patterns (by any client).",
     .summary = "Post a message to a channel",
     .handler = Publish},
    {.name = "SPUBLISH",
     .arity = 3,
     .flags = kPubSub | kLoading | kStale | kFast | kMayReplicate,
     .keys = {OneKey(kKeyNotKey)},
     .group = "pubsub",
     .since = "7.0.0",
     .complexity =
         "O(N) where N is the number of clients subscribed to the receiving shard channel.",
     .summary = "Post a message to a shard channel",
     .handler = SPublish},
    {.name = "PUBSUB",
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for Pub/Sub commands",
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const Command> PubSubCommands() {
  return kCommands;
}

}  // namespace leat::commands
