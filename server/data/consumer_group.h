// ConsumerGroup: how far the consumers of a topic have read together, and what was delivered to
// them and is not acknowledged yet, the *pending* entries (Redis Streams, "Consumer groups").
//
//   group ─┬─ pending_    every pending entry by id: its owner, when, how often     28 bytes each
//          └─ consumers_  each with its own pending ids, in order                    8 bytes each
//
// So an acknowledgement finds its entry and the owner by id, and a consumer's history is read
// without looking at the others'. What was delivered longest ago is found by rank (id_map.h).
//
// A *released* entry (XNACK) is pending without an owner: the released are first in first out, and
// before all others when entries are claimed by age.
//
// Changes come as ranges of ids: what lies in a range follows from the data itself, so that a
// delivery of a hundred entries, or their acknowledgement, is one small record in the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/data/delivery.h"
#include "server/data/id_map.h"
#include "server/data/stream_id.h"

namespace leat::data {

class Topic;

struct Consumer {
  std::string name;
  uint32_t number;
  // When it last tried to read or claim. Like a key's last access this is an observation: changes
  // that carry a time bring it along, an attempt that finds nothing is not journaled.
  int64_t seen_ms;
  int64_t active_ms = -1;  // when it last was given something; -1: not yet
  IdMap<NoValue> pending;
};

class ConsumerGroup {
 public:
  static constexpr int64_t kUnknownEntriesRead = -1;

  explicit ConsumerGroup(std::string_view name) : name_(name) {}
  ConsumerGroup(const ConsumerGroup& other);
  ConsumerGroup& operator=(const ConsumerGroup&) = delete;

  const std::string& name() const { return name_; }
  StreamId last_id() const { return last_id_; }
  // How many entries of the topic's order of insertion are up to last_id(), as far as it is known
  // (XINFO GROUPS, "entries-read").
  int64_t entries_read() const { return entries_read_; }
  void SetPosition(StreamId last_id, int64_t entries_read) {
    last_id_ = last_id;
    entries_read_ = entries_read;
  }

  size_t consumer_count() const { return by_name_.size(); }
  // In the order of their names.
  Consumer& ConsumerAt(size_t index) const { return *consumers_[by_name_[index]]; }
  Consumer* FindConsumer(std::string_view name) const;
  // Null when there is one of this name.
  Consumer* CreateConsumer(std::string_view name, int64_t now_ms);
  // With what it has pending.
  void DeleteConsumer(Consumer& consumer);

  using Pending = IdMap<Delivery>;
  const Pending& pending() const { return pending_; }
  size_t released_count() const { return released_count_; }
  // Of a delivery that is not released.
  const Consumer& OwnerOf(const Delivery& delivery) const {
    return *consumers_[delivery.consumer()];
  }
  // Whether the group still needs the entry: it is pending, or yet to be read.
  bool Needs(StreamId id) const { return id > last_id_ || pending_.Contains(id); }

  // Entries of `topic` in [first, last] become pending for `consumer`, who gets them for the first
  // time; those that were pending change hands.
  void Deliver(const Topic& topic, Consumer& consumer, StreamId first, StreamId last,
               int64_t now_ms);
  // What `consumer` has pending in [first, last] and `topic` still has is delivered again.
  void Redeliver(const Topic& topic, Consumer& consumer, StreamId first, StreamId last,
                 int64_t now_ms);
  // What is pending in [first, last] becomes `consumer`'s, as if delivered at `time_ms`.
  void Claim(Consumer& consumer, StreamId first, StreamId last, int64_t time_ms, int64_t count);
  // What is pending in [first, last] has no owner any more.
  void Release(StreamId first, StreamId last, int64_t count);
  // `id`, which is not pending, becomes so: for `consumer`, or released where that is null.
  void AddPending(StreamId id, Consumer* consumer, int64_t time_ms, int64_t count);
  // For a group that is made anew: as AddPending with the delivery's own rank; and how many
  // releases there were before the next.
  void RestorePending(StreamId id, Consumer* consumer, uint64_t rank, int64_t count);
  uint64_t next_turn() const { return next_turn_; }
  void SetNextTurn(uint64_t turn) { next_turn_ = turn; }
  // Nothing is pending in [first, last] any more; returns how many were.
  size_t Forget(StreamId first, StreamId last);

  // Holds every id that ceased to be pending since DropFreed.
  const IdRange& freed() const { return freed_; }
  void DropFreed(StreamId last) { freed_.DropThrough(last); }

  size_t memory_bytes() const;

 private:
  size_t NamePosition(std::string_view name) const;
  // What `delivery`, of the pending entry `id`, counts for is undone.
  void Detach(StreamId id, const Delivery& delivery);
  void Attach(StreamId id, Consumer* consumer, const Delivery& delivery);
  void Assign(Consumer& consumer, Pending::Cursor at, const Delivery& delivery);

  std::string name_;
  StreamId last_id_;
  int64_t entries_read_ = kUnknownEntriesRead;
  Pending pending_;
  std::vector<std::unique_ptr<Consumer>> consumers_;  // by number; null: the number is free
  std::vector<uint32_t> by_name_;
  uint64_t next_turn_ = 0;  // of released entries
  size_t released_count_ = 0;
  IdRange freed_;
};

// The groups of one topic, in the order of their names.
class ConsumerGroups {
 public:
  ConsumerGroups() = default;
  ConsumerGroups(const ConsumerGroups& other);
  ConsumerGroups& operator=(const ConsumerGroups&) = delete;

  size_t size() const { return groups_.size(); }
  ConsumerGroup& operator[](size_t index) const { return *groups_[index]; }
  ConsumerGroup* Find(std::string_view name) const;
  // Null when there is one of this name.
  ConsumerGroup* Create(std::string_view name);
  // False when there is none of this name.
  bool Destroy(std::string_view name);

  // Whether any group needs the entry.
  bool Need(StreamId id) const;
  // Every entry behind this id is yet to be read by some group.
  StreamId ReadByAll() const;

  // Where entries up to `last` can be that no group needs, in order and apart: who looks for them
  // again and again looks only there. Once he has looked as far as `looked_through`, and found all
  // that are free in `found`, these may still be there; everything else was seen to be needed, and
  // comes back only where a group has let go of it.
  std::vector<IdRange> MayBeFree(StreamId last) const;
  void NoteFree(StreamId looked_through, const IdRange& found);
  // What was seen before says nothing any more.
  void ForgetFree() { seen_through_ = {}; }

  size_t memory_bytes() const;

 private:
  size_t Position(std::string_view name) const;

  std::vector<std::unique_ptr<ConsumerGroup>> groups_;
  // Up to here an entry is needed, unless it is in `free_` or a group's freed().
  StreamId seen_through_;
  IdRange free_;
};

}  // namespace leat::data
