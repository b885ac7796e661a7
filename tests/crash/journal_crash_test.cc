// Seeded histories of a journal on a disk that fails and crashes at every point, compared with a
// model: what was announced as durable is there, in order, whole, and byte for byte, behind the
// checkpoint that the journal was told of. Segments are small, so that they are made from spares
// and given up and used again all the time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "persistence/journal.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {
namespace {

constexpr int kHistories = 3000;
constexpr int kLivesPerHistory = 4;
constexpr int kOperationsPerLife = 60;

struct ModelRecord {
  Lsn first_lsn = 0;
  uint32_t mutations = 0;
  std::string payload;
  bool operator==(const ModelRecord&) const = default;
};

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), disk_(seed + 1) {}

  void Run() {
    for (int life = 0; life < kLivesPerHistory && !::testing::Test::HasFailure(); ++life) {
      ScheduleFaults();
      if (OpenJournal()) Live();
      End();
    }
    disk_.ClearFaults();
    ASSERT_TRUE(OpenJournal());
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  void ScheduleFaults() {
    disk_.ClearFaults();
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(3); faults > 0; --faults) {
      disk_.FailAt(now + Pick(60), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(3)) disk_.FailAt(now + Pick(80), Fault::kPowerLoss);
  }

  // False if the disk refused, which leaves everything as it was.
  bool OpenJournal() {
    constexpr SyncPolicy kPolicies[] = {SyncPolicy::kAlways, SyncPolicy::kEverySecond,
                                        SyncPolicy::kNo};
    std::vector<ModelRecord> recovered;
    auto journal = Journal::Open(
        disk_,
        {.directory = "journal",
         .policy = kPolicies[Pick(3)],
         .segment_bytes = 512 + Pick(8192),
         .max_backlog_bytes = 1024 + Pick(65536),
         .random_seed = random_(),
         .checkpoint_lsn = checkpoint_lsn_,
         .threaded = false},
        [&](const Record& record) {
          recovered.push_back({record.first_lsn, record.mutations, std::string(record.payload)});
          return Status();
        });
    if (!journal.ok()) {
      // Only a fault of the disk keeps it closed: no crash may look like damage.
      EXPECT_EQ(journal.status().message().find("damaged"), std::string::npos)
          << journal.status().message();
      EXPECT_NE(journal.status().message().find(": cannot "), std::string::npos)
          << journal.status().message();
      return false;
    }
    journal_ = std::move(*journal);
    Compare(recovered);
    return true;
  }

  // What is recovered begins the model, and reaches at least as far as was promised.
  void Compare(const std::vector<ModelRecord>& recovered) {
    const auto held = static_cast<size_t>(std::find_if(model_.begin(), model_.end(),
                                                       [this](const ModelRecord& record) {
                                                         return record.first_lsn > checkpoint_lsn_;
                                                       }) -
                                          model_.begin());
    ASSERT_LE(held + recovered.size(), model_.size());
    for (size_t i = 0; i < recovered.size(); ++i) ASSERT_EQ(recovered[i], model_[held + i]) << i;
    model_.resize(held + recovered.size());
    ASSERT_GE(last_lsn(), promised_lsn_);
    ASSERT_EQ(journal_->appended_lsn(), last_lsn());
    ASSERT_EQ(journal_->durable_lsn(), last_lsn());
    promised_lsn_ = durable_lsn_ = last_lsn();
  }

  Lsn last_lsn() const {
    return model_.empty() ? 0 : model_.back().first_lsn + model_.back().mutations - 1;
  }

  void Live() {
    for (int i = 0; i < kOperationsPerLife && !::testing::Test::HasFailure(); ++i) {
      switch (Pick(13)) {
        case 0:
          now_ms_ += static_cast<int64_t>(Pick(1500));
          break;
        case 1:
          journal_->SetPolicy(static_cast<SyncPolicy>(Pick(3)));
          break;
        case 2:
          if (journal_->Flush().ok()) {
            EXPECT_EQ(journal_->durable_lsn(), journal_->appended_lsn());
          }
          break;
        case 3:
          journal_->BeginRecord();
          journal_->Append("never to be seen");
          journal_->CancelRecord();
          break;
        case 4:
          if (OneIn(4)) TakeCheckpoint();
          break;
        case 5:
        case 6:
        case 7:
        case 8:
          AppendRecord();
          break;
        default:
          journal_->Submit();
          now_ms_ += static_cast<int64_t>(Pick(30));
          (void)journal_->Step(now_ms_);
      }
      EXPECT_GE(journal_->durable_lsn(), durable_lsn_);
      EXPECT_GE(journal_->written_lsn(), journal_->durable_lsn());
      EXPECT_GE(journal_->appended_lsn(), journal_->written_lsn());
      promised_lsn_ = durable_lsn_ = journal_->durable_lsn();
    }
  }

  void AppendRecord() {
    ModelRecord record;
    record.first_lsn = journal_->appended_lsn() + 1;
    record.mutations = static_cast<uint32_t>(1 + Pick(4));
    record.payload.resize(OneIn(200) ? Pick(400'000) : Pick(700));
    for (char& byte : record.payload) byte = static_cast<char>(random_());
    journal_->BeginRecord();
    journal_->Append(record.payload);
    EXPECT_EQ(journal_->EndRecord(record.mutations), record.first_lsn + record.mutations - 1);
    model_.push_back(std::move(record));
  }

  // As if all that is durable by now had been written elsewhere; not always told at once.
  void TakeCheckpoint() {
    const Lsn durable_lsn = journal_->durable_lsn();
    for (const ModelRecord& record : model_) {
      const Lsn last_lsn = record.first_lsn + record.mutations - 1;
      if (last_lsn <= durable_lsn) checkpoint_lsn_ = std::max(checkpoint_lsn_, last_lsn);
    }
    if (!OneIn(3)) journal_->ReleaseThrough(checkpoint_lsn_);
  }

  // The process is killed, or the machine loses power, or it closes as it should.
  void End() {
    const bool closed = OneIn(4);
    const bool killed = OneIn(2);
    if (journal_ != nullptr && !closed) {
      if (killed) promised_lsn_ = journal_->written_lsn();
      disk_.Stop();
    }
    journal_.reset();
    killed ? disk_.Kill() : Crash();
  }

  void Crash() {
    promised_lsn_ = durable_lsn_;
    disk_.Crash();
  }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  std::unique_ptr<Journal> journal_;
  std::vector<ModelRecord> model_;  // everything appended in this line of history
  Lsn durable_lsn_ = 0;             // announced
  Lsn checkpoint_lsn_ = 0;
  Lsn promised_lsn_ = 0;  // must be there next time: durable, or after a kill written
  int64_t now_ms_ = 0;
};

TEST(JournalCrashTest, NothingPromisedIsLostAndNothingElseAppears) {
  for (uint64_t seed = 0; seed < kHistories && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed).Run();
  }
}

}  // namespace
}  // namespace leat::persistence
