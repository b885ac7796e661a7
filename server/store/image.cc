#include "server/store/image.h"

#include <vector>

#include "server/data/image_mutation.h"
#include "server/data/mutation.h"
#include "server/data/topic.h"
#include "server/store/mutation_codec.h"

namespace leat::store {

namespace {

using data::Block;
using data::Topic;

// As many pending entries as one mutation holds.
constexpr size_t kPendingPerMutation = 4096;

template <typename Item>
std::string_view Bytes(const std::vector<Item>& items) {
  return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(Item)};
}

class ImageWriter {
 public:
  ImageWriter(uint32_t database, data::Key key, persistence::CheckpointWriter& out,
              std::set<uint32_t>& segments)
      : database_(database), key_(key), out_(out), segments_(segments) {}

  void String(const data::Entry& entry) {
    // Only a splice leaves a string raw.
    if (!entry.raw()) {
      return Put(data::SetString{database_, key_, entry.string(), entry.expire_at_ms()});
    }
    Put(data::SetString{database_, key_, "", entry.expire_at_ms()});
    Put(data::SpliceString{database_, key_, 0, entry.string()});
  }

  void Stream(const data::Entry& entry) {
    const Topic& topic = *entry.topic();
    Put(data::RestoreTopic{database_, key_, entry.expire_at_ms(), topic.last_id(),
                           topic.max_deleted_id(), topic.entries_added()});
    if (const data::TopicPolicyState* state = topic.policy_state()) {
      Put(data::MakeConfigureTopic(database_, key_, state->policy, state->compacted_through));
    }
    topic.ForEachSealed(
        [this](const Block& block, const Block::Span& span) { PutBlock(block, span, true); });
    PutBlock(topic.tail(), {}, false);
    for (size_t i = 0; i < topic.groups().size(); ++i) Group(topic.groups()[i]);
    Remembered(topic.idempotency());
  }

 private:
  template <typename Mutation>
  void Put(const Mutation& mutation) {
    char* const start = out_.Reserve(MutationEncoder::MaxSize(mutation));
    out_.Advance(static_cast<size_t>(MutationEncoder::Encode(start, mutation) - start));
  }

  void PutBlock(const Block& block, const Block::Span& span, bool sealed) {
    const Block::State state = block.state();
    data::RestoreBlock image{};
    image.database = database_;
    image.key = key_;
    image.sealed = sealed ? 1 : 0;
    image.first = span.first;
    image.last = span.last;
    image.first_ordinal = state.first_ordinal;
    image.size = state.size;
    image.count = state.count;
    image.begin = state.begin;
    image.marks = {reinterpret_cast<const char*>(state.marks.data()), state.marks.size_bytes()};
    if (block.page() && block.page()->place.stored()) {
      const base::BlockPlace& place = block.page()->place;
      image.segment = place.segment;
      image.offset = place.offset;
      image.stored_size = place.size;
      image.page_size = block.page()->size;
      segments_.insert(place.segment);
    } else if (state.count > 0) {
      image.entries = block.entry_bytes();
      image.index = block.index_bytes();
    }
    Put(image);
  }

  void Group(const data::ConsumerGroup& group) {
    Put(data::RestoreGroup{database_, key_, group.name(), group.last_id(), group.entries_read(),
                           group.next_turn()});
    std::vector<uint64_t> places;  // of consumers, by their numbers
    for (size_t i = 0; i < group.consumer_count(); ++i) {
      const data::Consumer& consumer = group.ConsumerAt(i);
      if (places.size() <= consumer.number) places.resize(consumer.number + 1);
      places[consumer.number] = i;
      Put(data::RestoreConsumer{database_, key_, group.name(), consumer.name, consumer.seen_ms,
                                consumer.active_ms});
    }
    std::vector<data::RestorePending::Item> items;
    const auto put = [&] {
      if (!items.empty()) Put(data::RestorePending{database_, key_, group.name(), Bytes(items)});
      items.clear();
    };
    const auto& pending = group.pending();
    for (auto at = pending.begin(); at != pending.end(); at = pending.Next(at)) {
      const data::Delivery delivery = pending.ValueAt(at);
      const uint64_t consumer = delivery.released() ? 0 : places[delivery.consumer()];
      items.push_back({pending.IdAt(at), delivery.rank(), delivery.count(), consumer});
      if (items.size() == kPendingPerMutation) put();
    }
    put();
  }

  void Remembered(const data::Idempotency& idempotency) {
    const data::Idempotency::Settings& settings = idempotency.settings();
    const bool unused = settings == data::Idempotency::Settings() && idempotency.added() == 0 &&
                        idempotency.duplicates() == 0;
    if (unused) return;
    Put(data::RestoreIdempotency{database_, key_, settings.duration_seconds, settings.max_entries,
                                 idempotency.added(), idempotency.duplicates()});
    idempotency.ForEachProducer([this](const data::Producer& producer) {
      std::vector<data::Producer::Record> records;
      for (size_t age = 0; age < producer.size(); ++age) records.push_back(producer[age]);
      Put(data::RestoreProducer{database_, key_, producer.name(), Bytes(records)});
    });
  }

  const uint32_t database_;
  const data::Key key_;
  persistence::CheckpointWriter& out_;
  std::set<uint32_t>& segments_;
};

}  // namespace

void WriteImage(uint32_t database, const data::Entry& entry, persistence::CheckpointWriter& out,
                std::set<uint32_t>& segments) {
  ImageWriter writer(database, {entry.key(), 0}, out, segments);
  switch (entry.type()) {
    case data::Type::kString:
      return writer.String(entry);
    case data::Type::kStream:
      return writer.Stream(entry);
  }
}

}  // namespace leat::store
