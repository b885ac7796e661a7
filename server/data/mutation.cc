#include "server/data/mutation.h"

#include <memory>
#include <optional>

#include "server/data/topic.h"

namespace leat::data {

namespace {

// The database a mutation names; a journal may name one that this server is not configured for.
Keyspace* Database(Dataset& dataset, uint32_t number) {
  return number < dataset.databases.size() ? &dataset.databases[number] : nullptr;
}

bool HasPolicy(Dataset& dataset, uint32_t database, const Key& key) {
  const Topic* topic = FindTopic(dataset, database, key);
  return topic != nullptr && topic->policy_state() != nullptr;
}

void NoteRemoved(Dataset& dataset, uint32_t database, const Key& key, const Topic& topic,
                 const IdRange& range) {
  if (topic.policy_state() != nullptr) dataset.schedule.Removed(database, key.name, range);
}

// Whether an append, before which there were so many sealed blocks, may have left something to do.
bool IsDueAfterAppend(const Topic& topic, size_t sealed_before) {
  const TopicPolicyState& state = *topic.policy_state();
  return topic.sealed_count() != sealed_before || topic.length() == 1 ||
         topic.length() >= state.due_entries ||
         state.sealed_bytes + topic.tail().state().size >= state.due_bytes;
}

}  // namespace

Topic* FindTopic(Dataset& dataset, uint32_t database, const Key& key) {
  Keyspace* keyspace = Database(dataset, database);
  Entry* entry = keyspace == nullptr ? nullptr : keyspace->Find(key);
  return entry != nullptr && entry->type() == Type::kStream ? entry->topic() : nullptr;
}

bool Apply(Dataset& dataset, const SetString& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr) return false;
  Entry* entry = keyspace->PutString(mutation.key, mutation.value, mutation.expire_at_ms);
  entry->set_access_clock(dataset.access_clock);
  return true;
}

bool Apply(Dataset& dataset, const SpliceString& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr) return false;
  const Entry* entry = keyspace->Find(mutation.key);
  if (entry != nullptr && entry->type() != Type::kString) return false;
  keyspace->SpliceString(mutation.key, mutation.offset, mutation.bytes)
      ->set_access_clock(dataset.access_clock);
  return true;
}

bool Apply(Dataset& dataset, const DeleteKey& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  return keyspace != nullptr && keyspace->Erase(mutation.key);
}

bool Apply(Dataset& dataset, const ExpireKey& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr || keyspace->Find(mutation.key) == nullptr) return false;
  keyspace->SetExpiry(mutation.key, mutation.expire_at_ms);
  return true;
}

bool Apply(Dataset& dataset, const MoveKey& mutation) {
  Keyspace* from = Database(dataset, mutation.database);
  Keyspace* to = Database(dataset, mutation.to_database);
  if (from == nullptr || to == nullptr) return false;
  if (HasPolicy(dataset, mutation.database, mutation.key)) {
    dataset.schedule.Placed(mutation.to_database, mutation.to_key.name);
  }
  return from->Rename(mutation.key, *to, mutation.to_key);
}

bool Apply(Dataset& dataset, const CopyKey& mutation) {
  Keyspace* from = Database(dataset, mutation.database);
  Keyspace* to = Database(dataset, mutation.to_database);
  if (from == nullptr || to == nullptr) return false;
  if (HasPolicy(dataset, mutation.database, mutation.key)) {
    dataset.schedule.Placed(mutation.to_database, mutation.to_key.name);
  }
  return from->Copy(mutation.key, *to, mutation.to_key);
}

bool Apply(Dataset& dataset, const FlushDatabase& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr) return false;
  keyspace->Clear();
  dataset.schedule.Clear(mutation.database);
  return true;
}

bool Apply(Dataset& dataset, const SwapDatabases& mutation) {
  Keyspace* one = Database(dataset, mutation.database);
  Keyspace* other = Database(dataset, mutation.other);
  if (one == nullptr || other == nullptr) return false;
  one->Swap(*other);
  dataset.schedule.Swap(mutation.database, mutation.other);
  return true;
}

bool Apply(Dataset& dataset, const CreateTopic& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr) return false;
  keyspace->PutTopic(mutation.key, std::make_unique<Topic>())
      ->set_access_clock(dataset.access_clock);
  return true;
}

bool Apply(Dataset& dataset, const AppendEntry& mutation) {
  Keyspace* keyspace = Database(dataset, mutation.database);
  if (keyspace == nullptr) return false;
  Entry* entry = keyspace->Find(mutation.key);
  if (entry == nullptr) entry = keyspace->PutTopic(mutation.key, std::make_unique<Topic>());
  if (entry->type() != Type::kStream || mutation.id <= entry->topic()->last_id()) return false;
  Topic& topic = *entry->topic();
  const size_t sealed_before = topic.sealed_count();
  topic.Append(mutation.id, {mutation.field_count, mutation.fields}, Topic::kDefaultNodeEntries,
               dataset.pager);
  entry->set_access_clock(dataset.access_clock);
  if (topic.policy_state() != nullptr && IsDueAfterAppend(topic, sealed_before)) {
    dataset.schedule.Mark(mutation.database, mutation.key.name);
  }
  return true;
}

bool Apply(Dataset& dataset, const DeleteEntry& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr || !topic->Delete(mutation.id)) return false;
  NoteRemoved(dataset, mutation.database, mutation.key, *topic, {mutation.id, mutation.id});
  return true;
}

bool Apply(Dataset& dataset, const DeleteEntries& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr) return false;
  if (topic->DeleteRange(mutation.first, mutation.last, mutation.trimmed != 0) == 0) return false;
  NoteRemoved(dataset, mutation.database, mutation.key, *topic, {mutation.first, mutation.last});
  return true;
}

bool Apply(Dataset& dataset, const TrimTopic& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr) return false;
  topic->TrimThrough(mutation.last_removed);
  return true;
}

bool Apply(Dataset& dataset, const SetTopicId& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr) return false;
  topic->SetId(mutation.last_id, mutation.entries_added, mutation.max_deleted_id);
  return true;
}

}  // namespace leat::data
