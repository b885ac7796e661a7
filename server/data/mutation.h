// The closed set of mutations: every change that the data can undergo, each complete enough to be
// replayed. Commands decide; a mutation carries only what was decided: explicit entry IDs, absolute
// times, the results of random choices. So replaying the same mutations in the same order gives the
// same data, and `Apply` is the one place where data changes: a running server, recovery and
// replication all call it.
//
// A mutation holds views: it lives no longer than the call or the journal record it was made from.
//
// Each one lists its members once, in `Members`: the codec writes, reads and therefore versions
// them in that order. The tag is its number in the journal; a number is never given twice. One with
// `kFeedsReaders = false` wakes nobody: nothing comes from it that a waiting reader could take, at
// once or in time.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/data/dataset.h"
#include "server/data/group_mutation.h"
#include "server/data/idempotency_mutation.h"
#include "server/data/image_mutation.h"
#include "server/data/keyspace.h"
#include "server/data/policy_mutation.h"
#include "server/data/stream_id.h"

namespace leat::data {

template <typename Mutation>
constexpr bool FeedsReaders() {
  if constexpr (requires { Mutation::kFeedsReaders; }) {
    return Mutation::kFeedsReaders;
  } else {
    return true;
  }
}

// Whether WATCH sees it: consumer groups stand beside the value under the key.
template <typename Mutation>
constexpr bool ChangesValue() {
  return !requires(const Mutation& mutation) {
    mutation.group;
  };
}

// The key holds this string, and nothing of what it held before.
struct SetString {
  static constexpr uint8_t kTag = 1;
  uint32_t database;
  Key key;
  std::string_view value;
  int64_t expire_at_ms;  // kNoExpiry: none

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.value, self.expire_at_ms);
  }
};

// `bytes` stand at `offset` of the string, which is created or padded with zeros as needed.
struct SpliceString {
  static constexpr uint8_t kTag = 2;
  uint32_t database;
  Key key;
  uint64_t offset;
  std::string_view bytes;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.offset, self.bytes);
  }
};

struct DeleteKey {
  static constexpr uint8_t kTag = 3;
  uint32_t database;
  Key key;

  static auto Members(auto& self, auto&& visit) { return visit(self.database, self.key); }
};

struct ExpireKey {
  static constexpr uint8_t kTag = 4;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  int64_t expire_at_ms;  // kNoExpiry: the key stays

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.expire_at_ms);
  }
};

// The value goes, with its expiry, to another name or database; what was there is replaced.
struct MoveKey {
  static constexpr uint8_t kTag = 5;
  uint32_t database;
  Key key;
  uint32_t to_database;
  Key to_key;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.to_database, self.to_key);
  }
};

// As MoveKey, and the source stays.
struct CopyKey {
  static constexpr uint8_t kTag = 6;
  uint32_t database;
  Key key;
  uint32_t to_database;
  Key to_key;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.to_database, self.to_key);
  }
};

struct FlushDatabase {
  static constexpr uint8_t kTag = 7;
  uint32_t database;

  static auto Members(auto& self, auto&& visit) { return visit(self.database); }
};

struct SwapDatabases {
  static constexpr uint8_t kTag = 8;
  uint32_t database;
  uint32_t other;

  static auto Members(auto& self, auto&& visit) { return visit(self.database, self.other); }
};

// An empty topic: XGROUP CREATE MKSTREAM, and XADD with MAXLEN 0, leave one.
struct CreateTopic {
  static constexpr uint8_t kTag = 9;
  uint32_t database;
  Key key;

  static auto Members(auto& self, auto&& visit) { return visit(self.database, self.key); }
};

// Appends one entry; the topic is created where the key is missing.
struct AppendEntry {
  static constexpr uint8_t kTag = 34;
  uint32_t database;
  Key key;
  StreamId id;
  uint64_t field_count;
  std::string_view fields;  // so many bulk strings in wire form, names and values in turn

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.id, self.field_count, self.fields);
  }
};

struct DeleteEntry {
  static constexpr uint8_t kTag = 11;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  StreamId id;

  static auto Members(auto& self, auto&& visit) { return visit(self.database, self.key, self.id); }
};

// The entries of [first, last] go, of which there are some. `trimmed`: 1: as a trim does it, which
// leaves the greatest deleted id as it is.
struct DeleteEntries {
  static constexpr uint8_t kTag = 28;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  StreamId first;
  StreamId last;
  uint32_t trimmed;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.first, self.last, self.trimmed);
  }
};

struct TrimTopic {
  static constexpr uint8_t kTag = 12;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  StreamId last_removed;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.last_removed);
  }
};

struct SetTopicId {
  static constexpr uint8_t kTag = 13;
  uint32_t database;
  Key key;
  StreamId last_id;
  uint64_t entries_added;
  StreamId max_deleted_id;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.last_id, self.entries_added, self.max_deleted_id);
  }
};

class Topic;

// The topic under a key, or null; for the mutations of topics.
Topic* FindTopic(Dataset& dataset, uint32_t database, const Key& key);

// Changes the data. What a mutation names must be there and of the right type: the command that
// decided it has looked. False when it is not, which can only mean that a journal does not belong
// to the data before it; nothing is changed then.
bool Apply(Dataset& dataset, const SetString& mutation);
bool Apply(Dataset& dataset, const SpliceString& mutation);
bool Apply(Dataset& dataset, const DeleteKey& mutation);
bool Apply(Dataset& dataset, const ExpireKey& mutation);
bool Apply(Dataset& dataset, const MoveKey& mutation);
bool Apply(Dataset& dataset, const CopyKey& mutation);
bool Apply(Dataset& dataset, const FlushDatabase& mutation);
bool Apply(Dataset& dataset, const SwapDatabases& mutation);
bool Apply(Dataset& dataset, const CreateTopic& mutation);
bool Apply(Dataset& dataset, const AppendEntry& mutation);
bool Apply(Dataset& dataset, const DeleteEntry& mutation);
bool Apply(Dataset& dataset, const DeleteEntries& mutation);
bool Apply(Dataset& dataset, const TrimTopic& mutation);
bool Apply(Dataset& dataset, const SetTopicId& mutation);

}  // namespace leat::data
