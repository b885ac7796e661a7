// Subscriptions: who listens to what, in both directions. The engine has one for channels, one for
// shard channels, and one inside PatternSubscriptions.
//
// A channel exists while it has a subscriber. Its name is stored once, and its subscribers lie in
// one array in the order in which they subscribed, which is what a publish walks:
//
//   names_        name ─────▶ Channel ┌──────┬─────────────────────────┐
//                                     │ name │ s1 s2 ·· s4 s5 …        │  (·· has unsubscribed)
//                                     └──────┴─────────────────────────┘
//   memberships_  (channel, subscriber) ─────▶ its place in the channel, its place in the list
//   below subscribers_  subscriber ─────▶ its channels
//
// So subscribing and unsubscribing take constant time, with 100,000 subscribers of one channel as
// with 100,000 channels of one subscriber. A place left empty in a channel is closed up when more
// than half of them are.
//
// Subscribers are borrowed: one must leave (UnsubscribeAll) before it goes. Nothing may subscribe
// or unsubscribe while a ForEach runs.
//
//   class Session : public Subscriber { … };
//   subscriptions.Subscribe("news", session);
//   if (const Channel* channel = subscriptions.Find("news")) {
//     channel->ForEach([&](Subscriber* s) { static_cast<Session*>(s)->Push(message); });
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/hash.h"
#include "server/data/flat_table.h"

namespace leat::data {

// What can subscribe: an identity, from which the engine's session derives.
class Subscriber {
 protected:
  Subscriber() = default;
  ~Subscriber() = default;
};

class Channel {
 public:
  explicit Channel(std::string_view name) : name_(name) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Valid while the channel has a subscriber.
  std::string_view name() const { return name_; }
  size_t subscriber_count() const { return live_; }

  // Calls visit(Subscriber*) in the order of subscription.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (Subscriber* subscriber : places_) {
      if (subscriber != nullptr) visit(subscriber);
    }
  }

  // A word for the one who keeps the table.
  void* attachment() const { return attachment_; }
  void set_attachment(void* attachment) { attachment_ = attachment; }

 private:
  friend class Subscriptions;

  std::string name_;
  std::vector<Subscriber*> places_;  // null where one has unsubscribed; the last is never null
  size_t live_ = 0;
  void* attachment_ = nullptr;
};

class Subscriptions {
 public:
  explicit Subscriptions(uint64_t hash_seed) : hash_{hash_seed} {}
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // The channel, which may be new, or null where `subscriber` is one of its subscribers already.
  Channel* Subscribe(std::string_view name, Subscriber* subscriber);

  // False where there was no such subscription. A channel goes with its last subscriber. `name` may
  // be the channel's own.
  bool Unsubscribe(std::string_view name, Subscriber* subscriber);
  void UnsubscribeAll(Subscriber* subscriber);

  // Null where nobody subscribes.
  Channel* Find(std::string_view name) {
    return names_.size() == 0 ? nullptr : FindHashed(name, hash_(name));
  }
  const Channel* Find(std::string_view name) const {
    return const_cast<Subscriptions*>(this)->Find(name);
  }
  bool IsSubscribed(std::string_view name, const Subscriber* subscriber) const;

  // The channels of one subscriber, in the order of subscription until it first unsubscribes. Valid
  // until the next change.
  std::span<Channel* const> ChannelsOf(const Subscriber* subscriber) const;

  // The number of channels, and of subscriptions over all of them.
  size_t size() const { return names_.size(); }
  size_t subscription_count() const { return memberships_.size(); }

  // Names of all channels, or of those that `glob` matches, in no particular order. They are valid
  // while their channels are.
  std::vector<std::string_view> Names(std::optional<std::string_view> glob = std::nullopt) const;

 private:
  struct Name {
    uint64_t hash = 0;
    std::unique_ptr<Channel> channel;

    bool Empty() const { return channel == nullptr; }
    uint64_t Hash() const { return hash; }
  };
  struct Membership {
    const Channel* channel = nullptr;
    const Subscriber* subscriber = nullptr;
    uint32_t place_in_channel = 0;
    uint32_t place_in_list = 0;

    bool Empty() const { return channel == nullptr; }
    uint64_t Hash() const { return HashOf(channel, subscriber); }
    static uint64_t HashOf(const Channel* channel, const Subscriber* subscriber);
  };
  struct ChannelList {
    const Subscriber* subscriber = nullptr;
    std::vector<Channel*> channels;

    bool Empty() const { return subscriber == nullptr; }
    uint64_t Hash() const { return base::MixBits(reinterpret_cast<uintptr_t>(subscriber)); }
  };

  Channel* FindHashed(std::string_view name, uint64_t hash);
  Membership* FindMembership(const Channel* channel, const Subscriber* subscriber);
  ChannelList* FindList(const Subscriber* subscriber);
  void Remove(Channel* channel, Membership* membership);
  void RemoveFromList(const Subscriber* subscriber, uint32_t place);
  void CloseUp(Channel* channel);

  base::StringHash hash_;
  FlatTable<Name> names_;
  FlatTable<Membership> memberships_;
  FlatTable<ChannelList> subscribers_;
};

}  // namespace leat::data
