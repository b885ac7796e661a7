// What a consumer group must do, written as plainly as can be: maps of ids, and texts of the
// replies that are due (as TestClient shows them). The group histories compare every reply and
// every state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/data/stream_id.h"
#include "server/data/topic.h"

namespace leat::testing {

using data::StreamId;
using Ids = std::vector<StreamId>;

struct ModelDelivery {
  std::string owner;  // empty: released
  int64_t time_ms = 0;
  int64_t count = 0;
  uint64_t turn = 0;  // of a released one

  // The order in which entries are claimed.
  auto Rank() const {
    return std::pair(owner.empty() ? 0 : 1, owner.empty() ? int64_t(turn) : time_ms);
  }
};

struct ModelGroup {
  StreamId last_id;
  std::map<StreamId, ModelDelivery> pending;
  std::map<std::string, int64_t> consumers;  // when they were given something last; -1: never
  std::set<StreamId> acknowledged;           // and behind last_id, since that was set
  uint64_t next_turn = 0;
};

class GroupModel {
 public:
  explicit GroupModel(int64_t now_ms = 0) : now_ms_(now_ms) {}
  void set_now_ms(int64_t now_ms) { now_ms_ = now_ms; }
  const std::map<std::string, ModelGroup>& groups() const { return groups_; }

  std::string Add(StreamId id) {
    entries_.insert(id);
    return Quoted(id);
  }
  std::string Delete(StreamId id) { return std::to_string(entries_.erase(id)); }
  std::string Trim(size_t length) {
    size_t removed = 0;
    for (; entries_.size() > length; ++removed) entries_.erase(entries_.begin());
    return std::to_string(removed);
  }
  std::string Create(const std::string& name, StreamId last_id) {
    if (groups_.contains(name)) return "-BUSYGROUP Consumer Group name already exists";
    groups_[name].last_id = last_id;
    return "OK";
  }
  std::string Destroy(const std::string& name) { return std::to_string(groups_.erase(name)); }
  // Of groups that are there:
  std::string SetId(const std::string& name, StreamId last_id) {
    groups_[name].last_id = last_id;
    groups_[name].acknowledged.clear();
    return "OK";
  }
  std::string DeleteConsumer(const std::string& name, const std::string& consumer) {
    ModelGroup& group = groups_[name];
    const size_t pending = std::erase_if(
        group.pending, [&](const auto& entry) { return entry.second.owner == consumer; });
    group.consumers.erase(consumer);
    return std::to_string(pending);
  }

  // XREADGROUP … >, with CLAIM where min_idle_ms is not negative.
  std::string Read(const std::string& name, const std::string& consumer, size_t count, bool no_ack,
                   int64_t min_idle_ms = -1) {
    ModelGroup& group = groups_[name];
    group.consumers.emplace(consumer, -1);
    const bool claims = min_idle_ms >= 0;
    std::vector<std::string> shown;
    if (claims) ClaimIdle(group, consumer, count, min_idle_ms, shown);
    for (auto at = entries_.upper_bound(group.last_id);
         at != entries_.end() && shown.size() < count; at = entries_.upper_bound(group.last_id)) {
      group.last_id = *at;
      // What was acknowledged is never delivered again.
      if (group.acknowledged.contains(*at))
        return "an acknowledged entry is due: the model is wrong";
      if (!no_ack) {
        group.pending[*at] = {consumer, now_ms_, 1};
        group.consumers[consumer] = now_ms_;
      }
      shown.push_back(Shown(*at, claims, 0, 0));
    }
    if (shown.empty()) return "nil";
    return "[[\"topic\" " + List(shown) + "]]";
  }

  // XREADGROUP … 0.
  std::string History(const std::string& name, const std::string& consumer, size_t count) {
    ModelGroup& group = groups_[name];
    group.consumers.emplace(consumer, -1);
    std::vector<std::string> shown;
    for (auto& [id, delivery] : group.pending) {
      if (delivery.owner != consumer || shown.size() == count) continue;
      if (entries_.contains(id)) {
        delivery.time_ms = now_ms_;
        ++delivery.count;
        shown.push_back(Shown(id, false, 0, 0));
      } else {
        shown.push_back("[" + Quoted(id) + " nil]");
      }
    }
    return "[[\"topic\" " + List(shown) + "]]";
  }

  std::string Acknowledge(const std::string& name, const Ids& ids) {
    ModelGroup& group = groups_[name];
    size_t acknowledged = 0;
    for (const StreamId id : ids) {
      if (group.pending.erase(id) == 0) continue;
      if (id <= group.last_id) group.acknowledged.insert(id);
      ++acknowledged;
    }
    return std::to_string(acknowledged);
  }

  // XCLAIM … JUSTID, which leaves the counts, or with the counts going up.
  std::string Claim(const std::string& name, const std::string& consumer, int64_t min_idle_ms,
                    const Ids& ids, bool just_id) {
    ModelGroup& group = groups_[name];
    group.consumers.emplace(consumer, -1);
    std::vector<std::string> shown;
    for (const StreamId id : ids) {
      const auto found = group.pending.find(id);
      if (found == group.pending.end()) continue;
      if (!entries_.contains(id)) {
        group.pending.erase(found);
      } else if (IsIdle(found->second, min_idle_ms)) {
        Take(group, consumer, found->second, just_id);
        shown.push_back(just_id ? Quoted(id) : Shown(id, false, 0, 0));
      }
    }
    return List(shown);
  }

  // XAUTOCLAIM from `start` on.
  std::string AutoClaim(const std::string& name, const std::string& consumer, int64_t min_idle_ms,
                        StreamId start, size_t count) {
    ModelGroup& group = groups_[name];
    group.consumers.emplace(consumer, -1);
    std::vector<std::string> claimed;
    std::vector<std::string> gone;
    size_t attempts = count * 10;
    auto at = group.pending.lower_bound(start);
    for (; at != group.pending.end() && attempts > 0 && claimed.size() + gone.size() < count;
         --attempts) {
      if (!entries_.contains(at->first)) {
        gone.push_back(Quoted(at->first));
        at = group.pending.erase(at);
        continue;
      }
      if (IsIdle(at->second, min_idle_ms)) {
        Take(group, consumer, at->second, false);
        claimed.push_back(Shown(at->first, false, 0, 0));
      }
      ++at;
    }
    const StreamId next = at == group.pending.end() ? StreamId{} : at->first;
    return "[" + Quoted(next) + " " + List(claimed) + " " + List(gone) + "]";
  }

  // XNACK … FAIL.
  std::string Release(const std::string& name, const Ids& ids) {
    ModelGroup& group = groups_[name];
    size_t released = 0;
    for (const StreamId id : ids) {
      const auto found = group.pending.find(id);
      if (found == group.pending.end()) continue;
      found->second = {"", 0, found->second.count, group.next_turn++};
      ++released;
    }
    return std::to_string(released);
  }

  std::string Text() const {
    std::string text;
    for (const StreamId id : entries_) text += id.ToString() + " ";
    for (const auto& [name, group] : groups_) {
      text += "\n" + name + " at " + group.last_id.ToString() + ":";
      for (const auto& [consumer, active_ms] : group.consumers) {
        text += " " + consumer + "@" + std::to_string(active_ms) + "(";
        for (const auto& [id, delivery] : group.pending) {
          if (delivery.owner == consumer) text += id.ToString() + " ";
        }
        text += ")";
      }
      for (const auto& [id, delivery] : group.pending) {
        text += "\n  " + id.ToString() + " " + delivery.owner + " " +
                std::to_string(delivery.time_ms) + " " + std::to_string(delivery.count);
      }
      text += "\n  released:";
      std::map<uint64_t, StreamId> released;
      for (const auto& [id, delivery] : group.pending) {
        if (delivery.owner.empty()) released[delivery.turn] = id;
      }
      for (const auto& [turn, id] : released) text += " " + id.ToString();
    }
    return text;
  }

 private:
  static std::string Quoted(StreamId id) { return "\"" + id.ToString() + "\""; }
  static std::string List(const std::vector<std::string>& items) {
    std::string text = "[";
    for (const std::string& item : items) text += (text.size() > 1 ? " " : "") + item;
    return text + "]";
  }
  static std::string Shown(StreamId id, bool with_delivery, int64_t idle_ms, int64_t count) {
    std::string text = "[" + Quoted(id) + " [\"f\" " + Quoted(id) + "]";
    if (with_delivery) text += " " + std::to_string(idle_ms) + " " + std::to_string(count);
    return text + "]";
  }

  bool IsIdle(const ModelDelivery& delivery, int64_t min_idle_ms) const {
    return delivery.owner.empty() || now_ms_ - delivery.time_ms >= min_idle_ms;
  }
  void Take(ModelGroup& group, const std::string& consumer, ModelDelivery& delivery, bool just_id) {
    delivery = {consumer, now_ms_, delivery.count + (just_id ? 0 : 1)};
    group.consumers[consumer] = now_ms_;
  }
  void ClaimIdle(ModelGroup& group, const std::string& consumer, size_t count, int64_t min_idle_ms,
                 std::vector<std::string>& shown) {
    Ids ids;
    for (const auto& [id, delivery] : group.pending) {
      if (entries_.contains(id) && IsIdle(delivery, min_idle_ms)) ids.push_back(id);
    }
    std::stable_sort(ids.begin(), ids.end(), [&group](StreamId a, StreamId b) {
      return group.pending[a].Rank() < group.pending[b].Rank();
    });
    if (ids.size() > count) ids.resize(count);
    for (const StreamId id : ids) {
      ModelDelivery& delivery = group.pending[id];
      shown.push_back(Shown(id, true, now_ms_ - delivery.time_ms, delivery.count));
      Take(group, consumer, delivery, false);
    }
  }

  int64_t now_ms_;
  std::set<StreamId> entries_;
  std::map<std::string, ModelGroup> groups_;
};

// The same text of what a server has.
inline std::string GroupText(const data::Topic& topic) {
  std::string text;
  topic.ForEachId(data::kMinStreamId, data::kMaxStreamId,
                  [&text](StreamId id) { text += id.ToString() + " "; });
  for (size_t i = 0; i < topic.groups().size(); ++i) {
    const data::ConsumerGroup& group = topic.groups()[i];
    text += "\n" + group.name() + " at " + group.last_id().ToString() + ":";
    for (size_t j = 0; j < group.consumer_count(); ++j) {
      const data::Consumer& consumer = group.ConsumerAt(j);
      text += " " + consumer.name + "@" + std::to_string(consumer.active_ms) + "(";
      const auto& ids = consumer.pending;
      for (auto at = ids.begin(); at != ids.end(); at = ids.Next(at)) {
        text += ids.IdAt(at).ToString() + " ";
      }
      text += ")";
    }
    const auto& pending = group.pending();
    std::map<uint64_t, StreamId> released;
    for (auto at = pending.begin(); at != pending.end(); at = pending.Next(at)) {
      const data::Delivery delivery = pending.ValueAt(at);
      if (delivery.released()) released[delivery.rank()] = pending.IdAt(at);
      text += "\n  " + pending.IdAt(at).ToString() + " " +
              (delivery.released() ? "" : group.OwnerOf(delivery).name) + " " +
              std::to_string(delivery.time_ms()) + " " + std::to_string(delivery.count());
    }
    text += "\n  released:";
    for (const auto& [turn, id] : released) text += " " + id.ToString();
    text += group.released_count() == released.size() ? "" : " and the count is wrong";
  }
  return text;
}

}  // namespace leat::testing
