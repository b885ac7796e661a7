#include "server/data/subscriptions.h"

#include <algorithm>

#include "server/data/glob.h"

namespace leat::data {

uint64_t Subscriptions::Membership::HashOf(const Channel* channel, const Subscriber* subscriber) {
  return base::MixBits(base::MixBits(reinterpret_cast<uintptr_t>(channel)) +
                       reinterpret_cast<uintptr_t>(subscriber));
}

Channel* Subscriptions::FindHashed(std::string_view name, uint64_t hash) {
  const Name* found = names_.Find(hash, [&](const Name& candidate) {
    return candidate.hash == hash && candidate.channel->name_ == name;
  });
  return found == nullptr ? nullptr : found->channel.get();
}

Subscriptions::Membership* Subscriptions::FindMembership(const Channel* channel,
                                                         const Subscriber* subscriber) {
  return memberships_.Find(
      Membership::HashOf(channel, subscriber), [&](const Membership& candidate) {
        return candidate.channel == channel && candidate.subscriber == subscriber;
      });
}

Subscriptions::ChannelList* Subscriptions::FindList(const Subscriber* subscriber) {
  return subscribers_.Find(
      base::MixBits(reinterpret_cast<uintptr_t>(subscriber)),
      [&](const ChannelList& candidate) { return candidate.subscriber == subscriber; });
}

Channel* Subscriptions::Subscribe(std::string_view name, Subscriber* subscriber) {
  const uint64_t hash = hash_(name);
  Channel* channel = FindHashed(name, hash);
  if (channel == nullptr) {
    channel = names_.Insert(Name{hash, std::make_unique<Channel>(name)})->channel.get();
  } else if (FindMembership(channel, subscriber) != nullptr) {
    return nullptr;
  }
  ChannelList* list = FindList(subscriber);
  if (list == nullptr) list = subscribers_.Insert(ChannelList{subscriber, {}});
  memberships_.Insert(Membership{channel, subscriber,
                                 static_cast<uint32_t>(channel->places_.size()),
                                 static_cast<uint32_t>(list->channels.size())});
  channel->places_.push_back(subscriber);
  ++channel->live_;
  list->channels.push_back(channel);
  return channel;
}

bool Subscriptions::Unsubscribe(std::string_view name, Subscriber* subscriber) {
  Channel* channel = Find(name);
  if (channel == nullptr) return false;
  Membership* membership = FindMembership(channel, subscriber);
  if (membership == nullptr) return false;
  Remove(channel, membership);
  return true;
}

void Subscriptions::UnsubscribeAll(Subscriber* subscriber) {
  // From the back, so that nothing moves within the list.
  while (ChannelList* list = FindList(subscriber)) {
    Channel* channel = list->channels.back();
    Remove(channel, FindMembership(channel, subscriber));
  }
}

bool Subscriptions::IsSubscribed(std::string_view name, const Subscriber* subscriber) const {
  auto* self = const_cast<Subscriptions*>(this);
  const Channel* channel = self->Find(name);
  return channel != nullptr && self->FindMembership(channel, subscriber) != nullptr;
}

std::span<Channel* const> Subscriptions::ChannelsOf(const Subscriber* subscriber) const {
  const ChannelList* list = const_cast<Subscriptions*>(this)->FindList(subscriber);
  if (list == nullptr) return {};
  return list->channels;
}

std::vector<std::string_view> Subscriptions::Names(std::optional<std::string_view> glob) const {
  std::vector<std::string_view> names;
  names_.ForEach([&](const Name& name) {
    const std::string_view text = name.channel->name();
    if (!glob.has_value() || GlobMatch(*glob, text)) names.push_back(text);
  });
  return names;
}

void Subscriptions::Remove(Channel* channel, Membership* membership) {
  const Subscriber* subscriber = membership->subscriber;
  const uint32_t place_in_channel = membership->place_in_channel;
  const uint32_t place_in_list = membership->place_in_list;
  memberships_.Erase(membership);
  RemoveFromList(subscriber, place_in_list);

  channel->places_[place_in_channel] = nullptr;
  if (--channel->live_ == 0) {
    const uint64_t hash = hash_(channel->name());
    names_.Erase(
        names_.Find(hash, [&](const Name& name) { return name.channel.get() == channel; }));
    return;
  }
  while (channel->places_.back() == nullptr) channel->places_.pop_back();
  if (channel->places_.size() > 2 * channel->live_ + 8) CloseUp(channel);
}

// The last of the list takes the free place.
void Subscriptions::RemoveFromList(const Subscriber* subscriber, uint32_t place) {
  ChannelList* list = FindList(subscriber);
  std::vector<Channel*>& channels = list->channels;
  if (channels.size() == 1) {
    subscribers_.Erase(list);
    return;
  }
  if (place + 1 < channels.size()) {
    channels[place] = channels.back();
    FindMembership(channels[place], subscriber)->place_in_list = place;
  }
  channels.pop_back();
  if (channels.capacity() > 8 * channels.size()) channels.shrink_to_fit();
}

void Subscriptions::CloseUp(Channel* channel) {
  std::erase(channel->places_, nullptr);
  channel->places_.shrink_to_fit();
  for (uint32_t place = 0; place < channel->places_.size(); ++place) {
    FindMembership(channel, channel->places_[place])->place_in_channel = place;
  }
}

}  // namespace leat::data
