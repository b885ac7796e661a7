// XREADGROUP BLOCK: who is served when, and what ends a wait. What the two kinds of waiting calls
// share, lanes and retries, is in engine/blocking_test.cc.
#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr const char* kGone = "-UNBLOCKED the stream key no longer exists";
constexpr const char* kNoGroup =
    "-NOGROUP the consumer group this client was blocked on no longer exists";

std::string Entry(int id) {
  return "[\"" + std::to_string(id) + "-0\" [\"n\" \"x\"]]";
}
std::string Entry(int id, int64_t idle_ms, int64_t count) {
  std::string text = Entry(id);
  text.pop_back();
  return text + " " + std::to_string(idle_ms) + " " + std::to_string(count) + "]";
}
// A reply with entries of one stream.
std::string From(const std::string& key, const std::string& entries) {
  return "[[\"" + key + "\" [" + entries + "]]]";
}

class StreamReadGroupBlockingTest : public ::testing::Test {
 protected:
  StreamReadGroupBlockingTest() {
    other.Run("XADD t 1-0 n x");
    other.Run("XGROUP CREATE t g $");
  }

  TestClient& Waiter(const std::string& line, bool resp3 = false) {
    TestClient& client = clients.emplace_back(server);
    if (resp3) client.Run("HELLO 3");
    EXPECT_EQ(client.Run(line), "") << line;
    return client;
  }
  TestClient& Reader(const std::string& options = "") {
    return Waiter("XREADGROUP GROUP g c BLOCK 0 " + options + " STREAMS t >");
  }
  void Transaction(const std::vector<std::string>& calls) {
    other.Run("MULTI");
    for (const std::string& call : calls) other.Run(call);
    other.Run("EXEC");
  }
  // How often a reader has looked at a key.
  uint64_t Looks() const {
    const engine::Statistics& statistics = server.engine.statistics;
    return statistics.keyspace_hits + statistics.keyspace_misses;
  }

  TestServer server;
  TestClient other{server};
  std::deque<TestClient> clients;
};

TEST_F(StreamReadGroupBlockingTest, FirstComeFirstServed) {
  TestClient& first = Reader();
  TestClient& second = Reader("NOACK");
  TestClient& third = Reader("CLAIM 5000");
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(first.Received(), From("t", Entry(2)));
  EXPECT_EQ(second.Received(), "");
  other.Run("XADD t 3-0 n x");
  EXPECT_EQ(second.Received(), From("t", Entry(3)));
  EXPECT_EQ(third.Received(), "");
  other.Run("XADD t 4-0 n x");
  EXPECT_EQ(third.Received(), From("t", Entry(4, 0, 0)));
  EXPECT_EQ(other.Run("XPENDING t g - + 10"), "[[\"2-0\" \"c\" 0 1] [\"4-0\" \"c\" 0 1]]");
}

TEST_F(StreamReadGroupBlockingTest, EveryGroupAndEveryReaderWithoutOneGetsIt) {
  other.Run("XGROUP CREATE t h $");
  TestClient& first = Reader();
  TestClient& alone = Waiter("XREAD BLOCK 0 STREAMS t $", true);
  TestClient& of_other = Waiter("XREADGROUP GROUP h c BLOCK 0 STREAMS t >", true);
  TestClient& second = Reader();
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(first.Received(), From("t", Entry(2)));
  EXPECT_EQ(alone.Received(), "{\"t\": [" + Entry(2) + "]}");
  EXPECT_EQ(of_other.Received(), "{\"t\": [" + Entry(2) + "]}");
  EXPECT_EQ(second.Received(), "");
}

TEST_F(StreamReadGroupBlockingTest, ATransactionIsSharedOutInOrderByCount) {
  TestClient& one = Reader("COUNT 1");
  TestClient& reads_two = Waiter("XREAD BLOCK 0 COUNT 2 STREAMS t $");
  TestClient& two = Reader("COUNT 2");
  TestClient& rest = Reader();
  TestClient& late = Reader();
  Transaction({"XADD t 2-0 n x", "XADD t 3-0 n x", "XADD t 4-0 n x", "XADD t 5-0 n x"});
  EXPECT_EQ(one.Received(), From("t", Entry(2)));
  EXPECT_EQ(reads_two.Received(), From("t", Entry(2) + " " + Entry(3)));
  EXPECT_EQ(two.Received(), From("t", Entry(3) + " " + Entry(4)));
  EXPECT_EQ(rest.Received(), From("t", Entry(5)));
  EXPECT_EQ(late.Received(), "");
}

TEST_F(StreamReadGroupBlockingTest, FindingNothingDoesNotRestartTheTimeout) {
  const char* const call = "XREADGROUP GROUP g c BLOCK 100 STREAMS t >";
  TestClient& two = Waiter(call);
  TestClient& three = Waiter(call, true);
  server.Advance(60);
  const uint64_t looks = Looks();
  Transaction({"XADD t 2-0 n x", "XREADGROUP GROUP g d STREAMS t >"});
  EXPECT_GT(Looks(), looks + 1);  // the transaction's own, and the first reader's
  Transaction({"XADD t 3-0 n x", "XDEL t 3-0"});
  other.Run("XADD t MAXLEN 0 4-0 n x");
  other.Run("XGROUP SETID t g $");
  server.Advance(40);
  EXPECT_EQ(two.Received() + three.Received(), "");
  server.Advance(1);
  EXPECT_EQ(two.Received(), "nil");
  EXPECT_EQ(three.Received(), "nil");
}

TEST_F(StreamReadGroupBlockingTest, DoesNotWaitInATransactionNorForHistory) {
  Transaction({"PING"});
  other.Run("MULTI");
  other.Run("XREADGROUP GROUP g c BLOCK 0 STREAMS t >");
  other.Run("XREADGROUP GROUP g c BLOCK 0 CLAIM 10 STREAMS t >");
  EXPECT_EQ(other.Run("EXEC"), "[nil nil]");
  EXPECT_EQ(other.Run("XREADGROUP GROUP g c BLOCK 0 STREAMS t 0"), "[[\"t\" []]]");
  EXPECT_EQ(other.Run("XREADGROUP GROUP g c BLOCK 0 STREAMS t t > 0"), "[[\"t\" []]]");
}

// A wait ends with the key, the stream, or the group under which it waits; not that of XREAD.
TEST(StreamReadGroupEndTest, ChangesUnderneath) {
  const std::string one = From("t", Entry(1));
  const std::string nine = From("t", Entry(9));
  const struct {
    std::vector<const char*> calls;
    std::string first, second, alone;  // what the group's readers get, and who reads without one
  } cases[] = {
      {{"DEL t"}, kGone, kGone, ""},
      {{"UNLINK t"}, kGone, kGone, ""},
      {{"SET t x"}, kGone, kGone, ""},
      {{"FLUSHDB"}, kGone, kGone, ""},
      {{"FLUSHALL"}, kGone, kGone, ""},
      {{"PEXPIRE t 10"}, kGone, kGone, ""},
      {{"EXPIREAT t 1"}, kGone, kGone, ""},
      {{"MOVE t 1"}, kGone, kGone, ""},
      {{"RENAME t v"}, kGone, kGone, ""},
      {{"SET v x", "RENAME v t"}, kGone, kGone, ""},
      {{"SET v x", "COPY v t REPLACE"}, kGone, kGone, ""},
      {{"RENAME u t"}, kNoGroup, kNoGroup, nine},
      {{"XGROUP CREATE u g 0", "RENAME u t"}, nine, "", nine},
      {{"XGROUP CREATE u g 0", "COPY u t REPLACE"}, nine, "", nine},
      {{"XGROUP CREATE u g $", "RENAME u t"}, "", "", nine},
      {{"RENAME t v", "RENAME v t"}, kGone, kGone, ""},
      {{"SWAPDB 0 1"}, kGone, kGone, ""},
      {{"SELECT 1", "SET t x", "SWAPDB 0 1"}, kGone, kGone, ""},
      {{"SELECT 1", "XADD t 9-0 n x", "SWAPDB 1 0"}, kNoGroup, kNoGroup, nine},
      {{"SELECT 1", "XADD t 9-0 n x", "XGROUP CREATE t g 0", "SWAPDB 0 1"}, nine, "", nine},
      {{"XGROUP DESTROY t g"}, kNoGroup, kNoGroup, ""},
      {{"XGROUP DESTROY t h"}, "", "", ""},
      {{"XGROUP SETID t g 0"}, "", "", ""},
      {{"XSETID t 7-0"}, "", "", ""},
      {{"XTRIM t MAXLEN 0"}, "", "", ""},
      {{"XDEL t 1-0"}, "", "", ""},
      {{"MULTI", "DEL t", "SET t x", "EXEC"}, kGone, kGone, ""},
      {{"MULTI", "XADD t 9-0 n x", "DEL t", "EXEC"}, kGone, kGone, ""},
      {{"MULTI", "DEL t", "XADD t 9-0 n x", "EXEC"}, kNoGroup, kNoGroup, nine},
      {{"MULTI", "DEL t", "XADD t 9-0 n x", "XGROUP CREATE t g 0", "EXEC"}, nine, "", nine},
      {{"MULTI", "RENAME t v", "RENAME v t", "EXEC"}, "", "", ""},
      {{"MULTI", "XGROUP DESTROY t g", "XGROUP CREATE t g $", "EXEC"}, "", "", ""},
      {{"MULTI", "XGROUP DESTROY t g", "XGROUP CREATE t g 0", "EXEC"}, one, "", ""},
  };
  for (const auto& change : cases) {
    std::string calls;
    for (const char* call : change.calls) calls.append(call).append("; ");
    TestServer server;
    TestClient other(server);
    for (const char* call :
         {"XADD t 1-0 n x", "XGROUP CREATE t g $", "XGROUP CREATE t h $", "XADD u 9-0 n x"}) {
      other.Run(call);
    }
    TestClient first(server);
    TestClient second(server);
    TestClient alone(server);
    first.Run("XREADGROUP GROUP g c BLOCK 0 STREAMS t >");
    second.Run("XREADGROUP GROUP g d BLOCK 0 STREAMS t >");
    alone.Run("XREAD BLOCK 0 STREAMS t $");
    for (const char* call : change.calls) other.Run(call);
    server.Advance(20);
    EXPECT_EQ(first.Received(), change.first) << calls;
    EXPECT_EQ(second.Received(), change.second) << calls;
    EXPECT_EQ(alone.Received(), change.alone) << calls;
  }
}

TEST_F(StreamReadGroupBlockingTest, WhatEndsAWaitIsAnErrorAsAnyOther) {
  TestClient& reader = Reader();
  other.Run("XGROUP DESTROY t g");
  EXPECT_EQ(reader.Received(), kNoGroup);
  const std::string stats = other.Run("INFO commandstats");
  EXPECT_NE(stats.find("cmdstat_xreadgroup:calls=1,"), std::string::npos) << stats;
  EXPECT_NE(stats.find("failed_calls=1"), std::string::npos) << stats;
  EXPECT_NE(other.Run("INFO errorstats").find("errorstat_NOGROUP:count=1"), std::string::npos);
  EXPECT_EQ(reader.Run("PING"), "PONG");
}

TEST_F(StreamReadGroupBlockingTest, TheConsumerMayGoMeanwhile) {
  TestClient& reader = Reader();
  EXPECT_EQ(other.Run("XGROUP DELCONSUMER t g c"), "0");
  EXPECT_EQ(reader.Received(), "");
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(reader.Received(), From("t", Entry(2)));
  EXPECT_EQ(other.Run("XPENDING t g - + 10"), "[[\"2-0\" \"c\" 0 1]]");
}

TEST_F(StreamReadGroupBlockingTest, AnEmptiedStreamIsWaitedFor) {
  other.Run("XDEL t 1-0");
  TestClient& reader = Reader();
  TestClient& alone = Waiter("XREAD BLOCK 0 STREAMS t 0");
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(reader.Received(), From("t", Entry(2)));
  EXPECT_EQ(alone.Received(), From("t", Entry(2)));
}

TEST_F(StreamReadGroupBlockingTest, WaitsUnderSeveralStreams) {
  for (const char* key : {"u", "v"}) {
    other.Run("XGROUP CREATE " + std::string(key) + " g $ MKSTREAM");
  }
  const std::string call = "XREADGROUP GROUP g c BLOCK 0 STREAMS ";
  TestClient& all = Waiter(call + "t u v > > >");
  TestClient& two = Waiter(call + "u t > >");
  TestClient& twice = Waiter(call + "v v > >");
  TestClient& last = Waiter(call + "v u > >");
  other.Run("XADD u 2-0 n x");
  EXPECT_EQ(all.Received(), From("u", Entry(2)));
  other.Run("XADD v 2-0 n x");
  EXPECT_EQ(twice.Received(), From("v", Entry(2)));
  EXPECT_EQ(two.Received() + last.Received(), "");
  Transaction({"XADD t 2-0 n x", "XADD u 3-0 n x", "XADD v 3-0 n x"});
  EXPECT_EQ(two.Received(), "[[\"u\" [" + Entry(3) + "]] [\"t\" [" + Entry(2) + "]]]");
  EXPECT_EQ(last.Received(), From("v", Entry(3)));
  EXPECT_EQ(server.engine.blocking.waiting(), 0u);
  TestClient& gone = Waiter(call + "t u v > > >");
  TestClient& stays = Waiter(call + "u v > >");
  other.Run("DEL t");
  EXPECT_EQ(gone.Received(), kGone);
  EXPECT_EQ(stays.Received(), "");
}

TEST_F(StreamReadGroupBlockingTest, OtherDatabasesAndKeysDoNotConcernIt) {
  TestClient& reader = Reader();
  other.Run("SELECT 1");
  other.Run("XADD t 2-0 n x");
  other.Run("XGROUP CREATE t g 0");
  other.Run("FLUSHDB");
  EXPECT_EQ(reader.Received(), "");
  EXPECT_EQ(server.engine.blocking.waiting(), 1u);
}

TEST_F(StreamReadGroupBlockingTest, WhoGoesAwayLeavesHisPlace) {
  auto gone = std::make_unique<TestClient>(server);
  gone->Run("XREADGROUP GROUP g c BLOCK 0 STREAMS t >");
  TestClient& timed_out = Waiter("XREADGROUP GROUP g c BLOCK 50 STREAMS t >");
  TestClient& killed = Reader();
  TestClient& unblocked = Reader();
  TestClient& refused = Reader();
  TestClient& last = Reader();
  gone.reset();
  server.Advance(51);
  EXPECT_EQ(timed_out.Received(), "nil");
  other.Run("CLIENT KILL ID " + std::to_string(killed.session().id));
  other.Run("CLIENT UNBLOCK " + std::to_string(unblocked.session().id));
  EXPECT_EQ(unblocked.Received(), "nil");
  other.Run("CLIENT UNBLOCK " + std::to_string(refused.session().id) + " ERROR");
  EXPECT_EQ(refused.Received(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(last.Received(), From("t", Entry(2)));
}

TEST_F(StreamReadGroupBlockingTest, AnEntryCostsOneReaderHoweverManyWait) {
  constexpr size_t kReaders = 10'000;
  server.config.max_clients = kReaders + 1;
  for (size_t i = 0; i < kReaders; ++i) Reader();
  uint64_t looks = Looks();
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(clients[0].Received(), From("t", Entry(2)));
  EXPECT_LE(Looks(), looks + 2);  // who is served, and who is next
  looks = Looks();
  Transaction({"XADD t 3-0 n x", "XREADGROUP GROUP g d STREAMS t >"});
  EXPECT_LE(Looks(), looks + 2);
  EXPECT_EQ(server.engine.blocking.waiting(), kReaders - 1);
  for (size_t i = 1; i < kReaders; ++i) ASSERT_EQ(clients[i].Received(), "");
}

// Waiting until a pending entry has come of age.
class StreamClaimBlockingTest : public StreamReadGroupBlockingTest {
 protected:
  // Entry `id`-0, pending for "owner" since now.
  void Deliver(int id, const std::string& key = "t") {
    other.Run("XADD " + key + " " + std::to_string(id) + "-0 n x");
    other.Run("XREADGROUP GROUP g owner STREAMS " + key + " >");
  }
};

TEST_F(StreamClaimBlockingTest, AnEntryOfAgeWakesOneReader) {
  constexpr size_t kReaders = 1000;
  Deliver(2);
  for (size_t i = 0; i < kReaders; ++i) Reader("CLAIM 100");
  EXPECT_EQ(server.engine.NextTimerMs(), server.now_ms() + 100);
  server.Advance(99);
  uint64_t looks = Looks();
  EXPECT_EQ(clients[0].Received(), "");
  server.Advance(1);
  EXPECT_EQ(clients[0].Received(), From("t", Entry(2, 100, 1)));
  EXPECT_LE(Looks(), looks + 3);
  EXPECT_EQ(server.engine.blocking.waiting(), kReaders - 1);
  looks = Looks();
  server.Advance(100);
  EXPECT_EQ(clients[1].Received(), From("t", Entry(2, 100, 2)));
  EXPECT_LE(Looks(), looks + 3);
  EXPECT_EQ(other.Run("XPENDING t g - + 10"), "[[\"2-0\" \"c\" 0 3]]");
}

TEST_F(StreamClaimBlockingTest, EntriesOfAgeAreSharedOutByCount) {
  Deliver(2);
  Deliver(3);
  Deliver(4);
  TestClient& one = Reader("COUNT 1 CLAIM 100");
  TestClient& two = Waiter("XREADGROUP GROUP g d BLOCK 0 CLAIM 100 STREAMS t >", true);
  TestClient& none = Reader("CLAIM 100");
  server.Advance(100);
  EXPECT_EQ(one.Received(), From("t", Entry(2, 100, 1)));
  EXPECT_EQ(two.Received(), "{\"t\": [" + Entry(3, 100, 1) + " " + Entry(4, 100, 1) + "]}");
  EXPECT_EQ(none.Received(), "");
}

TEST_F(StreamClaimBlockingTest, DifferentAgesWaitApart) {
  Deliver(2);
  TestClient& late = Reader("CLAIM 200");
  TestClient& soon = Reader("CLAIM 100");
  TestClient& never = Reader();
  server.Advance(100);
  EXPECT_EQ(late.Received(), "");
  EXPECT_EQ(soon.Received(), From("t", Entry(2, 100, 1)));
  server.Advance(199);
  EXPECT_EQ(late.Received(), "");
  server.Advance(1);
  EXPECT_EQ(late.Received(), From("t", Entry(2, 200, 2)));
  EXPECT_EQ(never.Received(), "");
}

TEST_F(StreamClaimBlockingTest, SeesWhatBecamePendingMeanwhile) {
  TestClient& reader = Reader("CLAIM 100");
  server.Advance(70);
  Transaction({"XADD t 2-0 n x", "XREADGROUP GROUP g owner STREAMS t >"});
  server.Advance(99);
  EXPECT_EQ(reader.Received(), "");
  server.Advance(1);
  EXPECT_EQ(reader.Received(), From("t", Entry(2, 100, 1)));
}

TEST_F(StreamClaimBlockingTest, WhatIsNewComesWithoutWhatIsTooYoung) {
  Deliver(2);
  TestClient& reader = Reader("CLAIM 100");
  server.Advance(50);
  other.Run("XADD t 3-0 n x");
  EXPECT_EQ(reader.Received(), From("t", Entry(3, 0, 0)));
  TestClient& next = Reader("CLAIM 100");
  server.Advance(50);
  EXPECT_EQ(next.Received(), From("t", Entry(2, 100, 1)));
}

TEST_F(StreamClaimBlockingTest, AWakeUpInVainKeepsTheDeadline) {
  Deliver(2);
  Deliver(3);
  TestClient& reader = Reader("BLOCK 150 CLAIM 100");
  server.Advance(50);
  other.Run("XACK t g 2-0");
  other.Run("XCLAIM t g owner 0 3-0");  // young again
  server.Advance(50);
  EXPECT_EQ(reader.Received(), "");
  server.Advance(49);
  EXPECT_EQ(reader.Received(), "");
  server.Advance(1);  // of age in the last millisecond of the wait
  EXPECT_EQ(reader.Received(), From("t", Entry(3, 100, 2)));
  TestClient& vain = Waiter("XREADGROUP GROUP g c BLOCK 60 CLAIM 50 STREAMS t >");
  server.Advance(30);
  other.Run("XACK t g 3-0");
  server.Advance(30);
  EXPECT_EQ(vain.Received(), "");
  server.Advance(1);
  EXPECT_EQ(vain.Received(), "nil");
}

TEST_F(StreamClaimBlockingTest, AnEntryMadeOldIsClaimedAtOnce) {
  Deliver(2);
  TestClient& reader = Reader("CLAIM 100");
  other.Run("XCLAIM t g owner 0 2-0 IDLE 99");
  EXPECT_EQ(reader.Received(), "");
  other.Run("XCLAIM t g owner 0 2-0 IDLE 100 JUSTID");
  EXPECT_EQ(reader.Received(), From("t", Entry(2, 100, 2)));
}

TEST_F(StreamClaimBlockingTest, ReleasedEntriesGoToWhoClaims) {
  Deliver(2);
  Deliver(3);
  TestClient& plain = Reader();
  TestClient& first = Reader("COUNT 1 CLAIM 9000");
  TestClient& second = Reader("CLAIM 8000");
  other.Run("XNACK t g SILENT IDS 2 3-0 2-0");
  EXPECT_EQ(plain.Received(), "");
  EXPECT_EQ(first.Received(), From("t", Entry(3, server.now_ms(), 0)));
  EXPECT_EQ(second.Received(), From("t", Entry(2, server.now_ms(), 0)));
}

TEST_F(StreamClaimBlockingTest, PassesOverWhatIsGoneFromTheStream) {
  Deliver(2);
  server.Advance(40);
  Deliver(3);
  other.Run("XDEL t 2-0");
  TestClient& reader = Reader("CLAIM 100");
  server.Advance(99);
  EXPECT_EQ(reader.Received(), "");
  server.Advance(1);
  EXPECT_EQ(reader.Received(), From("t", Entry(3, 100, 1)));
}

TEST_F(StreamClaimBlockingTest, WaitsUnderSeveralStreams) {
  other.Run("XGROUP CREATE u g $ MKSTREAM");
  Deliver(2);
  server.Advance(10);
  Deliver(7, "u");
  TestClient& reader = Waiter("XREADGROUP GROUP g c BLOCK 0 CLAIM 100 STREAMS u t > >");
  server.Advance(90);
  EXPECT_EQ(reader.Received(), From("t", Entry(2, 100, 1)));
}

TEST_F(StreamClaimBlockingTest, AnAgeBeyondAllTimeIsNeverReached) {
  const std::string call = "XREADGROUP GROUP g c BLOCK 50 CLAIM 9223372036854775807 STREAMS t >";
  TestClient& first = Waiter(call);
  Deliver(2);
  EXPECT_NE(first.Received(), "");  // as new
  TestClient& second = Waiter(call);
  EXPECT_EQ(server.engine.blocking.NextRetryMs(), std::numeric_limits<int64_t>::max());
  server.Advance(51);
  EXPECT_EQ(second.Received(), "nil");
}

// The name of a group is any bytes: it must not pass for another group with an age.
TEST_F(StreamClaimBlockingTest, NoNameOfAGroupHoldsUpAnother) {
  Deliver(2);
  std::deque<std::string> names;
  for (const std::string& separator : {std::string(1, '\0'), std::string(":")}) {
    names.push_back("g" + separator + "100");
    names.push_back("100" + separator + "g");
  }
  for (const std::string& name : names) {
    other.Call({"XGROUP", "CREATE", "t", name, "$"});
    TestClient& client = clients.emplace_back(server);
    client.Call({"XREADGROUP", "GROUP", name, "c", "BLOCK", "0", "STREAMS", "t", ">"});
  }
  TestClient& reader = Reader("CLAIM 100");
  server.Advance(100);
  EXPECT_EQ(reader.Received(), From("t", Entry(2, 100, 1)));
}

}  // namespace
}  // namespace leat::testing
