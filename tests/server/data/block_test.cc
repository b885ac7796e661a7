#include "server/data/block.h"

#include <gtest/gtest.h>

#include <string>

namespace leat::data {
namespace {

// Two bulk strings.
std::string Fields(const std::string& value) {
  return "$1\r\nf\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

std::string Entry(StreamId id, const std::string& value) {
  const std::string text = id.ToString();
  return "*2\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n*2\r\n" + Fields(value);
}

// Ids 10-0, 20-0, … with values of `value_bytes`.
Block Filled(uint64_t entries, size_t value_bytes = 20) {
  Block block(0);
  for (uint64_t i = 1; i <= entries; ++i) {
    EXPECT_TRUE(block.Append({i * 10, 0}, {2, Fields(std::string(value_bytes, 'v'))}));
  }
  return block;
}

TEST(BlockTest, HoldsEntriesAsARepliesBytes) {
  Block block(0);
  EXPECT_TRUE(block.empty());
  ASSERT_TRUE(block.Append({5, 1}, {2, Fields("a")}));
  ASSERT_TRUE(block.Append({1700000000000, 0}, {2, Fields("b")}));
  ASSERT_TRUE(block.Append(kMaxStreamId, {2, Fields("c")}));
  EXPECT_EQ(block.Bytes(0, 3),
            Entry({5, 1}, "a") + Entry({1700000000000, 0}, "b") + Entry(kMaxStreamId, "c"));
  EXPECT_EQ(block.Bytes(1, 2), Entry({1700000000000, 0}, "b"));
}

TEST(BlockTest, ReadsIdsOfEveryLengthBack) {
  Block block(0);
  std::vector<StreamId> ids;
  for (uint64_t power = 0; power < 20; ++power) {
    uint64_t ms = 1;
    for (uint64_t i = 0; i < power; ++i) ms *= 10;
    for (const uint64_t seq : {uint64_t{0}, uint64_t{98765}, kMaxStreamId.seq}) {
      ids.push_back({ms, seq});
      ASSERT_TRUE(block.Append(ids.back(), {2, Fields("")}));
    }
  }
  for (uint32_t i = 0; i < ids.size(); ++i) EXPECT_EQ(block.IdAt(i), ids[i]);
}

TEST(BlockTest, FindsBoundsAmongEvenAndUnevenIds) {
  Block even = Filled(500);
  Block uneven(0);  // 1-0, 2-0, 4-0, … and a run within one millisecond
  for (uint64_t i = 0; i < 60; ++i)
    ASSERT_TRUE(uneven.Append({uint64_t{1} << i, 0}, {2, Fields("")}));
  for (uint64_t i = 1; i < 60; ++i) {
    ASSERT_TRUE(uneven.Append({uint64_t{1} << 59, i * i}, {2, Fields("")}));
  }
  for (const Block* block : {&even, &uneven}) {
    const Block::Span span = block->span();
    for (uint32_t i = 0; i < block->end(); ++i) {
      const StreamId id = block->IdAt(i);
      EXPECT_EQ(block->LowerBound(id, span), i);
      EXPECT_EQ(block->UpperBound(id, span), i + 1);
      EXPECT_EQ(block->LowerBound(*id.Next(), span), i + 1);
      EXPECT_EQ(block->UpperBound(*id.Previous(), span), i);
    }
    EXPECT_EQ(block->LowerBound(kMinStreamId, span), 0u);
    EXPECT_EQ(block->UpperBound(kMaxStreamId, span), block->end());
  }
}

TEST(BlockTest, SaysWhenItIsFullAndStaysWithinItsAllocation) {
  Block block(0);
  uint64_t appended = 0;
  while (block.Append({appended + 1, 0}, {2, Fields("value")})) ++appended;
  EXPECT_EQ(block.end(), appended);
  EXPECT_EQ(block.memory_bytes(), Block::kMaxAllocation);
  EXPECT_GT(block.Bytes(0, block.end()).size(), Block::kMaxAllocation * 9 / 10);
}

TEST(BlockTest, GivesAnEntryLargerThanABlockItsOwn) {
  Block block(0);
  const std::string huge(10 << 20, 'h');
  ASSERT_TRUE(block.Append({1, 1}, {2, Fields(huge)}));
  EXPECT_FALSE(block.Append({1, 2}, {2, Fields("")}));
  EXPECT_EQ(block.Bytes(0, 1), Entry({1, 1}, huge));
  EXPECT_LT(block.memory_bytes(), huge.size() + 200);
  Block small = Filled(1);
  EXPECT_FALSE(small.Append({100, 0}, {2, Fields(huge)}));
}

TEST(BlockTest, KeepsReferencedBytesWhileGrowingTrimmingAndDeleting) {
  Block block = Filled(3);
  const base::SharedBytes reference = block.owner();
  const std::string_view shown = block.Bytes(0, 3);
  const std::string expected(shown);
  block.Delete(1);
  block.TrimThrough({10, 0});
  for (uint64_t i = 4; i < 400; ++i) ASSERT_TRUE(block.Append({i * 10, 0}, {2, Fields("more")}));
  block.Seal(nullptr);
  EXPECT_EQ(shown, expected);
  EXPECT_NE(block.owner().data(), reference.data());
}

TEST(BlockTest, MarksDeletedEntriesAndSkipsThem) {
  Block block = Filled(200);
  for (uint32_t i = 50; i < 150; ++i) block.Delete(i);
  EXPECT_EQ(block.live_count(), 100u);
  EXPECT_EQ(block.NextLive(50), 150u);
  EXPECT_EQ(block.NextLive(49), 49u);
  EXPECT_EQ(block.NextDeleted(0), 50u);
  EXPECT_EQ(block.NextDeleted(150), 200u);
  EXPECT_EQ(block.LiveBetween(40, 160), 20u);
  EXPECT_EQ(block.NthLive(50), 150u);
  EXPECT_EQ(block.NthLive(49), 49u);
}

TEST(BlockTest, BeginsAtALiveEntry) {
  Block block = Filled(100);
  for (uint32_t i = 10; i < 90; ++i) block.Delete(i);
  block.TrimThrough({100, 0});  // position 9, the last before the deleted ones
  EXPECT_EQ(block.begin(), 90u);
  EXPECT_EQ(block.live_count(), 10u);
  block.Delete(90);
  EXPECT_EQ(block.begin(), 91u);
  block.TrimThrough(kMaxStreamId);
  EXPECT_TRUE(block.empty());
}

TEST(BlockTest, MarksMoveWithTheEntriesWhenTrimmedOnesAreLeftBehind) {
  Block block = Filled(300);
  for (uint32_t i = 0; i < 300; i += 3) {
    if (i >= 100) block.Delete(i);
  }
  block.TrimThrough({1000, 0});  // positions 0 to 99
  uint64_t next = 301;
  while (block.begin() != 0) ASSERT_TRUE(block.Append({next++ * 10, 0}, {2, Fields("more")}));
  EXPECT_EQ(block.first_ordinal(), 100u);
  for (uint32_t i = 0; i < 200; ++i) {
    EXPECT_EQ(block.IdAt(i), (StreamId{(i + 101) * 10, 0}));
    EXPECT_EQ(block.IsDeleted(i), (i + 100) % 3 == 0) << i;
  }
  for (uint32_t i = 200; i < block.end(); ++i) EXPECT_FALSE(block.IsDeleted(i));
}

TEST(BlockTest, HasNoMoreMarksThanPositionsOnceTrimmedOnesAreLeftBehind) {
  Block block = Filled(200);
  block.Delete(198);
  block.TrimThrough({1970, 0});
  block.Seal(nullptr);
  ASSERT_EQ(block.end(), 3u);
  EXPECT_TRUE(block.IsDeleted(1));
  EXPECT_TRUE(Block::Valid(block.state(), block.entry_bytes(), block.index_bytes()));
}

TEST(BlockTest, SealingGivesBackWhatIsUnused) {
  Block block(0, Block::kMaxAllocation);
  ASSERT_TRUE(block.Append({1, 0}, {2, Fields("only")}));
  block.Seal(nullptr);
  EXPECT_LE(block.memory_bytes(), 96u);
  EXPECT_EQ(block.Bytes(0, 1), Entry({1, 0}, "only"));
}

TEST(BlockTest, ClonesShareSealedBytesButNotMarks) {
  Block block = Filled(100);
  block.Delete(50);
  Block sealed = block.CloneSealed();
  Block open = block.CloneOpen();
  EXPECT_EQ(sealed.owner().data(), block.owner().data());
  EXPECT_NE(open.owner().data(), block.owner().data());
  block.Delete(60);
  for (Block* clone : {&sealed, &open}) {
    EXPECT_TRUE(clone->IsDeleted(50));
    EXPECT_FALSE(clone->IsDeleted(60));
  }
  ASSERT_TRUE(open.Append({5000, 0}, {2, Fields("clone")}));
  ASSERT_TRUE(block.Append({5000, 0}, {2, Fields("original")}));
  EXPECT_EQ(open.Bytes(100, 101), Entry({5000, 0}, "clone"));
  EXPECT_EQ(block.Bytes(100, 101), Entry({5000, 0}, "original"));
}

}  // namespace
}  // namespace leat::data
