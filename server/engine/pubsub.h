// PubSub: channels, patterns and shard channels of the sessions, and delivery to them.
//
// A published message is encoded once for each RESP version that listens, and every subscriber's
// output refers to those bytes. The work of a publish follows the subscribers and the patterns that
// can match (data/pattern_index.h), not those that exist.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/data/pattern_subscriptions.h"
#include "server/data/subscriptions.h"
#include "server/engine/outbox.h"
#include "server/engine/session.h"

namespace leat::engine {

enum class ChannelKind : uint8_t { kChannel, kPattern, kShardChannel };

class PubSub {
 public:
  PubSub(uint64_t hash_seed, Outbox& outbox)
      : channels_(hash_seed), shard_channels_(hash_seed), patterns_(hash_seed), outbox_(outbox) {}

  // False when it was subscribed (or not subscribed) already.
  bool Subscribe(ChannelKind kind, std::string_view name, Session& session);
  bool Unsubscribe(ChannelKind kind, std::string_view name, Session& session);
  void UnsubscribeAll(Session& session);
  // The names of one kind that a session is subscribed to; valid until the next change.
  std::vector<std::string_view> NamesOf(ChannelKind kind, const Session& session) const;

  // Returns how many deliveries were made.
  int64_t Publish(std::string_view channel, std::string_view payload, int64_t now_ms);
  int64_t PublishToShard(std::string_view channel, std::string_view payload, int64_t now_ms);

  // What exists, for PUBSUB.
  const data::Subscriptions& channels() const { return channels_; }
  const data::Subscriptions& shard_channels() const { return shard_channels_; }
  size_t pattern_count() const { return patterns_.size(); }

 private:
  class Message;

  std::span<data::Channel* const> ChannelsOf(ChannelKind kind, const Session& session) const;
  int64_t Deliver(const data::Channel& channel, Message& message, int64_t now_ms);

  data::Subscriptions channels_;
  data::Subscriptions shard_channels_;
  data::PatternSubscriptions patterns_;
  Outbox& outbox_;
};

}  // namespace leat::engine
