// Every single-bit flip and every truncation of every file of a small data directory, and every
// file missing: each is refused at the start or when it is read, with file and offset, or leaves
// the data as it was at an LSN that the journal may end at. leat-check sees all that is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "server/check/inspection.h"
#include "server/check/repair.h"
#include "server/store/data_directory.h"
#include "tests/crash/small_directory.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"

namespace leat::testing {
namespace {

using Files = SmallDirectory::Files;

// As it was written; shared, since it takes a while to make.
const SmallDirectory& Original() {
  static const SmallDirectory original;
  return original;
}

enum class Part { kCheckpoint, kJournal, kLastJournalSegment, kSpare, kBlocks };

Part PartOf(const std::string& file) {
  const Files& files = Original().files;
  if (file.starts_with("/data/checkpoint/")) return Part::kCheckpoint;
  if (file.starts_with("/data/blocks/")) return Part::kBlocks;
  const auto next = files.upper_bound(file);
  if (file.starts_with("/data/journal/spare-")) return Part::kSpare;
  const bool is_last = next == files.end() || !next->first.starts_with("/data/journal/journal-");
  return is_last ? Part::kLastJournalSegment : Part::kJournal;
}

class DataDirectoryDamageTest : public ::testing::Test {
 protected:
  // A start on what `disk` has: the text of the data, or why there is none.
  static persistence::Result<std::string> Start(persistence::SimulatedDisk& disk,
                                                persistence::Lsn& lsn) {
    store::DataDirectory::Options options;
    options.directory = "/data";
    options.threaded = false;
    auto opened = store::DataDirectory::Open(disk, options);
    if (!opened.ok()) return opened.status();
    data::Dataset dataset(1);
    if (auto status = (*opened)->Recover(dataset); !status.ok()) return status;
    lsn = (*opened)->journal().appended_lsn();
    try {
      return TextOf(dataset);
    } catch (const data::PageUnreadable& unreadable) {
      return persistence::Status::Error(unreadable.reason);
    }
  }

  static std::vector<std::string> Problems(persistence::SimulatedDisk& disk) {
    check::Inspection inspection(disk, {.directory = "/data", .databases = 1});
    EXPECT_TRUE(inspection.Run().ok());
    return inspection.findings().problems;
  }

  // `files`, in which `damaged` is not as it was written.
  void Check(const Files& files, const std::string& damaged) {
    persistence::SimulatedDisk disk;
    disk.Restore(files);
    const std::vector<std::string> problems = Problems(disk);
    ASSERT_EQ(disk.Snapshot(), files);  // looking changes nothing
    persistence::Lsn lsn = 0;
    const auto text = Start(disk, lsn);
    if (!text.ok()) {
      ++refused_;
      const std::string& message = text.status().message();
      ASSERT_NE(message.find(damaged + ": offset "), std::string::npos) << message;
      ASSERT_FALSE(problems.empty()) << message;
      ASSERT_NE(problems[0].find(damaged + ": offset "), std::string::npos) << problems[0];
      return;
    }
    const auto known = Original().texts.find(lsn);
    ASSERT_NE(known, Original().texts.end()) << "recovered to LSN " << lsn;
    ASSERT_EQ(*text, known->second);
    ASSERT_TRUE(problems.empty()) << problems[0];
    if (lsn == Original().last_lsn) {
      ++same_;
    } else {
      ++shorter_;
      ASSERT_EQ(PartOf(damaged), Part::kLastJournalSegment);
      least_lsn_ = std::min(least_lsn_, lsn);
    }
  }

  int refused_ = 0;
  int same_ = 0;
  int shorter_ = 0;
  persistence::Lsn least_lsn_ = Original().last_lsn;
};

TEST_F(DataDirectoryDamageTest, NothingIsWrongWithoutDamage) {
  Check(Original().files, "");
  EXPECT_EQ(same_, 1);
  persistence::SimulatedDisk disk;
  disk.Restore(Original().files);
  check::Inspection inspection(disk, {.directory = "/data", .databases = 1});
  ASSERT_TRUE(inspection.Run().ok());
  EXPECT_GE(inspection.UsageOf(1).blocks + inspection.UsageOf(2).blocks, 2u);
  size_t parts[5] = {};
  for (const auto& [name, bytes] : Original().files) ++parts[static_cast<size_t>(PartOf(name))];
  EXPECT_EQ(parts[static_cast<size_t>(Part::kCheckpoint)], 1u);
  EXPECT_GE(parts[static_cast<size_t>(Part::kJournal)], 1u);
  EXPECT_GE(parts[static_cast<size_t>(Part::kBlocks)], 1u);
}

TEST_F(DataDirectoryDamageTest, EveryBitFlip) {
  for (const auto& [name, bytes] : Original().files) {
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Files files = Original().files;
      files[name][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      ASSERT_NO_FATAL_FAILURE(Check(files, name)) << name << " bit " << bit;
    }
  }
  EXPECT_GT(refused_, same_);
  // Only the record that no mark and no segment proves to have been durable can go unnoticed.
  EXPECT_GT(shorter_, 0);
  EXPECT_EQ(least_lsn_, Original().last_lsn - 1);
}

TEST_F(DataDirectoryDamageTest, EveryTruncation) {
  for (const auto& [name, bytes] : Original().files) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      Files files = Original().files;
      files[name].resize(size);
      ASSERT_NO_FATAL_FAILURE(Check(files, name)) << name << " cut to " << size;
    }
  }
  EXPECT_GT(refused_, shorter_);
}

TEST_F(DataDirectoryDamageTest, EveryMissingFile) {
  for (const auto& [name, bytes] : Original().files) {
    Files files = Original().files;
    files.erase(name);
    persistence::SimulatedDisk disk;
    disk.Restore(files);
    const std::vector<std::string> problems = Problems(disk);
    persistence::Lsn lsn = 0;
    const auto text = Start(disk, lsn);
    // A journal that ends with a segment's last record looks as if it had never been longer.
    // A spare holds nothing.
    const bool last = PartOf(name) == Part::kLastJournalSegment || PartOf(name) == Part::kSpare;
    ASSERT_EQ(text.ok(), last) << name;
    ASSERT_EQ(problems.empty(), last) << name;
    if (last) {
      ASSERT_EQ(*text, Original().texts.at(lsn)) << name;
    }
  }
}

// What is refused is repaired, or, where it is the checkpoint, left as it is.
class DataDirectoryRepairTest : public DataDirectoryDamageTest {
 protected:
  void RepairAndStart(const Files& files, const std::string& damaged) {
    persistence::SimulatedDisk disk;
    disk.Restore(files);
    check::Inspection found(disk, {.directory = "/data", .databases = 1});
    ASSERT_TRUE(found.Run().ok());
    if (found.findings().problems.empty()) return;
    check::Repair repair(disk, found);
    const auto losses = repair.Plan();
    ASSERT_EQ(disk.Snapshot(), files);
    if (!losses.ok()) {
      ASSERT_EQ(PartOf(damaged), Part::kCheckpoint) << losses.status().message();
      ++left_;
      return;
    }
    ASSERT_TRUE(losses->starts_with("lost: ")) << *losses;
    const persistence::Status status = repair.Run("aside", 7);
    ASSERT_TRUE(status.ok()) << status.message();
    ExpectNothingIsGone(files, disk.Snapshot());
    ASSERT_THAT(Problems(disk), ::testing::IsEmpty());
    persistence::Lsn lsn = 0;
    const auto text = Start(disk, lsn);
    ASSERT_TRUE(text.ok()) << text.status().message();
    ASSERT_GE(lsn, Original().checkpoint_lsn);
    if (PartOf(damaged) == Part::kBlocks) {
      ++without_blocks_;
      ASSERT_NE(*text, Original().texts.at(lsn));
      ASSERT_NE(text->find("tail"), std::string::npos);
    } else {
      ++cut_;
      ASSERT_EQ(*text, Original().texts.at(lsn));
    }
  }

  // Each file is where it was or aside, with the same bytes.
  static void ExpectNothingIsGone(const Files& before, const Files& after) {
    for (const auto& [path, bytes] : before) {
      const auto here = after.find(path);
      const auto aside = after.find("/data/aside" + path.substr(path.rfind('/')));
      const bool kept = (here != after.end() && here->second == bytes) ||
                        (aside != after.end() && aside->second == bytes);
      ASSERT_TRUE(kept) << path;
    }
  }

  int left_ = 0;
  int cut_ = 0;
  int without_blocks_ = 0;
};

TEST_F(DataDirectoryRepairTest, BitFlips) {
  constexpr size_t kStride = 5;  // each bit of a byte has its turn
  for (const auto& [name, bytes] : Original().files) {
    for (size_t bit = 0; bit < bytes.size() * 8; bit += kStride) {
      Files files = Original().files;
      files[name][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      ASSERT_NO_FATAL_FAILURE(RepairAndStart(files, name)) << name << " bit " << bit;
    }
  }
  EXPECT_GT(left_, 0);
  EXPECT_GT(cut_, 0);
  EXPECT_GT(without_blocks_, 0);
}

TEST_F(DataDirectoryRepairTest, TruncationsAndMissingFiles) {
  constexpr size_t kStride = 3;
  for (const auto& [name, bytes] : Original().files) {
    for (size_t size = 0; size < bytes.size(); size += kStride) {
      Files files = Original().files;
      files[name].resize(size);
      ASSERT_NO_FATAL_FAILURE(RepairAndStart(files, name)) << name << " cut to " << size;
    }
    Files files = Original().files;
    files.erase(name);
    ASSERT_NO_FATAL_FAILURE(RepairAndStart(files, name)) << name << " missing";
  }
}

// A repair that the machine does not survive leaves the directory refused, or as one that was
// repaired; and nothing is gone.
class DataDirectoryRepairCrashTest : public DataDirectoryRepairTest {
 protected:
  // Loses power at each operation of a repair in turn, until it comes to its end.
  void CrashEverywhere(const Files& files) {
    constexpr uint64_t kCrashes = 4;  // each keeps another part of what was not synced
    std::string whole;                // what the repair makes of it
    bool complete = false;
    for (uint64_t operation = 0; !complete; ++operation) {
      for (uint64_t crash = 0; crash < kCrashes; ++crash) {
        SCOPED_TRACE("operation " + std::to_string(operation));
        persistence::SimulatedDisk disk(operation * kCrashes + crash);
        disk.Restore(files);
        check::Inspection found(disk, {.directory = "/data", .databases = 1});
        ASSERT_TRUE(found.Run().ok());
        check::Repair repair(disk, found);
        if (found.findings().problems.empty() || !repair.Plan().ok()) return;
        disk.FailAt(disk.operations() + operation, persistence::Fault::kPowerLoss);
        complete = repair.Run("aside", 7).ok();
        disk.ClearFaults();
        disk.Crash();
        ASSERT_NO_FATAL_FAILURE(ExpectNothingIsGone(files, disk.Snapshot()));
        persistence::Lsn lsn = 0;
        const auto text = Start(disk, lsn);
        text.ok() ? ++repaired_ : ++refused_;
        ASSERT_TRUE(text.ok() || !complete) << text.status().message();
        if (!text.ok()) continue;
        if (whole.empty()) whole = *text;
        ASSERT_EQ(*text, whole);
      }
    }
  }

  int repaired_ = 0;
};

TEST_F(DataDirectoryRepairCrashTest, PowerLossAtEveryOperation) {
  for (const auto& [name, bytes] : Original().files) {
    for (const size_t at : {size_t{45}, bytes.size() / 2}) {  // the first record, and another
      Files files = Original().files;
      files[name][at] = static_cast<char>(bytes[at] ^ 1);
      ASSERT_NO_FATAL_FAILURE(CrashEverywhere(files)) << name << " byte " << at;
    }
  }
  EXPECT_GT(refused_, 10);
  EXPECT_GT(repaired_, 10);
}

}  // namespace
}  // namespace leat::testing
