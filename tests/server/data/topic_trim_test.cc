#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "server/data/topic.h"

namespace leat::data {
namespace {

constexpr uint64_t kNodeEntries = 10;
constexpr int kSteps = 6000;

std::string Fields(size_t bytes) {
  return "$1\r\nf\r\n$" + std::to_string(bytes) + "\r\n" + std::string(bytes, 'v') + "\r\n";
}

std::vector<StreamId> IdsOf(const Topic& topic, StreamId first = kMinStreamId,
                            StreamId last = kMaxStreamId) {
  std::vector<StreamId> ids;
  topic.ForEachId(first, last, [&ids](StreamId id) { ids.push_back(id); });
  return ids;
}

std::vector<StreamId> IdsIn(const Topic& topic, const std::vector<IdRange>& runs) {
  std::vector<StreamId> ids;
  for (const IdRange& run : runs) {
    for (const StreamId id : IdsOf(topic, run.first, run.last)) ids.push_back(id);
  }
  return ids;
}

// A topic with groups, in which everything happens that can make an entry free or needed again.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {}

  void Run() {
    for (int i = 0; i < kSteps && !::testing::Test::HasFailure(); ++i) Step();
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  ConsumerGroup* PickGroup() {
    const size_t groups = topic_.groups().size();
    return groups == 0 ? nullptr : &topic_.groups()[Pick(groups)];
  }
  StreamId PickId() {
    const uint64_t top = topic_.last_id().ms;
    return {top - std::min(top, Pick(150)), 0};
  }

  void Step() {
    const uint64_t choice = Pick(100);
    if (choice < 45) {
      topic_.Append({topic_.last_id().ms + 1, 0}, {2, Fields(Pick(4000))}, kNodeEntries);
    } else if (choice < 50) {
      const StreamId first = PickId();
      topic_.DeleteRange(first, {first.ms + Pick(4), 0}, Pick(2) == 0);
    } else if (choice < 54) {
      ChangeGroups();
    } else if (choice < 88) {
      if (ConsumerGroup* group = PickGroup()) ChangeGroup(*group);
    } else if (choice < 89) {
      Keep();
    } else {
      Trim();
    }
  }

  void ChangeGroups() {
    const std::string name = "group" + std::to_string(Pick(3));
    if (Pick(3) == 0) {
      topic_.DestroyGroup(name);
    } else if (ConsumerGroup* group = topic_.CreateGroup(name)) {
      group->SetPosition(PickId(), 0);
      group->CreateConsumer("a", 0);
      group->CreateConsumer("b", 0);
    }
  }

  void ChangeGroup(ConsumerGroup& group) {
    const StreamId id = PickId();
    const StreamId last{id.ms + Pick(6), 0};
    Consumer& consumer = group.ConsumerAt(Pick(group.consumer_count()));
    switch (Pick(12)) {
      case 0:
        return group.SetPosition(Pick(4) == 0 ? StreamId{last.ms + 40, 0} : id, 0);
      case 1:
        group.Release(id, last, kKeepCount);
        return;
      case 2:
        return group.Claim(consumer, id, last, 5, kCountUp);
      case 3:
        if (Pick(8) != 0) return;
        group.DeleteConsumer(consumer);
        group.CreateConsumer("a", 0);
        group.CreateConsumer("b", 0);
        return;
      case 4:
        if (!group.pending().Contains(id)) group.AddPending(id, nullptr, 0, 0);
        return;
      case 5:
      case 6:
      case 7:
      case 8: {
        const StreamId to{group.last_id().ms + 1 + Pick(8), 0};
        if (Pick(5) != 0) group.Deliver(topic_, consumer, *group.last_id().Next(), to, 7);
        return group.SetPosition(std::max(group.last_id(), std::min(to, topic_.last_id())), 0);
      }
      default:
        group.Forget(id, last);
    }
  }

  // What is remembered does not outlive a copy, nor a smaller last id.
  void Keep() {
    if (Pick(2) == 0) {
      topic_ = std::move(*topic_.Clone());
    } else if (topic_.max_deleted_id() < topic_.last_entry_id()) {
      topic_.SetId(topic_.last_entry_id(), {}, {});
    }
  }

  void Trim() {
    const StreamId last = Pick(2) == 0 ? kMaxStreamId : PickId();
    const uint64_t most = Pick(3) == 0 ? Topic::kNoLimit : Pick(20);
    const uint64_t limit = Pick(3) == 0 ? Pick(30) : Topic::kNoLimit;
    const auto copy = topic_.Clone();  // which remembers nothing
    const std::vector<StreamId> found_anew =
        IdsIn(*copy, copy->FindFree(last, most, limit, kNodeEntries));
    const std::vector<IdRange> runs = topic_.FindFree(last, most, limit, kNodeEntries);
    const std::vector<StreamId> found = IdsIn(topic_, runs);
    ASSERT_EQ(found, found_anew);
    if (limit == Topic::kNoLimit && topic_.groups().size() > 0) {
      std::vector<StreamId> expected;
      for (const StreamId id : IdsOf(topic_, kMinStreamId, last)) {
        if (expected.size() < most && !topic_.groups().Need(id)) expected.push_back(id);
      }
      ASSERT_EQ(found, expected);
    }
    EXPECT_LE(found.size(), std::min(most, limit));
    if (Pick(5) == 0) return;  // whoever looks need not trim
    for (const IdRange& run : runs) topic_.DeleteRange(run.first, run.last, true);
  }

  std::mt19937_64 random_;
  Topic topic_;
};

TEST(TopicTrimTest, FindsTheSameFreeEntriesAsAWalkFromTheFront) {
  for (uint64_t seed = 1; seed <= 20 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed).Run();
  }
}

TEST(TopicTrimTest, DeletesRangesOverBlocks) {
  for (const bool trimmed : {false, true}) {
    Topic topic;
    for (uint64_t i = 1; i <= 1000; ++i) topic.Append({i, 0}, {2, Fields(500)}, kNodeEntries);
    ASSERT_GT(topic.block_count(), 5u);
    EXPECT_TRUE(topic.Delete({500, 0}));
    EXPECT_EQ(topic.DeleteRange({100, 1}, {900, 0}, trimmed), 799u);
    EXPECT_EQ(topic.length(), 200u);
    EXPECT_EQ(topic.max_deleted_id(), (trimmed ? StreamId{500, 0} : StreamId{900, 0}));
    EXPECT_EQ(topic.NextEntry({100, 1}), (StreamId{901, 0}));
    EXPECT_EQ(topic.NextEntry({1000, 1}), std::nullopt);
    EXPECT_EQ(topic.DeleteRange({7, 0}, {6, 0}), 0u);
    EXPECT_EQ(topic.DeleteRange(kMinStreamId, kMaxStreamId, trimmed), 200u);
    EXPECT_EQ(topic.length(), 0u);
    EXPECT_EQ(topic.block_count(), 0u);
    topic.Append({2000, 0}, {2, Fields(1)}, kNodeEntries);
    EXPECT_EQ(topic.first_id(), (StreamId{2000, 0}));
  }
}

// A million entries that nobody acknowledges cost a trim nothing once they were looked at.
TEST(TopicTrimTest, RemembersWhatIsNeeded) {
  Topic topic;
  for (uint64_t i = 1; i <= 1000; ++i) topic.Append({i, 0}, {2, Fields(1)}, kNodeEntries);
  ConsumerGroup& group = *topic.CreateGroup("g");
  Consumer& consumer = *group.CreateConsumer("c", 0);
  group.Deliver(topic, consumer, {1, 0}, {900, 0}, 0);
  group.SetPosition({900, 0}, 900);
  EXPECT_TRUE(topic.FindFree(kMaxStreamId, 10, Topic::kNoLimit, kNodeEntries).empty());
  EXPECT_TRUE(topic.groups().MayBeFree(group.last_id()).empty());
  group.Forget({500, 0}, {501, 0});
  ASSERT_EQ(topic.groups().MayBeFree(group.last_id()).size(), 1u);
  EXPECT_EQ(topic.groups().MayBeFree(group.last_id())[0].last, (StreamId{501, 0}));
  const auto runs = topic.FindFree(kMaxStreamId, 10, Topic::kNoLimit, kNodeEntries);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].first, (StreamId{500, 0}));
  EXPECT_EQ(runs[0].last, (StreamId{501, 0}));
}

}  // namespace
}  // namespace leat::data
