#include "server/data/group_mutation.h"

#include "server/data/mutation.h"
#include "server/data/topic.h"

namespace leat::data {

namespace {

// Where a mutation of a group applies; `group` is null where it cannot.
struct Target {
  Topic* topic = nullptr;
  ConsumerGroup* group = nullptr;
  Consumer* consumer = nullptr;  // null also where the mutation names none
};

template <typename Mutation>
Target FindTarget(Dataset& dataset, const Mutation& mutation) {
  Target target;
  target.topic = FindTopic(dataset, mutation.database, mutation.key);
  if (target.topic == nullptr) return target;
  target.group = target.topic->FindGroup(mutation.group);
  if constexpr (requires { mutation.consumer; }) {
    if (target.group != nullptr) target.consumer = target.group->FindConsumer(mutation.consumer);
  }
  return target;
}

}  // namespace

bool Apply(Dataset& dataset, const CreateGroup& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  ConsumerGroup* group = topic == nullptr ? nullptr : topic->CreateGroup(mutation.group);
  if (group == nullptr) return false;
  group->SetPosition(mutation.last_id, mutation.entries_read);
  return true;
}

bool Apply(Dataset& dataset, const SetGroupPosition& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.group == nullptr) return false;
  target.group->SetPosition(mutation.last_id, mutation.entries_read);
  return true;
}

bool Apply(Dataset& dataset, const DestroyGroup& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  return topic != nullptr && topic->DestroyGroup(mutation.group);
}

bool Apply(Dataset& dataset, const CreateConsumer& mutation) {
  const Target target = FindTarget(dataset, mutation);
  return target.group != nullptr &&
         target.group->CreateConsumer(mutation.consumer, mutation.time_ms) != nullptr;
}

bool Apply(Dataset& dataset, const DeleteConsumer& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.consumer == nullptr) return false;
  target.group->DeleteConsumer(*target.consumer);
  return true;
}

bool Apply(Dataset& dataset, const DeliverEntries& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.consumer == nullptr) return false;
  target.consumer->seen_ms = mutation.time_ms;
  if (mutation.acknowledged == 0) {
    target.group->Deliver(*target.topic, *target.consumer, mutation.first, mutation.last,
                          mutation.time_ms);
  }
  target.group->SetPosition(mutation.last, mutation.entries_read);
  return true;
}

bool Apply(Dataset& dataset, const RedeliverEntries& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.consumer == nullptr) return false;
  target.group->Redeliver(*target.topic, *target.consumer, mutation.first, mutation.last,
                          mutation.time_ms);
  return true;
}

bool Apply(Dataset& dataset, const ForgetPending& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.group == nullptr) return false;
  target.group->Forget(mutation.first, mutation.last);
  return true;
}

bool Apply(Dataset& dataset, const ClaimPending& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.consumer == nullptr) return false;
  target.group->Claim(*target.consumer, mutation.first, mutation.last, mutation.time_ms,
                      mutation.count);
  target.consumer->seen_ms = target.consumer->active_ms = mutation.now_ms;
  return true;
}

bool Apply(Dataset& dataset, const ReleasePending& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.group == nullptr) return false;
  target.group->Release(mutation.first, mutation.last, mutation.count);
  return true;
}

bool Apply(Dataset& dataset, const AddPending& mutation) {
  const Target target = FindTarget(dataset, mutation);
  if (target.group == nullptr || target.group->pending().Contains(mutation.id)) return false;
  Consumer* owner = mutation.released != 0 ? nullptr : target.consumer;
  if (owner == nullptr && mutation.released == 0) return false;
  target.group->AddPending(mutation.id, owner, mutation.time_ms, mutation.count);
  if (owner != nullptr) owner->seen_ms = owner->active_ms = mutation.now_ms;
  return true;
}

}  // namespace leat::data
