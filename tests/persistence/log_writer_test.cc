#include "persistence/log_writer.h"

#include <gtest/gtest.h>

#include "persistence/log_reader.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {
namespace {

// A record that is framed but not sealed, as the queue has them.
std::string Framed(Lsn lsn, std::string_view payload) {
  std::string record(kRecordHeaderBytes, '\0');
  StoreRecordHeader(record.data(), lsn, payload.size(), 1);
  return record.append(payload);
}

// "a b mark(2) c": what a reader finds in the segment, marks aside.
std::vector<std::string> ReadAll(SimulatedDisk& disk, Lsn segment, Lsn* durable_lsn = nullptr) {
  const auto bytes = disk.ReadFile("journal/" + SegmentName(segment));
  SegmentReader reader(*bytes);
  EXPECT_TRUE(reader.ReadHeader().ok());
  std::vector<std::string> payloads;
  while (reader.Next() == SegmentReader::Outcome::kRecord) {
    payloads.emplace_back(reader.record().payload);
  }
  EXPECT_EQ(reader.offset(), bytes->size()) << reader.problem();
  if (durable_lsn != nullptr) *durable_lsn = reader.durable_lsn();
  return payloads;
}

class LogWriterTest : public ::testing::Test {
 protected:
  Status Start(Lsn lsn, std::string records) {
    const std::span<char> pieces[] = {records};
    return log_.StartSegment(lsn, pieces);
  }
  Status Append(std::string records, Lsn durable_lsn) {
    const std::span<char> pieces[] = {records};
    return log_.Append(pieces, durable_lsn);
  }

  SimulatedDisk disk_;
  LogWriter log_{disk_, "journal", /*random_seed=*/1};
};

TEST_F(LogWriterTest, NewSegmentIsDurableAsAWhole) {
  ASSERT_TRUE(Start(1, Framed(1, "a") + Framed(2, "b")).ok());
  EXPECT_EQ(log_.next_lsn(), 3u);
  disk_.Crash();
  Lsn durable_lsn = 0;
  EXPECT_EQ(ReadAll(disk_, 1, &durable_lsn), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(durable_lsn, 2u);
}

TEST_F(LogWriterTest, AppendedRecordsAreThereOnceSynced) {
  ASSERT_TRUE(Start(1, "").ok());
  ASSERT_TRUE(Append(Framed(1, "a"), 0).ok());
  ASSERT_TRUE(log_.Sync().ok());
  disk_.Crash();
  EXPECT_EQ(ReadAll(disk_, 1), std::vector<std::string>{"a"});
}

TEST_F(LogWriterTest, MarksTheDurableLsnOnceWhenItIsNews) {
  ASSERT_TRUE(Start(1, "").ok());
  const uint64_t empty = log_.size_bytes();
  ASSERT_TRUE(Append(Framed(1, "a"), 0).ok());
  EXPECT_EQ(log_.size_bytes(), empty + kRecordHeaderBytes + 1);
  ASSERT_TRUE(Append(Framed(2, "b"), 1).ok());
  ASSERT_TRUE(Append(Framed(3, "c"), 1).ok());
  EXPECT_EQ(log_.size_bytes(), empty + 3 * (kRecordHeaderBytes + 1) + kMarkBytes);
  EXPECT_EQ(log_.marked_lsn(), 1u);
  Lsn durable_lsn = 0;
  EXPECT_EQ(ReadAll(disk_, 1, &durable_lsn), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(durable_lsn, 1u);
}

TEST_F(LogWriterTest, SegmentThatCouldNotBeFinishedLeavesNoFile) {
  for (uint64_t operation = 0; operation < 4; ++operation) {  // create, write, sync, rename
    SimulatedDisk disk;
    LogWriter log(disk, "journal", 1);
    disk.FailAt(operation, Fault::kNoSpace);
    const Status status = log.StartSegment(1, {});
    EXPECT_NE(status.message().find("No space left"), std::string::npos) << operation;
    EXPECT_TRUE(disk.Snapshot().empty()) << operation;
    EXPECT_TRUE(log.StartSegment(1, {}).ok());
  }
}

TEST_F(LogWriterTest, SegmentOfTheSameFirstLsnIsReplacedAtomically) {
  ASSERT_TRUE(Start(1, "").ok());
  ASSERT_TRUE(Append(Framed(1, "never synced"), 0).ok());
  ASSERT_TRUE(Start(1, Framed(1, "again")).ok());
  EXPECT_EQ(disk_.Snapshot().size(), 1u);
  disk_.Crash();
  EXPECT_EQ(ReadAll(disk_, 1), std::vector<std::string>{"again"});
}

TEST_F(LogWriterTest, EverySegmentHasASaltOfItsOwn) {
  ASSERT_TRUE(Start(1, Framed(1, "same")).ok());
  const std::string first = disk_.Snapshot().begin()->second;
  ASSERT_TRUE(Start(1, Framed(1, "same")).ok());
  const std::string second = disk_.Snapshot().begin()->second;
  EXPECT_NE(first.substr(24, 8), second.substr(24, 8));
  EXPECT_NE(first.substr(kSegmentHeaderBytes, 8), second.substr(kSegmentHeaderBytes, 8));
}

}  // namespace
}  // namespace leat::persistence
