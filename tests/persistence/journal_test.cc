#include "persistence/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/persistence/journal_files.h"

namespace leat::persistence {
namespace {

// A journal on a simulated disk, stepped by hand.
class JournalTest : public ::testing::Test {
 protected:
  void Open(Journal::Options options) {
    journal_.reset();
    recovered_.clear();
    auto opened = OpenJournal(disk_, std::move(options), &recovered_);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    journal_ = std::move(*opened);
  }
  void Crash() {
    disk_.Stop();
    journal_.reset();
    disk_.Crash();
  }
  void Kill() {
    disk_.Stop();
    journal_.reset();
    disk_.Kill();
  }

  SimulatedDisk disk_;
  std::unique_ptr<Journal> journal_;
  Payloads recovered_;
};

TEST_F(JournalTest, NewJournalIsEmpty) {
  Open(ManualOptions());
  EXPECT_EQ(journal_->appended_lsn(), 0u);
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  EXPECT_EQ(journal_->backlog_bytes(), 0u);
  EXPECT_TRUE(journal_->status().ok());
}

TEST_F(JournalTest, AlwaysMakesAWholeTurnDurableWithOneSync) {
  Open(ManualOptions(SyncPolicy::kAlways));
  const uint64_t syncs = disk_.syncs();
  AppendRecord(*journal_, "a", 2);
  const Lsn lsn = AppendRecord(*journal_, "b", 3);
  EXPECT_EQ(lsn, 5u);
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  ASSERT_TRUE(journal_->Step(0).ok());
  EXPECT_EQ(journal_->durable_lsn(), 5u);
  EXPECT_EQ(journal_->backlog_bytes(), 0u);
  EXPECT_EQ(disk_.syncs(), syncs + 1);
  Crash();
  Open(ManualOptions());
  EXPECT_EQ(recovered_, (Payloads{"a", "b"}));
  EXPECT_EQ(journal_->appended_lsn(), 5u);
}

TEST_F(JournalTest, WhatIsNotSubmittedIsNotWritten) {
  Open(ManualOptions());
  journal_->BeginRecord();
  journal_->Append("a");
  journal_->EndRecord(1);
  ASSERT_TRUE(journal_->Step(0).ok());
  EXPECT_EQ(journal_->written_lsn(), 0u);
  EXPECT_EQ(journal_->backlog_bytes(), kRecordHeaderBytes + 1);
}

TEST_F(JournalTest, EverySecondWritesAtOnceAndSyncsWithinASecond) {
  Open(ManualOptions(SyncPolicy::kEverySecond));
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(5000).ok());
  EXPECT_EQ(journal_->written_lsn(), 1u);
  AppendRecord(*journal_, "b");
  ASSERT_TRUE(journal_->Step(5800).ok());
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  ASSERT_TRUE(journal_->Step(5950).ok());
  EXPECT_EQ(journal_->durable_lsn(), 2u);
  AppendRecord(*journal_, "c");
  ASSERT_TRUE(journal_->Step(6000).ok());  // counts from its own write
  EXPECT_EQ(journal_->durable_lsn(), 2u);
}

TEST_F(JournalTest, NoSyncsOnlyWhenASegmentOrTheBacklogIsFull) {
  auto options = ManualOptions(SyncPolicy::kNo);
  options.max_backlog_bytes = 4000;
  Open(options);
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  ASSERT_TRUE(journal_->Step(1'000'000).ok());
  EXPECT_EQ(journal_->written_lsn(), 1u);
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  AppendRecord(*journal_, std::string(1000, 'x'));
  ASSERT_TRUE(journal_->Step(1'000'001).ok());
  EXPECT_EQ(journal_->durable_lsn(), 2u);
}

TEST_F(JournalTest, KillLosesNothingThatIsWritten) {
  Open(ManualOptions(SyncPolicy::kNo));
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  Kill();
  Open(ManualOptions());
  EXPECT_EQ(recovered_, Payloads{"a"});
  EXPECT_EQ(journal_->durable_lsn(), 1u);  // opening has written it again, and synced
  Crash();
  Open(ManualOptions());
  EXPECT_EQ(recovered_, Payloads{"a"});
}

TEST_F(JournalTest, PolicyChangesWhileRunning) {
  Open(ManualOptions(SyncPolicy::kNo));
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  journal_->SetPolicy(SyncPolicy::kAlways);
  ASSERT_TRUE(journal_->Step(0).ok());
  EXPECT_EQ(journal_->durable_lsn(), 1u);
}

TEST_F(JournalTest, IdleJournalLeavesTheDiskAlone) {
  Open(ManualOptions(SyncPolicy::kEverySecond));
  AppendRecord(*journal_, "a");
  for (int64_t now_ms = 0; now_ms < 3000; now_ms += 100) {
    ASSERT_TRUE(journal_->Step(now_ms).ok());
  }
  const uint64_t operations = disk_.operations();
  for (int64_t now_ms = 3000; now_ms < 100'000; now_ms += 100) {
    ASSERT_TRUE(journal_->Step(now_ms).ok());
  }
  EXPECT_EQ(disk_.operations(), operations);
}

TEST_F(JournalTest, IdleJournalProvesItsLastRecords) {
  Open(ManualOptions(SyncPolicy::kAlways));
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  ASSERT_TRUE(journal_->Step(10).ok());  // the mark
  Kill();
  Files files = disk_.Snapshot();
  files.begin()->second[kSegmentHeaderBytes + kMarkBytes + kRecordHeaderBytes] ^= 1;
  disk_.Restore(files);
  const auto refused = OpenJournal(disk_, ManualOptions());
  EXPECT_NE(refused.status().message().find("damaged where LSN 1 should be"), std::string::npos)
      << refused.status().message();
}

TEST_F(JournalTest, FullSegmentIsFollowedByANewOne) {
  auto options = ManualOptions(SyncPolicy::kEverySecond);
  options.segment_bytes = 1000;
  Open(options);
  Payloads expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back(std::string(100, static_cast<char>('a' + i % 26)));
    AppendRecord(*journal_, expected.back());
    ASSERT_TRUE(journal_->Step(i).ok());
  }
  EXPECT_GE(disk_.Snapshot().size(), 5u);
  for (const auto& [name, bytes] : disk_.Snapshot()) EXPECT_LT(bytes.size(), 1200u) << name;
  Kill();
  Open(options);
  EXPECT_EQ(recovered_, expected);
}

TEST_F(JournalTest, FailedSyncIsNeverAnnouncedAndMadeGoodElsewhere) {
  Open(ManualOptions());
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  disk_.FailAt(disk_.operations() + 1, Fault::kIoError);  // the write succeeds, the sync does not
  AppendRecord(*journal_, "b");
  const Status status = journal_->Step(1);
  EXPECT_EQ(status.message(), "journal/" + SegmentName(1) + ": cannot sync: Input/output error");
  EXPECT_EQ(journal_->durable_lsn(), 1u);
  EXPECT_GT(journal_->backlog_bytes(), 0u);
  const uint64_t operations = disk_.operations();
  EXPECT_FALSE(journal_->Step(900).ok());
  EXPECT_EQ(disk_.operations(), operations);  // not yet tried again
  EXPECT_TRUE(journal_->Step(1001).ok());
  EXPECT_EQ(journal_->durable_lsn(), 2u);
  EXPECT_TRUE(disk_.Snapshot().contains("journal/" + SegmentName(2)));
  Crash();
  Open(ManualOptions());
  EXPECT_EQ(recovered_, (Payloads{"a", "b"}));
}

TEST_F(JournalTest, FullDiskIsRetriedUntilThereIsSpace) {
  Open(ManualOptions());
  disk_.SetFull(true);
  AppendRecord(*journal_, "a");
  for (int64_t now_ms = 0; now_ms < 5000; now_ms += 500) {
    EXPECT_NE(journal_->Step(now_ms).message().find("No space left"), std::string::npos);
    AppendRecord(*journal_, "more");
    EXPECT_EQ(journal_->durable_lsn(), 0u);
  }
  EXPECT_EQ(disk_.Snapshot().size(), 1u);  // the attempts leave nothing behind
  disk_.SetFull(false);
  EXPECT_TRUE(journal_->Step(6000).ok());
  EXPECT_EQ(journal_->durable_lsn(), 11u);
  Crash();
  Open(ManualOptions());
  EXPECT_EQ(recovered_.size(), 11u);
}

TEST_F(JournalTest, FlushSaysWhyItFailsAndTriesAtOnce) {
  Open(ManualOptions(SyncPolicy::kNo));
  AppendRecord(*journal_, "a");
  disk_.SetFull(true);
  EXPECT_FALSE(journal_->Flush().ok());
  EXPECT_FALSE(journal_->Flush().ok());
  disk_.SetFull(false);
  EXPECT_TRUE(journal_->Flush().ok());
  EXPECT_EQ(journal_->durable_lsn(), 1u);
}

TEST_F(JournalTest, NotifiesOfDurabilityAndOfTrouble) {
  Open(ManualOptions(SyncPolicy::kEverySecond));
  int notified = 0;
  journal_->SetNotify([&notified] { ++notified; });
  AppendRecord(*journal_, "a");
  (void)journal_->Step(0);
  EXPECT_EQ(notified, 0);  // written, not durable
  (void)journal_->Step(900);
  EXPECT_EQ(notified, 1);
  (void)journal_->Step(2000);
  EXPECT_EQ(notified, 1);
  disk_.SetFull(true);
  AppendRecord(*journal_, "b");
  (void)journal_->Step(3000);
  EXPECT_EQ(notified, 2);
  disk_.SetFull(false);
  (void)journal_->Step(4000);
  EXPECT_EQ(notified, 3);
}

TEST_F(JournalTest, TornTailIsReportedOnceAndThenSuperseded) {
  Open(ManualOptions());
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  Kill();
  Files files = disk_.Snapshot();
  files.begin()->second += "torn";
  disk_.Restore(files);
  Open(ManualOptions());
  ASSERT_TRUE(journal_->recovery().cut);
  EXPECT_EQ(journal_->recovery().cut->bytes, 4u);
  AppendRecord(*journal_, "b");
  Open(ManualOptions());
  EXPECT_FALSE(journal_->recovery().cut);
  EXPECT_EQ(recovered_, (Payloads{"a", "b"}));
}

TEST_F(JournalTest, LeftoversOfAnUnfinishedSegmentAreRemoved) {
  Open(ManualOptions());
  journal_.reset();
  Files files = disk_.Snapshot();
  files["journal/" + SegmentName(9) + ".new"] = "half a header";
  files["journal/notes.new"] = "somebody's";
  disk_.Restore(files);
  Open(ManualOptions());
  EXPECT_FALSE(disk_.Snapshot().contains("journal/" + SegmentName(9) + ".new"));
  EXPECT_TRUE(disk_.Snapshot().contains("journal/notes.new"));
}

TEST_F(JournalTest, RefusedReplayLeavesTheFilesAsTheyWere) {
  Open(ManualOptions());
  AppendRecord(*journal_, "a");
  journal_.reset();
  const Files before = disk_.Snapshot();
  const auto refused = Journal::Open(disk_, ManualOptions(),
                                     [](const Record&) { return Status::Error("not today"); });
  EXPECT_NE(refused.status().message().find("not today"), std::string::npos);
  EXPECT_EQ(disk_.Snapshot(), before);
}

TEST_F(JournalTest, SegmentsThatACheckpointHoldsGoAndTheJournalBeginsBehindIt) {
  auto options = ManualOptions();
  options.segment_bytes = 200;
  Open(options);
  Payloads expected;
  for (int i = 0; i < 30; ++i) {
    expected.push_back("payload " + std::to_string(i));
    AppendRecord(*journal_, expected.back());
    ASSERT_TRUE(journal_->Step(i).ok());
  }
  const DiskUsage before = journal_->disk_usage();
  EXPECT_EQ(before.segments, SegmentsOf(disk_.Snapshot()).size());
  journal_->ReleaseThrough(17);
  ASSERT_TRUE(journal_->Step(100).ok());
  const DiskUsage after = journal_->disk_usage();
  EXPECT_LT(after.segments, before.segments);
  EXPECT_LT(after.bytes, before.bytes);
  EXPECT_EQ(after.segments, SegmentsOf(disk_.Snapshot()).size());
  Crash();
  options.checkpoint_lsn = 17;
  Open(options);
  EXPECT_EQ(recovered_, Payloads(expected.begin() + 17, expected.end()));
  EXPECT_EQ(journal_->appended_lsn(), 30u);
  EXPECT_EQ(journal_->appended_bytes(), 0u);
  AppendRecord(*journal_, "behind it");
  EXPECT_EQ(journal_->appended_bytes(), kRecordHeaderBytes + 9);
}

TEST_F(JournalTest, SegmentsThatTheCheckpointNeedsNoMoreGoAtTheStart) {
  auto options = ManualOptions();
  options.segment_bytes = 100;
  Open(options);
  for (int i = 0; i < 12; ++i) {
    AppendRecord(*journal_, "payload");
    ASSERT_TRUE(journal_->Step(i).ok());
  }
  Crash();
  options.checkpoint_lsn = 12;
  Open(options);
  EXPECT_TRUE(recovered_.empty());
  ASSERT_TRUE(journal_->Step(0).ok());
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).size(), 1u);
  EXPECT_TRUE(disk_.Snapshot().contains("journal/" + SegmentName(13)));
}

TEST_F(JournalTest, OldestSegmentGoesFirstAndASegmentThatCannotGoStays) {
  auto options = ManualOptions();
  options.segment_bytes = 100;
  Open(options);
  for (int i = 0; i < 12; ++i) {
    AppendRecord(*journal_, "payload");
    ASSERT_TRUE(journal_->Step(i).ok());
  }
  const size_t segments = SegmentsOf(disk_.Snapshot()).size();
  disk_.FailAt(disk_.operations() + 2, Fault::kIoError);  // rename, sync, rename
  journal_->ReleaseThrough(12);
  EXPECT_TRUE(journal_->Step(100).ok());  // no trouble for who writes
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).size(), segments - 1);
  EXPECT_FALSE(disk_.Snapshot().contains("journal/" + SegmentName(1)));
  EXPECT_TRUE(journal_->Step(101).ok());
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).size(), segments - 1);
  journal_->ReleaseThrough(12);
  EXPECT_TRUE(journal_->Step(102).ok());
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).size(), 1u);
}

// Steps a journal of small segments through `records` records.
void Fill(Journal& journal, int records) {
  for (int i = 0; i < records; ++i) {
    AppendRecord(journal, "payload " + std::to_string(i));
    ASSERT_TRUE(journal.Step(i).ok());
  }
}

bool HasSpare(const Files& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& file) {
    return file.first.find("/spare-") != std::string::npos;
  });
}

TEST_F(JournalTest, NextSegmentIsMadeFromAFileThatHasItsSpaceAlready) {
  auto options = ManualOptions();
  options.segment_bytes = 4096;
  Open(options);
  Fill(*journal_, 5);
  EXPECT_EQ(disk_.Snapshot().size(), 1u);  // hardly written to
  Fill(*journal_, 60);
  EXPECT_TRUE(HasSpare(disk_.Snapshot()));
  Fill(*journal_, 200);
  const Files files = SegmentsOf(disk_.Snapshot());
  EXPECT_EQ(files.rbegin()->second.size(), 4096u);
  Crash();
  Open(options);
  EXPECT_FALSE(journal_->recovery().cut);  // the space behind the records is no torn tail
  EXPECT_EQ(recovered_.size(), 265u);
}

TEST_F(JournalTest, SpaceThatIsNotNeededIsGivenBack) {
  auto options = ManualOptions();
  options.segment_bytes = 4096;
  for (const bool closed : {true, false}) {
    Open(options);
    Fill(*journal_, 110);
    const std::string last = SegmentsOf(disk_.Snapshot()).rbegin()->first;
    EXPECT_EQ(disk_.Snapshot()[last].size(), 4096u);
    closed ? journal_.reset() : Kill();
    if (!closed) Open(options);  // at the next start: the new segment supersedes what is cut off
    EXPECT_LT(disk_.Snapshot()[last].size(), 4096u);
    Open(options);
    EXPECT_FALSE(journal_->recovery().cut);
  }
  EXPECT_EQ(recovered_.size(), 220u);
}

TEST_F(JournalTest, ReleasedSegmentsAreUsedAgainAndTheirOldRecordsAreNone) {
  auto options = ManualOptions();
  options.segment_bytes = 2000;
  Open(options);
  for (int round = 0; round < 20; ++round) {
    Fill(*journal_, 60);
    journal_->ReleaseThrough(journal_->durable_lsn());
    ASSERT_TRUE(journal_->Step(0).ok());
    EXPECT_LE(disk_.Snapshot().size(), 4u);  // one in use, two spares, one before its release
  }
  AppendRecord(*journal_, "the last one");
  ASSERT_TRUE(journal_->Step(0).ok());
  const Files files = SegmentsOf(disk_.Snapshot());
  EXPECT_NE(files.rbegin()->second.find("payload"), std::string::npos);  // of an earlier life
  Crash();
  options.checkpoint_lsn = 20 * 60;
  Open(options);
  EXPECT_FALSE(journal_->recovery().cut);
  EXPECT_EQ(recovered_, Payloads{"the last one"});
}

TEST_F(JournalTest, NoSpareIsMadeOnADiskThatIsNearlyFull) {
  auto options = ManualOptions();
  options.segment_bytes = uint64_t{1} << 40;
  Open(options);
  Fill(*journal_, 20'000);  // the simulated disk has room for one such segment
  EXPECT_GT(SegmentsOf(disk_.Snapshot()).rbegin()->second.size(), size_t{1} << 20);
  EXPECT_EQ(disk_.Snapshot().size(), 1u);
}

TEST_F(JournalTest, SpareThatCannotBeMadeIsNobodysTrouble) {
  auto options = ManualOptions();
  options.segment_bytes = 4096;
  constexpr int kRecords = 35;
  Open(options);
  uint64_t made_at = 0;
  for (int i = 0; i < kRecords && !HasSpare(disk_.Snapshot()); ++i) {
    Fill(*journal_, 1);
    made_at = disk_.operations();
  }
  for (uint64_t operation = 1; operation <= 4; ++operation) {  // rename, sync, write, create
    SimulatedDisk disk;
    auto journal = OpenJournal(disk, options);
    ASSERT_TRUE(journal.ok());
    disk.FailAt(made_at - operation, Fault::kNoSpace);
    Fill(**journal, kRecords);
    EXPECT_EQ(disk.Snapshot().size(), 1u) << operation;  // and nothing is left behind
    EXPECT_EQ((*journal)->durable_lsn(), static_cast<Lsn>(kRecords));
    Fill(**journal, 2 * kRecords);  // the next segment asks again
    EXPECT_EQ(SegmentsOf(disk.Snapshot()).rbegin()->second.size(), 4096u) << operation;
  }
}

TEST_F(JournalTest, SparesOfAnEarlierLifeAreTakenOver) {
  auto options = ManualOptions();
  options.segment_bytes = 4096;
  Open(options);
  journal_.reset();
  Files files = disk_.Snapshot();
  for (uint64_t i = 1; i < 6; ++i) files["journal/" + SpareName(i)] = std::string(4096, 'o');
  files["journal/" + SpareName(6) + ".new"] = "half";
  disk_.Restore(files);
  Open(options);
  EXPECT_EQ(disk_.Snapshot().size(), 2u);  // two are kept, and one of them is the segment now
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).rbegin()->second.size(), 4096u);
  AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Step(0).ok());
  Crash();
  Open(options);
  EXPECT_EQ(recovered_, Payloads{"a"});
}

// The same with its threads: conditions are awaited, with a deadline that only a failure reaches.
class ThreadedJournalTest : public JournalTest {
 protected:
  void OpenThreaded(SyncPolicy policy) {
    auto options = ManualOptions(policy);
    options.threaded = true;
    Open(options);
    journal_->SetNotify([this] {
      const std::lock_guard lock(mutex_);
      ++notified_;
      changed_.notify_all();
    });
  }
  template <typename Condition>
  bool Await(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int notified_ = 0;
};

TEST_F(ThreadedJournalTest, AlwaysAnnouncesEachRecord) {
  OpenThreaded(SyncPolicy::kAlways);
  for (int i = 0; i < 200; ++i) {
    const Lsn lsn = AppendRecord(*journal_, "record " + std::to_string(i));
    ASSERT_TRUE(Await([&] { return journal_->durable_lsn() >= lsn; })) << i;
  }
  Crash();
  Open(ManualOptions());
  EXPECT_EQ(recovered_.size(), 200u);
}

TEST_F(ThreadedJournalTest, EverySecondAnnouncesWithoutBeingAsked) {
  OpenThreaded(SyncPolicy::kEverySecond);
  const Lsn lsn = AppendRecord(*journal_, "a");
  EXPECT_TRUE(Await([&] { return journal_->durable_lsn() >= lsn; }));
}

TEST_F(ThreadedJournalTest, EverySecondGathersTheWritesOfABusyServer) {
  OpenThreaded(SyncPolicy::kEverySecond);
  constexpr int kTurns = 20'000;
  const uint64_t operations = disk_.operations();
  for (int i = 0; i < kTurns; ++i) AppendRecord(*journal_, "a");
  ASSERT_TRUE(journal_->Flush().ok());
  EXPECT_LT(disk_.operations() - operations, kTurns / 10);
  EXPECT_EQ(journal_->durable_lsn(), static_cast<Lsn>(kTurns));
}

TEST_F(ThreadedJournalTest, PolicyChangeWakesTheWriter) {
  OpenThreaded(SyncPolicy::kNo);
  const Lsn lsn = AppendRecord(*journal_, "a");
  journal_->SetPolicy(SyncPolicy::kAlways);
  EXPECT_TRUE(Await([&] { return journal_->durable_lsn() >= lsn; }));
}

TEST_F(ThreadedJournalTest, RecoversFromTroubleByItself) {
  OpenThreaded(SyncPolicy::kAlways);
  disk_.SetFull(true);
  const Lsn lsn = AppendRecord(*journal_, "a");
  ASSERT_TRUE(Await([&] { return !journal_->status().ok(); }));
  EXPECT_EQ(journal_->durable_lsn(), 0u);
  EXPECT_FALSE(journal_->Flush().ok());
  disk_.SetFull(false);
  EXPECT_TRUE(Await([&] { return journal_->durable_lsn() >= lsn && journal_->status().ok(); }));
}

TEST_F(ThreadedJournalTest, ReleasedSegmentsGoByThemselves) {
  auto options = ManualOptions();
  options.threaded = true;
  options.segment_bytes = 100;
  Open(options);
  for (int i = 0; i < 30; ++i) {
    AppendRecord(*journal_, "payload");
    ASSERT_TRUE(journal_->Flush().ok());
  }
  ASSERT_GT(journal_->disk_usage().segments, 2u);
  journal_->ReleaseThrough(journal_->durable_lsn());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (journal_->disk_usage().segments > 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(SegmentsOf(disk_.Snapshot()).size(), 1u);
}

TEST_F(ThreadedJournalTest, DestructionFlushes) {
  for (const SyncPolicy policy : {SyncPolicy::kAlways, SyncPolicy::kEverySecond, SyncPolicy::kNo}) {
    OpenThreaded(policy);
    AppendRecord(*journal_, "a");
    journal_.reset();
    disk_.Crash();
  }
  Open(ManualOptions());
  EXPECT_EQ(recovered_.size(), 3u);
}

}  // namespace
}  // namespace leat::persistence
