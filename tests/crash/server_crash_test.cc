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

#include "server/base/hash.h"
#include "tests/crash/histories.h"
#include "tests/crash/life.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using persistence::Fault;
using persistence::Lsn;

constexpr int kHistories = Histories(3000);
constexpr int kLivesPerHistory = 4;
constexpr int kCallsPerLife = 60;
constexpr size_t kDatabases = 2;

// What all histories together have come to.
struct Reached {
  uint64_t checkpoints = 0, recovered_checkpoints = 0, evictions = 0, fetches = 0, waits = 0;
  uint64_t segments = 0;
};

class History {
 public:
  History(uint64_t seed, Reached& reached)
      : reached_(reached), random_(seed), disk_(seed + 1), large_(seed % 3 == 0) {
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

  // A server with what is on the disk: the data as it was at some LSN, and none that was
  // acknowledged is later.
  std::unique_ptr<Life> Recover() {
    auto life = std::make_unique<Life>(
        disk_, Life::Options{.seed = random_(),
                             .start_ms = static_cast<int64_t>(lived_ms_),
                             .databases = kDatabases,
                             .journal_segment_bytes = large_ ? size_t{128} << 10 : 2048,
                             .block_segment_bytes = size_t{200} << 10,
                             .topic_memory_bytes = size_t{100} << 10});
    if (!life->ok()) return nullptr;
    const Lsn lsn = life->recovered_lsn();
    EXPECT_GE(lsn, acknowledged_lsn_);
    const auto state = states_.find(lsn);
    EXPECT_NE(state, states_.end()) << "a part of a batch was recovered";
    if (state != states_.end()) {
      EXPECT_EQ(Digest(life->Text()), state->second);
    }
    // What was not recovered never was.
    states_.erase(states_.upper_bound(lsn), states_.end());
    return life;
  }

  void Live() {
    const std::unique_ptr<Life> life = Recover();
    if (life == nullptr || ::testing::Test::HasFailure()) return;
    ScheduleFaults();
    TestServer& server = life->server();
    for (int i = 0; i < kCallsPerLife; ++i) {
      lived_ms_ += Pick(40);
      server.Advance(static_cast<int64_t>(Pick(large_ ? 200 : 40)));
      Note(*life);
      const Lsn before = last_written_lsn_;
      // One batch at a time: what waits for blocks comes first.
      if (life->client().session().parked == nullptr) life->client().Send(Calls());
      Note(*life);
      if (OneIn(3)) life->StepCheckpoint(Pick(30));
      if (OneIn(9)) life->pager().Reclaim();
      life->StepDisk();
      Note(*life);
      life->client().ReceivedBytes();
      const bool wrote = last_written_lsn_ > before;
      if (wrote && life->client().session().output.empty()) acknowledged_lsn_ = last_written_lsn_;
    }
    reached_.checkpoints += life->checkpointer().report().completed;
    reached_.recovered_checkpoints += life->recovered_from_checkpoint() ? 1 : 0;
    reached_.evictions += life->pager().evictions();
    reached_.fetches += life->pager().fetches();
    reached_.waits += life->pager().waits();
    reached_.segments += life->pager().blocks().usage().segments;
  }

  void Note(Life& life) {
    const Lsn lsn = life.journal().appended_lsn();
    if (lsn == last_written_lsn_ && states_.contains(lsn)) return;
    last_written_lsn_ = lsn;
    states_[lsn] = Digest(life.Text());
  }

  // Long texts are kept by their hash.
  static std::string Digest(const std::string& text) {
    constexpr size_t kLong = 8192;
    if (text.size() < kLong) return text;
    const base::Hash128 hash = base::HashBytes128({text});
    return std::to_string(text.size()) + " bytes, " + std::to_string(hash.low) + " " +
           std::to_string(hash.high);
  }

  void ScheduleFaults() {
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(3); faults > 0; --faults) {
      disk_.FailAt(now + Pick(250), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(3)) disk_.FailAt(now + Pick(300), Fault::kPowerLoss);
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

  // What seals blocks, reads them back and takes them away.
  std::vector<std::string> LargeCall() {
    switch (Pick(10)) {
      case 0:
        return {"XRANGE", "topic0", "-", "+", "COUNT", std::to_string(1 + Pick(30))};
      case 1:
        return {"XREVRANGE", "topic0", "+", "-", "COUNT", Number(30)};
      case 2:
        return {"XREADGROUP", "GROUP",  "group0", "consumer" + Number(2), "COUNT", "3",
                "STREAMS",    "topic0", ">"};
      case 3:
        return {"XTRIM", "topic0", "MAXLEN", OneIn(2) ? "=" : "~", std::to_string(5 + Pick(20))};
      case 4:
        return OneIn(3) ? std::vector<std::string>{"COPY", "topic0", "copy0", "REPLACE"}
                        : std::vector<std::string>{"XGROUP", "CREATE", "topic0", "group0", "0"};
      default:
        return {
            "XADD", "topic0",    "MAXLEN", "24", "*", "field", std::string(2000 + Pick(25000), 'z'),
            "n",    Number(1000)};
    }
  }

  std::vector<std::string> OneCall() {
    if (large_ && !OneIn(6)) return LargeCall();
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

  Reached& reached_;
  std::mt19937_64 random_;
  persistence::SimulatedDisk disk_;
  std::map<Lsn, std::string> states_;
  const bool large_;  // with entries so large that blocks are sealed
  Lsn last_written_lsn_ = 0;
  Lsn acknowledged_lsn_ = 0;
  uint64_t lived_ms_ = 0;
};

TEST(ServerCrashTest, RecoversWhatWasAcknowledgedAndOnlyWholeBatches) {
  Reached reached;
  for (uint64_t seed = 1; seed <= kHistories && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed, reached).Run();
  }
  EXPECT_GT(reached.checkpoints, kHistories);
  EXPECT_GT(reached.recovered_checkpoints, kHistories);
  EXPECT_GT(reached.evictions, kHistories);
  EXPECT_GT(reached.fetches, kHistories);
  EXPECT_GT(reached.waits, kHistories / 10);
}

}  // namespace
}  // namespace leat::testing
