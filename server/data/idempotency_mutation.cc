#include "server/data/idempotency_mutation.h"

#include "server/data/mutation.h"
#include "server/data/topic.h"

namespace leat::data {

bool Apply(Dataset& dataset, const RecordIdempotent& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  return topic != nullptr &&
         topic->UseIdempotency().Record(mutation.producer, {mutation.iid_low, mutation.iid_high},
                                        mutation.id, mutation.keep_from_ms);
}

bool Apply(Dataset& dataset, const CountDuplicate& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr) return false;
  topic->UseIdempotency().CountDuplicate();
  return true;
}

bool Apply(Dataset& dataset, const ConfigureIdempotency& mutation) {
  const Idempotency::Settings settings{mutation.duration_seconds, mutation.max_entries};
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr || !settings.Valid()) return false;
  topic->UseIdempotency().Configure(settings);
  return true;
}

}  // namespace leat::data
