// The mutations of idempotent appends (see mutation.h, which closes the set). A record follows the
// AppendEntry that it is about, in the same batch: a journal has both or neither.
//
// kFeedsReaders: whether a reader that waits for the key may find something after it.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/data/dataset.h"
#include "server/data/keyspace.h"
#include "server/data/stream_id.h"

namespace leat::data {

// The producer's append with this iid, whose base::Hash128 is (iid_low, iid_high), is entry `id`.
// Records of entries from before `keep_from_ms` are due: what time it was, and for how long the
// topic remembers, is decided by that.
struct RecordIdempotent {
  static constexpr uint8_t kTag = 25;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view producer;
  uint64_t iid_low;
  uint64_t iid_high;
  StreamId id;
  uint64_t keep_from_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.producer, self.iid_low, self.iid_high, self.id,
                 self.keep_from_ms);
  }
};

// An append was tried again, and the topic knew it.
struct CountDuplicate {
  static constexpr uint8_t kTag = 26;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;

  static auto Members(auto& self, auto&& visit) { return visit(self.database, self.key); }
};

// What was recorded is forgotten where a setting changes.
struct ConfigureIdempotency {
  static constexpr uint8_t kTag = 27;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  uint32_t duration_seconds;
  uint32_t max_entries;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.duration_seconds, self.max_entries);
  }
};

// As the overloads in mutation.h.
bool Apply(Dataset& dataset, const RecordIdempotent& mutation);
bool Apply(Dataset& dataset, const CountDuplicate& mutation);
bool Apply(Dataset& dataset, const ConfigureIdempotency& mutation);

}  // namespace leat::data
