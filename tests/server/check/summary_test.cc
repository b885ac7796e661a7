#include "server/check/summary.h"

#include <gtest/gtest.h>

#include "tests/crash/small_directory.h"

namespace leat::check {
namespace {

TEST(SummaryTest, CountsInWords) {
  EXPECT_EQ(Count(1, "key"), "1 key");
  EXPECT_EQ(Count(0, "key"), "0 keys");
  EXPECT_EQ(Count(1234567, "entry"), "1,234,567 entries");
}

TEST(SummaryTest, ShowsWhatADirectoryHolds) {
  const testing::SmallDirectory directory;
  persistence::SimulatedDisk disk;
  disk.Restore(directory.files);
  Inspection inspection(disk, {.directory = "/data", .databases = 1});
  ASSERT_TRUE(inspection.Run().ok());
  const std::string text = Summarize(inspection);
  for (const std::string& part :
       {"checkpoint: up to LSN " + std::to_string(directory.checkpoint_lsn) + ", ",
        "journal:    ends at LSN " + std::to_string(directory.last_lsn) + "; 9 records of ",
        std::string("blocks:     1 segment of "), std::string("live in 2 blocks"),
        std::string("database 0: 7 keys: 4 strings, 3 topics with 8 entries\n"),
        std::string("  topic raw: 4 entries, 99-1 to 103-1, "),
        std::string("    group group: 2 consumers, 3 pending\n")}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in:\n" << text;
  }
}

TEST(InspectionTest, RefusesWhatIsNoDataDirectory) {
  persistence::SimulatedDisk disk;
  disk.Restore({{"/data/file", "x"}});
  Inspection inspection(disk, {.directory = "/data", .databases = 1});
  EXPECT_FALSE(inspection.Run().ok());
}

}  // namespace
}  // namespace leat::check
