// Idempotency: what a topic remembers of appends that may be tried again. A *producer* (pid) gives
// each append an *idempotent id* (iid); while the topic knows the pair, a further append with it is
// a duplicate, and the entry of the first one is its answer (XADD IDMP).
//
//   Idempotency ── settings, counters
//        │  null while there are no producers
//        └─▶ producers, the one that appended last at the end; and by name
//              └─ Producer ┌───────────┬───────────┬───────────┐
//                 records  │ iid  2-0  │ iid  5-0  │ iid  9-0  │   a ring, the oldest first
//                          └───────────┴───────────┴───────────┘
//                 index: hash of the iid ──▶ place in the ring
//
// A record is forgotten in three ways: it is the oldest of more than `max_entries` of its producer;
// its entry and those of all the producer's older records are from before `keep_from_ms`, which is
// the caller's, who knows the time; or the settings change. A record that is due counts as
// forgotten wherever it is asked for. Its memory is freed by later records: its producer's own, or,
// where that appends no more, a few producers with each record of another.
//
//   const uint64_t keep_from_ms = idempotency.KeepFromMs(now_ms);
//   if (const auto id = idempotency.Find("pid", iid, keep_from_ms)) …       // a duplicate: of *id
//   else idempotency.Record("pid", iid, new_id, keep_from_ms);
//
// Memory: 32 bytes without producers. A record takes 36 bytes in a ring that is filled at least a
// quarter, so at most 144; a producer 192 and its name. An iid of any length is kept as 128 bits of
// hash. They are not secret: who can make two iids collide could as well use the same one twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/hash.h"
#include "server/data/stream_id.h"

namespace leat::data {

// The records of one producer.
class Producer {
 public:
  struct Record {
    base::Hash128 iid;
    StreamId id;
  };
  static constexpr uint32_t kMaxRecords = 1 << 14;

  explicit Producer(std::string_view name);

  const std::string& name() const { return name_; }
  size_t size() const { return size_; }
  // 0 is the oldest.
  const Record& operator[](size_t age) const { return ring_[(begin_ + age) & (ring_.size() - 1)]; }
  // How many of the oldest are due.
  size_t DueCount(uint64_t keep_from_ms) const;
  // Null where there is none, and where it is due.
  const Record* Find(base::Hash128 iid, uint64_t keep_from_ms) const;

  // There is no other record of its iid, and fewer than kMaxRecords.
  void Add(const Record& record);
  void RemoveOldest(size_t count);

  size_t memory_bytes() const;

 private:
  // A slot of the index holds a place in the ring and 1.
  static constexpr uint16_t kFree = 0;
  static constexpr size_t kMinCapacity = 2;

  size_t index_mask() const { return index_.size() - 1; }
  // The slot that leads to the record of `iid`, or the free one where it would be.
  size_t SlotOf(base::Hash128 iid) const;
  void FreeSlot(size_t slot);
  void Resize(size_t capacity);

  std::string name_;
  std::vector<Record> ring_;  // as many as a power of two, and the index twice as many
  std::vector<uint16_t> index_;
  uint32_t begin_ = 0;
  uint32_t size_ = 0;
};

class Idempotency {
 public:
  struct Settings {
    static constexpr uint32_t kMostSeconds = 86400;
    static constexpr uint32_t kMostEntries = 10000;

    uint32_t duration_seconds = 100;  // 1 … kMostSeconds
    uint32_t max_entries = 100;       // of one producer, 1 … kMostEntries

    bool Valid() const;
    bool operator==(const Settings&) const = default;
  };

  Idempotency() = default;
  Idempotency(const Idempotency& other);
  Idempotency& operator=(const Idempotency&) = delete;

  const Settings& settings() const { return settings_; }
  // What was recorded is forgotten where they differ from what they were. The settings are valid.
  void Configure(const Settings& settings);

  // Records of entries that are older than this are due.
  uint64_t KeepFromMs(int64_t now_ms) const;

  // The entry that was appended with this iid, deleted since or not.
  std::optional<StreamId> Find(std::string_view producer, base::Hash128 iid,
                               uint64_t keep_from_ms) const;
  // False, and nothing recorded, where Find finds one.
  bool Record(std::string_view producer, base::Hash128 iid, StreamId id, uint64_t keep_from_ms);
  void CountDuplicate() { ++duplicates_; }
  // For one that is made anew: the next producer, and the counters. False where there is one of
  // this name, or records that none has.
  bool RestoreProducer(std::string_view name, std::span<const Producer::Record> records);
  void SetCounters(uint64_t added, uint64_t duplicates) {
    added_ = added;
    duplicates_ = duplicates;
  }

  // Since the topic was created, whatever was forgotten.
  uint64_t added() const { return added_; }
  uint64_t duplicates() const { return duplicates_; }

  // What is not due. Takes time in proportion to the producers.
  struct Tracked {
    uint64_t producers = 0;
    uint64_t records = 0;
  };
  Tracked CountTracked(uint64_t keep_from_ms) const;

  // Calls visit(producer) for each that has memory, the one that appended last at the end.
  template <typename Visit>
  void ForEachProducer(Visit visit) const {
    if (producers_ == nullptr) return;
    for (const Producer& producer : producers_->by_age) visit(producer);
  }

  size_t memory_bytes() const;

 private:
  // Neither container moves its elements or stops to grow, however many producers come.
  struct Producers {
    void Add(Producer producer);

    std::list<Producer> by_age;
    std::map<std::string_view, std::list<Producer>::iterator> by_name;
  };

  const Producer* FindProducer(std::string_view name) const;
  // The producer of that name, behind all others.
  Producer& UseProducer(std::string_view name);
  void ForgetDueProducers(uint64_t keep_from_ms);

  Settings settings_;
  uint64_t added_ = 0;
  uint64_t duplicates_ = 0;
  std::unique_ptr<Producers> producers_;
};

}  // namespace leat::data
