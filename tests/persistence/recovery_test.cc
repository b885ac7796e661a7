#include "persistence/recovery.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {
namespace {

constexpr uint64_t kSalt = 77;

std::string Header(Lsn first_lsn) {
  return EncodeSegmentHeader({first_lsn, kSalt});
}

std::string Sealed(Lsn lsn, std::string_view payload, uint32_t mutations = 1) {
  std::string record(kRecordHeaderBytes, '\0');
  StoreRecordHeader(record.data(), lsn, payload.size(), mutations);
  record.append(payload);
  SealRecord(record.data(), payload.size(), kSalt);
  return record;
}

std::string Broken(Lsn lsn, std::string_view payload) {
  std::string record = Sealed(lsn, payload);
  record.back() ^= 1;
  return record;
}

class RecoveryTest : public ::testing::Test {
 protected:
  void Write(Lsn segment, const std::string& bytes) {
    files_["journal/" + SegmentName(segment)] = bytes;
  }
  Result<RecoveryReport> Run() {
    payloads_.clear();
    disk_.Restore(files_);
    const auto replay = [this](const Record& record) {
      payloads_.emplace_back(record.payload);
      return Status();
    };
    return Recover(disk_, "journal", replay, checkpoint_lsn_);
  }
  // That the start is refused with a message that has all of `parts`.
  void ExpectRefusal(std::initializer_list<std::string> parts) {
    const auto report = Run();
    ASSERT_FALSE(report.ok());
    for (const std::string& part : parts) {
      EXPECT_NE(report.status().message().find(part), std::string::npos)
          << part << " is not in: " << report.status().message();
    }
  }

  SimulatedDisk disk_;
  std::map<std::string, std::string> files_;
  Lsn checkpoint_lsn_ = 0;
  std::vector<std::string> payloads_;
};

using Payloads = std::vector<std::string>;

TEST_F(RecoveryTest, EmptyDirectoryIsAnEmptyJournal) {
  const auto report = Run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->last_lsn, 0u);
  EXPECT_EQ(report->segments.size(), 0u);
}

TEST_F(RecoveryTest, ReplaysSegmentsInOrderAndCounts) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "bc", 3));
  Write(5, Header(5) + Sealed(5, "d") + EncodeMark(6, 5, kSalt));
  files_["journal/lock"] = "not a segment";
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(payloads_, (Payloads{"a", "bc", "d"}));
  EXPECT_EQ(report->segments.size(), 2u);
  EXPECT_EQ(report->records, 3u);
  EXPECT_EQ(report->mutations, 5u);
  EXPECT_EQ(report->bytes, 3 * kRecordHeaderBytes + 4);
  EXPECT_EQ(report->last_lsn, 5u);
  EXPECT_EQ(report->durable_lsn, 5u);
  EXPECT_FALSE(report->cut);
}

TEST_F(RecoveryTest, TornTailIsCutAndReported) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "torn").substr(0, 30));
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(payloads_, Payloads{"a"});
  ASSERT_TRUE(report->cut);
  EXPECT_EQ(report->cut->file, "journal/" + SegmentName(1));
  EXPECT_EQ(report->cut->offset, kSegmentHeaderBytes + kRecordHeaderBytes + 1);
  EXPECT_EQ(report->cut->bytes, 30u);
}

TEST_F(RecoveryTest, HoleInWhatWasNeverSyncedIsATornTailToo) {
  Write(1, Header(1) + Sealed(1, "a") + Broken(2, "b") + EncodeMark(3, 1, kSalt) + Sealed(3, "c"));
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(payloads_, Payloads{"a"});
  EXPECT_TRUE(report->cut);
  EXPECT_EQ(report->durable_lsn, 1u);
}

TEST_F(RecoveryTest, BrokenRecordThatALaterMarkCallsDurableIsDamage) {
  Write(1, Header(1) + Sealed(1, "a") + Broken(2, "b") + Sealed(3, "c") + EncodeMark(4, 2, kSalt));
  ExpectRefusal({"journal/" + SegmentName(1) + ": offset 69: damaged where LSN 2 should be",
                 "checksum does not match", "truncate it to 69 bytes", "Restore the file"});
  EXPECT_TRUE(payloads_.empty());  // nothing of a damaged segment is replayed
}

TEST_F(RecoveryTest, RefusalTellsHowToGiveUpWhatIsDamaged) {
  const std::string intact = Header(1) + Sealed(1, "a");
  Write(1, intact + Broken(2, "b") + Sealed(3, "c"));
  Write(4, Header(4) + Sealed(4, "d"));
  ExpectRefusal({SegmentName(1), "truncate it to 69 bytes and move every later segment away"});
  files_.erase("journal/" + SegmentName(4));
  files_["journal/" + SegmentName(1)].resize(69);
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(payloads_, Payloads{"a"});
}

TEST_F(RecoveryTest, LaterSegmentMakesATornTailDamage) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "torn").substr(0, 30));
  Write(3, Header(3) + Sealed(3, "c"));
  ExpectRefusal({SegmentName(1), "offset 69", "a later segment begins at LSN 3"});
}

TEST_F(RecoveryTest, SegmentThatEndsTooEarlyIsDamage) {
  Write(1, Header(1) + Sealed(1, "a"));
  Write(3, Header(3));
  ExpectRefusal({SegmentName(1), "offset 69", "LSN 2", "the file ends"});
}

TEST_F(RecoveryTest, AbandonedTailIsSupersededByTheNextSegment) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "old") + Sealed(3, "torn").substr(0, 10));
  Write(2, Header(2) + Sealed(2, "again") + Sealed(3, "c"));
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(payloads_, (Payloads{"a", "again", "c"}));
  EXPECT_FALSE(report->cut);
}

TEST_F(RecoveryTest, SegmentCannotBeginWithinARecord) {
  Write(1, Header(1) + Sealed(1, "batch", 5));
  Write(3, Header(3) + Sealed(3, "c"));
  ExpectRefusal({SegmentName(3) + ": offset 0", "within a record of " + SegmentName(1)});
}

TEST_F(RecoveryTest, MissingFirstSegmentIsNoticed) {
  Write(5, Header(5) + Sealed(5, "d"));
  ExpectRefusal({SegmentName(5), SegmentName(1) + " should be", "bring back"});
}

TEST_F(RecoveryTest, DamagedHeaderIsRefusedEvenInTheLastSegment) {
  Write(1, Header(1) + Sealed(1, "a"));
  for (const std::string& bytes : {std::string(), Header(2).substr(0, 20), std::string(40, '\0')}) {
    Write(2, bytes);
    ExpectRefusal({SegmentName(2) + ": offset 0: the segment header", "move it and every later"});
  }
}

TEST_F(RecoveryTest, RenamedSegmentIsRefused) {
  Write(1, Header(1) + Sealed(1, "a"));
  Write(2, Header(1) + Sealed(1, "a"));
  ExpectRefusal({SegmentName(2), "first LSN is 1"});
}

TEST_F(RecoveryTest, ReplayErrorStopsWithFileAndOffset) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b"));
  disk_.Restore(files_);
  const auto report = Recover(disk_, "journal", [](const Record& record) {
    return record.payload == "b" ? Status::Error("unknown mutation 9") : Status();
  });
  EXPECT_EQ(report.status().message(), "journal/" + SegmentName(1) +
                                           ": offset 69: the record at LSN 2 cannot be applied: "
                                           "unknown mutation 9");
}

TEST_F(RecoveryTest, BeginsBehindTheCheckpointAndVerifiesWhatItSkips) {
  Write(3, "of no interest");
  Write(5, Header(5) + Sealed(5, "a") + Sealed(6, "b"));
  Write(7, Header(7) + Sealed(7, "c") + Sealed(8, "d", 2) + Sealed(10, "e"));
  checkpoint_lsn_ = 9;
  const auto report = Run();
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(payloads_, Payloads{"e"});
  EXPECT_EQ(report->records, 1u);
  EXPECT_EQ(report->skipped_records, 2u);
  EXPECT_EQ(report->last_lsn, 10u);
  EXPECT_EQ(report->durable_lsn, 9u);  // the checkpoint proves it
  EXPECT_EQ(report->segments.size(), 1u);
  EXPECT_EQ(report->obsolete.size(), 2u);
  Write(7, Header(7) + Broken(7, "c") + Sealed(8, "d", 2) + Sealed(10, "e"));
  ExpectRefusal({SegmentName(7) + ": offset 40", "LSN 7", "checkpoint ends at LSN 9"});
}

TEST_F(RecoveryTest, SegmentThatBeginsRightBehindTheCheckpointIsEnough) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b"));
  Write(3, Header(3) + Sealed(3, "c"));
  checkpoint_lsn_ = 2;
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(payloads_, Payloads{"c"});
  files_.erase("journal/" + SegmentName(1));
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(payloads_, Payloads{"c"});
  checkpoint_lsn_ = 1;  // and an older checkpoint needs the first one
  ExpectRefusal({SegmentName(3), "the checkpoint ends at LSN 1", "bring back"});
}

TEST_F(RecoveryTest, JournalMustReachTheCheckpoint) {
  checkpoint_lsn_ = 3;
  ExpectRefusal({"journal: has no segment", "LSN 3", "bring back"});
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b"));
  ExpectRefusal({SegmentName(1) + ": offset 98: damaged where LSN 3 should be", "the file ends",
                 "Restore the file", "checkpoint ends at LSN 3"});
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b") + Sealed(3, "torn").substr(0, 31));
  ExpectRefusal(
      {SegmentName(1) + ": offset 98: damaged where LSN 3 should be", "Restore the file"});
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b", 2));
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(payloads_.empty());
}

TEST_F(RecoveryTest, CheckpointCannotEndWithinARecord) {
  Write(1, Header(1) + Sealed(1, "a") + Sealed(2, "b", 3));
  checkpoint_lsn_ = 3;
  ExpectRefusal({SegmentName(1) + ": offset 69", "within the record", "same copy"});
}

TEST_F(RecoveryTest, TellsWhichRecordsAreProvenDurable) {
  Write(1, Header(1) + Sealed(1, "a"));
  Write(2, Header(2) + Sealed(2, "b") + EncodeMark(3, 2, kSalt) + Sealed(3, "c"));
  disk_.Restore(files_);
  std::vector<bool> durable;
  ASSERT_TRUE(Recover(disk_, "journal", [&durable](const Record& record) {
                durable.push_back(record.durable);
                return Status();
              }).ok());
  EXPECT_EQ(durable, (std::vector<bool>{true, true, false}));
}

}  // namespace
}  // namespace leat::persistence
