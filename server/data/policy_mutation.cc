#include "server/data/policy_mutation.h"

#include <utility>

#include "server/data/mutation.h"
#include "server/data/topic.h"

namespace leat::data {

ConfigureTopic MakeConfigureTopic(uint32_t database, const Key& key, const TopicPolicy& policy,
                                  StreamId compacted_through) {
  return {database,
          key,
          policy.retention_ms,
          policy.retention_bytes,
          policy.retention_entries,
          static_cast<uint32_t>(policy.references),
          policy.compact_field,
          compacted_through};
}

bool Apply(Dataset& dataset, const ConfigureTopic& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr || mutation.references > static_cast<uint32_t>(References::kRespect)) {
    return false;
  }
  TopicPolicy policy;
  policy.retention_ms = mutation.retention_ms;
  policy.retention_bytes = mutation.retention_bytes;
  policy.retention_entries = mutation.retention_entries;
  policy.references = static_cast<References>(mutation.references);
  policy.compact_field = mutation.compact_field;
  topic->SetPolicy(std::move(policy), mutation.compacted_through);
  if (topic->policy_state() != nullptr) {
    dataset.schedule.Placed(mutation.database, mutation.key.name);
  }
  return true;
}

}  // namespace leat::data
