#include "persistence/journal_writer.h"

#include <gtest/gtest.h>

#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {
namespace {

class JournalWriterTest : public ::testing::Test {
 protected:
  JournalWriterTest() { EXPECT_TRUE(writer_.Start(kFirstLsn).ok()); }

  void Publish(int records) {
    for (int i = 0; i < records; ++i) {
      queue_.BeginRecord();
      queue_.Append("payload");
      queue_.EndRecord(1);
    }
    queue_.Publish();
  }
  JournalWriter::Plan Step(SyncPolicy policy = SyncPolicy::kAlways) {
    return writer_.Step(now_ms_++, policy);
  }

  SimulatedDisk disk_;
  RecordQueue queue_;
  SegmentKeeper keeper_{disk_, "journal", 4096};
  JournalWriter writer_{disk_,
                        queue_,
                        {.directory = "journal",
                         .segment_bytes = size_t{1} << 20,
                         .max_unsynced_bytes = size_t{1} << 20,
                         .random_seed = 3},
                        keeper_,
                        nullptr};
  int64_t now_ms_ = 0;
};

TEST_F(JournalWriterTest, GathersAsManyRecordsAsWereWrittenTogether) {
  Publish(50);
  EXPECT_EQ(Step().gather_records, 100u);
  Publish(20);
  EXPECT_EQ(Step().gather_records, 90u);
  EXPECT_EQ(queue_.published_records(), 70u);
}

TEST_F(JournalWriterTest, RecordThatComesAloneWaitsForNone) {
  for (uint64_t i = 1; i < 5; ++i) {
    Publish(1);
    EXPECT_EQ(Step().gather_records, i + 1);  // reached by the next record itself
  }
}

TEST_F(JournalWriterTest, GathersOnlyWhereRepliesWaitForTheSync) {
  for (const SyncPolicy policy : {SyncPolicy::kEverySecond, SyncPolicy::kNo}) {
    Publish(50);
    EXPECT_EQ(Step(policy).gather_records, 0u);
  }
  EXPECT_EQ(Step().gather_records, 0u);  // synced what was written before: nothing to go by
  Publish(50);
  disk_.SetFull(true);
  EXPECT_EQ(Step().gather_records, 0u);
  EXPECT_FALSE(writer_.status().ok());
}

}  // namespace
}  // namespace leat::persistence
