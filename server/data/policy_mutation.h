// The mutation of a topic's policy (see mutation.h, which closes the set).
#pragma once

#include <cstdint>
#include <string_view>

#include "server/data/dataset.h"
#include "server/data/keyspace.h"
#include "server/data/stream_id.h"

namespace leat::data {

// The topic's policy is this from now on, see TopicPolicyState; without any value it has none.
struct ConfigureTopic {
  static constexpr uint8_t kTag = 47;
  static constexpr bool kFeedsReaders = false;
  uint32_t database;
  Key key;
  uint64_t retention_ms;
  uint64_t retention_bytes;
  uint64_t retention_entries;
  uint32_t references;  // a References
  std::string_view compact_field;
  StreamId compacted_through;

  static auto Members(auto& self, auto&& visit) {
    return visit(self.database, self.key, self.retention_ms, self.retention_bytes,
                 self.retention_entries, self.references, self.compact_field,
                 self.compacted_through);
  }
};

struct TopicPolicy;

// The mutation that says so; it borrows from `policy`.
ConfigureTopic MakeConfigureTopic(uint32_t database, const Key& key, const TopicPolicy& policy,
                                  StreamId compacted_through = {});

// As the overloads in mutation.h.
bool Apply(Dataset& dataset, const ConfigureTopic& mutation);

}  // namespace leat::data
