// Seeded histories of a whole server on a disk that fails and loses power at every point. After
// each end of a life the data is recovered and compared with what it was at that LSN: nothing that
// was acknowledged under `appendfsync always` is missing, transactions are there whole or not at
// all.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "persistence/journal.h"
#include "server/store/mutation_codec.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using persistence::Fault;
using persistence::Journal;
using persistence::Lsn;

constexpr int kHistories = 300;
constexpr int kLivesPerHistory = 4;
constexpr int kCallsPerLife = 60;
constexpr size_t kDatabases = 2;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), disk_(seed + 1) {
    states_[0] = TextOf(data::Dataset(kDatabases));
  }

  void Run() {
    for (int life = 0; life < kLivesPerHistory && !::testing::Test::HasFailure(); ++life) {
      Live();
      disk_.ClearFaults();
      OneIn(2) ? disk_.Crash() : disk_.Kill();
    }
    Recover();
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  std::unique_ptr<Journal> Open(data::Dataset& dataset) {
    Journal::Options options;
    options.directory = "/journal";
    options.policy = persistence::SyncPolicy::kAlways;
    options.segment_bytes = 2048;
    options.random_seed = random_();
    options.threaded = false;
    auto journal = Journal::Open(disk_, options, [&dataset](const persistence::Record& record) {
      const std::string error = store::ApplyEncoded(record.payload, dataset);
      return error.empty() ? persistence::Status() : persistence::Status::Error(error);
    });
    EXPECT_TRUE(journal.ok()) << journal.status().message();
    return journal.ok() ? std::move(*journal) : nullptr;
  }

  // What is on the disk is the data as it was at some LSN, and none that was acknowledged is later.
  std::unique_ptr<Journal> Recover() {
    auto dataset = std::make_unique<data::Dataset>(kDatabases);
    std::unique_ptr<Journal> journal = Open(*dataset);
    if (journal == nullptr) return nullptr;
    const Lsn lsn = journal->recovery().last_lsn;
    EXPECT_GE(lsn, acknowledged_lsn_);
    const auto state = states_.find(lsn);
    EXPECT_NE(state, states_.end()) << "a part of a batch was recovered";
    if (state != states_.end()) {
      EXPECT_EQ(TextOf(*dataset), state->second);
    }
    // What was not recovered never was.
    states_.erase(states_.upper_bound(lsn), states_.end());
    recovered_ = std::move(dataset);
    return journal;
  }

  void Live() {
    const std::unique_ptr<Journal> journal = Recover();
    if (journal == nullptr || ::testing::Test::HasFailure()) return;
    ScheduleFaults();
    engine::Config config;
    config.databases = kDatabases;
    config.append_fsync = persistence::SyncPolicy::kAlways;
    config.log_level = engine::LogLevel::kNothing;
    TestServer server(config, journal.get());
    std::swap(server.dataset.databases, recovered_->databases);
    std::swap(server.dataset.schedule, recovered_->schedule);
    TestClient client(server);
    server.clock.Advance(static_cast<int64_t>(lived_ms_));
    for (int i = 0; i < kCallsPerLife; ++i) {
      lived_ms_ += Pick(40);
      server.Advance(static_cast<int64_t>(Pick(40)));
      Note(*journal, server);
      const Lsn before = last_written_lsn_;
      client.Send(Calls());
      Note(*journal, server);
      (void)journal->Step(server.now_ms());
      server.engine.BeginTurn();
      server.engine.JournalAdvanced();
      server.EndTurn();
      client.ReceivedBytes();
      const bool wrote = last_written_lsn_ > before;
      if (wrote && client.session().output.empty()) acknowledged_lsn_ = last_written_lsn_;
    }
    disk_.Stop();
  }

  void Note(const Journal& journal, TestServer& server) {
    last_written_lsn_ = journal.appended_lsn();
    states_[last_written_lsn_] = TextOf(server.dataset);
  }

  void ScheduleFaults() {
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(3); faults > 0; --faults) {
      disk_.FailAt(now + Pick(80), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(3)) disk_.FailAt(now + Pick(100), Fault::kPowerLoss);
  }

  // One call, or a transaction of some: one batch.
  std::string Calls() {
    if (!OneIn(5)) return Encode(OneCall());
    std::string bytes = Encode({"MULTI"});
    for (uint64_t calls = 1 + Pick(4); calls > 0; --calls) bytes += Encode(OneCall());
    return bytes + Encode({"EXEC"});
  }

  std::string Key() { return "key" + std::to_string(Pick(6)); }
  std::string TopicKey() { return "topic" + std::to_string(Pick(3)); }
  std::string Group() { return "group" + std::to_string(Pick(2)); }
  std::string References() { return OneIn(3) ? "KEEPREF" : OneIn(2) ? "DELREF" : "ACKED"; }
  std::string Number(uint64_t bound) { return std::to_string(Pick(bound)); }

  std::vector<std::string> OneCall() {
    switch (Pick(28)) {
      case 0:
        return {"SET", Key(), std::string(Pick(1500), 'x')};
      case 1:
        return {"SET", Key(), Number(1000), "PX", std::to_string(1 + Pick(200))};
      case 2:
        return {"APPEND", Key(), Number(100000)};
      case 3:
        return {"INCRBY", Key(), Number(100)};
      case 4:
        return {"DEL", Key(), TopicKey()};
      case 5:
        return {"PEXPIRE", OneIn(2) ? Key() : TopicKey(), std::to_string(1 + Pick(300))};
      case 6:
        return {"RENAME", Key(), Key()};
      case 7:
        return {"COPY", OneIn(2) ? Key() : TopicKey(), "copy" + Number(2), "REPLACE"};
      case 8:
        return OneIn(3) ? std::vector<std::string>{"SWAPDB", "0", "1"}
                        : std::vector<std::string>{"MOVE", Key(), "1"};
      case 9:
        return OneIn(4) ? std::vector<std::string>{"FLUSHDB"}
                        : std::vector<std::string>{"PERSIST", Key()};
      case 10:
        return {"MSET", Key(), Number(10), Key(), Number(10)};
      case 11:
        return {"SETRANGE", Key(), Number(30), "abc"};
      case 12:
        return {"XADD", TopicKey(), "MAXLEN", "5", "*", "field", Number(1000)};
      case 13:
        return {"XTRIM", TopicKey(), "MAXLEN", Number(6)};
      case 14:
        return {"XDEL", TopicKey(), Number(50) + "-1"};
      case 15:
        return {"XADD", TopicKey(), Number(50) + "-1", "field", std::string(Pick(300), 'y')};
      case 16:
        return {"XGROUP", OneIn(4) ? "DESTROY" : "CREATE", TopicKey(), Group(), "0"};
      case 17:
      case 18:
        return {"XREADGROUP", "GROUP",    Group(), "consumer" + Number(2), "COUNT", "3",
                "STREAMS",    TopicKey(), ">"};
      case 19:
        return {"XACKDEL", TopicKey(), Group(),           References(),
                "IDS",     "2",        Number(50) + "-1", Number(50) + "-1"};
      case 20:
        return {"XDELEX", TopicKey(), References(), "IDS", "1", Number(50) + "-1"};
      case 21:
        return {"XADD", TopicKey(), References(), "MAXLEN", "4", "*", "field", Number(1000)};
      case 22:
        return {"XNACK", TopicKey(), Group(),           OneIn(2) ? "SILENT" : "FATAL",
                "IDS",   "2",        Number(50) + "-1", Number(50) + "-1",
                "FORCE"};
      case 23:
        return {"XCFGSET", TopicKey(), "RETENTION-MS", Number(400), "RETENTION-REFS", References()};
      case 24:
        return {"XCFGSET", TopicKey(), "COMPACT", OneIn(2) ? "field" : ""};
      default:
        return {"XADD", TopicKey(), "*", "field", std::string(Pick(300), 'z'), "n", Number(9)};
    }
  }

  std::mt19937_64 random_;
  persistence::SimulatedDisk disk_;
  std::map<Lsn, std::string> states_;
  std::unique_ptr<data::Dataset> recovered_;
  Lsn last_written_lsn_ = 0;
  Lsn acknowledged_lsn_ = 0;
  uint64_t lived_ms_ = 0;
};

TEST(ServerCrashTest, RecoversWhatWasAcknowledgedAndOnlyWholeBatches) {
  for (uint64_t seed = 1; seed <= kHistories && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed).Run();
  }
}

}  // namespace
}  // namespace leat::testing
