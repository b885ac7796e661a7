// XREADGROUP without waiting: its arguments, what is new, the consumer's history, CLAIM, and what
// is kept over a restart. Waiting is in stream_read_group_blocking_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

constexpr const char* kSyntax = "-ERR syntax error";
constexpr const char* kBadId = "-ERR Invalid stream ID specified as stream command argument";
constexpr const char* kNoNumber = "-ERR min-idle-time is not an integer or out of range";
constexpr const char* kUnbalanced =
    "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
constexpr const char* kNoGroupOption = "-ERR Missing GROUP option for XREADGROUP";

struct Case {
  const char* call;
  const char* reply;
};

std::string NoGroup(const std::string& key, const std::string& group) {
  return "-NOGROUP No such key '" + key + "' or consumer group '" + group +
         "' in XREADGROUP with GROUP option";
}

std::string Meaningless(const std::string& id) {
  return "-ERR The " + id +
         " ID is meaningless in the context of XREADGROUP: you want to read the history of this "
         "consumer by specifying a proper ID, or use the > ID to get new messages. The " +
         id + " ID would just return an empty result set.";
}

class StreamReadGroupTest : public ::testing::Test {
 protected:
  // Entries `from`-0 … `to`-0 in `key`.
  void Append(int from, int to, const std::string& key = "t") {
    for (int i = from; i <= to; ++i) {
      client.Run("XADD " + key + " " + std::to_string(i) + "-0 n " + std::to_string(i));
    }
  }
  // Entries 1-0 … `entries`-0 in "t", all pending for c of the group g since now.
  void Deliver(int entries) {
    Append(1, entries);
    client.Run("XGROUP CREATE t g 0");
    client.Run("XREADGROUP GROUP g c STREAMS t >");
  }
  void Check(std::initializer_list<Case> cases) {
    for (const Case& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
  }
  static std::string Entry(int id) {
    const std::string number = std::to_string(id);
    return "[\"" + number + "-0\" [\"n\" \"" + number + "\"]]";
  }
  static std::string Entry(int id, int64_t idle_ms, int64_t count) {
    std::string text = Entry(id);
    text.pop_back();
    return text + " " + std::to_string(idle_ms) + " " + std::to_string(count) + "]";
  }
  std::string Pending() { return client.Run("XPENDING t g - + 20"); }

  TestServer server;
  TestClient client{server};
};

TEST_F(StreamReadGroupTest, RefusesWhatIsMalformed) {
  Deliver(1);
  Check({
      {"XREADGROUP GROUP g c COUNT x STREAMS t >", "-ERR value is not an integer or out of range"},
      {"XREADGROUP GROUP g c BLOCK -1 STREAMS t >", "-ERR timeout is negative"},
      {"XREADGROUP GROUP g c COUNT 1 BLOCK", kSyntax},
      {"XREADGROUP GROUP g c COUNT 1 GROUP g", kSyntax},
      {"XREADGROUP GROUP g c NOSUCH STREAMS t >", kSyntax},
      {"XREADGROUP GROUP g c NOACK COUNT 1 BLOCK 1", kSyntax},  // no STREAMS
      {"XREADGROUP GROUP g c NOACK STREAMS t", kUnbalanced},
      {"XREADGROUP COUNT 1 NOACK STREAMS t >", kNoGroupOption},
      {"XREADGROUP COUNT 1 NOACK STREAMS t u >", kUnbalanced},
      {"XREADGROUP COUNT 1 NOACK COUNT 2 NOACK", kSyntax},
      {"XREADGROUP GROUP g c STREAMS t", "-ERR wrong number of arguments for 'xreadgroup' command"},
      {"XREAD NOACK STREAMS t 0",
       "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."},
  });
}

TEST_F(StreamReadGroupTest, ChecksStreamAfterStreamBeforeItServesAny) {
  Append(1, 1);
  client.Run("XGROUP CREATE t g 0");
  client.Run("SET s x");
  const char* const wrong_type =
      "-WRONGTYPE Operation against a key holding the wrong kind of value";
  const struct {
    const char* call;
    std::string reply;
  } cases[] = {
      {"XREADGROUP GROUP g c STREAMS t s > >", wrong_type},
      {"XREADGROUP GROUP g c STREAMS t s > $", wrong_type},
      {"XREADGROUP GROUP g c STREAMS t u > $", NoGroup("u", "g")},
      {"XREADGROUP GROUP h c STREAMS t s x >", NoGroup("t", "h")},
      {"XREADGROUP GROUP g c STREAMS t s $ >", Meaningless("$")},
      {"XREADGROUP GROUP g c STREAMS t u + >", Meaningless("+")},
      {"XREADGROUP GROUP g c STREAMS t t > x", kBadId},
      {"XREADGROUP GROUP g c STREAMS t u - >", kBadId},
      {"XREADGROUP GROUP g c STREAMS t u > x", NoGroup("u", "g")},
  };
  for (const auto& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
  EXPECT_EQ(client.Run("XINFO CONSUMERS t g"), "[]");
  EXPECT_EQ(client.Run("XPENDING t g"), "[0 nil nil nil]");
}

TEST_F(StreamReadGroupTest, ReadsWhatTheGroupHasNotRead) {
  Append(1, 3);
  client.Run("XGROUP CREATE t g 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c COUNT 1 STREAMS t >"), "[[\"t\" [" + Entry(1) + "]]]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d STREAMS t >"),
            "[[\"t\" [" + Entry(2) + " " + Entry(3) + "]]]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c COUNT 0 STREAMS t >"), "nil");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"c\" 0 1] [\"2-0\" \"d\" 0 1] [\"3-0\" \"d\" 0 1]]");
  Append(4, 4);
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c STREAMS t >"), "{\"t\": [" + Entry(4) + "]}");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c STREAMS t >"), "nil");
}

TEST_F(StreamReadGroupTest, WithoutAcknowledgementsNothingIsPending) {
  Append(1, 2);
  client.Run("XGROUP CREATE t g 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c NOACK STREAMS t >"),
            "[[\"t\" [" + Entry(1) + " " + Entry(2) + "]]]");
  Check({
      {"XPENDING t g", "[0 nil nil nil]"},
      {"XREADGROUP GROUP g c STREAMS t 0", "[[\"t\" []]]"},
      {"XREADGROUP GROUP g c STREAMS t >", "nil"},
  });
}

TEST_F(StreamReadGroupTest, HistoryIsTheConsumersOwnAndIsDeliveredAgain) {
  Deliver(3);
  Append(4, 4);
  client.Run("XREADGROUP GROUP g d STREAMS t >");
  client.Run("XDEL t 2-0");
  server.Advance(100);
  Check({
      {"XREADGROUP GROUP g d STREAMS t 0", "[[\"t\" [[\"4-0\" [\"n\" \"4\"]]]]]"},
      {"XREADGROUP GROUP g c STREAMS t 1-0", "[[\"t\" [[\"2-0\" nil] [\"3-0\" [\"n\" \"3\"]]]]]"},
      {"XREADGROUP GROUP g c COUNT 1 STREAMS t 0", "[[\"t\" [[\"1-0\" [\"n\" \"1\"]]]]]"},
      {"XREADGROUP GROUP g c STREAMS t 3-0", "[[\"t\" []]]"},
      {"XREADGROUP GROUP g c BLOCK 0 STREAMS t 18446744073709551615-18446744073709551615",
       "[[\"t\" []]]"},
      {"XREADGROUP GROUP g nobody BLOCK 0 STREAMS t 0", "[[\"t\" []]]"},
      {"XPENDING t g - + 10",
       "[[\"1-0\" \"c\" 0 2] [\"2-0\" \"c\" 100 1] [\"3-0\" \"c\" 0 2] [\"4-0\" \"d\" 0 2]]"},
  });
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c COUNT 1 STREAMS t 1"), "{\"t\": [[\"2-0\" nil]]}");
}

// Where the group was set back, or an entry was made pending unread (XNACK FORCE).
TEST_F(StreamReadGroupTest, WhatIsPendingAndNewBecomesTheReaders) {
  Deliver(2);
  client.Run("XREADGROUP GROUP g c STREAMS t 0");
  client.Run("XGROUP SETID t g 0");
  server.Advance(50);
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d STREAMS t >"),
            "[[\"t\" [" + Entry(1) + " " + Entry(2) + "]]]");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"d\" 0 1] [\"2-0\" \"d\" 0 1]]");
  client.Run("XGROUP SETID t g 0");
  server.Advance(50);
  client.Run("XREADGROUP GROUP g c NOACK STREAMS t >");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"d\" 50 1] [\"2-0\" \"d\" 50 1]]");
}

// What is known of one stream's group must not show in another's.
TEST_F(StreamReadGroupTest, GroupsOfOneNameInSeveralStreamsAreApart) {
  Append(1, 2, "t");
  Append(1, 5, "u");
  Append(1, 3, "v");
  client.Run("XDEL v 2-0");
  client.Run("XGROUP CREATE t g 1 ENTRIESREAD 1");
  client.Run("XGROUP CREATE u g 0");
  client.Run("XGROUP CREATE v g 0");
  client.Run("XGROUP CREATE u other 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c COUNT 2 STREAMS t u v > > >"),
            "[[\"t\" [" + Entry(2) + "]] [\"u\" [" + Entry(1) + " " + Entry(2) + "]] [\"v\" [" +
                Entry(1) + " " + Entry(3) + "]]]");
  const auto group = [](const std::string& name, int pending, int last, const std::string& read) {
    return "[\"name\" \"" + name + "\" \"consumers\" " + (pending > 0 ? "1" : "0") +
           " \"pending\" " + std::to_string(pending) + " \"last-delivered-id\" \"" +
           std::to_string(last) + "-0\" " + read + "]";
  };
  EXPECT_EQ(client.Run("XINFO GROUPS t"),
            "[" + group("g", 1, 2, "\"entries-read\" 2 \"lag\" 0") + "]");
  EXPECT_EQ(client.Run("XINFO GROUPS u"),
            "[" + group("g", 2, 2, "\"entries-read\" 2 \"lag\" 3") + " " +
                group("other", 0, 0, "\"entries-read\" nil \"lag\" 5") + "]");
  EXPECT_EQ(client.Run("XINFO GROUPS v"),
            "[" + group("g", 2, 3, "\"entries-read\" 3 \"lag\" 0") + "]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c STREAMS v t 1 0"),
            "[[\"v\" [" + Entry(3) + "]] [\"t\" [" + Entry(2) + "]]]");
}

TEST_F(StreamReadGroupTest, TheSameStreamTwiceIsReadOn) {
  Append(1, 3);
  client.Run("XGROUP CREATE t g 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c COUNT 1 STREAMS t t t > 0 >"),
            "[[\"t\" [" + Entry(1) + "]] [\"t\" [" + Entry(1) + "]] [\"t\" [" + Entry(2) + "]]]");
}

TEST_F(StreamReadGroupTest, IdleMovesWithTime) {
  Deliver(1);
  for (const char* idle : {"0", "10", "20"}) {
    EXPECT_EQ(Pending(), "[[\"1-0\" \"c\" " + std::string(idle) + " 1]]");
    server.Advance(10);
  }
}

TEST_F(StreamReadGroupTest, SeenWithEveryAttemptActiveWithEverySuccess) {
  Append(1, 3);
  client.Run("XGROUP CREATE t g 0");
  const struct {
    const char* call;
    const char* times;  // of c, 10 ms after the call
  } cases[] = {
      {"XGROUP CREATECONSUMER t g c", "10 \"inactive\" -1"},
      {"XREADGROUP GROUP g c STREAMS t 0", "10 \"inactive\" -1"},
      {"XREADGROUP GROUP g c NOACK COUNT 1 STREAMS t >", "10 \"inactive\" -1"},
      {"XAUTOCLAIM t g c 0 0", "10 \"inactive\" -1"},
      {"XCLAIM t g c 0 1-0", "10 \"inactive\" -1"},
      {"XREADGROUP GROUP g c COUNT 1 STREAMS t >", "10 \"inactive\" 10"},
      {"XREADGROUP GROUP g c STREAMS t 0", "10 \"inactive\" 20"},
      {"XREADGROUP GROUP g c CLAIM 1000 NOACK STREAMS t >", "10 \"inactive\" 30"},
      {"XREADGROUP GROUP g c STREAMS t >", "10 \"inactive\" 40"},
      {"XREADGROUP GROUP g c CLAIM 10 STREAMS t >", "10 \"inactive\" 10"},
      {"XACK t g 3-0", "20 \"inactive\" 20"},
      {"XAUTOCLAIM t g c 0 0 COUNT 1", "10 \"inactive\" 10"},
      {"XCLAIM t g c 9999 2-0", "10 \"inactive\" 20"},
      {"XCLAIM t g c 0 2-0 JUSTID", "10 \"inactive\" 10"},
      {"XREADGROUP GROUP g d STREAMS t >", "20 \"inactive\" 20"},
  };
  for (const auto& one : cases) {
    client.Run(one.call);
    server.Advance(10);
    const std::string info = client.Run("XINFO CONSUMERS t g");
    const std::string first = info.substr(0, info.find(']'));
    EXPECT_EQ(first.substr(first.find("\"idle\"")), "\"idle\" " + std::string(one.times))
        << one.call;
  }
}

// Whatever it finds; of several streams also where only one has something.
TEST_F(StreamReadGroupTest, CreatesTheConsumer) {
  client.Run("XGROUP CREATE t g $ MKSTREAM");
  client.Run("XGROUP CREATE u g $ MKSTREAM");
  Append(1, 1, "u");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g none STREAMS t >"), "nil");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g history STREAMS t 5"), "[[\"t\" []]]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g both STREAMS t u > >"), "[[\"u\" [" + Entry(1) + "]]]");
  client.Run("XCLAIM t g claim 0 1-0");
  client.Run("XAUTOCLAIM t g autoclaim 0 0");
  const std::string info = client.Run("XINFO CONSUMERS t g");
  for (const char* name : {"none", "history", "both", "claim", "autoclaim"}) {
    EXPECT_NE(info.find("\"" + std::string(name) + "\" \"pending\" 0"), std::string::npos) << name;
  }
}

class StreamReadGroupClaimTest : public StreamReadGroupTest {};

TEST_F(StreamReadGroupClaimTest, StandsAnywhereBeforeStreams) {
  Deliver(1);
  const std::string negative = "-ERR min-idle-time must be a positive integer";
  const struct {
    const char* call;
    std::string reply;
  } cases[] = {
      {"XREADGROUP GROUP g c CLAIM x STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM +10 STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM -0 STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM 5.5 STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM 010 STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM 9223372036854775808 STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM STREAMS t >", kNoNumber},
      {"XREADGROUP GROUP g c CLAIM -1 STREAMS t >", negative},
      {"XREADGROUP CLAIM -5 GROUP g c STREAMS t >", negative},
      {"XREADGROUP CLAIM 5 COUNT 1 STREAMS t >", kNoGroupOption},
      {"XREADGROUP GROUP g c COUNT 1 CLAIM", kSyntax},
      {"XREADGROUP GROUP g c STREAMS t > CLAIM", kUnbalanced},
      {"XREADGROUP GROUP g c STREAMS t CLAIM", kBadId},
      {"XREADGROUP GROUP g c STREAMS t CLAIM > >", NoGroup("CLAIM", "g")},
      {"XREAD CLAIM 5 STREAMS t 0",
       "-ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead."},
      {"XREADGROUP GROUP g c claim 9999 STREAMS t >", "nil"},
      {"XREADGROUP CLAIM 9223372036854775807 GROUP g c STREAMS t >", "nil"},
      {"XREADGROUP CLAIM 0 GROUP g c CLAIM 9999 STREAMS t >", "nil"},
      {"XREADGROUP CLAIM 9999 GROUP g c COUNT 1 CLAIM 0 STREAMS t >",
       "[[\"t\" [" + Entry(1, 0, 1) + "]]]"},
  };
  for (const auto& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
}

TEST_F(StreamReadGroupClaimTest, TheLongestIdleComeFirstThenTheNew) {
  Append(1, 5);
  client.Run("XGROUP CREATE t g 0");
  client.Run("XREADGROUP GROUP g c COUNT 2 STREAMS t >");
  server.Advance(100);
  client.Run("XREADGROUP GROUP g d COUNT 1 STREAMS t >");
  client.Run("XCLAIM t g c 0 1-0 TIME 1699999999000");  // the oldest from now on
  client.Run("XCLAIM t g c 0 2-0 IDLE 100 RETRYCOUNT 7");
  server.Advance(50);
  EXPECT_EQ(
      client.Run("XREADGROUP GROUP g e CLAIM 51 COUNT 3 STREAMS t >"),
      "[[\"t\" [" + Entry(1, 1150, 2) + " " + Entry(2, 150, 7) + " " + Entry(4, 0, 0) + "]]]");
  EXPECT_EQ(Pending(),
            "[[\"1-0\" \"e\" 0 3] [\"2-0\" \"e\" 0 8] [\"3-0\" \"d\" 50 1] [\"4-0\" \"e\" 0 1]]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g e CLAIM 50 STREAMS t >"),
            "{\"t\": [" + Entry(3, 50, 1) + " " + Entry(5, 0, 0) + "]}");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g e CLAIM 50 STREAMS t >"), "nil");
}

TEST_F(StreamReadGroupClaimTest, CountIsOfBothTogetherAndOfEachStream) {
  for (const char* key : {"t", "u"}) {
    Append(1, 2, key);
    client.Run("XGROUP CREATE " + std::string(key) + " g 0");
    client.Run("XREADGROUP GROUP g c STREAMS " + std::string(key) + " >");
    Append(3, 4, key);
  }
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d COUNT 3 CLAIM 0 STREAMS t u > >"),
            "[[\"t\" [" + Entry(1, 0, 1) + " " + Entry(2, 0, 1) + " " + Entry(3, 0, 0) +
                "]] [\"u\" [" + Entry(1, 0, 1) + " " + Entry(2, 0, 1) + " " + Entry(3, 0, 0) +
                "]]]");
  server.Advance(10);
  // A stream that has neither is left out; one of which the history is asked is not.
  client.Run("XACK t g 1-0 2-0 3-0");
  client.Run("XGROUP SETID t g $");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g e COUNT 1 CLAIM 10 STREAMS t u > >"),
            "[[\"u\" [" + Entry(1, 10, 2) + "]]]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g e COUNT 1 CLAIM 10 STREAMS t u 0 >"),
            "[[\"t\" []] [\"u\" [" + Entry(2, 10, 2) + "]]]");
}

TEST_F(StreamReadGroupClaimTest, ConcernsOnlyWhatIsReadAsNew) {
  Deliver(2);
  Append(1, 1, "u");
  client.Run("XGROUP CREATE u g 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 0 STREAMS t u 0 >"),
            "[[\"t\" []] [\"u\" [" + Entry(1, 0, 0) + "]]]");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c CLAIM 0 COUNT 1 STREAMS u t > 0"),
            "[[\"u\" [" + Entry(1, 0, 1) + "]] [\"t\" [" + Entry(1) + "]]]");
}

TEST_F(StreamReadGroupClaimTest, TakesWithoutAcknowledgementOnlyWhatIsNew) {
  Deliver(1);
  Append(2, 2);
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d NOACK CLAIM 0 STREAMS t >"),
            "[[\"t\" [" + Entry(1, 0, 1) + " " + Entry(2, 0, 0) + "]]]");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"d\" 0 2]]");
}

TEST_F(StreamReadGroupClaimTest, PassesOverWhatIsGone) {
  Deliver(4);
  client.Run("XDEL t 1-0 3-0");
  server.Advance(20);
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d COUNT 2 CLAIM 20 STREAMS t >"),
            "[[\"t\" [" + Entry(2, 20, 1) + " " + Entry(4, 20, 1) + "]]]");
  EXPECT_EQ(Pending(),
            "[[\"1-0\" \"c\" 20 1] [\"2-0\" \"d\" 0 2] [\"3-0\" \"c\" 20 1] [\"4-0\" \"d\" 0 2]]");
  client.Run("XTRIM t MAXLEN 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 0 STREAMS t >"), "nil");
}

TEST_F(StreamReadGroupClaimTest, WhatIsAcknowledgedOrItsOwnersEndIsNotThere) {
  Deliver(3);
  Append(4, 4);
  client.Run("XREADGROUP GROUP g d STREAMS t >");
  client.Run("XACK t g 2-0");
  client.Run("XGROUP DELCONSUMER t g d");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g e CLAIM 0 STREAMS t >"),
            "[[\"t\" [" + Entry(1, 0, 1) + " " + Entry(3, 0, 1) + "]]]");
}

TEST_F(StreamReadGroupClaimTest, OneEntryMayComeTwice) {
  Deliver(1);
  client.Run("XGROUP SETID t g 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 0 STREAMS t >"),
            "[[\"t\" [" + Entry(1, 0, 1) + " " + Entry(1, 0, 0) + "]]]");
  EXPECT_EQ(Pending(), "[[\"1-0\" \"d\" 0 1]]");
}

TEST_F(StreamReadGroupClaimTest, CountingStopsAtTheMost) {
  Deliver(1);
  client.Run("XCLAIM t g c 0 1-0 RETRYCOUNT 9223372036854775807");
  const std::string most = "[[\"t\" [" + Entry(1, 0, 9223372036854775807) + "]]]";
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 0 STREAMS t >"), most);
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 0 STREAMS t >"), most);
}

// A time before 1970 is before every delivery, also before one at 0.
TEST_F(StreamReadGroupClaimTest, NothingWasIdleForLongerThanTimeItself) {
  Deliver(2);
  client.Run("XCLAIM t g c 0 1-0 TIME 0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 1700000000001 STREAMS t >"), "nil");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 1700000000000 STREAMS t >"),
            "[[\"t\" [" + Entry(1, 1700000000000, 2) + "]]]");
  client.Run("XNACK t g FAIL IDS 1 2-0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g d CLAIM 9223372036854775807 STREAMS t >"),
            "[[\"t\" [" + Entry(2, 1700000000000, 1) + "]]]");
}

TEST(StreamReadGroupRecoveryTest, IsAsItWasAfterARestart) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  for (int i = 1; i <= 300; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  client.Run("XGROUP CREATE t g 0");
  client.Run("XGROUP CREATE t unread 100-0 ENTRIESREAD 100");
  client.Run("XGROUP CREATECONSUMER t g idle");
  const auto changes = [&recorded, &client](const std::string& call) {
    const uint64_t before = recorded.server().store.changes();
    client.Run(call);
    recorded.server().Advance(10);
    return recorded.server().store.changes() - before;
  };
  std::string first_hundred;
  for (int i = 1; i <= 100; ++i) first_hundred += " " + std::to_string(i) + "-0";
  EXPECT_EQ(changes("XREADGROUP GROUP g c COUNT 1 STREAMS t 0"), 1u);  // the consumer
  EXPECT_EQ(changes("XREADGROUP GROUP g c COUNT 100 STREAMS t >"), 1u);
  EXPECT_EQ(changes("XACK t g" + first_hundred), 1u);
  EXPECT_EQ(changes("XREADGROUP GROUP g c COUNT 100 STREAMS t >"), 1u);
  EXPECT_EQ(changes("XREADGROUP GROUP g c COUNT 10 STREAMS t 110"), 1u);
  EXPECT_EQ(changes("XREADGROUP GROUP g idle COUNT 50 CLAIM 20 STREAMS t >"), 2u);
  EXPECT_EQ(changes("XREADGROUP GROUP g c NOACK COUNT 20 STREAMS t >"), 1u);
  EXPECT_EQ(changes("XREADGROUP GROUP g c COUNT 5 STREAMS t >"), 1u);
  EXPECT_EQ(changes("XNACK t g FAIL IDS 3 223-0 221-0 222-0"), 2u);
  EXPECT_EQ(changes("XDEL t 299-0"), 1u);
  EXPECT_EQ(changes("XREADGROUP GROUP g c STREAMS t 99999"), 0u);
  const std::string before = recorded.Text();
  EXPECT_NE(before.find("group g 225-0 225,"), std::string::npos) << before;
  EXPECT_EQ(recorded.TextAfterRestart(), before);
  EXPECT_EQ(recorded.TextAfterCheckpoint(), before);
}

}  // namespace
}  // namespace leat::testing
