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
  std::string DeleteConsumer(const std::string& name, const std::string& consumer);

  // XREADGROUP … >, with CLAIM where min_idle_ms is not negative.
  std::string Read(const std::string& name, const std::string& consumer, size_t count, bool no_ack,
                   int64_t min_idle_ms = -1);

  // XREADGROUP … 0.
  std::string History(const std::string& name, const std::string& consumer, size_t count);

  std::string Acknowledge(const std::string& name, const Ids& ids);

  // XCLAIM … JUSTID, which leaves the counts, or with the counts going up.
  std::string Claim(const std::string& name, const std::string& consumer, int64_t min_idle_ms,
                    const Ids& ids, bool just_id);

  // XAUTOCLAIM from `start` on.
  std::string AutoClaim(const std::string& name, const std::string& consumer, int64_t min_idle_ms,
                        StreamId start, size_t count);

  // XNACK … FAIL.
  std::string Release(const std::string& name, const Ids& ids);

  std::string Text() const;

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
                 std::vector<std::string>& shown);

  int64_t now_ms_;
  std::set<StreamId> entries_;
  std::map<std::string, ModelGroup> groups_;
};

// The same text as GroupModel::Text, of what a server has.
std::string GroupText(const data::Topic& topic);

}  // namespace leat::testing
