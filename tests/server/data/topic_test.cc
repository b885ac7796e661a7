#include "server/data/topic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace leat::data {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

// Two bulk strings.
std::string Fields(const std::string& value) {
  return "$1\r\nf\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

std::string Entry(StreamId id, const std::string& fields) {
  const std::string text = id.ToString();
  return "*2\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n*2\r\n" + fields;
}

std::string Text(const std::vector<Topic::Run>& runs) {
  std::string text;
  for (const Topic::Run& run : runs) text += run.bytes;
  return text;
}

std::string ReadAll(const Topic& topic) {
  std::vector<Topic::Run> runs;
  EXPECT_EQ(topic.Read(kMinStreamId, kMaxStreamId, Topic::kNoLimit, runs), topic.length());
  return Text(runs);
}

// Ids 1-0, 2-0, …
void AppendSequence(Topic& topic, uint64_t from, uint64_t to, size_t value_bytes = 80) {
  for (uint64_t i = from; i <= to; ++i)
    topic.Append({i, 0}, {2, Fields(std::string(value_bytes, 'v'))});
}

// What redis-server does, written as simply as can be: nodes of entries, each live or not.
class Model {
 public:
  explicit Model(uint64_t node_entries) : node_entries_(node_entries) {}

  void Append(StreamId id, const std::string& fields) {
    if (nodes_.empty() || nodes_.back().ids.size() >= node_entries_) nodes_.emplace_back();
    nodes_.back().ids.push_back(id);
    ++nodes_.back().live;
    entries[id] = fields;
    last_id = id;
    ++entries_added;
  }

  bool Delete(StreamId id) {
    if (!Remove(id)) return false;
    max_deleted_id = std::max(max_deleted_id, id);
    return true;
  }

  uint64_t TrimByLength(uint64_t max_length, bool approximate, uint64_t limit) {
    if (!approximate) return RemoveWhile([&](StreamId) { return entries.size() > max_length; });
    return RemoveNodesWhile(limit, [&](const Node& node) {
      return entries.size() > max_length && entries.size() - node.live >= max_length;
    });
  }

  // An exact trim may empty a node and leave it in its place, because of a later entry in it that
  // was deleted before.
  uint64_t TrimById(StreamId min_id, bool approximate, uint64_t limit) {
    uint64_t removed =
        RemoveNodesWhile(limit, [&](const Node& node) { return node.ids.back() < min_id; });
    if (approximate || nodes_.empty()) return removed;
    for (const StreamId id : nodes_[0].ids) {
      if (id >= min_id || entries.erase(id) == 0) continue;
      --nodes_[0].live;
      ++removed;
    }
    return removed;
  }

  size_t node_count() const {
    return static_cast<size_t>(std::count_if(nodes_.begin(), nodes_.end(),
                                             [](const Node& node) { return node.live > 0; }));
  }
  StreamId first_id() const { return entries.empty() ? StreamId{} : entries.begin()->first; }

  std::map<StreamId, std::string> entries;
  StreamId last_id;
  StreamId max_deleted_id;
  uint64_t entries_added = 0;

 private:
  struct Node {
    std::vector<StreamId> ids;
    size_t live = 0;
  };

  bool Remove(StreamId id) {
    if (entries.erase(id) == 0) return false;
    for (auto node = nodes_.begin(); node != nodes_.end(); ++node) {
      if (std::binary_search(node->ids.begin(), node->ids.end(), id)) {
        if (--node->live == 0) nodes_.erase(node);
        return true;
      }
    }
    return false;
  }

  template <typename Condition>
  uint64_t RemoveWhile(Condition condition) {
    uint64_t removed = 0;
    for (; !entries.empty() && condition(entries.begin()->first); ++removed) {
      Remove(entries.begin()->first);
    }
    return removed;
  }

  template <typename Condition>
  uint64_t RemoveNodesWhile(uint64_t limit, Condition condition) {
    uint64_t removed = 0;
    while (!nodes_.empty() && condition(nodes_[0]) && removed + nodes_[0].live <= limit) {
      removed += nodes_[0].live;
      for (const StreamId id : nodes_[0].ids) entries.erase(id);
      nodes_.erase(nodes_.begin());
    }
    return removed;
  }

  uint64_t node_entries_;
  std::vector<Node> nodes_;
};

class Comparison {
 public:
  Comparison(uint64_t seed, uint64_t node_entries, size_t large_value)
      : random_(seed),
        node_entries_(node_entries),
        large_value_(large_value),
        model_(node_entries) {}

  void Step() {
    switch (Below(20)) {
      case 0:
        return Trim();
      case 1:
      case 2:
        return Delete();
      case 3:
      case 4:
        return Read();
      case 5:
        if (Below(20) == 0) topic_ = topic_->Clone();
        if (Below(100) == 0) SetId();
        return;
      default:
        for (uint64_t n = Below(40); n > 0; --n) Append();
    }
  }

  void Check() {
    ASSERT_EQ(topic_->length(), model_.entries.size());
    ASSERT_EQ(topic_->first_id(), model_.first_id());
    ASSERT_EQ(topic_->last_id(), model_.last_id);
    ASSERT_EQ(topic_->max_deleted_id(), model_.max_deleted_id);
    ASSERT_EQ(topic_->entries_added(), model_.entries_added);
    ASSERT_EQ(topic_->node_count(node_entries_), model_.node_count());
    for (const auto& [owner, bytes, expected] : held_) ASSERT_EQ(bytes, expected);
  }

 private:
  struct Held {
    base::SharedBytes owner;
    std::string_view bytes;
    std::string expected;
  };

  uint64_t Below(uint64_t bound) { return random_() % bound; }

  void Append() {
    const StreamId id = Below(3) == 0
                            ? StreamId{model_.last_id.ms, model_.last_id.seq + 1 + Below(3)}
                            : StreamId{model_.last_id.ms + 1 + Below(5), Below(2)};
    const size_t size = Below(20) == 0 ? Below(large_value_) : Below(40);
    const std::string fields = Fields(std::string(size, static_cast<char>('a' + Below(26))));
    topic_->Append(id, {2, fields}, node_entries_);
    model_.Append(id, fields);
  }

  // Of an entry as often as not.
  StreamId AnyId() {
    const StreamId last = model_.last_id;
    const StreamId first = model_.first_id();
    if (Below(50) == 0) return Below(2) == 0 ? kMinStreamId : kMaxStreamId;
    const StreamId id{first.ms + Below(last.ms - first.ms + 2), Below(3)};
    if (Below(2) == 0) return id;
    const auto found = model_.entries.lower_bound(id);
    return found == model_.entries.end() ? last : found->first;
  }

  // Neighbours, so that whole nodes and blocks go; often the last entries.
  void Delete() {
    StreamId id = Below(4) == 0 ? model_.last_id : AnyId();
    const bool forward = Below(2) == 0;
    for (uint64_t n = 1 + Below(Below(10) == 0 ? 400 : 10); n > 0; --n) {
      ASSERT_EQ(topic_->Contains(id), model_.entries.contains(id));
      ASSERT_EQ(topic_->Delete(id), model_.Delete(id)) << id.ToString();
      ASSERT_FALSE(topic_->Contains(id));
      const auto next = model_.entries.upper_bound(id);
      if (forward && next == model_.entries.end()) return;
      if (!forward && next == model_.entries.begin()) return;
      id = forward ? next->first : std::prev(next)->first;
    }
  }

  void Trim() {
    const bool approximate = Below(2) == 0;
    const uint64_t limit = approximate && Below(2) == 0 ? Below(300) : Topic::kNoLimit;
    Topic::TrimPoint trim;
    uint64_t removed = 0;
    if (Below(2) == 0) {
      const uint64_t excess = Below(Below(16) == 0 ? 3000 : 150);
      const uint64_t max_length = model_.entries.size() - std::min(model_.entries.size(), excess);
      trim = topic_->FindTrimByLength(max_length, approximate, limit, node_entries_);
      removed = model_.TrimByLength(max_length, approximate, limit);
    } else {
      StreamId min_id = AnyId();
      if (Below(16) != 0) min_id = std::min(min_id, {model_.first_id().ms + Below(400), 0});
      trim = topic_->FindTrimById(min_id, approximate, limit, node_entries_);
      removed = model_.TrimById(min_id, approximate, limit);
    }
    ASSERT_EQ(trim.removed, removed);
    ASSERT_EQ(topic_->TrimThrough(trim.last_removed), removed);
  }

  void SetId() {
    model_.last_id = {model_.last_id.ms + Below(9), model_.last_id.seq + 1};
    model_.entries_added += 5;
    topic_->SetId(model_.last_id, model_.entries_added, std::nullopt);
  }

  void Read() {
    const StreamId first = AnyId();
    const StreamId last = Below(3) == 0 ? kMaxStreamId : AnyId();
    const uint64_t limit = Below(3) == 0 ? Topic::kNoLimit : Below(200);
    std::vector<std::string> expected;
    for (auto entry = model_.entries.lower_bound(first);
         entry != model_.entries.end() && entry->first <= last; ++entry) {
      expected.push_back(Entry(entry->first, entry->second));
    }
    std::vector<Topic::Run> runs;
    ASSERT_EQ(topic_->Read(first, last, limit, runs), std::min<uint64_t>(limit, expected.size()));
    CheckRuns(runs, expected, limit);
    runs.clear();
    std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(topic_->ReadReverse(first, last, limit, runs),
              std::min<uint64_t>(limit, expected.size()));
    CheckRuns(runs, expected, limit);
  }

  void CheckRuns(const std::vector<Topic::Run>& runs, const std::vector<std::string>& expected,
                 uint64_t limit) {
    std::string text;
    for (size_t i = 0; i < expected.size() && i < limit; ++i) text += expected[i];
    ASSERT_EQ(Text(runs), text);
    uint64_t entries = 0;
    for (const Topic::Run& run : runs) entries += run.entries;
    ASSERT_EQ(entries, std::min<uint64_t>(limit, expected.size()));
    if (runs.empty()) return;
    const Topic::Run& kept = runs[Below(runs.size())];
    held_.push_back({*kept.owner, kept.bytes, std::string(kept.bytes)});
    if (held_.size() > 8) held_.erase(held_.begin());
  }

  std::mt19937_64 random_;
  uint64_t node_entries_;
  size_t large_value_;
  Model model_;
  std::unique_ptr<Topic> topic_ = std::make_unique<Topic>();
  std::vector<Held> held_;
};

TEST(TopicTest, BehavesAsTheModelInRandomHistories) {
  uint64_t seed = 0;
  for (const uint64_t node_entries : {1, 3, 7, 100}) {
    for (const size_t large_value : {size_t{50}, size_t{3000}, size_t{100'000}}) {
      Comparison comparison(++seed, node_entries, large_value);
      for (int step = 0; step < 1000; ++step) {
        comparison.Step();
        comparison.Check();
        if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
      }
    }
  }
}

TEST(TopicTest, IsEmptyAtFirst) {
  Topic topic;
  EXPECT_EQ(topic.length(), 0u);
  EXPECT_EQ(topic.first_id(), kMinStreamId);
  EXPECT_EQ(topic.last_id(), kMinStreamId);
  EXPECT_EQ(topic.block_count(), 0u);
  EXPECT_EQ(topic.node_count(100), 0u);
  EXPECT_FALSE(topic.Contains({0, 1}));
  EXPECT_FALSE(topic.Delete({0, 1}));
  EXPECT_EQ(topic.TrimThrough(kMaxStreamId), 0u);
  EXPECT_EQ(topic.FindTrimById(kMaxStreamId, false, Topic::kNoLimit, 100).removed, 0u);
  EXPECT_EQ(ReadAll(topic), "");
}

TEST(TopicTest, TakesIdsAtBothEdges) {
  Topic topic;
  topic.Append({0, 1}, {2, Fields("first")});
  topic.Append(kMaxStreamId, {2, Fields("last")});
  EXPECT_EQ(ReadAll(topic), Entry({0, 1}, Fields("first")) + Entry(kMaxStreamId, Fields("last")));
  std::vector<Topic::Run> runs;
  EXPECT_EQ(topic.Read(kMaxStreamId, kMaxStreamId, 10, runs), 1u);
  EXPECT_EQ(topic.ReadReverse(kMinStreamId, {0, 1}, 10, runs), 1u);
  EXPECT_EQ(topic.Read({0, 2}, {kMax, kMax - 1}, 10, runs), 0u);
  EXPECT_EQ(topic.Read(kMaxStreamId, kMinStreamId, 10, runs), 0u);

  const Topic::TrimPoint trim = topic.FindTrimByLength(0, false, Topic::kNoLimit, 100);
  EXPECT_EQ(trim.last_removed, kMaxStreamId);
  EXPECT_EQ(topic.TrimThrough(trim.last_removed), 2u);
  EXPECT_EQ(topic.length(), 0u);
  EXPECT_EQ(topic.last_id(), kMaxStreamId);
}

TEST(TopicTest, DeletingKeepsTheLastIdAndTheGreatestDeletedOne) {
  Topic topic;
  AppendSequence(topic, 1, 3);
  EXPECT_TRUE(topic.Delete({3, 0}));
  EXPECT_TRUE(topic.Delete({1, 0}));
  EXPECT_FALSE(topic.Delete({1, 0}));
  EXPECT_EQ(topic.first_id(), (StreamId{2, 0}));
  EXPECT_EQ(topic.last_id(), (StreamId{3, 0}));
  EXPECT_EQ(topic.max_deleted_id(), (StreamId{3, 0}));
  EXPECT_TRUE(topic.Delete({2, 0}));
  EXPECT_EQ(topic.first_id(), kMinStreamId);
  EXPECT_EQ(topic.block_count(), 0u);
  EXPECT_EQ(topic.entries_added(), 3u);
}

TEST(TopicTest, TrimmingIsNoDeletion) {
  Topic topic;
  AppendSequence(topic, 1, 10);
  topic.TrimThrough({5, 0});
  EXPECT_EQ(topic.max_deleted_id(), kMinStreamId);
  EXPECT_EQ(topic.first_id(), (StreamId{6, 0}));
}

TEST(TopicTest, ApproximateTrimmingRemovesWholeNodesOnly) {
  Topic topic;
  AppendSequence(topic, 1, 250);
  EXPECT_EQ(topic.FindTrimByLength(151, true, Topic::kNoLimit, 100).removed, 0u);
  EXPECT_EQ(topic.FindTrimByLength(150, true, Topic::kNoLimit, 100).removed, 100u);
  EXPECT_EQ(topic.FindTrimByLength(0, true, Topic::kNoLimit, 100).removed, 250u);
  EXPECT_EQ(topic.FindTrimByLength(0, true, 199, 100).removed, 100u);
  EXPECT_EQ(topic.FindTrimByLength(0, true, 99, 100).removed, 0u);
  EXPECT_EQ(topic.FindTrimById({200, 0}, true, Topic::kNoLimit, 100).removed, 100u);
  EXPECT_EQ(topic.FindTrimById({201, 0}, true, Topic::kNoLimit, 100).removed, 200u);
  topic.Delete({1, 0});
  EXPECT_EQ(topic.FindTrimByLength(150, true, Topic::kNoLimit, 100).removed, 99u);
}

TEST(TopicTest, AnEntryAfterAWhollyDeletedLastNodeBeginsANewOne) {
  Topic topic;
  AppendSequence(topic, 1, 101);
  topic.Delete({101, 0});
  AppendSequence(topic, 102, 202);
  EXPECT_EQ(topic.node_count(100), 3u);  // 1 to 100, 102 to 201, 202
  EXPECT_EQ(topic.FindTrimByLength(1, true, Topic::kNoLimit, 100).removed, 200u);
}

TEST(TopicTest, ALaterDeletedEntryKeepsATrimmedNodeInItsPlace) {
  Topic kept;
  AppendSequence(kept, 1, 50);
  kept.Delete({50, 0});
  kept.TrimThrough(kept.FindTrimById({50, 0}, false, Topic::kNoLimit, 100).last_removed);
  AppendSequence(kept, 51, 101);
  EXPECT_EQ(kept.node_count(100), 2u);  // 51 to 100, 101

  Topic gone;
  AppendSequence(gone, 1, 50);
  gone.Delete({50, 0});
  gone.TrimThrough(gone.FindTrimByLength(0, false, Topic::kNoLimit, 100).last_removed);
  AppendSequence(gone, 51, 101);
  EXPECT_EQ(gone.node_count(100), 1u);
}

TEST(TopicTest, HugeEntriesStandInBlocksOfTheirOwn) {
  Topic topic;
  const std::string huge = Fields(std::string(10 << 20, 'h'));
  topic.Append({1, 0}, {2, Fields("small")});
  topic.Append({2, 0}, {2, huge});
  topic.Append({3, 0}, {2, huge});
  topic.Append({4, 0}, {2, Fields("small")});
  EXPECT_EQ(topic.block_count(), 4u);
  EXPECT_EQ(ReadAll(topic), Entry({1, 0}, Fields("small")) + Entry({2, 0}, huge) +
                                Entry({3, 0}, huge) + Entry({4, 0}, Fields("small")));
  EXPECT_TRUE(topic.Delete({2, 0}));
  topic.TrimThrough({3, 0});
  EXPECT_LT(topic.memory_bytes(), 100'000u);
}

TEST(TopicTest, ReadsLimitsAtTheBordersOfBlocks) {
  Topic topic;
  AppendSequence(topic, 1, 2000);
  ASSERT_GT(topic.block_count(), 2u);
  std::vector<Topic::Run> runs;
  topic.Read(kMinStreamId, kMaxStreamId, Topic::kNoLimit, runs);
  const uint64_t first_block = runs[0].entries;
  EXPECT_EQ(runs.size(), topic.block_count());
  for (const uint64_t limit : {first_block - 1, first_block, first_block + 1}) {
    runs.clear();
    EXPECT_EQ(topic.Read(kMinStreamId, kMaxStreamId, limit, runs), limit);
    EXPECT_EQ(runs.size(), limit > first_block ? 2u : 1u);
    runs.clear();
    EXPECT_EQ(topic.ReadReverse(kMinStreamId, {first_block + 5, 0}, limit, runs), limit);
    EXPECT_EQ(runs.size(), limit);
  }
  runs.clear();
  EXPECT_EQ(topic.Read(kMinStreamId, kMaxStreamId, 0, runs), 0u);
  EXPECT_TRUE(runs.empty());
}

TEST(TopicTest, SaysWhichEntryItReadLast) {
  Topic topic;
  AppendSequence(topic, 1, 2000);
  ASSERT_GT(topic.block_count(), 2u);
  for (uint64_t i = 1950; i <= 2000; ++i) topic.Delete({i, 0});
  std::vector<Topic::Run> runs;
  for (const auto& [last, limit, expected] :
       {std::tuple{kMaxStreamId, Topic::kNoLimit, StreamId{1949, 0}},
        std::tuple{StreamId{1970, 0}, Topic::kNoLimit, StreamId{1949, 0}},
        std::tuple{StreamId{700, 0}, Topic::kNoLimit, StreamId{700, 0}},
        std::tuple{kMaxStreamId, uint64_t{3}, StreamId{3, 0}}}) {
    StreamId last_read;
    EXPECT_GT(topic.Read(kMinStreamId, last, limit, runs, &last_read), 0u);
    EXPECT_EQ(last_read, expected);
  }
}

TEST(TopicTest, RepliesOutliveTheTopic) {
  auto topic = std::make_unique<Topic>();
  AppendSequence(*topic, 1, 2000);
  std::vector<Topic::Run> runs;
  topic->Read(kMinStreamId, kMaxStreamId, Topic::kNoLimit, runs);
  std::vector<base::SharedBytes> owners;
  owners.reserve(runs.size());
  for (const Topic::Run& run : runs) owners.push_back(*run.owner);
  const std::string before = Text(runs);
  for (uint64_t i = 2; i < 2000; i += 2) topic->Delete({i, 0});
  AppendSequence(*topic, 2001, 3000);
  topic->TrimThrough({2500, 0});
  topic.reset();
  EXPECT_EQ(Text(runs), before);
}

TEST(TopicTest, ACopyLivesItsOwnLife) {
  Topic topic;
  AppendSequence(topic, 1, 1000);
  const std::string before = ReadAll(topic);
  const std::unique_ptr<Topic> copy = topic.Clone();
  topic.Delete({2, 0});
  topic.Delete({999, 0});
  topic.Append({1001, 0}, {2, Fields("original")});
  EXPECT_EQ(ReadAll(*copy), before);
  copy->TrimThrough({900, 0});
  copy->Append({1001, 0}, {2, Fields("copy")});
  EXPECT_EQ(topic.length(), 999u);
  EXPECT_EQ(copy->length(), 101u);
  EXPECT_EQ(copy->entries_added(), 1001u);
}

TEST(TopicTest, MergesSealedBlocksWithoutWhatWasDeleted) {
  Topic topic;
  for (uint64_t ms = 1; ms <= 1000; ++ms) {
    topic.Append({ms, 0}, {2, Fields(std::string(500, 'x') + std::to_string(ms))});
  }
  ASSERT_GT(topic.sealed_count(), 5u);
  TopicPolicy policy;
  policy.retention_bytes = 1;
  topic.SetPolicy(policy, {});
  const StreamId last = topic.SealedSpanAt(3).last;
  for (uint64_t ms = 2; ms <= last.ms; ++ms) {
    if (ms % 50 != 0) topic.Delete({ms, 0});
  }
  const std::string before = ReadAll(topic);
  const size_t sealed = topic.sealed_count();
  topic.MergeSealed(0, 4, nullptr);
  EXPECT_EQ(ReadAll(topic), before);
  EXPECT_EQ(topic.sealed_count(), sealed - 3);
  EXPECT_EQ(topic.SealedAt(0).live_bytes(),
            topic.SealedAt(0).state().size + topic.SealedAt(0).live_count() * sizeof(uint16_t));
  uint64_t bytes = 0;
  topic.ForEachSealed([&](const Block& block, const Block::Span&) { bytes += block.state().size; });
  EXPECT_EQ(topic.policy_state()->sealed_bytes, bytes);
  EXPECT_EQ(topic.NextEntry({51, 0}), (StreamId{100, 0}));
  EXPECT_TRUE(topic.Contains({50, 0}));
  EXPECT_FALSE(topic.Contains({51, 0}));
  topic.TrimThrough(last);
  EXPECT_EQ(topic.first_id(), (StreamId{last.ms + 1, 0}));
}

TEST(TopicTest, ASmallTopicIsSmall) {
  Topic topic;
  topic.Append({1700000000000, 0}, {2, Fields("123456789012")});
  EXPECT_LE(topic.memory_bytes(), 250u);
  topic.Append({1700000000001, 0}, {2, Fields("123456789012")});
  topic.Append({1700000000002, 0}, {2, Fields("123456789012")});
  EXPECT_LE(topic.memory_bytes(), 352u);
}

TEST(TopicTest, MemoryFollowsWhatIsKept) {
  Topic topic;
  for (uint64_t i = 1; i <= 20'000; ++i) {
    topic.Append({i, 0}, {2, Fields("value")});
    const Topic::TrimPoint trim = topic.FindTrimByLength(10, false, Topic::kNoLimit, 100);
    if (trim.removed > 0) topic.TrimThrough(trim.last_removed);
  }
  EXPECT_EQ(topic.length(), 10u);
  EXPECT_LT(topic.memory_bytes(), 4096u);
  AppendSequence(topic, 20'001, 40'000);
  EXPECT_GT(topic.memory_bytes(), 2'000'000u);
  topic.TrimThrough({39'990, 0});
  EXPECT_LT(topic.memory_bytes(), 3 * Block::kMaxAllocation);
}

}  // namespace
}  // namespace leat::data
