#include "persistence/block_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>

#include "persistence/posix_disk.h"
#include "tests/persistence/stored_blocks.h"

namespace leat::persistence {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = BlockStore::Answer::Kind;

constexpr char kFirst[] = "blocks/blocks-0000000001.seg";

bool NothingPinned(uint32_t /*segment*/) {
  return false;
}

std::vector<uint64_t> TicketsOf(const std::vector<BlockStore::Answer>& answers) {
  std::vector<uint64_t> tickets;
  for (const auto& answer : answers) tickets.push_back(answer.ticket);
  return tickets;
}

std::vector<std::string> NamesOf(const SimulatedDisk& disk) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : disk.Snapshot()) names.push_back(name);
  return names;
}

class BlockStoreTest : public ::testing::Test {
 protected:
  void Reopen(size_t segment_bytes = size_t{1} << 20) {
    store_.reset();
    store_ = OpenBlocks(disk_, ManualBlockOptions(segment_bytes));
    ASSERT_NE(store_, nullptr);
  }
  void SetUp() override { Reopen(); }

  SimulatedDisk disk_;
  std::unique_ptr<BlockStore> store_;
};

TEST_F(BlockStoreTest, GivesAPlaceForABlockAndTheBlockForAPlace) {
  const std::string text(1000, 't');
  const std::string noise = MakeBlock(1000, 1);
  store_->Write(11, text);
  store_->Write(12, noise);
  store_->Write(13, "");
  ASSERT_TRUE(store_->Flush().ok());
  const auto answers = store_->TakeAnswers();
  ASSERT_THAT(TicketsOf(answers), ElementsAre(11, 12, 13));
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.kind, Kind::kWritten);
    EXPECT_TRUE(answer.status.ok());
    EXPECT_TRUE(answer.place.stored());
  }
  EXPECT_LT(answers[0].place.size, 100u);
  EXPECT_EQ(answers[1].place.size, 1000 + kBlockFrameBytes);
  EXPECT_EQ(ReadText(*store_, answers[0].place), text);
  EXPECT_EQ(ReadText(*store_, answers[1].place), noise);
  EXPECT_EQ(ReadText(*store_, answers[2].place), "");
  EXPECT_THAT(store_->TakeAnswers(), IsEmpty());

  for (const auto& answer : answers) store_->Read(answer.ticket + 10, answer.place);
  EXPECT_THAT(store_->TakeAnswers(), IsEmpty());
  store_->Step(0);
  const auto read = store_->TakeAnswers();
  ASSERT_THAT(TicketsOf(read), ElementsAre(21, 22, 23));
  EXPECT_EQ(read[0].kind, Kind::kRead);
  EXPECT_EQ(read[0].place, answers[0].place);
  EXPECT_EQ(TextOf(read[0].bytes), text);
  EXPECT_TRUE(read[0].bytes.unique());
  EXPECT_EQ(TextOf(read[1].bytes), noise);
}

TEST_F(BlockStoreTest, AnswersWhenTheBlockIsDurableAndSyncsAfterASecond) {
  int notified = 0;
  store_->SetNotify([&notified] { ++notified; });
  store_->Write(1, "a");
  store_->Step(0);
  const uint64_t syncs = disk_.syncs();
  store_->Write(2, "b");
  store_->Step(999);
  EXPECT_THAT(store_->TakeAnswers(), IsEmpty());
  EXPECT_EQ(store_->usage().unsynced_bytes, 2u);
  EXPECT_EQ(disk_.syncs(), syncs);
  EXPECT_EQ(notified, 0);
  store_->Step(1000);
  EXPECT_THAT(TicketsOf(store_->TakeAnswers()), ElementsAre(1, 2));
  EXPECT_EQ(store_->usage().unsynced_bytes, 0u);
  EXPECT_EQ(disk_.syncs(), syncs + 1);
  EXPECT_EQ(notified, 1);
  const uint64_t operations = disk_.operations();
  store_->Step(100000);
  EXPECT_EQ(disk_.operations(), operations) << "an idle store leaves the disk alone";
}

TEST_F(BlockStoreTest, SyncsWhatEightMebibytesAreUnsynced) {
  Reopen(size_t{64} << 20);
  const std::string block = MakeBlock(1 << 20, 1);
  for (uint64_t i = 0; i < 20; ++i) store_->Write(i, block);
  store_->Step(0);
  EXPECT_EQ(store_->TakeAnswers().size(), 16u);
  EXPECT_EQ(store_->usage().unsynced_bytes, 4 * block.size());
}

TEST_F(BlockStoreTest, BeginsAnotherSegmentWhenOneIsFull) {
  Reopen(2000);
  std::vector<BlockPlace> places;
  for (uint64_t i = 0; i < 7; ++i) places.push_back(WriteBlock(*store_, MakeBlock(700, 2 * i + 1)));
  std::vector<uint32_t> segments;
  for (const BlockPlace& place : places) segments.push_back(place.segment);
  EXPECT_THAT(segments, ElementsAre(1, 1, 1, 2, 2, 2, 3));
  // A large one goes in whole.
  const std::string large = MakeBlock(10000, 1);
  const BlockPlace place = WriteBlock(*store_, large);
  EXPECT_EQ(place.segment, 3u);
  EXPECT_EQ(ReadText(*store_, place), large);
  for (uint64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(ReadText(*store_, places[i]), MakeBlock(700, 2 * i + 1));
  }
}

TEST_F(BlockStoreTest, AdoptedBlocksOutliveARestartAndTheOthersGo) {
  Reopen(2000);
  std::vector<BlockPlace> places;
  for (uint64_t i = 0; i < 7; ++i) places.push_back(WriteBlock(*store_, MakeBlock(700, 2 * i + 1)));
  Reopen(2000);
  ASSERT_TRUE(store_->Adopt(places[0]).ok());
  ASSERT_TRUE(store_->Adopt(places[2]).ok());
  ASSERT_TRUE(store_->Adopt(places[6]).ok());
  EXPECT_EQ(store_->usage().segments, 2u);
  EXPECT_EQ(store_->usage().live_bytes, 3 * 728u);
  EXPECT_EQ(store_->usage().dead_bytes, 728u);
  ASSERT_TRUE(store_->RemoveUnused().ok());
  EXPECT_THAT(NamesOf(disk_), ElementsAre(kFirst, "blocks/blocks-0000000003.seg"));
  EXPECT_EQ(ReadText(*store_, places[2]), MakeBlock(700, 5));
  EXPECT_EQ(WriteBlock(*store_, "new").segment, 4u) << "greater than every one that was found";
}

TEST_F(BlockStoreTest, AdoptRefusesWhatCannotBeThere) {
  const BlockPlace place = WriteBlock(*store_, "block");
  Reopen();
  BlockPlace wrong = place;
  wrong.segment = 9;
  EXPECT_THAT(store_->Adopt(wrong).message(),
              HasSubstr("blocks/blocks-0000000009.seg: offset 40: cannot read the block of 33 bytes"
                        " there: cannot open: No such file. Restore"
                        " the file from a copy, or run leat-check"));
  wrong = place;
  wrong.offset += 1;
  EXPECT_THAT(store_->Adopt(wrong).message(), HasSubstr(": offset 41: "));
  EXPECT_THAT(store_->Adopt(wrong).message(), HasSubstr(": the file has only 73 bytes"));
  ASSERT_TRUE(store_->Adopt(place).ok());
  for (const BlockPlace& absurd :
       {BlockPlace{1, 33, UINT64_MAX}, BlockPlace{1, UINT32_MAX, 40}, BlockPlace{1, 33, 39},
        BlockPlace{1, 27, 40}, BlockPlace{0, 33, 40}, BlockPlace{1, 33, UINT64_MAX - 32}}) {
    EXPECT_FALSE(store_->Adopt(absurd).ok());
    EXPECT_FALSE(store_->ReadNow(absurd).ok());
  }
}

TEST_F(BlockStoreTest, ReadErrorsNameFileAndOffset) {
  const BlockPlace place = WriteBlock(*store_, "block");
  disk_.FailReads(true);
  store_->Read(1, place);
  store_->Step(0);
  auto answers = store_->TakeAnswers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status.message(),
            std::string(kFirst) +
                ": offset 40: cannot read the block of 33 bytes there: cannot read: Input/output"
                " error. Restore the file from a copy, or run leat-check");
  EXPECT_FALSE(answers[0].bytes);
  EXPECT_TRUE(store_->status().ok()) << "it says nothing about writes";
  disk_.FailReads(false);
  EXPECT_EQ(ReadText(*store_, place), "block");
}

TEST_F(BlockStoreTest, MovesABlockAndRemovesWhatIsDead) {
  Reopen(1000);
  std::vector<BlockPlace> places;
  for (uint64_t i = 0; i < 4; ++i) places.push_back(WriteBlock(*store_, MakeBlock(600, i)));
  ASSERT_EQ(places[1].segment, 1u);
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  EXPECT_EQ(NamesOf(disk_).size(), 2u) << "nothing was dead";

  EXPECT_EQ(store_->SparsestSegment(0.1), std::nullopt);
  store_->Release(places[1]);
  EXPECT_EQ(store_->SparsestSegment(0.5), 1u);
  store_->Move(7, places[0]);
  store_->Release(places[0]);  // the topic is gone meanwhile: the move goes on
  store_->RemoveDead(NothingPinned);
  ASSERT_TRUE(store_->Flush().ok());
  auto answers = store_->TakeAnswers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kMoved);
  EXPECT_EQ(answers[0].ticket, 7u);
  EXPECT_EQ(answers[0].place.size, places[0].size);
  EXPECT_NE(answers[0].place.segment, 1u);
  EXPECT_EQ(ReadText(*store_, answers[0].place), MakeBlock(600, 0));
  EXPECT_EQ(ReadText(*store_, places[0]), MakeBlock(600, 0)) << "the file is still there";

  store_->RemoveDead([](uint32_t segment) { return segment == 1; });
  store_->Step(0);
  EXPECT_TRUE(disk_.Snapshot().contains(kFirst)) << "pinned";
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  EXPECT_FALSE(disk_.Snapshot().contains(kFirst));
  (void)store_->TakeAnswers();
  EXPECT_EQ(store_->usage().dead_bytes, 0u);
  EXPECT_FALSE(store_->ReadNow(places[0]).ok());
  EXPECT_EQ(ReadText(*store_, answers[0].place), MakeBlock(600, 0));
}

TEST_F(BlockStoreTest, AReadUnderWayKeepsItsSegment) {
  Reopen(100);
  const BlockPlace place = WriteBlock(*store_, MakeBlock(200, 1));
  store_->Read(1, place);
  store_->Release(place);
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  const auto answers = store_->TakeAnswers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(TextOf(answers[0].bytes), MakeBlock(200, 1));
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  EXPECT_THAT(NamesOf(disk_), IsEmpty());
}

TEST_F(BlockStoreTest, ASegmentThatCannotBeRemovedIsTriedAgain) {
  Reopen(100);
  store_->Release(WriteBlock(*store_, MakeBlock(200, 1)));
  disk_.FailAt(disk_.operations(), Fault::kIoError);
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  EXPECT_THAT(NamesOf(disk_), ElementsAre(kFirst));
  store_->RemoveDead(NothingPinned);
  store_->Step(0);
  EXPECT_THAT(NamesOf(disk_), IsEmpty());
}

TEST_F(BlockStoreTest, AMoveThatCannotBeReadIsRefusedAndItsSourceStays) {
  const BlockPlace place = WriteBlock(*store_, "block");
  disk_.FailReads(true);
  store_->Move(3, place);
  store_->Write(4, "other");
  ASSERT_TRUE(store_->Flush().ok());
  const auto answers = store_->TakeAnswers();
  ASSERT_THAT(TicketsOf(answers), ElementsAre(3, 4));
  EXPECT_FALSE(answers[0].place.stored());
  EXPECT_THAT(answers[0].status.message(), HasSubstr(std::string(kFirst) + ": offset 40: "));
  EXPECT_TRUE(answers[1].status.ok());
  disk_.FailReads(false);
  EXPECT_EQ(ReadText(*store_, place), "block");
  EXPECT_EQ(ReadText(*store_, answers[1].place), "other");
}

// What was synced stays where it is; what was not is written to a new segment.
TEST_F(BlockStoreTest, AFailedSyncAbandonsTheSegment) {
  const BlockPlace before = WriteBlock(*store_, "before");
  store_->Write(1, "during");
  store_->Move(2, before);
  disk_.FailAt(disk_.operations() + 2, Fault::kIoError);  // after the two writes
  EXPECT_FALSE(store_->Flush().ok());
  EXPECT_THAT(store_->TakeAnswers(), IsEmpty());
  EXPECT_EQ(store_->status().message(), std::string(kFirst) + ": cannot sync: Input/output error");
  store_->Step(999);
  EXPECT_FALSE(store_->status().ok());
  store_->Step(1000);
  EXPECT_TRUE(store_->status().ok());
  const auto answers = store_->TakeAnswers();
  ASSERT_THAT(TicketsOf(answers), ElementsAre(1, 2));
  EXPECT_EQ(answers[0].place.segment, 2u);
  EXPECT_EQ(ReadText(*store_, answers[0].place), "during");
  EXPECT_EQ(ReadText(*store_, answers[1].place), "before");
  EXPECT_EQ(ReadText(*store_, before), "before");
  disk_.Crash();
  EXPECT_EQ(ReadText(*store_, answers[0].place), "during");
  EXPECT_EQ(ReadText(*store_, before), "before");
}

TEST_F(BlockStoreTest, AFullDiskIsNotFilledFurtherAndRecovers) {
  disk_.SetFull(true);
  const std::string block = MakeBlock(5000, 1);
  store_->Write(1, block);
  for (int64_t second = 0; second < 10; ++second) {
    store_->Step(second * 1000);
    EXPECT_THAT(store_->status().message(), HasSubstr("No space left on device"));
  }
  EXPECT_THAT(NamesOf(disk_), IsEmpty());
  EXPECT_THAT(store_->TakeAnswers(), IsEmpty());
  disk_.SetFull(false);
  store_->Step(10000);
  EXPECT_TRUE(store_->status().ok());
  EXPECT_EQ(store_->TakeAnswers().size(), 1u);
}

// There is room for the header of a segment, but for no block: every attempt leaves no file behind.
TEST_F(BlockStoreTest, AttemptsOnAnAlmostFullDiskLeaveNothing) {
  const BlockPlace before = WriteBlock(*store_, "before");
  const std::string block = MakeBlock(5000, 1);
  store_->Write(1, block);
  disk_.FailAt(disk_.operations(), Fault::kNoSpace);
  store_->Step(0);
  for (int64_t second = 1; second < 10; ++second) {
    // Create, write, sync, rename, sync the directory; then the block.
    disk_.FailAt(disk_.operations() + 5, Fault::kNoSpace);
    store_->Step(second * 1000);
    EXPECT_EQ(store_->status().message(), "blocks/" + kBlockSegments.Name(second + 1) +
                                              ": cannot write: No space left on device");
    EXPECT_THAT(NamesOf(disk_), ElementsAre(kFirst));
  }
  store_->Step(10000);
  EXPECT_EQ(store_->TakeAnswers().size(), 1u);
  EXPECT_EQ(store_->usage().segments, 2u);
  EXPECT_EQ(ReadText(*store_, before), "before");
}

TEST_F(BlockStoreTest, RefusesABlockThatNoRecordCanHold) {
  const std::string some = "never looked at";
  store_->Write(1, std::string_view(some.data(), kMaxBlockBytes + 1));
  store_->Step(0);
  const auto answers = store_->TakeAnswers();
  ASSERT_THAT(TicketsOf(answers), ElementsAre(1));
  EXPECT_FALSE(answers[0].place.stored());
  EXPECT_THAT(answers[0].status.message(), HasSubstr("too large"));
  EXPECT_TRUE(store_->status().ok());
}

TEST_F(BlockStoreTest, LeavesOtherFilesAloneAndRemovesUnfinishedSegments) {
  store_.reset();
  disk_.Restore({{"blocks/blocks-0000000003.seg.new", "x"},
                 {"blocks/notes.txt", "mine"},
                 {"blocks/blocks-9999999999.seg", "no number of ours"}});
  Reopen();
  ASSERT_TRUE(store_->RemoveUnused().ok());
  EXPECT_THAT(NamesOf(disk_), ElementsAre("blocks/blocks-9999999999.seg", "blocks/notes.txt"));
  EXPECT_EQ(WriteBlock(*store_, "x").segment, 1u);
}

TEST_F(BlockStoreTest, SaltsDifferFromSegmentToSegment) {
  Reopen(50);
  for (int i = 0; i < 3; ++i) WriteBlock(*store_, "the same bytes");
  std::vector<std::string> checksums;
  for (const auto& [name, bytes] : disk_.Snapshot()) {
    checksums.push_back(bytes.substr(kSegmentHeaderBytes, 8));
  }
  std::sort(checksums.begin(), checksums.end());
  EXPECT_EQ(std::unique(checksums.begin(), checksums.end()) - checksums.begin(), 3);
}

TEST(BlockFilesTest, KeepsABoundedNumberOfFilesOpen) {
  SimulatedDisk disk;
  auto store = OpenBlocks(disk, ManualBlockOptions(50));
  std::vector<BlockPlace> places;
  for (uint64_t i = 0; i < 10; ++i) places.push_back(WriteBlock(*store, MakeBlock(100, i * 2 + 1)));
  BlockFiles files(disk, "blocks", 3);
  BlockBuffer buffer;
  for (const uint64_t i : {0, 1, 2, 3, 0, 9, 5, 0, 1, 2, 7}) {
    const auto bytes = files.ReadBlock(places[i], buffer);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_EQ(TextOf(*bytes), MakeBlock(100, i * 2 + 1));
    EXPECT_LE(files.open_files(), 3u);
  }
  files.Forget(places[7].segment);
  EXPECT_EQ(files.open_files(), 2u);
}

// On the real disk with its threads: everything that is written can be read meanwhile.
TEST(BlockStoreThreadsTest, WritesReadsMovesAndRemoves) {
  std::string folder = (std::filesystem::temp_directory_path() / "leat-blocks-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  PosixDisk disk;
  auto store = OpenBlocks(disk, {.directory = folder + "/blocks", .segment_bytes = 1 << 20});
  ASSERT_NE(store, nullptr);
  std::atomic<int> notified = 0;
  store->SetNotify([&notified] { ++notified; });
  std::vector<std::string> blocks;
  for (uint64_t i = 0; i < 100; ++i) blocks.push_back(MakeBlock(40000 + i, i));
  std::map<uint64_t, BlockPlace> places;
  uint64_t reads = 0;
  const auto take = [&] {
    for (const auto& answer : store->TakeAnswers()) {
      ASSERT_TRUE(answer.status.ok()) << answer.status.message();
      if (answer.kind == Kind::kRead) {
        EXPECT_EQ(TextOf(answer.bytes), blocks[answer.ticket]);
        ++reads;
        continue;
      }
      if (answer.kind == Kind::kMoved) store->Release(places[answer.ticket]);
      places[answer.ticket] = answer.place;
      store->Read(answer.ticket, answer.place);
    }
  };
  for (uint64_t i = 0; i < blocks.size(); ++i) {
    store->Write(i, blocks[i]);
    if (i % 30 == 0) {
      ASSERT_TRUE(store->Flush().ok());
    }
    take();
  }
  ASSERT_TRUE(store->Flush().ok());
  take();
  ASSERT_EQ(places.size(), blocks.size());
  for (const auto& [ticket, place] : std::map(places)) store->Move(ticket, place);
  ASSERT_TRUE(store->Flush().ok());
  while (reads < 2 * blocks.size() && !HasFailure()) take();
  store->RemoveDead(NothingPinned);
  ASSERT_TRUE(store->Flush().ok());
  take();
  EXPECT_GT(notified, 2);
  EXPECT_LT(store->usage().dead_bytes, uint64_t{1} << 20);
  store.reset();
  store = OpenBlocks(disk, {.directory = folder + "/blocks"});
  for (const auto& [ticket, place] : places) {
    ASSERT_TRUE(store->Adopt(place).ok());
    EXPECT_EQ(ReadText(*store, place), blocks[ticket]);
  }
  store.reset();
  std::filesystem::remove_all(folder);
}

// Within about a second, without anybody asking.
TEST(BlockStoreThreadsTest, AnswersByItself) {
  SimulatedDisk disk;
  auto options = ManualBlockOptions();
  options.threaded = true;
  auto store = OpenBlocks(disk, options);
  std::atomic<bool> notified = false;
  store->SetNotify([&notified] {
    notified = true;
    notified.notify_all();
  });
  store->Write(1, "block");
  notified.wait(false);
  EXPECT_THAT(TicketsOf(store->TakeAnswers()), ElementsAre(1));
}

}  // namespace
}  // namespace leat::persistence
