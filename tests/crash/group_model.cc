#include "tests/crash/group_model.h"

#include <algorithm>

namespace leat::testing {

std::string GroupModel::DeleteConsumer(const std::string& name, const std::string& consumer) {
  ModelGroup& group = groups_[name];
  const size_t pending = std::erase_if(
      group.pending, [&](const auto& entry) { return entry.second.owner == consumer; });
  group.consumers.erase(consumer);
  return std::to_string(pending);
}

std::string GroupModel::Read(const std::string& name, const std::string& consumer, size_t count,
                             bool no_ack, int64_t min_idle_ms) {
  ModelGroup& group = groups_[name];
  group.consumers.emplace(consumer, -1);
  const bool claims = min_idle_ms >= 0;
  std::vector<std::string> shown;
  if (claims) ClaimIdle(group, consumer, count, min_idle_ms, shown);
  for (auto at = entries_.upper_bound(group.last_id); at != entries_.end() && shown.size() < count;
       at = entries_.upper_bound(group.last_id)) {
    group.last_id = *at;
    // What was acknowledged is never delivered again.
    if (group.acknowledged.contains(*at)) return "an acknowledged entry is due: the model is wrong";
    if (!no_ack) {
      group.pending[*at] = {consumer, now_ms_, 1};
      group.consumers[consumer] = now_ms_;
    }
    shown.push_back(Shown(*at, claims, 0, 0));
  }
  if (shown.empty()) return "nil";
  return "[[\"topic\" " + List(shown) + "]]";
}

std::string GroupModel::History(const std::string& name, const std::string& consumer,
                                size_t count) {
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

std::string GroupModel::Acknowledge(const std::string& name, const Ids& ids) {
  ModelGroup& group = groups_[name];
  size_t acknowledged = 0;
  for (const StreamId id : ids) {
    if (group.pending.erase(id) == 0) continue;
    if (id <= group.last_id) group.acknowledged.insert(id);
    ++acknowledged;
  }
  return std::to_string(acknowledged);
}

std::string GroupModel::Claim(const std::string& name, const std::string& consumer,
                              int64_t min_idle_ms, const Ids& ids, bool just_id) {
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

std::string GroupModel::AutoClaim(const std::string& name, const std::string& consumer,
                                  int64_t min_idle_ms, StreamId start, size_t count) {
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

std::string GroupModel::Release(const std::string& name, const Ids& ids) {
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

std::string GroupModel::Text() const {
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

void GroupModel::ClaimIdle(ModelGroup& group, const std::string& consumer, size_t count,
                           int64_t min_idle_ms, std::vector<std::string>& shown) {
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

std::string GroupText(const data::Topic& topic) {
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
