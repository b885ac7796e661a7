// A client that tries each append again until it has seen a reply, on a disk that fails and loses
// power at every point: whatever became of the first attempt, each message is in the topic once, in
// its place, and the reply is its entry's ID.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/histories.h"
#include "tests/crash/life.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using persistence::Fault;
using persistence::Lsn;
using persistence::SimulatedDisk;

std::vector<std::string> Append(const std::string& iid) {
  return {"XADD", "topic", "IDMP", "producer", iid, "*", "n", iid};
}

TEST(IdempotencyCrashTest, ARetryAfterARestartIsKnown) {
  SimulatedDisk disk;
  std::string first;
  {
    Life life(disk, {});
    first = life.Run(Append("1"));
    EXPECT_EQ(first, "\"1700000000000-0\"");
    EXPECT_EQ(life.Run(Append("1")), first);
    EXPECT_EQ(life.Run({"XCFGSET", "other", "IDMP-DURATION", "1"}), "-ERR no such key");
  }
  disk.Crash();
  Life life(disk, {.start_ms = 50});
  EXPECT_EQ(life.Run(Append("1")), first);
  EXPECT_EQ(life.Run({"XLEN", "topic"}), "1");
  const std::string info = life.Run({"XINFO", "STREAM", "topic"});
  EXPECT_NE(info.find("\"iids-added\" 1 \"iids-duplicates\" 2 "), std::string::npos) << info;
  // In its time it is forgotten, whatever was restarted meanwhile.
  life.server().Advance(99'949);
  EXPECT_EQ(life.Run(Append("1")), first);
  life.server().Advance(1);
  EXPECT_NE(life.Run(Append("1")), first);
}

TEST(IdempotencyCrashTest, ARetryOfAnAppendWhoseReplyWasLostIsKnown) {
  SimulatedDisk disk;
  {
    Life life(disk, {});
    life.client().Send(Encode(Append("1")));
    life.StepDisk();
    life.client().Send(Encode(Append("2")));
  }
  disk.Crash();
  Life life(disk, {.start_ms = 50});
  EXPECT_EQ(life.Run({"XLEN", "topic"}), "1");
  EXPECT_EQ(life.Run(Append("1")), "\"1700000000000-0\"");
  EXPECT_EQ(life.Run(Append("2")), "\"1700000000050-0\"");
  EXPECT_EQ(life.Run({"XLEN", "topic"}), "2");
}

TEST(IdempotencyCrashTest, TheSettingsOfATopicAreThoseOfItsCreation) {
  SimulatedDisk disk;
  {
    engine::Config config;
    config.stream_idempotency = {7, 9};
    Life life(disk, {.config = config});
    life.Run(Append("1"));
    life.Run({"CONFIG", "SET", "stream-idmp-maxsize", "50"});
    life.Run({"XGROUP", "CREATE", "grouped", "group", "0", "MKSTREAM"});
  }
  disk.Kill();
  Life life(disk, {});
  const std::string info = life.Run({"XINFO", "STREAM", "topic"});
  EXPECT_NE(info.find("\"idmp-duration\" 7 \"idmp-maxsize\" 9 "), std::string::npos) << info;
  const std::string grouped = life.Run({"XINFO", "STREAM", "grouped"});
  EXPECT_NE(grouped.find("\"idmp-duration\" 7 \"idmp-maxsize\" 50 "), std::string::npos) << grouped;
}

class RetryHistory {
 public:
  explicit RetryHistory(uint64_t seed) : random_(seed), disk_(seed + 1) {
    states_[0] = TextOf(data::Dataset(1));
  }

  void Run() {
    constexpr int kLives = 5;
    for (int life = 0; life < kLives && !::testing::Test::HasFailure(); ++life) {
      Live(true);
      disk_.ClearFaults();
      OneIn(2) ? disk_.Crash() : disk_.Kill();
    }
    if (!::testing::Test::HasFailure()) Live(false);
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  void Live(bool with_faults) {
    constexpr int kCalls = 40;
    Life life(disk_, {.seed = random_(), .start_ms = lived_ms_});
    if (!life.ok()) return;
    const auto state = states_.find(life.recovered_lsn());
    ASSERT_NE(state, states_.end()) << "a part of a batch was recovered";
    ASSERT_EQ(life.Text(), state->second);
    states_.erase(states_.upper_bound(life.recovered_lsn()), states_.end());
    CheckMessages(life);
    if (with_faults) ScheduleFaults();
    for (int i = 0; i < kCalls && life.journal().status().ok() && !::testing::Test::HasFailure();
         ++i) {
      const auto passed = static_cast<int64_t>(Pick(1500));
      lived_ms_ += passed;
      life.server().Advance(passed);
      if (OneIn(6)) {
        (void)life.Run(Other());
      } else {
        Send(life);
      }
      states_[life.journal().appended_lsn()] = life.Text();
      if (OneIn(3)) life.StepCheckpoint(Pick(10));
    }
  }

  // The next message, which is the last one again until its reply was seen.
  void Send(Life& life) {
    const std::string reply = life.Run(Append(std::to_string(replies_.size())));
    if (reply.empty() || reply.starts_with("-")) return;
    if (!OneIn(4)) replies_.push_back(reply);  // else it is lost on its way
  }

  // What comes between and may not disturb it.
  std::vector<std::string> Other() {
    switch (Pick(4)) {
      case 0:
        return {"XADD", "topic", "IDMPAUTO", "other", "*", "noise", std::to_string(Pick(5))};
      case 1:
        return {"XADD", "topic", "IDMP", "p" + std::to_string(Pick(9)), "1", "*", "noise", "1"};
      case 2:
        return {"COPY", "topic", "copy", "REPLACE"};
      default:
        return {"XADD", "copy", "MAXLEN", "3", "IDMP", "producer", "1", "*", "noise", "1"};
    }
  }

  // Every message whose reply was seen, and perhaps the next, is there once, in order.
  void CheckMessages(Life& life) {
    std::string text = life.Run({"XRANGE", "topic", "-", "+"});
    size_t at = 0;
    size_t n = 0;
    for (; (at = text.find("[\"n\" \"", at)) != std::string::npos; ++n) {
      const std::string fields = "[\"n\" \"" + std::to_string(n) + "\"]";
      ASSERT_EQ(text.substr(at, fields.size()), fields);
      if (n < replies_.size()) {
        const std::string entry = "[" + replies_[n] + " " + fields + "]";
        ASSERT_NE(text.find(entry), std::string::npos) << entry;
      }
      at += fields.size();
    }
    ASSERT_GE(n, replies_.size());
    ASSERT_LE(n, replies_.size() + 1);
  }

  void ScheduleFaults() {
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(2); faults > 0; --faults) {
      disk_.FailAt(now + Pick(80), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(4)) disk_.FailAt(now + Pick(100), Fault::kPowerLoss);
  }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  std::vector<std::string> replies_;  // of message 0, 1, …
  std::map<Lsn, std::string> states_;
  int64_t lived_ms_ = 0;
};

TEST(IdempotencyCrashTest, EachMessageIsThereOnceHoweverOftenItWasTried) {
  for (int seed = 1; seed <= Histories(1500) && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RetryHistory(seed).Run();
  }
}

}  // namespace
}  // namespace leat::testing
