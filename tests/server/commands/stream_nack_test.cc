#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

constexpr const char* kNoGroup = "-NOGROUP No such key 't' or consumer group 'g'";
constexpr const char* kMode = "-ERR mode must be SILENT, FAIL, or FATAL";
constexpr const char* kBadNumber = "-ERR numids must be a positive integer";
constexpr const char* kTooFew = "-ERR number of IDs doesn't match numids";
constexpr const char* kBadId = "-ERR Invalid stream ID specified as stream command argument";

struct Case {
  const char* call;
  const char* reply;
};

class StreamNackTest : public ::testing::Test {
 protected:
  // Entries 1-0 … `entries`-0 in "t", all pending for c of the group g.
  void Deliver(int entries) {
    for (int i = 1; i <= entries; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
    client.Run("XGROUP CREATE t g 0");
    client.Run("XREADGROUP GROUP g c STREAMS t >");
  }
  std::string Pending() { return client.Run("XPENDING t g - + 10"); }

  TestServer server;
  TestClient client{server};
};

TEST_F(StreamNackTest, ChecksInOrder) {
  client.Run("SET s x");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1"),
            "-ERR wrong number of arguments for 'xnack' command");
  EXPECT_EQ(client.Run("XNACK s g NOSUCH IDS 1 x"),
            "-WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(client.Run("XNACK t g NOSUCH IDS 1 x"), kNoGroup);
  client.Run("XADD t 1-0 n 1");
  EXPECT_EQ(client.Run("XNACK t g NOSUCH IDS 1 x"), kNoGroup);
  client.Run("XGROUP CREATE t g 0");
  const Case cases[] = {
      {"XNACK t g IDS 1 1-0 FAIL", kMode},
      {"XNACK t g NOSUCH NOSUCH 1 x", kMode},
      {"XNACK t g fail IDS 0 1-0", kBadNumber},
      {"XNACK t g fail IDS -1 1-0", kBadNumber},
      {"XNACK t g fail IDS x 1-0", kBadNumber},
      {"XNACK t g fail IDS 2147483648 1-0", kBadNumber},
      {"XNACK t g fail IDS 2147483647 1-0", kTooFew},
      {"XNACK t g fail IDS 2 1-0", kTooFew},
      {"XNACK t g fail IDS 1 1-0 2-0", "-ERR Unrecognized XNACK option '2-0'"},
      {"XNACK t g fail IDS 1 1-0 Fatal", "-ERR Unrecognized XNACK option 'Fatal'"},
      {"XNACK t g fail IDS 1 1-0 RetryCount", "-ERR Unrecognized XNACK option 'RetryCount'"},
      {"XNACK t g fail IDS 1 1-0 IDS", "-ERR Unrecognized XNACK option 'IDS'"},
      {"XNACK t g fail RETRYCOUNT x IDS 1", "-ERR value is not an integer or out of range"},
      {"XNACK t g fail RETRYCOUNT 9223372036854775808 IDS 1",
       "-ERR value is not an integer or out of range"},
      {"XNACK t g fail RETRYCOUNT -1 IDS 1", "-ERR Invalid RETRYCOUNT value, must be >= 0"},
      {"XNACK t g fail RETRYCOUNT 1 FORCE", "-ERR syntax error, expected IDS keyword"},
      {"XNACK t g fail IDS 2 1-0 x", kBadId},
      {"XNACK t g fail IDS 1 +", kBadId},
      {"XNACK t g fail IDS 1 x FORCE IDS 2 1-0 2-0", "1"},  // the last IDS counts
  };
  for (const Case& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
}

TEST_F(StreamNackTest, TheModeSaysWhatIsCounted) {
  Deliver(5);
  EXPECT_EQ(client.Run("XNACK t g SILENT IDS 1 1-0"), "1");
  EXPECT_EQ(client.Run("XNACK t g silent IDS 1 1-0"), "1");  // not below 0
  EXPECT_EQ(client.Run("XNACK t g Fail IDS 1 2-0"), "1");
  EXPECT_EQ(client.Run("XNACK t g FATAL IDS 1 3-0"), "1");
  EXPECT_EQ(client.Run("XNACK t g FATAL IDS 1 4-0 RETRYCOUNT 3 RETRYCOUNT 7"), "1");
  EXPECT_EQ(Pending(),
            "[[\"1-0\" \"\" -1 0] [\"2-0\" \"\" -1 1] [\"3-0\" \"\" -1 9223372036854775807] "
            "[\"4-0\" \"\" -1 7] [\"5-0\" \"c\" 0 1]]");
  // Counting stops at the most.
  EXPECT_EQ(client.Run("XCLAIM t g c 1000 3-0"), "[[\"3-0\" [\"n\" \"1\"]]]");
  EXPECT_EQ(client.Run("XPENDING t g 3 3 1"), "[[\"3-0\" \"c\" 0 9223372036854775807]]");
}

TEST_F(StreamNackTest, CountsWhatItReleases) {
  Deliver(3);
  client.Run("XDEL t 2-0");
  client.Run("XACK t g 3-0");
  // Twice the same counts twice; the entry need not exist; what is not pending is passed over.
  EXPECT_EQ(client.Run("XNACK t g SILENT IDS 5 1-0 1-0 2-0 3-0 9-0 RETRYCOUNT 4"), "3");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"\" -1 4] [\"2-0\" \"\" -1 4]]");
  client.Run("XNACK t g SILENT IDS 2 1-0 1-0");
  EXPECT_EQ(client.Run("XPENDING t g 1 1 1"), "[[\"1-0\" \"\" -1 2]]");
}

TEST_F(StreamNackTest, ForceMakesEntriesPending) {
  Deliver(2);
  for (int i = 3; i <= 6; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 2 3-0 9-0"), "0");
  EXPECT_EQ(client.Run("XNACK t g SILENT FORCE IDS 2 3-0 9-0"), "1");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1 4-0 FORCE"), "1");
  EXPECT_EQ(client.Run("XNACK t g FATAL IDS 1 5-0 FORCE"), "1");
  EXPECT_EQ(client.Run("XNACK t g FATAL IDS 2 6-0 6-0 FORCE RETRYCOUNT 2"), "2");
  EXPECT_EQ(client.Run("XPENDING t g 3 + 10"),
            "[[\"3-0\" \"\" -1 0] [\"4-0\" \"\" -1 0] [\"5-0\" \"\" -1 9223372036854775807] "
            "[\"6-0\" \"\" -1 2]]");
  // The group has not read them by that.
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d COUNT 1 STREAMS t >"),
            "[[\"t\" [[\"3-0\" [\"n\" \"1\"]]]]]");
  EXPECT_EQ(client.Run("XPENDING t g 3 3 1"), "[[\"3-0\" \"d\" 0 1]]");
}

TEST_F(StreamNackTest, TheReleasedAreFirstInFirstOut) {
  Deliver(5);
  server.Advance(1000);
  client.Run("XNACK t g FAIL IDS 3 4-0 2-0 3-0");
  client.Run("XNACK t g FAIL IDS 1 2-0");   // again: behind the others
  client.Run("XCLAIM t g c 0 1-0 TIME 1");  // long ago, and yet behind the released
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d COUNT 5 CLAIM 500 STREAMS t >"),
            "[[\"t\" [[\"4-0\" [\"n\" \"1\"] 1700000001000 1] "
            "[\"3-0\" [\"n\" \"1\"] 1700000001000 1] [\"2-0\" [\"n\" \"1\"] 1700000001000 1] "
            "[\"1-0\" [\"n\" \"1\"] 1700000000999 2] [\"5-0\" [\"n\" \"1\"] 1000 1]]]]");
}

TEST_F(StreamNackTest, OtherCommandsSeeThem) {
  Deliver(3);
  client.Run("XNACK t g FAIL IDS 2 1-0 2-0");
  EXPECT_EQ(client.Run("XPENDING t g"), "[3 \"1-0\" \"3-0\" [[\"c\" \"1\"]]]");
  client.Run("XNACK t g FAIL IDS 1 3-0");
  const Case cases[] = {
      {"XPENDING t g", "[3 \"1-0\" \"3-0\" []]"},
      {"XPENDING t g IDLE 1000 - + 2", "[[\"1-0\" \"\" -1 1] [\"2-0\" \"\" -1 1]]"},
      {"XPENDING t g - + 2 c", "[]"},
      {"XREADGROUP GROUP g c STREAMS t 0", "[[\"t\" []]]"},
      {"XINFO CONSUMERS t g", "[[\"name\" \"c\" \"pending\" 0 \"idle\" 0 \"inactive\" 0]]"},
      {"XAUTOCLAIM t g d 99999 0 COUNT 1", "[\"2-0\" [[\"1-0\" [\"n\" \"1\"]]] []]"},
      {"XCLAIM t g d 99999 2-0 JUSTID", "[\"2-0\"]"},
      {"XPENDING t g - + 2", "[[\"1-0\" \"d\" 0 2] [\"2-0\" \"d\" 0 1]]"},
      {"XGROUP DELCONSUMER t g c", "0"},
      {"XPENDING t g 3 3 1", "[[\"3-0\" \"\" -1 1]]"},
      {"XACK t g 3-0", "1"},
  };
  for (const Case& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
}

TEST_F(StreamNackTest, WakesWhoWaitsToClaim) {
  Deliver(2);
  TestClient waiter(server);
  EXPECT_EQ(waiter.Run("XREADGROUP GROUP g d BLOCK 0 CLAIM 100000 STREAMS t >"), "");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1 9-0"), "0");
  EXPECT_EQ(waiter.Received(), "");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1 2-0"), "1");
  EXPECT_EQ(waiter.Received(), "[[\"t\" [[\"2-0\" [\"n\" \"1\"] 1700000000000 1]]]]");
  EXPECT_EQ(client.Run("XPENDING t g - + 10 d"), "[[\"2-0\" \"d\" 0 2]]");
}

TEST_F(StreamNackTest, ARunIsOneMutation) {
  Deliver(100);
  std::string ids;
  for (int i = 1; i <= 100; ++i) ids += " " + std::to_string(i) + "-0";
  const uint64_t before = server.store.changes();
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 100" + ids), "100");
  EXPECT_EQ(server.store.changes() - before, 1u);
}

TEST_F(StreamNackTest, AnswersTheSameInResp3) {
  client.Run("HELLO 3");
  Deliver(1);
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1 1-0"), "1");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"\" -1 1]]");
}

TEST(StreamNackRecoveryTest, IsAsItWasAfterARestart) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  for (int i = 1; i <= 10; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  client.Run("XGROUP CREATE t g 0");
  client.Run("XREADGROUP GROUP g c COUNT 6 STREAMS t >");
  recorded.server().Advance(100);
  EXPECT_EQ(client.Run("XNACK t g SILENT IDS 3 3-0 1-0 2-0"), "3");
  EXPECT_EQ(client.Run("XNACK t g FATAL IDS 3 8-0 2-0 9-0 FORCE"), "3");
  EXPECT_EQ(client.Run("XNACK t g FAIL IDS 1 4-0 RETRYCOUNT 12"), "1");
  EXPECT_EQ(client.Run("XACK t g 3-0"), "1");
  client.Run("XCLAIM t g d 0 1-0");
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
  EXPECT_EQ(recorded.TextAfterCheckpoint(), before);
}

}  // namespace
}  // namespace leat::testing
