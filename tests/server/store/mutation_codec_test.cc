#include "server/store/mutation_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/server/engine/dataset_text.h"

namespace leat::store {
namespace {

using data::MakeKey;

template <typename Mutation>
void Append(std::string& payload, const Mutation& mutation) {
  std::vector<char> room(MutationEncoder::MaxSize(mutation));
  const char* const end = MutationEncoder::Encode(room.data(), mutation);
  ASSERT_LE(end, room.data() + room.size());
  payload.append(room.data(), static_cast<size_t>(end - room.data()));
}

// One of each kind, with numbers at their edges.
std::string AllKinds() {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const std::string fields = "$1\r\nf\r\n$1\r\nv\r\n";
  std::string payload;
  Append(payload, data::SetString{0, MakeKey("a"), std::string_view("\0\xff", 2),
                                  std::numeric_limits<int64_t>::max()});
  Append(payload, data::SpliceString{0, MakeKey("a"), 300, "tail"});
  Append(payload, data::ExpireKey{0, MakeKey("a"), data::kNoExpiry});
  Append(payload, data::CopyKey{0, MakeKey("a"), 1, MakeKey("copy")});
  Append(payload, data::MoveKey{0, MakeKey("a"), 0, MakeKey("moved")});
  Append(payload, data::SetString{1, MakeKey(""), "", data::kNoExpiry});
  Append(payload, data::DeleteKey{1, MakeKey("")});
  Append(payload, data::CreateTopic{0, MakeKey("empty")});
  Append(payload, data::AppendEntry{0, MakeKey("t"), {1, 0}, 2, fields});
  Append(payload, data::AppendEntry{0, MakeKey("t"), {1, kMax}, 2, fields});
  Append(payload, data::AppendEntry{0, MakeKey("t"), {kMax, kMax}, 2, fields});
  Append(payload, data::DeleteEntry{0, MakeKey("t"), {1, kMax}});
  Append(payload, data::TrimTopic{0, MakeKey("t"), {1, 0}});
  Append(payload, data::SetTopicId{0, MakeKey("t"), {kMax, kMax}, 17, {9, 9}});
  Append(payload, data::ConfigureIdempotency{0, MakeKey("t"), 86400, 10000});
  Append(payload, data::RecordIdempotent{
                      0, MakeKey("t"), std::string_view("\0p", 2), kMax, 1, {kMax, kMax}, kMax});
  Append(payload, data::CountDuplicate{0, MakeKey("t")});
  Append(payload, data::ConfigureTopic{0, MakeKey("t"), kMax, 1, kMax, 2, "field", {kMax, 1}});
  Append(payload, data::SwapDatabases{0, 1});
  Append(payload, data::FlushDatabase{0});
  return payload;
}

TEST(MutationCodecTest, GivesBackWhatWasWritten) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  data::Dataset dataset(2);
  EXPECT_EQ(ApplyEncoded(AllKinds(), dataset), "");
  EXPECT_EQ(dataset.databases[0].size(), 0u);
  const data::Keyspace& swapped = dataset.databases[1];
  ASSERT_NE(swapped.Find(MakeKey("moved")), nullptr);
  EXPECT_EQ(swapped.Find(MakeKey("moved"))->string().substr(300), "tail");
  const data::Topic& topic = *swapped.Find(MakeKey("t"))->topic();
  EXPECT_EQ(topic.length(), 1u);
  EXPECT_EQ(topic.entries_added(), 17u);
  EXPECT_EQ(topic.max_deleted_id(), (data::StreamId{9, 9}));
  const data::Idempotency& idempotency = topic.idempotency();
  EXPECT_EQ(idempotency.settings(), (data::Idempotency::Settings{86400, 10000}));
  EXPECT_EQ(idempotency.Find(std::string_view("\0p", 2), {kMax, 1}, kMax),
            (data::StreamId{kMax, kMax}));
  EXPECT_EQ(idempotency.duplicates(), 1u);
  ASSERT_NE(topic.policy_state(), nullptr);
  EXPECT_EQ(topic.policy_state()->policy,
            (data::TopicPolicy{kMax, 1, kMax, data::References::kRespect, "field"}));
  EXPECT_EQ(topic.policy_state()->compacted_through, (data::StreamId{kMax, 1}));
  EXPECT_EQ(swapped.Find(MakeKey("empty"))->topic()->length(), 0u);
}

TEST(MutationCodecTest, EndsAtAnyCutWithAnError) {
  const std::string payload = AllKinds();
  data::Dataset whole(2);
  size_t clean_ends = 0;
  for (size_t size = 0; size < payload.size(); ++size) {
    data::Dataset dataset(2);
    if (ApplyEncoded(std::string_view(payload).substr(0, size), dataset).empty()) ++clean_ends;
  }
  EXPECT_EQ(clean_ends, 20u);  // where a mutation ends
}

TEST(MutationCodecTest, NamesWhatIsWrong) {
  data::Dataset dataset(1);
  EXPECT_EQ(ApplyEncoded("\x7f", dataset), "unknown mutation tag 127: written by a newer version?");
  EXPECT_EQ(ApplyEncoded(std::string("\x03\x00\x05xy", 5), dataset),
            "a mutation with tag 3 is malformed");
  std::string payload;
  Append(payload, data::DeleteKey{0, MakeKey("missing")});
  EXPECT_EQ(ApplyEncoded(payload, dataset),
            "a mutation with tag 3 does not fit the data before it");
  payload.clear();
  Append(payload, data::SetString{9, MakeKey("a"), "x", data::kNoExpiry});
  EXPECT_EQ(ApplyEncoded(payload, dataset),
            "a mutation with tag 1 does not fit the data before it");
}

}  // namespace
}  // namespace leat::store
