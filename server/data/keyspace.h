// Keyspace: the keys of one database, their values and their deadlines.
//
// It owns the entries; a table finds them by key, a wheel by deadline. It knows no clock: a key
// whose deadline has passed is there until it is erased, and whoever serves it decides.
//
// An Entry* or a view into it holds until that key is next changed; changes to other keys leave it
// alone. Arguments may be views into entries of this keyspace, also of the key that is changed.
//
//   Keyspace keyspace;
//   keyspace.PutString(MakeKey("greeting"), "hello");
//   if (const Entry* entry = keyspace.Find(MakeKey("greeting"))) Reply(entry->string());
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/data/entry.h"
#include "server/data/expiry_wheel.h"
#include "server/data/key.h"
#include "server/data/keyspace_table.h"

namespace leat::data {

class Keyspace {
 public:
  Keyspace() = default;
  ~Keyspace() { Clear(); }
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  Entry* Find(const Key& key) const {
    const Slot* slot = table_.Find(key);
    return slot == nullptr ? nullptr : slot->entry();
  }
  // For a batch of keys whose turn comes soon: first brings the buckets of all towards the cache,
  // then the entries. Takes most of the time off a Find, which otherwise waits for memory twice.
  void PrefetchBucket(const Key& key) const { table_.PrefetchBucket(key.hash); }
  void PrefetchEntry(const Key& key) const { table_.PrefetchEntry(key.hash); }

  // Creates the key or replaces its value, of whatever type; the deadline is `expire_at_ms` or
  // none. The access clock of a replaced value is kept.
  Entry* PutString(const Key& key, std::string_view value, int64_t expire_at_ms = kNoExpiry);
  Entry* PutTopic(const Key& key, std::unique_ptr<Topic> topic, int64_t expire_at_ms = kNoExpiry);

  // SETRANGE and APPEND: writes `bytes` at `offset` of a string, zeros before it where the string
  // is shorter. Creates a missing key, keeps the deadline, makes the value raw. The key must not
  // hold another type.
  Entry* SpliceString(const Key& key, size_t offset, std::string_view bytes);

  // Sets or, with kNoExpiry, removes the deadline. Null when there is no such key.
  Entry* SetExpiry(const Key& key, int64_t expire_at_ms);

  bool Erase(const Key& key);

  // Moves value, deadline and access clock to `to` of `target`, which may be this keyspace, in
  // place of what is there. False when there is no `from`.
  bool Rename(const Key& from, Keyspace& target, const Key& to);
  // The same with a copy that shares nothing.
  bool Copy(const Key& from, Keyspace& target, const Key& to) const;

  void Clear();
  void Swap(Keyspace& other) noexcept;

  // A moment in time: the keys of now are old from here on, until each is renewed; a new value is
  // not old. All keys must have been renewed since the moment before.
  void BeginGeneration() { generation_ ^= 1; }
  void CopyGeneration(const Keyspace& other) { generation_ = other.generation_; }
  bool IsOld(const Entry& entry) const { return entry.generation_ != generation_; }
  void Renew(Entry& entry) { entry.generation_ = generation_ & 1; }

  // See KeyspaceTable. The same for every key of an equal cursor position.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, Visit visit) const {
    return table_.Scan(cursor, visit);
  }
  // Every entry once, in hash order. `visit(Entry&)` may erase the entry that it visits.
  template <typename Visit>
  void ForEach(Visit visit) const {
    uint64_t cursor = 0;
    do {
      cursor = table_.Scan(cursor, visit);
    } while (cursor != 0);
  }
  Entry* Random(uint64_t random_bits) const { return table_.Random(random_bits); }

  // A key whose deadline is at or before `now_ms`, or null; it is returned until it is erased or
  // gets another deadline. Every call takes from `budget` what it did, and does nothing at 0.
  //
  //   for (size_t budget = 1000; Entry* entry = keyspace.FirstDue(now_ms, budget);)
  //     keyspace.Erase(MakeKey(entry->key()));
  Entry* FirstDue(int64_t now_ms, size_t& budget) { return wheel_.FirstDue(now_ms, budget); }
  // Nothing falls due before this; INT64_MAX when nothing ever does.
  int64_t NextExpiryMs() const { return wheel_.NextMs(); }
  // The mean time that keys with a deadline have left; 0 when there are none.
  int64_t MeanTtlMs(int64_t now_ms) const;

  size_t size() const { return table_.size(); }
  size_t expiring() const { return wheel_.size(); }
  // Table, wheel and entries with their strings. Objects account for themselves.
  size_t memory_bytes() const {
    return table_.memory_bytes() + wheel_.memory_bytes() + entry_bytes_;
  }

 private:
  Entry* Put(const Key& key, Slot* slot, Entry::Owner fresh, int64_t expire_at_ms);
  Entry* Substitute(Slot& slot, size_t old_bytes, Entry::Owner fresh);
  void SetDeadline(Entry& entry, int64_t expire_at_ms);
  void Discard(Entry* entry);

  KeyspaceTable table_;
  ExpiryWheel wheel_;
  size_t entry_bytes_ = 0;
  uint32_t generation_ = 0;
};

}  // namespace leat::data
