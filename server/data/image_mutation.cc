#include "server/data/image_mutation.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "server/data/mutation.h"
#include "server/data/topic.h"

namespace leat::data {

namespace {

// The items that lie in `bytes`; false where these do not end with one.
template <typename Item>
bool Unpack(std::string_view bytes, std::vector<Item>& items) {
  static_assert(std::is_trivially_copyable_v<Item>);
  if (bytes.size() % sizeof(Item) != 0) return false;
  items.resize(bytes.size() / sizeof(Item));
  if (!items.empty()) std::memcpy(static_cast<void*>(items.data()), bytes.data(), bytes.size());
  return true;
}

ConsumerGroup* FindGroup(Dataset& dataset, uint32_t database, const Key& key,
                         std::string_view group) {
  Topic* topic = FindTopic(dataset, database, key);
  return topic == nullptr ? nullptr : topic->FindGroup(group);
}

}  // namespace

bool Apply(Dataset& dataset, const RestoreTopic& mutation) {
  if (mutation.database >= dataset.databases.size()) return false;
  auto topic = std::make_unique<Topic>();
  topic->SetId(mutation.last_id, mutation.entries_added, mutation.max_deleted_id);
  dataset.databases[mutation.database]
      .PutTopic(mutation.key, std::move(topic), mutation.expire_at_ms)
      ->set_access_clock(dataset.access_clock);
  return true;
}

bool Apply(Dataset& dataset, const RestoreBlock& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  std::vector<uint64_t> marks;
  if (topic == nullptr || !Unpack(mutation.marks, marks)) return false;
  const Block::State state{mutation.first_ordinal, mutation.size, mutation.count, mutation.begin,
                           marks};
  if (!Block::Valid(state)) return false;
  const Block::Span span{mutation.first, mutation.last};
  if (mutation.segment != 0) {
    if (mutation.sealed == 0 || dataset.pager == nullptr) return false;
    const base::BlockPlace place{mutation.segment, mutation.stored_size, mutation.offset};
    PageRef page(new Page(*dataset.pager, place, mutation.page_size));
    dataset.pager->Restored(*page);
    return topic->RestoreSealed(Block(state, std::move(page)), span);
  }
  if (!Block::Valid(state, mutation.entries, mutation.index)) return false;
  Block block(state, mutation.entries, mutation.index);
  if (mutation.sealed == 0) return topic->RestoreTail(std::move(block));
  if (block.live_count() == 0) return false;
  block.Seal(dataset.pager);
  return topic->RestoreSealed(std::move(block), span);
}

bool Apply(Dataset& dataset, const RestoreGroup& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  ConsumerGroup* group = topic == nullptr ? nullptr : topic->CreateGroup(mutation.group);
  if (group == nullptr) return false;
  group->SetPosition(mutation.last_id, mutation.entries_read);
  group->SetNextTurn(mutation.next_turn);
  return true;
}

bool Apply(Dataset& dataset, const RestoreConsumer& mutation) {
  ConsumerGroup* group = FindGroup(dataset, mutation.database, mutation.key, mutation.group);
  Consumer* consumer =
      group == nullptr ? nullptr : group->CreateConsumer(mutation.consumer, mutation.seen_ms);
  if (consumer == nullptr) return false;
  consumer->active_ms = mutation.active_ms;
  return true;
}

bool Apply(Dataset& dataset, const RestorePending& mutation) {
  ConsumerGroup* group = FindGroup(dataset, mutation.database, mutation.key, mutation.group);
  std::vector<RestorePending::Item> items;
  if (group == nullptr || !Unpack(mutation.entries, items)) return false;
  for (const RestorePending::Item& item : items) {
    const bool released = Delivery::IsReleased(item.rank);
    if (group->pending().Contains(item.id)) return false;
    if (!released && item.consumer >= group->consumer_count()) return false;
    Consumer* owner = released ? nullptr : &group->ConsumerAt(item.consumer);
    group->RestorePending(item.id, owner, item.rank, item.count);
  }
  return true;
}

bool Apply(Dataset& dataset, const RestoreIdempotency& mutation) {
  const Idempotency::Settings settings{mutation.duration_seconds, mutation.max_entries};
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  if (topic == nullptr || !settings.Valid()) return false;
  topic->UseIdempotency().Configure(settings);
  topic->UseIdempotency().SetCounters(mutation.added, mutation.duplicates);
  return true;
}

bool Apply(Dataset& dataset, const RestoreProducer& mutation) {
  Topic* topic = FindTopic(dataset, mutation.database, mutation.key);
  std::vector<Producer::Record> records;
  if (topic == nullptr || !Unpack(mutation.records, records)) return false;
  return topic->UseIdempotency().RestoreProducer(mutation.producer, records);
}

}  // namespace leat::data
