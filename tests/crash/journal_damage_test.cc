// Every single-bit flip and every truncation of a small journal: each is refused with file and
// offset, or repaired as README.md says, and never changes the content of what is recovered.
#include <gtest/gtest.h>

#include "tests/persistence/journal_files.h"

namespace leat::persistence {
namespace {

// What a file to be used again holds.
std::string OldSegment() {
  std::string bytes = EncodeSegmentHeader({1, 5});
  for (Lsn lsn = 1; bytes.size() < 400; ++lsn) bytes += EncodeMark(lsn, lsn - 1, 5);
  return bytes;
}

// Three segments or more, one of which was abandoned after a failed sync. Some stand on bytes of an
// earlier life, others on zeros.
Files WriteJournal(bool close, Payloads* payloads) {
  SimulatedDisk disk(3);
  auto options = ManualOptions();
  options.segment_bytes = 400;
  disk.Restore(
      {{"journal/" + SpareName(1), OldSegment()}, {"journal/" + SpareName(2), OldSegment()}});
  auto opened = OpenJournal(disk, options);
  EXPECT_TRUE(opened.ok());
  std::unique_ptr<Journal> journal = std::move(*opened);
  for (int i = 0; i < 17; ++i) {
    payloads->push_back("payload " + std::to_string(i) + std::string(i * 3 % 20, 'x'));
    if (i == 4) disk.FailAt(disk.operations() + 1, Fault::kIoError);  // the sync
    AppendRecord(*journal, payloads->back(), 1 + i % 3);
    EXPECT_EQ(journal->Step(i * 2000).ok(), i != 4);
  }
  EXPECT_EQ(journal->durable_lsn(), journal->appended_lsn());
  if (!close) disk.Stop();
  journal.reset();
  Files files = SegmentsOf(disk.Snapshot());
  EXPECT_GE(files.size(), 3u);
  return files;
}

class JournalDamageTest : public ::testing::TestWithParam<bool> {
 protected:
  JournalDamageTest() : files_(WriteJournal(/*close=*/GetParam(), &payloads_)) {}

  // Recovers from `files`, in which `damaged` is not as it was written.
  void Check(const Files& files, const std::string& damaged) {
    SimulatedDisk disk;
    disk.Restore(files);
    Payloads recovered;
    const auto report = Recover(disk, "journal", [&recovered](const Record& record) {
      recovered.emplace_back(record.payload);
      return Status();
    });
    if (!report.ok()) {
      ++refused_;
      const std::string& message = report.status().message();
      ASSERT_NE(message.find(damaged + ": offset "), std::string::npos) << message;
      return;
    }
    ASSERT_LE(recovered.size(), payloads_.size());
    for (size_t i = 0; i < recovered.size(); ++i) ASSERT_EQ(recovered[i], payloads_[i]);
    if (report->cut) {
      ++cut_;
      ASSERT_EQ(report->cut->file, damaged);
    } else if (recovered.size() == payloads_.size()) {
      ++harmless_;
    } else {
      ++shorter_;
    }
    lost_ = std::max(lost_, payloads_.size() - recovered.size());
  }

  Payloads payloads_;
  const Files files_;
  int refused_ = 0;
  int cut_ = 0;
  int harmless_ = 0;
  int shorter_ = 0;  // a shorter journal, and nothing to tell that it was longer
  size_t lost_ = 0;  // records, at most
};

TEST_P(JournalDamageTest, EveryBitFlip) {
  const std::string& last = files_.rbegin()->first;
  for (const auto& [name, bytes] : files_) {
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Files files = files_;
      files[name][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      ASSERT_NO_FATAL_FAILURE(Check(files, name)) << name << " bit " << bit;
      if (name != last) {
        ASSERT_EQ(cut_, 0) << name << " bit " << bit;
      }
    }
  }
  EXPECT_GT(refused_, 0);
  EXPECT_GT(harmless_, 0);  // in the abandoned tail, which another segment supersedes
  EXPECT_EQ(shorter_, 0);
  // Nothing after the last sync says that it was complete, so its record counts as torn, unless
  // the journal was closed: then only the closing mark itself can be lost.
  EXPECT_EQ(lost_, GetParam() ? 0u : 1u);
}

TEST_P(JournalDamageTest, EveryTruncation) {
  const std::string& last = files_.rbegin()->first;
  for (const auto& [name, bytes] : files_) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      Files files = files_;
      files[name].resize(size);
      ASSERT_NO_FATAL_FAILURE(Check(files, name)) << name << " cut to " << size;
      if (name != last) {
        ASSERT_EQ(cut_ + shorter_, 0) << name << " cut to " << size;
      }
    }
  }
  EXPECT_GT(refused_, 0);
  EXPECT_GT(cut_, 0);
}

TEST_P(JournalDamageTest, EveryMissingSegment) {
  for (const auto& [name, bytes] : files_) {
    if (name == files_.rbegin()->first) continue;
    Files files = files_;
    files.erase(name);
    SimulatedDisk disk;
    disk.Restore(files);
    const auto report = Recover(disk, "journal", [](const Record&) { return Status(); });
    EXPECT_FALSE(report.ok()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(ClosedAndKilled, JournalDamageTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Closed" : "Killed"; });

}  // namespace
}  // namespace leat::persistence
