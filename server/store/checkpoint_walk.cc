#include "server/store/checkpoint_walk.h"

#include <algorithm>
#include <utility>

#include "server/data/topic.h"
#include "server/store/image.h"

namespace leat::store {

namespace {

// What writing a key costs, in steps.
size_t CostOf(const data::Entry& entry) {
  constexpr size_t kBytesPerStep = 1024;
  constexpr size_t kPendingPerStep = 8;
  if (entry.type() == data::Type::kString) return 2 + entry.string().size() / kBytesPerStep;
  const data::Topic& topic = *entry.topic();
  size_t cost = 4 + topic.sealed_count() + topic.tail().entry_bytes().size() / kBytesPerStep;
  for (size_t i = 0; i < topic.groups().size(); ++i) {
    cost += topic.groups()[i].pending().size() / kPendingPerStep;
  }
  return cost;
}

}  // namespace

CheckpointWalk::CheckpointWalk(data::Dataset& dataset,
                               std::unique_ptr<persistence::CheckpointWriter> writer)
    : dataset_(dataset), writer_(std::move(writer)), databases_(dataset.databases.size()) {
  for (uint32_t number = 0; number < databases_.size(); ++number) {
    databases_[number].number = number;
    keys_at_start_ += dataset_.databases[number].size();
    dataset_.databases[number].BeginGeneration();
  }
}

size_t CheckpointWalk::Save(uint32_t number, data::Keyspace& keyspace, data::Entry& entry) {
  if (!keyspace.IsOld(entry)) return 1;
  keyspace.Renew(entry);
  ++saved_;
  if (writer_ == nullptr) return 1;
  WriteImage(number, entry, *writer_, segments_);
  return CostOf(entry);
}

void CheckpointWalk::BeforeChange(uint32_t database, const data::Key& key) {
  data::Keyspace& keyspace = dataset_.databases[database];
  data::Entry* entry = keyspace.Find(key);
  if (entry != nullptr) Save(databases_[database].number, keyspace, *entry);
}

void CheckpointWalk::BeforeFlush(uint32_t database) {
  Database& walk = databases_[database];
  if (walk.done || dataset_.databases[database].size() == 0) return;
  Flushed& flushed = flushed_.emplace_back();
  flushed.walk = walk;
  flushed.keys.Swap(dataset_.databases[database]);
  dataset_.databases[database].CopyGeneration(flushed.keys);
  walk.done = true;
}

void CheckpointWalk::BeforeSwap(uint32_t database, uint32_t other) {
  std::swap(databases_[database], databases_[other]);
}

bool CheckpointWalk::Step(size_t budget) {
  while (!flushed_.empty()) {
    if (!StepFlushed(budget)) return true;
  }
  for (size_t index = 0; index < databases_.size(); ++index) {
    Database& walk = databases_[index];
    data::Keyspace& keyspace = dataset_.databases[index];
    while (!walk.done) {
      if (budget == 0) return true;
      size_t cost = 1;
      walk.cursor = keyspace.Scan(
          walk.cursor, [&](data::Entry& entry) { cost += Save(walk.number, keyspace, entry); });
      walk.done = walk.cursor == 0;
      budget -= std::min(budget, cost);
    }
  }
  return false;
}

// Frees what it has written. False when the budget is used up before the end.
bool CheckpointWalk::StepFlushed(size_t& budget) {
  Flushed& flushed = flushed_.front();
  do {
    if (budget == 0) return false;
    size_t cost = 1;
    flushed.walk.cursor = flushed.keys.Scan(flushed.walk.cursor, [&](data::Entry& entry) {
      cost += Save(flushed.walk.number, flushed.keys, entry) + 1;
      flushed.keys.Erase(data::MakeKey(entry.key()));
    });
    budget -= std::min(budget, cost);
  } while (flushed.walk.cursor != 0);
  flushed_.pop_front();
  return true;
}

double CheckpointWalk::progress() const {
  if (keys_at_start_ == 0) return 1;
  return std::min(1.0, static_cast<double>(saved_) / static_cast<double>(keys_at_start_));
}

}  // namespace leat::store
