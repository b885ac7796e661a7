#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/checkpoint_format.h"
#include "persistence/checkpoint_reader.h"
#include "persistence/checkpoint_writer.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {
namespace {

using State = CheckpointWriter::State;

class CheckpointTest : public ::testing::Test {
 protected:
  std::unique_ptr<CheckpointWriter> Writer(Lsn lsn, bool threaded = false) {
    CheckpointWriter::Options options;
    options.directory = "dir";
    options.lsn = lsn;
    options.threaded = threaded;
    return std::make_unique<CheckpointWriter>(disk_, options);
  }
  static void Put(CheckpointWriter& writer, std::string_view item) {
    std::memcpy(writer.Reserve(item.size()), item.data(), item.size());
    writer.Advance(item.size());
  }
  State Write(Lsn lsn, const std::vector<std::string>& items) {
    const auto writer = Writer(lsn);
    for (const std::string& item : items) Put(*writer, item);
    writer->Finish();
    writer->Step();
    if (writer->state() == State::kFailed) error_ = writer->status().message();
    return writer->state();
  }
  // All items, or the error.
  std::string Read() {
    std::string all;
    const auto report = ReadCheckpoint(disk_, "dir", [&all](std::string_view items) {
      all += items;
      return Status();
    });
    lsn_ = report.ok() ? report->lsn : 0;
    return report.ok() ? all : "error: " + report.status().message();
  }
  std::string Path(Lsn lsn) const { return "dir/" + kCheckpoints.Name(lsn); }

  SimulatedDisk disk_;
  std::string error_;
  Lsn lsn_ = 0;
};

TEST_F(CheckpointTest, GivesBackItsItemsInOrder) {
  EXPECT_EQ(Read(), "");
  EXPECT_EQ(Write(7, {"one ", "two ", "three"}), State::kDone);
  EXPECT_EQ(Read(), "one two three");
  EXPECT_EQ(lsn_, 7u);
  EXPECT_EQ(Path(7), "dir/checkpoint-00000000000000000007.ckpt");
}

TEST_F(CheckpointTest, ItemsOfAnySizeAreNeverDivided) {
  const std::vector<std::string> items = {"small", std::string(3 * kCheckpointRecordBytes, 'l'),
                                          std::string(kCheckpointRecordBytes, 'r'), "end"};
  ASSERT_EQ(Write(1, items), State::kDone);
  std::vector<std::string> records;
  const auto report = ReadCheckpoint(disk_, "dir", [&records](std::string_view record) {
    records.emplace_back(record);
    return Status();
  });
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(records, items);
}

TEST_F(CheckpointTest, TheNewestIsInForceAndTheOthersGo) {
  EXPECT_EQ(Write(3, {"three"}), State::kDone);
  EXPECT_EQ(Write(5, {"five"}), State::kDone);
  EXPECT_EQ(Read(), "five");
  EXPECT_FALSE(disk_.Snapshot().contains(Path(3)));
}

TEST_F(CheckpointTest, OneThatIsNotFinishedDoesNotCount) {
  ASSERT_EQ(Write(3, {"three"}), State::kDone);
  {
    const auto writer = Writer(9);
    Put(*writer, std::string(2 * kCheckpointRecordBytes, 'x'));
    Put(*writer, "more");
    writer->Step();
    EXPECT_EQ(writer->state(), State::kWriting);
  }
  EXPECT_EQ(Read(), "three");
}

TEST_F(CheckpointTest, EveryFaultLeavesTheOneBefore) {
  ASSERT_EQ(Write(3, {"three"}), State::kDone);
  const uint64_t before = disk_.operations();
  ASSERT_EQ(Write(4, {"four"}), State::kDone);
  const uint64_t operations = disk_.operations() - before;
  Lsn lsn = 4;
  int failures = 0;
  for (uint64_t at = 0; at < operations; ++at) {
    for (const Fault fault : {Fault::kNoSpace, Fault::kIoError}) {
      disk_.FailAt(disk_.operations() + at, fault);
      const std::string older = Read();
      const State state = Write(++lsn, {"new"});
      const bool failed = state == State::kFailed;
      failures += failed ? 1 : 0;
      // Once it has its name it counts, though it may not be known to.
      const std::string now = Read();
      EXPECT_TRUE(now == "new" || (failed && now == older)) << at << ": " << now;
      EXPECT_EQ(error_.empty(), failures == 0);
      disk_.ClearFaults();
    }
  }
  EXPECT_GE(failures, 8);  // create, two writes, sync, rename, sync of the directory
}

TEST_F(CheckpointTest, PowerLossLeavesOneOfTheTwo) {
  for (uint64_t at = 0; at < 12; ++at) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SimulatedDisk disk(seed);
      const auto write = [&disk](Lsn lsn, std::string_view item) {
        CheckpointWriter::Options options;
        options.directory = "dir";
        options.lsn = lsn;
        options.threaded = false;
        CheckpointWriter writer(disk, options);
        Put(writer, item);
        writer.Finish();
        writer.Step();
        return writer.state();
      };
      ASSERT_EQ(write(1, "old"), State::kDone);
      disk.FailAt(disk.operations() + at, Fault::kPowerLoss);
      const State state = write(2, "new");
      disk.Crash();
      disk.ClearFaults();
      std::string read;
      const auto report = ReadCheckpoint(disk, "dir", [&read](std::string_view items) {
        read += items;
        return Status();
      });
      ASSERT_TRUE(report.ok()) << report.status().message();
      EXPECT_TRUE(read == "new" || (read == "old" && state == State::kFailed)) << at << read;
    }
  }
}

TEST_F(CheckpointTest, EveryFlippedBitAndEveryTruncationIsRefused) {
  ASSERT_EQ(Write(3, {"an item", " and another"}), State::kDone);
  const auto files = disk_.Snapshot();
  const std::string good = files.at(Path(3));
  const auto read_with = [&](const std::string& bytes) {
    auto changed = files;
    changed[Path(3)] = bytes;
    disk_.Restore(changed);
    return Read();
  };
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const std::string read = read_with(bytes);
    EXPECT_TRUE(read.starts_with("error: " + Path(3) + ": offset ")) << bit << ": " << read;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string read = read_with(good.substr(0, size));
    EXPECT_TRUE(read.starts_with("error: " + Path(3) + ": offset ")) << size << ": " << read;
  }
  EXPECT_TRUE(read_with(good + "x").starts_with("error: "));
  EXPECT_EQ(read_with(good), "an item and another");
}

TEST_F(CheckpointTest, AnItemThatIsRefusedIsTold) {
  ASSERT_EQ(Write(3, {"item"}), State::kDone);
  const auto report = ReadCheckpoint(
      disk_, "dir", [](std::string_view) { return Status::Error("it does not fit"); });
  EXPECT_EQ(report.status().message(),
            Path(3) +
                ": offset 40: the checkpoint is damaged: it does not fit; restore the whole "
                "data directory from a copy");
}

TEST_F(CheckpointTest, WritesOnItsOwnThread) {
  const auto writer = Writer(3, true);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string item(20'000, static_cast<char>('a' + i % 26));
    Put(*writer, item);
    expected += item;
    writer->WaitForRoom(kCheckpointRecordBytes);
  }
  writer->Finish();
  writer->Wait();
  EXPECT_EQ(writer->state(), State::kDone);
  EXPECT_EQ(Read(), expected);
}

}  // namespace
}  // namespace leat::persistence
