#include "persistence/block_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/persistence/stored_blocks.h"

namespace leat::persistence {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPath[] = "blocks/blocks-0000000001.seg";

class BlockCheckTest : public ::testing::Test {
 protected:
  BlockCheckTest() {
    SimulatedDisk disk;
    auto store = OpenBlocks(disk, ManualBlockOptions());
    for (uint64_t i = 0; i < 4; ++i) {
      blocks_.push_back(MakeBlock(100, i));
      places_.push_back(WriteBlock(*store, blocks_.back()));
    }
    bytes_ = disk.Snapshot()[kPath];
  }

  Result<BlockSegmentReport> Verify(const std::string& bytes, const std::string& path = kPath) {
    SimulatedDisk disk;
    disk.Restore({{path, bytes}});
    found_.clear();
    return VerifyBlockSegment(disk, path, [this](const BlockPlace& place, std::string_view block) {
      const auto written = std::find(places_.begin(), places_.end(), place);
      ASSERT_NE(written, places_.end());
      const auto index = static_cast<size_t>(written - places_.begin());
      EXPECT_EQ(block, blocks_[index]);
      found_.push_back(index);
    });
  }

  std::vector<std::string> blocks_;
  std::vector<BlockPlace> places_;
  std::string bytes_;
  std::vector<size_t> found_;
};

TEST_F(BlockCheckTest, VisitsEveryRecord) {
  const auto report = Verify(bytes_);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(found_, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(report->segment, 1u);
  EXPECT_EQ(report->records, 4u);
  EXPECT_EQ(report->file_bytes, bytes_.size());
  EXPECT_THAT(report->gaps, IsEmpty());
}

TEST_F(BlockCheckTest, FindsWhatIsIntactBehindDamage) {
  for (size_t at = places_[1].offset; at < places_[2].offset; ++at) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto report = Verify(damaged);
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(found_, ElementsAre(0, 2, 3)) << at;
    ASSERT_EQ(report->gaps.size(), 1u);
    EXPECT_EQ(report->gaps[0].offset, places_[1].offset);
    EXPECT_EQ(report->gaps[0].bytes, places_[1].size);
    EXPECT_FALSE(report->gaps[0].problem.empty());
  }
}

TEST_F(BlockCheckTest, ATornTailIsAGap) {
  for (size_t size = places_[3].offset + 1; size < bytes_.size(); ++size) {
    const auto report = Verify(bytes_.substr(0, size));
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(found_, ElementsAre(0, 1, 2));
    ASSERT_EQ(report->gaps.size(), 1u);
    EXPECT_EQ(report->gaps[0].bytes, size - places_[3].offset);
  }
  const auto report = Verify(bytes_ + std::string(5000, '\0'));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->records, 4u);
  ASSERT_EQ(report->gaps.size(), 1u);
  EXPECT_EQ(report->gaps[0].bytes, 5000u);
}

TEST_F(BlockCheckTest, AHeaderThatIsNotTheFilesIsAnError) {
  EXPECT_THAT(Verify(bytes_, "blocks/blocks-0000000002.seg").status().message(),
              HasSubstr("offset 0: the segment header is that of number 1. Restore"));
  EXPECT_THAT(Verify(bytes_.substr(0, 39)).status().message(),
              HasSubstr("blocks-0000000001.seg: offset 0: the segment header needs 40 bytes"));
  EXPECT_THAT(Verify(bytes_, "blocks/other").status().message(),
              HasSubstr("blocks/other: is not the name of a block segment"));
}

}  // namespace
}  // namespace leat::persistence
