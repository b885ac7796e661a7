// The mutations that make a topic anew from an image of it (see mutation.h, which closes the set):
// what a checkpoint consists of, beside SetString and SpliceString. They come in this order: the
// topic, its policy (ConfigureTopic), its sealed blocks, its open block, each group with its
// consumers and what they have pending, idempotency and its producers. One that does not fit what
// came before is refused.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/data/consumer_group.h"
#include "server/data/dataset.h"
#include "server/data/idempotency.h"
#include "server/data/keyspace.h"
#include "server/data/stream_id.h"

namespace leat::data {

struct RestoreTopic {
  static constexpr uint8_t kTag = 40;
  uint32_t database;
  Key key;
  int64_t expire_at_ms;  // kNoExpiry: none
  StreamId last_id;
  StreamId max_deleted_id;
  uint64_t entries_added;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.expire_at_ms, self.last_id, self.max_deleted_id,
                 self.entries_added);
  }
};

// The next block: a sealed one that is on disk (`segment` is not 0), or one with its bytes.
struct RestoreBlock {
  static constexpr uint8_t kTag = 41;
  uint32_t database;
  Key key;
  uint32_t sealed;  // 1; 0: the open one
  StreamId first;   // the ids of a sealed one, see Topic
  StreamId last;
  uint64_t first_ordinal;  // this and what follows: Block::State
  uint64_t size;
  uint32_t count;
  uint32_t begin;
  std::string_view marks;  // words of 8 bytes
  uint32_t segment;        // its place on disk, and how many bytes it has in memory
  uint64_t offset;
  uint32_t stored_size;
  uint64_t page_size;
  std::string_view entries;  // else its bytes
  std::string_view index;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.sealed, self.first, self.last, self.first_ordinal,
                 self.size, self.count, self.begin, self.marks, self.segment, self.offset,
                 self.stored_size, self.page_size, self.entries, self.index);
  }
};

struct RestoreGroup {
  static constexpr uint8_t kTag = 42;
  uint32_t database;
  Key key;
  std::string_view group;
  StreamId last_id;
  int64_t entries_read;
  uint64_t next_turn;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.last_id, self.entries_read,
                 self.next_turn);
  }
};

// In the order of their names: what is pending refers to a consumer by its place.
struct RestoreConsumer {
  static constexpr uint8_t kTag = 43;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  int64_t seen_ms;
  int64_t active_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.seen_ms, self.active_ms);
  }
};

struct RestorePending {
  static constexpr uint8_t kTag = 44;
  // One pending entry as it lies in `entries`.
  struct Item {
    StreamId id;
    uint64_t rank;  // Delivery::rank
    int64_t count;
    uint64_t consumer;  // of one that is not released
  };
  static_assert(sizeof(Item) == 40);

  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view entries;  // Items, by id

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.entries);
  }
};

struct RestoreIdempotency {
  static constexpr uint8_t kTag = 45;
  uint32_t database;
  Key key;
  uint32_t duration_seconds;
  uint32_t max_entries;
  uint64_t added;
  uint64_t duplicates;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.duration_seconds, self.max_entries, self.added,
                 self.duplicates);
  }
};

// In the order in which they appended last.
struct RestoreProducer {
  static constexpr uint8_t kTag = 46;
  uint32_t database;
  Key key;
  std::string_view producer;
  std::string_view records;  // Producer::Records, the oldest first

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.producer, self.records);
  }
};

// As the overloads in mutation.h.
bool Apply(Dataset& dataset, const RestoreTopic& mutation);
bool Apply(Dataset& dataset, const RestoreBlock& mutation);
bool Apply(Dataset& dataset, const RestoreGroup& mutation);
bool Apply(Dataset& dataset, const RestoreConsumer& mutation);
bool Apply(Dataset& dataset, const RestorePending& mutation);
bool Apply(Dataset& dataset, const RestoreIdempotency& mutation);
bool Apply(Dataset& dataset, const RestoreProducer& mutation);

}  // namespace leat::data
