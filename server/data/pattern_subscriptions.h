// PatternSubscriptions: who listens to which pattern. A Subscriptions table whose channels are
// named by glob patterns, with the PatternIndex that finds those a name matches.
//
//   patterns.Subscribe("news.*", session);
//   patterns.ForEachMatch("news.art", [](const Channel& pattern) { … });   // named "news.*"
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/data/pattern_index.h"
#include "server/data/subscriptions.h"

namespace leat::data {

class PatternSubscriptions {
 public:
  explicit PatternSubscriptions(uint64_t hash_seed) : table_(hash_seed), index_(hash_seed) {}

  // As the methods of Subscriptions.
  bool Subscribe(std::string_view pattern, Subscriber* subscriber) {
    Channel* channel = table_.Subscribe(pattern, subscriber);
    if (channel == nullptr) return false;
    if (channel->subscriber_count() == 1) {
      channel->set_attachment(index_.Add(channel->name(), channel));
    }
    return true;
  }
  bool Unsubscribe(std::string_view pattern, Subscriber* subscriber) {
    const Channel* channel = table_.Find(pattern);
    if (channel == nullptr || !table_.IsSubscribed(pattern, subscriber)) return false;
    if (channel->subscriber_count() == 1) {
      index_.Remove(static_cast<PatternIndex::Handle>(channel->attachment()));
    }
    return table_.Unsubscribe(pattern, subscriber);
  }
  void UnsubscribeAll(Subscriber* subscriber) {
    for (auto mine = ChannelsOf(subscriber); !mine.empty(); mine = ChannelsOf(subscriber)) {
      Unsubscribe(mine.back()->name(), subscriber);
    }
  }

  // Calls visit(const Channel&) for each pattern that matches `name`. With no pattern at all this
  // is a branch. Nothing may subscribe or unsubscribe meanwhile.
  template <typename Visit>
  void ForEachMatch(std::string_view name, Visit&& visit) {
    if (index_.size() == 0) return;
    matches_.clear();
    index_.Find(name, &matches_);
    for (void* match : matches_) visit(*static_cast<const Channel*>(match));
  }

  std::span<Channel* const> ChannelsOf(const Subscriber* subscriber) const {
    return table_.ChannelsOf(subscriber);
  }
  size_t size() const { return table_.size(); }

 private:
  Subscriptions table_;
  PatternIndex index_;
  std::vector<void*> matches_;
};

}  // namespace leat::data
