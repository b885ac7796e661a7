// All that a dataset holds, as one text: two datasets are equal when their texts are.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "server/data/dataset.h"
#include "server/data/topic.h"

namespace leat::testing {

// Without the time when a consumer was last seen, which is observed and not recorded.
inline std::string TextOf(const data::ConsumerGroup& group) {
  const auto& pending = group.pending();
  std::string text = "\n  group " + group.name() + " " + group.last_id().ToString() + " " +
                     std::to_string(group.entries_read()) + ", released " +
                     std::to_string(group.released_count()) + ":";
  for (size_t i = 0; i < group.consumer_count(); ++i) {
    const data::Consumer& consumer = group.ConsumerAt(i);
    text += " " + consumer.name + " " + std::to_string(consumer.active_ms) + " has";
    const auto& ids = consumer.pending;
    for (auto at = ids.begin(); at != ids.end(); at = ids.Next(at)) {
      text += " " + ids.IdAt(at).ToString();
    }
  }
  text += "; by age";
  for (const auto& [rank, id] :
       pending.Lowest(std::numeric_limits<uint64_t>::max(), pending.size())) {
    const data::Delivery delivery = pending.ValueAt(pending.Find(id));
    text += " " + id.ToString() + " " + std::to_string(rank) + " " +
            std::to_string(delivery.count()) + " of " +
            (delivery.released() ? "nobody" : group.OwnerOf(delivery).name);
  }
  return text;
}

inline std::string TextOf(const data::Idempotency& idempotency) {
  const data::Idempotency::Settings& settings = idempotency.settings();
  std::string text = "\n  idempotency " + std::to_string(settings.duration_seconds) + " " +
                     std::to_string(settings.max_entries) + " " +
                     std::to_string(idempotency.added()) + " " +
                     std::to_string(idempotency.duplicates());
  idempotency.ForEachProducer([&text](const data::Producer& producer) {
    text += "; " + producer.name() + ":";
    for (size_t age = 0; age < producer.size(); ++age) {
      const data::Producer::Record& record = producer[age];
      text += " " + std::to_string(record.iid.low) + "," + std::to_string(record.iid.high) + " " +
              record.id.ToString();
    }
  });
  return text;
}

inline std::string TextOf(const data::TopicPolicyState& state) {
  const data::TopicPolicy& policy = state.policy;
  return "\n  policy " + std::to_string(policy.retention_ms) + " " +
         std::to_string(policy.retention_bytes) + " " + std::to_string(policy.retention_entries) +
         " " + std::to_string(static_cast<int>(policy.references)) + " " + policy.compact_field +
         " " + state.compacted_through.ToString();
}

inline std::string TextOf(const data::Topic& topic) {
  std::string text = topic.last_id().ToString() + " " + topic.max_deleted_id().ToString() + " " +
                     std::to_string(topic.entries_added()) + " " + std::to_string(topic.length()) +
                     ":";
  std::vector<data::Topic::Run> runs;
  topic.Read(data::kMinStreamId, data::kMaxStreamId, data::Topic::kNoLimit, runs);
  for (const data::Topic::Run& run : runs) text.append(run.bytes);
  for (size_t i = 0; i < topic.groups().size(); ++i) text += TextOf(topic.groups()[i]);
  text += TextOf(topic.idempotency());
  if (const data::TopicPolicyState* state = topic.policy_state()) text += TextOf(*state);
  return text;
}

inline std::string TextOf(const data::Dataset& dataset) {
  std::string text;
  for (const data::Keyspace& keyspace : dataset.databases) {
    std::map<std::string, std::string> keys;
    keyspace.ForEach([&keys](const data::Entry& entry) {
      std::string& value = keys[std::string(entry.key())];
      value = std::to_string(entry.expire_at_ms()) + " ";
      if (entry.type() == data::Type::kString) {
        value.append("string ").append(entry.string());
      } else {
        value.append("topic ").append(TextOf(*entry.topic()));
      }
    });
    text.append("database\n");
    for (const auto& [key, value] : keys) text.append(key + " = " + value + "\n");
  }
  return text;
}

}  // namespace leat::testing
