// The mutations of consumer groups (see mutation.h, which closes the set).
//
// A range [first, last] stands for what is in it when the mutation is applied: entries of the topic
// for a delivery, pending entries for the others. Whoever commits one has seen that these are
// exactly those that he means. Times are Unix milliseconds; `count` is a CountChange or a count.
//
// kFeedsReaders: whether a reader that waits for the key may find something after it.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/data/consumer_group.h"
#include "server/data/dataset.h"
#include "server/data/keyspace.h"
#include "server/data/stream_id.h"

namespace leat::data {

// entries_read: ConsumerGroup::kUnknownEntriesRead or a count, here and below.
struct CreateGroup {
  static constexpr uint8_t kTag = 14;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  StreamId last_id;
  int64_t entries_read;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.last_id, self.entries_read);
  }
};

struct SetGroupPosition {
  static constexpr uint8_t kTag = 15;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  StreamId last_id;
  int64_t entries_read;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.last_id, self.entries_read);
  }
};

struct DestroyGroup {
  static constexpr uint8_t kTag = 16;
  uint32_t database;
  Key key;
  std::string_view group;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group);
  }
};

struct CreateConsumer {
  static constexpr uint8_t kTag = 17;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  int64_t time_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.time_ms);
  }
};

struct DeleteConsumer {
  static constexpr uint8_t kTag = 18;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer);
  }
};

// A consumer reads the next entries of its group, up to `last`: they become pending, unless the
// group is read without acknowledgements.
struct DeliverEntries {
  static constexpr uint8_t kTag = 19;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  StreamId first;
  StreamId last;
  int64_t entries_read;
  int64_t time_ms;
  uint32_t acknowledged;  // 1: at once (NOACK)

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.first, self.last,
                 self.entries_read, self.time_ms, self.acknowledged);
  }
};

// A consumer reads again what it has pending and the topic still has.
struct RedeliverEntries {
  static constexpr uint8_t kTag = 20;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  StreamId first;
  StreamId last;
  int64_t time_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.first, self.last,
                 self.time_ms);
  }
};

// Pending entries are acknowledged, or their references dropped.
struct ForgetPending {
  static constexpr uint8_t kTag = 21;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  std::string_view group;
  StreamId first;
  StreamId last;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.first, self.last);
  }
};

// Pending entries become a consumer's, as if delivered at `time_ms`, at `now_ms`.
struct ClaimPending {
  static constexpr uint8_t kTag = 22;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  StreamId first;
  StreamId last;
  int64_t time_ms;
  int64_t count;
  int64_t now_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.first, self.last,
                 self.time_ms, self.count, self.now_ms);
  }
};

// Pending entries are released: nobody owns them.
struct ReleasePending {
  static constexpr uint8_t kTag = 23;
  uint32_t database;
  Key key;
  std::string_view group;
  StreamId first;
  StreamId last;
  int64_t count;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.first, self.last, self.count);
  }
};

// An entry that is not pending becomes so without being read: a consumer's, or, where
// `released` is set, nobody's.
struct AddPending {
  static constexpr uint8_t kTag = 24;
  uint32_t database;
  Key key;
  std::string_view group;
  std::string_view consumer;
  uint32_t released;  // 1: it has no owner
  StreamId id;
  int64_t time_ms;
  int64_t count;
  int64_t now_ms;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.group, self.consumer, self.released, self.id,
                 self.time_ms, self.count, self.now_ms);
  }
};

// As the overloads in mutation.h.
bool Apply(Dataset& dataset, const CreateGroup& mutation);
bool Apply(Dataset& dataset, const SetGroupPosition& mutation);
bool Apply(Dataset& dataset, const DestroyGroup& mutation);
bool Apply(Dataset& dataset, const CreateConsumer& mutation);
bool Apply(Dataset& dataset, const DeleteConsumer& mutation);
bool Apply(Dataset& dataset, const DeliverEntries& mutation);
bool Apply(Dataset& dataset, const RedeliverEntries& mutation);
bool Apply(Dataset& dataset, const ForgetPending& mutation);
bool Apply(Dataset& dataset, const ClaimPending& mutation);
bool Apply(Dataset& dataset, const ReleasePending& mutation);
bool Apply(Dataset& dataset, const AddPending& mutation);

}  // namespace leat::data
