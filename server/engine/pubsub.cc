#include "server/engine/pubsub.h"

#include <array>
#include <span>

#include "server/base/shared_bytes.h"
#include "server/base/wire.h"

namespace leat::engine {

// A push of a few bulk strings, encoded on first use for each version.
class PubSub::Message {
 public:
  template <typename... Parts>
  explicit Message(Parts... parts) : parts_{parts...}, count_(sizeof...(parts)) {}

  void AppendTo(resp::Output& output, int version) {
    Encoded& encoded = version == 2 ? resp2_ : resp3_;
    if (!encoded.bytes) Encode(version == 2 ? '*' : '>', encoded);
    output.AppendShared(encoded.bytes, {encoded.bytes.data(), encoded.size});
  }

 private:
  struct Encoded {
    base::SharedBytes bytes;
    size_t size = 0;
  };

  void Encode(char marker, Encoded& encoded) const {
    size_t bound = base::kMaxWireHeaderBytes;
    for (const std::string_view part : parts()) bound += base::BulkSize(part.size());
    encoded.bytes = base::SharedBytes::Allocate(bound);
    char* out = base::WriteWireHeader(encoded.bytes.data(), marker, count_);
    for (const std::string_view part : parts()) out = base::WriteBulk(out, part);
    encoded.size = static_cast<size_t>(out - encoded.bytes.data());
  }

  std::span<const std::string_view> parts() const { return {parts_.data(), count_}; }

  std::array<std::string_view, 4> parts_;
  size_t count_;
  Encoded resp2_, resp3_;
};

bool PubSub::Subscribe(ChannelKind kind, std::string_view name, Session& session) {
  switch (kind) {
    case ChannelKind::kChannel:
      return channels_.Subscribe(name, &session) != nullptr && ++session.channels > 0;
    case ChannelKind::kShardChannel:
      return shard_channels_.Subscribe(name, &session) != nullptr && ++session.shard_channels > 0;
    case ChannelKind::kPattern:
      return patterns_.Subscribe(name, &session) && ++session.patterns > 0;
  }
  return false;
}

bool PubSub::Unsubscribe(ChannelKind kind, std::string_view name, Session& session) {
  bool removed = false;
  switch (kind) {
    case ChannelKind::kChannel:
      removed = channels_.Unsubscribe(name, &session);
      session.channels -= removed ? 1 : 0;
      break;
    case ChannelKind::kShardChannel:
      removed = shard_channels_.Unsubscribe(name, &session);
      session.shard_channels -= removed ? 1 : 0;
      break;
    case ChannelKind::kPattern:
      removed = patterns_.Unsubscribe(name, &session);
      session.patterns -= removed ? 1 : 0;
      break;
  }
  return removed;
}

void PubSub::UnsubscribeAll(Session& session) {
  if (!session.IsSubscribed()) return;
  channels_.UnsubscribeAll(&session);
  shard_channels_.UnsubscribeAll(&session);
  patterns_.UnsubscribeAll(&session);
  session.channels = session.patterns = session.shard_channels = 0;
}

std::vector<std::string_view> PubSub::NamesOf(ChannelKind kind, const Session& session) const {
  std::vector<std::string_view> names;
  for (const data::Channel* channel : ChannelsOf(kind, session)) {
    names.push_back(channel->name());
  }
  return names;
}

int64_t PubSub::Publish(std::string_view channel, std::string_view payload, int64_t now_ms) {
  int64_t delivered = 0;
  if (const data::Channel* subscribed = channels_.Find(channel)) {
    Message message(std::string_view("message"), channel, payload);
    delivered += Deliver(*subscribed, message, now_ms);
  }
  patterns_.ForEachMatch(channel, [&](const data::Channel& pattern) {
    Message message(std::string_view("pmessage"), pattern.name(), channel, payload);
    delivered += Deliver(pattern, message, now_ms);
  });
  return delivered;
}

int64_t PubSub::PublishToShard(std::string_view channel, std::string_view payload, int64_t now_ms) {
  const data::Channel* subscribed = shard_channels_.Find(channel);
  if (subscribed == nullptr) return 0;
  Message message(std::string_view("smessage"), channel, payload);
  return Deliver(*subscribed, message, now_ms);
}

int64_t PubSub::Deliver(const data::Channel& channel, Message& message, int64_t now_ms) {
  int64_t delivered = 0;
  channel.ForEach([&](data::Subscriber* subscriber) {
    auto& session = static_cast<Session&>(*subscriber);
    ++delivered;
    if (session.closing_at_once) return;
    message.AppendTo(session.output, session.reply.version());
    outbox_.Add(session);
    outbox_.WithinLimit(session, now_ms);
  });
  return delivered;
}

std::span<data::Channel* const> PubSub::ChannelsOf(ChannelKind kind, const Session& session) const {
  switch (kind) {
    case ChannelKind::kChannel:
      return channels_.ChannelsOf(&session);
    case ChannelKind::kShardChannel:
      return shard_channels_.ChannelsOf(&session);
    case ChannelKind::kPattern:
      break;
  }
  return patterns_.ChannelsOf(&session);
}

}  // namespace leat::engine
