#include "server/store/mutation_codec.h"

#include <limits>

namespace leat::store {

namespace {

// Reads members from the front of a payload; once anything is malformed it stays failed.
class Decoder {
 public:
  explicit Decoder(std::string_view payload) : rest_(payload) {}

  bool failed() const { return failed_; }
  bool AtEnd() const { return rest_.empty() || failed_; }

  uint8_t Tag() {
    const auto tag = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return tag;
  }

  void Get(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return;
    }
    failed_ = true;
  }
  void Get(uint32_t& value) {
    uint64_t wide = 0;
    Get(wide);
    if (wide > std::numeric_limits<uint32_t>::max()) failed_ = true;
    value = static_cast<uint32_t>(wide);
  }
  void Get(int64_t& value) {
    uint64_t zigzag = 0;
    Get(zigzag);
    value = static_cast<int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
  }
  void Get(data::StreamId& id) {
    Get(id.ms);
    Get(id.seq);
  }
  void Get(std::string_view& bytes) {
    uint64_t size = 0;
    Get(size);
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return;
    }
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  void Get(data::Key& key) {
    std::string_view name;
    Get(name);
    if (!failed_) key = data::MakeKey(name);
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

enum class Outcome { kApplied, kMalformed, kRefused, kOtherTag };

template <typename Mutation>
Outcome TryApply(uint8_t tag, Decoder& decoder, data::Dataset& dataset) {
  if (tag != Mutation::kTag) return Outcome::kOtherTag;
  Mutation mutation{};
  Mutation::Members(mutation, [&decoder](auto&... members) { (decoder.Get(members), ...); });
  if (decoder.failed()) return Outcome::kMalformed;
  return data::Apply(dataset, mutation) ? Outcome::kApplied : Outcome::kRefused;
}

template <typename... Mutations>
Outcome ApplyTagged(uint8_t tag, Decoder& decoder, data::Dataset& dataset) {
  Outcome outcome = Outcome::kOtherTag;
  ((outcome == Outcome::kOtherTag ? void(outcome = TryApply<Mutations>(tag, decoder, dataset))
                                  : void()),
   ...);
  return outcome;
}

}  // namespace

std::string ApplyEncoded(std::string_view payload, data::Dataset& dataset) {
  Decoder decoder(payload);
  while (!decoder.AtEnd()) {
    const uint8_t tag = decoder.Tag();
    switch (
        ApplyTagged<data::SetString, data::SpliceString, data::DeleteKey, data::ExpireKey,
                    data::MoveKey, data::CopyKey, data::FlushDatabase, data::SwapDatabases,
                    data::CreateTopic, data::AppendEntry, data::DeleteEntry, data::TrimTopic,
                    data::SetTopicId, data::CreateGroup, data::SetGroupPosition, data::DestroyGroup,
                    data::CreateConsumer, data::DeleteConsumer, data::DeliverEntries,
                    data::RedeliverEntries, data::ForgetPending, data::ClaimPending,
                    data::ReleasePending, data::AddPending, data::DeleteEntries,
                    data::RecordIdempotent, data::CountDuplicate, data::ConfigureIdempotency,
                    data::RestoreTopic, data::RestoreBlock, data::RestoreGroup,
                    data::RestoreConsumer, data::RestorePending, data::RestoreIdempotency,
                    data::RestoreProducer, data::ConfigureTopic>(tag, decoder, dataset)) {
      case Outcome::kApplied:
        break;
      case Outcome::kMalformed:
        return "a mutation with tag " + std::to_string(tag) + " is malformed";
      case Outcome::kRefused:
        return "a mutation with tag " + std::to_string(tag) + " does not fit the data before it";
      case Outcome::kOtherTag:
        return "unknown mutation tag " + std::to_string(tag) + ": written by a newer version?";
    }
  }
  return "";
}

}  // namespace leat::store
