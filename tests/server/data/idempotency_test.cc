#include "server/data/idempotency.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

namespace leat::data {
namespace {

using base::Hash128;

// Records as a list for each producer, forgotten one by one.
class Model {
 public:
  std::optional<StreamId> Find(const std::string& producer, Hash128 iid, uint64_t keep_from_ms) {
    ForgetDue(keep_from_ms);
    for (const auto& record : records_[producer]) {
      if (record.iid == iid) return record.id;
    }
    return std::nullopt;
  }
  void Record(const std::string& producer, Hash128 iid, StreamId id, size_t max_entries) {
    auto& records = records_[producer];
    records.push_back({iid, id});
    if (records.size() > max_entries) records.pop_front();
    ++added;
  }
  void Clear() { records_.clear(); }
  Idempotency::Tracked CountTracked(uint64_t keep_from_ms) {
    ForgetDue(keep_from_ms);
    Idempotency::Tracked tracked;
    for (const auto& [name, records] : records_) {
      tracked.records += records.size();
      tracked.producers += records.empty() ? 0 : 1;
    }
    return tracked;
  }

  uint64_t added = 0;

 private:
  // From the oldest end only.
  void ForgetDue(uint64_t keep_from_ms) {
    for (auto& [name, records] : records_) {
      while (!records.empty() && records.front().id.ms < keep_from_ms) records.pop_front();
    }
  }

  std::map<std::string, std::deque<Producer::Record>> records_;
};

TEST(IdempotencyTest, BehavesAsListsOfRecordsThroughRandomChanges) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto pick = [&random](uint32_t bound) { return static_cast<uint32_t>(random()) % bound; };
    Idempotency::Settings settings{1 + pick(3), 1 + pick(seed % 3 == 0 ? 200 : 9)};
    Idempotency idempotency;
    idempotency.Configure(settings);
    Model model;
    int64_t now_ms = 0;
    const uint32_t producers = 1 + pick(20);
    // Few values in the bits that choose a slot, so that runs of slots are long and wrap around.
    const auto random_iid = [&pick] { return Hash128{pick(5) * 7, pick(60)}; };
    for (int step = 0; step < 4000; ++step) {
      now_ms += pick(16) == 0 ? pick(1500) : pick(20);
      const uint64_t keep_from_ms = idempotency.KeepFromMs(now_ms);
      const std::string producer = "producer" + std::to_string(random() % producers);
      const Hash128 iid = random_iid();
      const auto known = idempotency.Find(producer, iid, keep_from_ms);
      ASSERT_EQ(known, model.Find(producer, iid, keep_from_ms));
      // Now and then of an older entry than the last, as XIDMPRECORD may.
      const uint64_t older = pick(8) == 0 ? pick(4000) : 0;
      const auto now = static_cast<uint64_t>(now_ms);
      const StreamId id{now - std::min(now, older), static_cast<uint64_t>(step)};
      ASSERT_EQ(idempotency.Record(producer, iid, id, keep_from_ms), !known);
      if (!known) model.Record(producer, iid, id, settings.max_entries);
      if (pick(500) == 0) {
        settings.max_entries = 1 + pick(50);
        if (idempotency.settings() != settings) model.Clear();
        idempotency.Configure(settings);
      }
      const auto tracked = idempotency.CountTracked(keep_from_ms);
      const auto expected = model.CountTracked(keep_from_ms);
      ASSERT_EQ(tracked.records, expected.records);
      ASSERT_EQ(tracked.producers, expected.producers);
      ASSERT_EQ(idempotency.added(), model.added);
    }
  }
}

TEST(IdempotencyTest, ForgetsAtTheMillisecondOfTheDuration) {
  Idempotency idempotency;
  EXPECT_EQ(idempotency.KeepFromMs(99'999), 0u);
  EXPECT_EQ(idempotency.KeepFromMs(100'000), 1u);
  ASSERT_TRUE(idempotency.Record("p", {1, 1}, {5000, 0}, 0));
  EXPECT_TRUE(idempotency.Find("p", {1, 1}, idempotency.KeepFromMs(104'999)));
  EXPECT_FALSE(idempotency.Find("p", {1, 1}, idempotency.KeepFromMs(105'000)));
  EXPECT_EQ(idempotency.CountTracked(idempotency.KeepFromMs(105'000)).producers, 0u);
}

TEST(IdempotencyTest, ARecordAfterAYoungerOneStaysAsLong) {
  Idempotency idempotency;
  ASSERT_TRUE(idempotency.Record("p", {1, 1}, {9, 0}, 0));
  ASSERT_TRUE(idempotency.Record("p", {2, 2}, {3, 0}, 0));
  ASSERT_TRUE(idempotency.Record("q", {2, 2}, {3, 0}, 0));
  EXPECT_EQ(idempotency.Find("p", {2, 2}, 9), (StreamId{3, 0}));
  EXPECT_FALSE(idempotency.Find("q", {2, 2}, 9));
  EXPECT_FALSE(idempotency.Find("p", {2, 2}, 10));
}

TEST(IdempotencyTest, ACopyKeepsAllAndGoesItsOwnWay) {
  Idempotency original;
  original.Configure({7, 2});
  ASSERT_TRUE(original.Record("p", {1, 1}, {1, 0}, 0));
  ASSERT_TRUE(original.Record("q", {1, 1}, {2, 0}, 0));
  original.CountDuplicate();
  const auto copy = std::make_unique<Idempotency>(original);
  original.Configure({8, 2});
  EXPECT_EQ(copy->settings(), (Idempotency::Settings{7, 2}));
  EXPECT_EQ(copy->added(), 2u);
  EXPECT_EQ(copy->duplicates(), 1u);
  EXPECT_EQ(copy->Find("q", {1, 1}, 0), (StreamId{2, 0}));
  ASSERT_TRUE(copy->Record("p", {2, 2}, {3, 0}, 0));
  EXPECT_EQ(copy->CountTracked(0).records, 3u);
  EXPECT_EQ(original.CountTracked(0).records, 0u);
}

// The bounds that the header states.
TEST(IdempotencyTest, BoundsTheMemoryOfARecord) {
  constexpr size_t kProducerBytes = 300;  // with what the containers take
  constexpr size_t kRecordBytes = 144;
  EXPECT_EQ(sizeof(Idempotency), 32u);
  Idempotency idempotency;
  EXPECT_EQ(idempotency.memory_bytes(), 32u);
  idempotency.Configure({100, 10000});
  std::mt19937_64 random(1);
  for (uint64_t i = 1; i <= 15'000; ++i) {
    ASSERT_TRUE(idempotency.Record("p", {random(), random()}, {i, 0}, 0));
    const size_t tracked = std::min<size_t>(i, 10'000);
    ASSERT_LE(idempotency.memory_bytes(), kProducerBytes + tracked * kRecordBytes);
  }
  EXPECT_EQ(idempotency.CountTracked(0).records, 10'000u);
  // What is due goes with the next record, and the room for it.
  for (uint64_t left : {5000, 2499, 300, 7, 1}) {
    ASSERT_TRUE(idempotency.Record("p", {random(), left}, {20'000 - left, 0}, 0));
    const uint64_t keep_from_ms = 15'001 - left;
    ASSERT_TRUE(idempotency.Record("p", {random(), left}, {20'000 - left, 1}, keep_from_ms));
    const size_t tracked = idempotency.CountTracked(keep_from_ms).records;
    EXPECT_LE(idempotency.memory_bytes(), kProducerBytes + tracked * kRecordBytes) << left;
  }
}

TEST(IdempotencyTest, ProducersThatCameOnceAreForgottenAsOthersCome) {
  Idempotency idempotency;
  uint64_t id = 0;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(idempotency.Record("producer" + std::to_string(i), {1, 1}, {++id, 0}, 0));
  }
  const size_t full = idempotency.memory_bytes();
  EXPECT_LE(full, size_t{10'000} * 300);
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(idempotency.Record("new", {2, static_cast<uint64_t>(i)}, {++id, 0}, 10'001));
  }
  EXPECT_EQ(idempotency.CountTracked(10'001).producers, 1u);
  EXPECT_LT(idempotency.memory_bytes(), full / 50);
}

}  // namespace
}  // namespace leat::data
