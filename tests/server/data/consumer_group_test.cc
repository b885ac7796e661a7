#include "server/data/consumer_group.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "server/data/group_lag.h"
#include "server/data/topic.h"

namespace leat::data {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

void Append(Topic& topic, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i <= to; ++i) topic.Append({i, 0}, {2, "$1\r\nf\r\n$1\r\nv\r\n"});
}

std::vector<uint64_t> IdsOf(const Consumer& consumer) {
  std::vector<uint64_t> ids;
  const auto& pending = consumer.pending;
  for (auto at = pending.begin(); at != pending.end(); at = pending.Next(at)) {
    ids.push_back(pending.IdAt(at).ms);
  }
  return ids;
}

class ConsumerGroupTest : public ::testing::Test {
 protected:
  ConsumerGroupTest() {
    Append(topic_, 1, 10);
    group_.CreateConsumer("ann", kNow);
    group_.CreateConsumer("bob", kNow);
  }
  Consumer& Ann() { return *group_.FindConsumer("ann"); }
  Consumer& Bob() { return *group_.FindConsumer("bob"); }
  Delivery Of(uint64_t ms) { return group_.pending().ValueAt(group_.pending().Find({ms, 0})); }

  Topic topic_;
  ConsumerGroup group_{"g"};
};

TEST_F(ConsumerGroupTest, DeliversTheEntriesOfARange) {
  topic_.Delete({3, 0});
  group_.Deliver(topic_, Ann(), {2, 0}, {5, 0}, kNow);
  EXPECT_EQ(IdsOf(Ann()), (std::vector<uint64_t>{2, 4, 5}));
  EXPECT_EQ(Of(4).count(), 1);
  EXPECT_EQ(Of(4).time_ms(), kNow);
  EXPECT_EQ(&group_.OwnerOf(Of(4)), &Ann());
}

TEST_F(ConsumerGroupTest, WhatIsDeliveredAgainChangesHands) {
  group_.Deliver(topic_, Ann(), {1, 0}, {4, 0}, kNow);
  group_.Redeliver(topic_, Ann(), {1, 0}, {4, 0}, kNow);
  group_.Deliver(topic_, Bob(), {3, 0}, {6, 0}, kNow + 5);
  EXPECT_EQ(IdsOf(Ann()), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(IdsOf(Bob()), (std::vector<uint64_t>{3, 4, 5, 6}));
  EXPECT_EQ(Of(3).count(), 1);
  EXPECT_EQ(Of(2).count(), 2);
}

TEST_F(ConsumerGroupTest, RedeliversOnlyWhatTheTopicStillHas) {
  group_.Deliver(topic_, Ann(), {1, 0}, {4, 0}, kNow);
  topic_.Delete({2, 0});
  group_.Redeliver(topic_, Ann(), {1, 0}, {3, 0}, kNow + 9);
  EXPECT_EQ(Of(1).count(), 2);
  EXPECT_EQ(Of(1).time_ms(), kNow + 9);
  EXPECT_EQ(Of(2).count(), 1);
  EXPECT_EQ(Of(4).count(), 1);
}

TEST_F(ConsumerGroupTest, ForgetsARangeOfSeveralOwners) {
  group_.Deliver(topic_, Ann(), {1, 0}, {3, 0}, kNow);
  group_.Deliver(topic_, Bob(), {4, 0}, {6, 0}, kNow);
  group_.Deliver(topic_, Ann(), {7, 0}, {10, 0}, kNow);
  group_.Release({5, 0}, {5, 0}, kKeepCount);
  EXPECT_EQ(group_.Forget({2, 0}, {8, 0}), 7u);
  EXPECT_EQ(IdsOf(Ann()), (std::vector<uint64_t>{1, 9, 10}));
  EXPECT_EQ(IdsOf(Bob()), (std::vector<uint64_t>{}));
  EXPECT_EQ(group_.pending().size(), 3u);
  EXPECT_EQ(group_.released_count(), 0u);
}

TEST_F(ConsumerGroupTest, ReleasedEntriesAreFirstInFirstOutBeforeAllOthers) {
  group_.Deliver(topic_, Ann(), {1, 0}, {9, 0}, kNow);
  group_.Claim(Bob(), {2, 0}, {2, 0}, 0, kKeepCount);  // since 1970
  group_.Release({7, 0}, {8, 0}, kKeepCount);
  group_.Release({3, 0}, {3, 0}, kKeepCount);
  group_.Release({7, 0}, {7, 0}, kKeepCount);  // to the end of the zone
  std::vector<uint64_t> order;
  for (const auto& ranked : group_.pending().Lowest(Delivery::RankOf(kNow), 6)) {
    order.push_back(ranked.id.ms);
  }
  EXPECT_EQ(order, (std::vector<uint64_t>{8, 3, 7, 2, 1, 4}));
  EXPECT_EQ(group_.released_count(), 3u);
  EXPECT_EQ(Of(8).time_ms(), 0);
  group_.Claim(Bob(), {3, 0}, {8, 0}, kNow, kCountUp);
  EXPECT_EQ(group_.released_count(), 0u);
  EXPECT_EQ(IdsOf(Bob()), (std::vector<uint64_t>{2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(ConsumerGroupTest, CountsStayWithinTheirBounds) {
  group_.Deliver(topic_, Ann(), {1, 0}, {1, 0}, kNow);
  const auto after = [this](int64_t change) {
    group_.Claim(Ann(), {1, 0}, {1, 0}, kNow, change);
    return Of(1).count();
  };
  EXPECT_EQ(after(kCountUp), 2);
  EXPECT_EQ(after(kKeepCount), 2);
  EXPECT_EQ(after(0), 0);
  EXPECT_EQ(after(kCountDown), 0);
  EXPECT_EQ(after(Delivery::kMaxCount), Delivery::kMaxCount);
  EXPECT_EQ(after(kCountUp), Delivery::kMaxCount);
  EXPECT_EQ(after(kCountDown), Delivery::kMaxCount - 1);
}

TEST_F(ConsumerGroupTest, ADeletedConsumerTakesItsEntriesAlongAndFreesItsNumber) {
  group_.Deliver(topic_, Ann(), {1, 0}, {5, 0}, kNow);
  group_.Deliver(topic_, Bob(), {6, 0}, {7, 0}, kNow);
  group_.DeleteConsumer(Ann());
  EXPECT_EQ(group_.pending().size(), 2u);
  EXPECT_EQ(group_.FindConsumer("ann"), nullptr);
  const Consumer* carl = group_.CreateConsumer("carl", kNow);
  EXPECT_EQ(carl->number, 0u);
  EXPECT_TRUE(carl->pending.empty());
  EXPECT_EQ(group_.CreateConsumer("bob", kNow), nullptr);
  EXPECT_EQ(group_.consumer_count(), 2u);
  EXPECT_EQ(group_.ConsumerAt(0).name, "bob");
}

TEST_F(ConsumerGroupTest, ACopyIsIndependent) {
  group_.Deliver(topic_, Ann(), {1, 0}, {5, 0}, kNow);
  group_.Release({2, 0}, {2, 0}, kKeepCount);
  ConsumerGroup copy(group_);
  group_.Forget(kMinStreamId, kMaxStreamId);
  EXPECT_EQ(copy.pending().size(), 5u);
  EXPECT_EQ(IdsOf(*copy.FindConsumer("ann")), (std::vector<uint64_t>{1, 3, 4, 5}));
  EXPECT_EQ(copy.released_count(), 1u);
}

// A pending entry takes 28 bytes with the group and 8 with its consumer, and little for the rest.
TEST_F(ConsumerGroupTest, APendingEntryTakesLittle) {
  constexpr uint64_t kEntries = 100'000;
  Topic topic;
  Append(topic, kNow, kNow + kEntries - 1);
  const size_t before = group_.memory_bytes();
  for (uint64_t i = 0; i < kEntries; i += 100) {
    Consumer& consumer = i / 100 % 2 == 0 ? Ann() : Bob();
    group_.Deliver(topic, consumer, {kNow + i, 0}, {kNow + i + 99, 0}, kNow);
  }
  EXPECT_EQ(group_.pending().size(), kEntries);
  EXPECT_LE(group_.memory_bytes() - before, 40 * kEntries);
}

TEST(GroupLagTest, CountsOnUntilSomethingAheadWasDeleted) {
  Topic topic;
  Append(topic, 1, 10);
  ConsumerGroup group("g");
  group.SetPosition({}, 0);
  EXPECT_EQ(Lag(topic, group), 10);
  group.SetPosition({4, 0}, EntriesReadThrough(topic, group, {1, 0}, {4, 0}, 4));
  EXPECT_EQ(group.entries_read(), 4);
  EXPECT_EQ(Lag(topic, group), 6);
  topic.Delete({7, 0});
  EXPECT_EQ(Lag(topic, group), std::nullopt);
  // At the last entry everything is known again.
  group.SetPosition({10, 0}, EntriesReadThrough(topic, group, {5, 0}, {10, 0}, 5));
  EXPECT_EQ(group.entries_read(), 10);
  EXPECT_EQ(Lag(topic, group), 0);
}

TEST(GroupLagTest, IsKnownAtTheEndsWithoutACounter) {
  Topic topic;
  ConsumerGroup group("g");
  EXPECT_EQ(Lag(topic, group), 0);
  Append(topic, 1, 10);
  EXPECT_EQ(Lag(topic, group), 10);
  group.SetPosition({1, 0}, ConsumerGroup::kUnknownEntriesRead);
  EXPECT_EQ(Lag(topic, group), 9);
  group.SetPosition({5, 0}, ConsumerGroup::kUnknownEntriesRead);
  EXPECT_EQ(Lag(topic, group), std::nullopt);
  group.SetPosition({10, 0}, ConsumerGroup::kUnknownEntriesRead);
  EXPECT_EQ(Lag(topic, group), 0);
  topic.TrimThrough({10, 0});
  group.SetPosition({5, 0}, ConsumerGroup::kUnknownEntriesRead);
  EXPECT_EQ(Lag(topic, group), 0);
}

TEST(GroupLagTest, CountersStopAtTheGreatestNumber) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Topic topic;
  Append(topic, 1, 2);
  ConsumerGroup group("g");
  group.SetPosition({1, 0}, kMost);
  EXPECT_EQ(EntriesReadThrough(topic, group, {2, 0}, {2, 0}, 1), kMost);
  EXPECT_EQ(Lag(topic, group), 2 - kMost);
  topic.SetId({2, 0}, kMost, std::nullopt);
  Append(topic, 3, 4);
  EXPECT_EQ(EntriesReadThrough(topic, group, {2, 0}, {4, 0}, 3), kMost);
  EXPECT_EQ(Lag(topic, group), 0);
  group.SetPosition({1, 0}, ConsumerGroup::kUnknownEntriesRead);
  EXPECT_EQ(Lag(topic, group), 3);
}

}  // namespace
}  // namespace leat::data
