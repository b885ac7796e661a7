#include "server/store/topic_pager.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/data/topic.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::store {
namespace {

using data::Topic;
using persistence::BlockStore;

// Entries so large that three of them seal a block.
constexpr size_t kEntryBytes = 21'000;
constexpr size_t kBlockBytes = size_t{64} << 10;

class TopicPagerTest : public ::testing::Test {
 protected:
  TopicPagerTest() {
    BlockStore::Options options;
    options.directory = "blocks";
    options.threaded = false;
    blocks_ = std::move(*BlockStore::Open(disk_, options));
    pager_ = std::make_unique<TopicPager>(*blocks_, 4 * kBlockBytes);
    topic_ = std::make_unique<Topic>();
  }

  void Append(uint64_t count) {
    const std::string value(kEntryBytes, 'x');
    const std::string bulks =
        "$1\r\nf\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
    for (uint64_t i = 0; i < count; ++i) {
      topic_->Append({topic_->last_id().ms + 1, 0}, {2, bulks}, Topic::kDefaultNodeEntries,
                     pager_.get());
    }
  }
  // Everything that is sealed gets to the disk.
  void Settle() {
    ASSERT_TRUE(blocks_->Flush().ok());
    pager_->TakeAnswers();
    pager_->Evict();
  }
  // Blocks that were asked for come.
  void Deliver() {
    blocks_->Step(++now_ms_);
    pager_->TakeAnswers();
  }
  uint64_t Read(uint64_t from, uint64_t count) {
    std::vector<Topic::Run> runs;
    return topic_->Read({from, 0}, data::kMaxStreamId, count, runs);
  }
  size_t Resident() const {
    size_t resident = 0;
    topic_->ForEachSealed([&resident](const data::Block& block, const data::Block::Span&) {
      resident += block.resident() ? 1 : 0;
    });
    return resident;
  }
  bool IsResident(size_t index) const {
    size_t at = 0;
    bool found = false;
    topic_->ForEachSealed([&](const data::Block& block, const data::Block::Span&) {
      if (at++ == index) found = block.resident();
    });
    return found;
  }

  persistence::SimulatedDisk disk_;
  std::unique_ptr<BlockStore> blocks_;
  std::unique_ptr<TopicPager> pager_;
  std::unique_ptr<Topic> topic_;
  int64_t now_ms_ = 0;
};

TEST_F(TopicPagerTest, KeepsTheNewestOfWhatIsWrittenAndAllThatIsNot) {
  Append(31);  // ten sealed blocks and an open one
  pager_->Evict();
  EXPECT_EQ(Resident(), 10u);  // nothing may go that is nowhere else
  EXPECT_EQ(pager_->unstored_bytes(), pager_->resident_bytes());
  Settle();
  EXPECT_EQ(pager_->unstored_bytes(), 0u);
  EXPECT_LE(pager_->resident_bytes(), pager_->budget());
  EXPECT_EQ(Resident(), 4u);
  EXPECT_TRUE(IsResident(9));
  EXPECT_FALSE(IsResident(5));
}

TEST_F(TopicPagerTest, ReadsInPlaceWhereNobodyCanWait) {
  Append(31);
  Settle();
  EXPECT_EQ(Read(1, 5), 5u);
  EXPECT_EQ(pager_->fetches(), 2u);
}

TEST_F(TopicPagerTest, ACallThatCanWaitIsToldWhatItNeedsAndFindsItThere) {
  Append(31);
  Settle();
  bool can_wait = true;
  pager_->set_can_wait([&can_wait] { return can_wait; });
  TopicPager::WaitId wait = 0;
  try {
    Read(1, 7);
    FAIL() << "read what is not there";
  } catch (const data::PageFault& fault) {
    EXPECT_EQ(fault.needed.size(), 3u);
    wait = pager_->Await(fault);
  }
  EXPECT_TRUE(pager_->TakeFinished().empty());
  pager_->set_budget(1);
  Deliver();
  const auto finished = pager_->TakeFinished();
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].id, wait);
  EXPECT_EQ(finished[0].error, "");
  pager_->Evict();
  EXPECT_EQ(Read(1, 7), 7u);  // what it waited for stays, whatever the budget
  pager_->End(wait);
  pager_->Evict();
  EXPECT_EQ(Resident(), 0u);
}

TEST_F(TopicPagerTest, ACallThatWaitsAgainKeepsWhatItHas) {
  Append(31);
  Settle();
  pager_->set_budget(1);
  pager_->Evict();
  pager_->set_can_wait([] { return true; });
  std::vector<TopicPager::WaitId> waits;
  for (const uint64_t from : {1, 10}) {
    try {
      Read(from, 1);
      FAIL() << "read what is not there";
    } catch (const data::PageFault& fault) {
      waits.push_back(pager_->Await(fault));
    }
    if (waits.size() == 2) pager_->Continue(waits[1], waits[0]);
    Deliver();
    pager_->Evict();
  }
  EXPECT_EQ(Read(1, 1), 1u);
  EXPECT_EQ(Read(10, 1), 1u);
  pager_->End(waits[1]);
  pager_->Evict();
  EXPECT_EQ(Resident(), 0u);
}

TEST_F(TopicPagerTest, WhatComesNextIsFetchedAhead) {
  Append(31);
  Settle();
  pager_->set_budget(100 * kBlockBytes);
  EXPECT_EQ(Read(1, 1), 1u);
  Deliver();
  EXPECT_TRUE(IsResident(1));
  EXPECT_TRUE(IsResident(2));
}

TEST_F(TopicPagerTest, OneWalkThroughAnOldTopicDoesNotPushOutWhatIsUsed) {
  Append(61);  // twenty sealed blocks
  Settle();
  for (uint64_t from = 1; from < 46; ++from) {
    EXPECT_EQ(Read(from, 1), 1u);
    Deliver();
    pager_->Evict();
  }
  EXPECT_TRUE(IsResident(19));
  EXPECT_TRUE(IsResident(18));
}

TEST_F(TopicPagerTest, WhatCannotBeReadIsToldToWhoWaits) {
  Append(31);
  Settle();
  auto files = disk_.Snapshot();
  for (auto& [path, bytes] : files) bytes[200] = static_cast<char>(bytes[200] ^ 1);
  disk_.Restore(files);
  EXPECT_THROW(Read(1, 1), data::PageUnreadable);
  pager_->set_can_wait([] { return true; });
  try {
    Read(1, 1);
    FAIL() << "read what is damaged";
  } catch (const data::PageFault& fault) {
    const TopicPager::WaitId wait = pager_->Await(fault);
    Deliver();
    const auto finished = pager_->TakeFinished();
    ASSERT_EQ(finished.size(), 1u);
    EXPECT_NE(finished[0].error.find("offset 40"), std::string::npos) << finished[0].error;
    pager_->End(wait);
  }
}

TEST_F(TopicPagerTest, SpaceOfTrimmedBlocksIsGivenBack) {
  Append(31);
  Settle();
  const uint64_t live = blocks_->usage().live_bytes;
  topic_->TrimThrough({15, 0});
  const uint64_t left = blocks_->usage().live_bytes;
  EXPECT_NEAR(static_cast<double>(left), static_cast<double>(live) / 2, 20);
  EXPECT_EQ(blocks_->usage().dead_bytes, live - left);
  const auto copy = topic_->Clone();
  topic_.reset();
  EXPECT_EQ(blocks_->usage().live_bytes, left);  // the copy's too
}

TEST_F(TopicPagerTest, ATopicThatGoesWhileItIsWrittenLeavesNothingAlive) {
  Append(31);
  topic_.reset();
  Settle();
  EXPECT_EQ(blocks_->usage().live_bytes, 0u);
  EXPECT_EQ(pager_->resident_bytes(), 0u);
}

TEST_F(TopicPagerTest, IsBehindWhenTheDiskIs) {
  pager_->set_budget(kBlockBytes);
  Append(3 * 17'000'000 / kBlockBytes);
  EXPECT_TRUE(pager_->behind());
  Settle();
  EXPECT_FALSE(pager_->behind());
}

}  // namespace
}  // namespace leat::store
