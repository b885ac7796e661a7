#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

constexpr const char* kBadId = "-ERR Invalid stream ID specified as stream command argument";
constexpr const char* kSyntax = "-ERR syntax error";
constexpr const char* kBadNumber = "-ERR Number of IDs must be a positive integer";
constexpr const char* kTooFew = "-ERR The `numids` parameter must match the number of arguments";
constexpr const char* kWrongType =
    "-WRONGTYPE Operation against a key holding the wrong kind of value";

class StreamDeleteTest : public ::testing::Test {
 protected:
  // Entries 1-0 … `entries`-0 in "t".
  void Append(int entries) {
    for (int i = 1; i <= entries; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  }
  void Group(const std::string& group, const std::string& from = "0") {
    client.Run("XGROUP CREATE t " + group + " " + from);
  }
  void Read(const std::string& group, int count = 100, const std::string& options = "") {
    client.Run("XREADGROUP GROUP " + group + " c COUNT " + std::to_string(count) + " " + options +
               " STREAMS t >");
  }
  // The IDs that the group has pending.
  std::string Pending(const std::string& group) { return client.Run("XPENDING t " + group); }
  std::string Info(const std::string& field) {
    const std::string info = client.Run("XINFO STREAM t");
    const size_t at = info.find("\"" + field + "\" ") + field.size() + 3;
    return info.substr(at, info.find(' ', at) - at);
  }

  TestServer server;
  TestClient client{server};
};

struct Case {
  const char* call;
  const char* reply;
};

TEST_F(StreamDeleteTest, ReadsOptionsFromLeftToRight) {
  client.Run("SET s x");
  const Case cases[] = {
      {"XDELEX t DELREF", "-ERR wrong number of arguments for 'xdelex' command"},
      {"XACKDEL t g IDS 1", "-ERR wrong number of arguments for 'xackdel' command"},
      {"XDELEX s x x x", kWrongType},
      {"XACKDEL s g x x x", kWrongType},
      {"XDELEX t KEEPREF KEEPREF IDS 1 1", kSyntax},
      {"XDELEX t KEEPREF ACKED IDS 1 1", kSyntax},
      {"XACKDEL t g DELREF IDS 1 1 ACKED", kSyntax},
      {"XDELEX t KEEPREF x IDS", kSyntax},
      {"XDELEX t IDS 1 1 IDS", kSyntax},
      {"XDELEX t NOSUCH IDS 1", kSyntax},
      {"XDELEX t IDS 0 1", kBadNumber},
      {"XDELEX t IDS -1 1", kBadNumber},
      {"XDELEX t IDS x 1", kBadNumber},
      {"XDELEX t IDS +1 1", kBadNumber},
      {"XDELEX t IDS 9223372036854775808 1", kBadNumber},
      {"XDELEX t IDS 9223372036854775807 1", kTooFew},
      {"XACKDEL t g IDS 2 1", kTooFew},
      {"XDELEX t ids 1 1 2", kSyntax},
      {"XACKDEL t g IDS 1 1 2", kSyntax},
      // A key or a group that is not there: nobody looks at the IDs.
      {"XDELEX t IDS 2 x y", "[-1 -1]"},
      {"XDELEX t IDS 2 x y acked", "[-1 -1]"},
      {"XDELEX t IDS 2 x y IDS 1 z", "[-1]"},
      {"XACKDEL t g DelRef IDS 3 x y z", "[-1 -1 -1]"},
  };
  for (const Case& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
  EXPECT_EQ(client.Run("EXISTS t"), "0");
}

TEST_F(StreamDeleteTest, LooksAtAllIdsFirst) {
  Append(3);
  EXPECT_EQ(client.Run("XACKDEL t nosuch IDS 1 x"), "[-1]");
  Group("g");
  Read("g");
  for (const char* id : {"x", "-", "+", "1-*", "(1", "$", ">"}) {
    const std::string ids = std::string(" IDS 2 1-0 ") + id;
    EXPECT_EQ(client.Run("XDELEX t" + ids), kBadId) << id;
    EXPECT_EQ(client.Run("XACKDEL t g" + ids), kBadId) << id;
  }
  EXPECT_EQ(client.Run("XLEN t"), "3");
  EXPECT_EQ(client.Run("XDELEX t IDS 1 2"), "[1]");  // 2 is 2-0
}

TEST_F(StreamDeleteTest, DelExKeepsReferences) {
  Append(3);
  Group("g");
  Read("g");
  EXPECT_EQ(client.Run("XDELEX t IDS 4 1-0 2-0 9-0 1-0"), "[1 1 -1 -1]");
  EXPECT_EQ(client.Run("XDELEX t KEEPREF IDS 1 3-0"), "[1]");
  EXPECT_EQ(Pending("g"), "[3 \"1-0\" \"3-0\" [[\"c\" \"3\"]]]");
  EXPECT_EQ(client.Run("EXISTS t"), "1");
}

TEST_F(StreamDeleteTest, DelExDropsReferencesOfAllGroups) {
  Append(3);
  Group("g");
  Group("h");
  Read("g");
  Read("h");
  client.Run("XDEL t 2-0");
  // One that is gone counts as missing, but its references go.
  EXPECT_EQ(client.Run("XDELEX t DELREF IDS 4 1-0 2-0 9-0 1-0"), "[1 -1 -1 -1]");
  EXPECT_EQ(Pending("g"), "[1 \"3-0\" \"3-0\" [[\"c\" \"1\"]]]");
  EXPECT_EQ(Pending("h"), "[1 \"3-0\" \"3-0\" [[\"c\" \"1\"]]]");
}

TEST_F(StreamDeleteTest, DelExSparesWhatAnyGroupNeeds) {
  Append(5);
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 2 5-0 9-0"), "[1 -1]");  // there is no group
  Group("g");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 3 1-0 2-0 9-0"), "[2 2 2]");  // nothing was read
  Read("g", 3);
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 2 1-0 4-0"), "[2 2]");
  client.Run("XACK t g 1-0");
  client.Run("XNACK t g FAIL IDS 1 2-0");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 4 1-0 2-0 0-5 1-0"), "[1 2 -1 -1]");
  Group("late", "$");
  EXPECT_EQ(client.Run("XGROUP DESTROY t g"), "1");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 3 2-0 3-0 4-0"), "[1 1 1]");
}

TEST_F(StreamDeleteTest, AGroupThatIsBehindNeedsWhatItHasNotRead) {
  Append(3);
  Group("one", "1-0");
  Group("three", "3-0");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 2 1-0 2-0"), "[1 2]");
  client.Run("XGROUP DESTROY t one");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 1 2-0"), "[1]");
}

TEST_F(StreamDeleteTest, WhatWasReadWithoutAcknowledgementsIsFree) {
  Append(2);
  Group("g");
  Read("g", 2, "NOACK");
  EXPECT_EQ(client.Run("XDELEX t ACKED IDS 2 1-0 2-0"), "[1 1]");
}

TEST_F(StreamDeleteTest, AckDelTakesOnlyWhatTheGroupHasPending) {
  Append(4);
  Group("g");
  Group("h");
  Read("g", 3);
  Read("h", 4);
  // 4-0 is there but not pending in g: nothing happens to it.
  EXPECT_EQ(client.Run("XACKDEL t g DELREF IDS 3 4-0 9-0 1-0"), "[-1 -1 1]");
  EXPECT_EQ(Pending("g"), "[2 \"2-0\" \"3-0\" [[\"c\" \"2\"]]]");
  EXPECT_EQ(Pending("h"), "[3 \"2-0\" \"4-0\" [[\"c\" \"3\"]]]");
  EXPECT_EQ(client.Run("XACKDEL t g IDS 2 2-0 2-0"), "[1 -1]");
  EXPECT_EQ(Pending("h"), "[3 \"2-0\" \"4-0\" [[\"c\" \"3\"]]]");
  EXPECT_EQ(client.Run("XRANGE t - +"), "[[\"3-0\" [\"n\" \"1\"]] [\"4-0\" [\"n\" \"1\"]]]");
}

TEST_F(StreamDeleteTest, AckDelDropsReferencesOnlyOfWhatItNames) {
  Append(4);
  Group("g");
  Group("h");
  Read("g", 4);
  Read("h", 4);
  EXPECT_EQ(client.Run("XACKDEL t g DELREF IDS 2 2-0 4-0"), "[1 1]");
  EXPECT_EQ(Pending("g"), "[2 \"1-0\" \"3-0\" [[\"c\" \"2\"]]]");
  EXPECT_EQ(Pending("h"), "[2 \"1-0\" \"3-0\" [[\"c\" \"2\"]]]");
}

TEST_F(StreamDeleteTest, AckDelSparesWhatOthersNeed) {
  Append(4);
  Group("g");
  Group("h");
  Read("g", 4);
  Read("h", 2);
  client.Run("XACK t h 1-0");
  client.Run("XDEL t 2-0");
  // Acknowledged in any case; h has 2-0 pending and 3-0 before it.
  EXPECT_EQ(client.Run("XACKDEL t g ACKED IDS 4 1-0 2-0 3-0 3-0"), "[1 2 2 -1]");
  EXPECT_EQ(Pending("g"), "[1 \"4-0\" \"4-0\" [[\"c\" \"1\"]]]");
  EXPECT_EQ(client.Run("XACKDEL t h ACKED IDS 1 2-0"), "[1]");  // the entry is gone already
  EXPECT_EQ(client.Run("XLEN t"), "2");
}

TEST_F(StreamDeleteTest, AGroupThatWentBackNeedsWhatItAcknowledges) {
  Append(2);
  Group("g");
  Read("g");
  client.Run("XGROUP SETID t g 1-0");
  EXPECT_EQ(client.Run("XACKDEL t g ACKED IDS 2 1-0 2-0"), "[1 2]");
  EXPECT_EQ(Pending("g"), "[0 nil nil nil]");
}

TEST_F(StreamDeleteTest, AckDelTakesReleasedEntries) {
  Append(2);
  Group("g");
  Read("g");
  client.Run("XNACK t g FAIL IDS 2 1-0 2-0");
  EXPECT_EQ(client.Run("XACKDEL t g IDS 2 1-0 2-0"), "[1 1]");
  EXPECT_EQ(Pending("g"), "[0 nil nil nil]");
}

TEST_F(StreamDeleteTest, CountsLikeXDel) {
  Append(4);
  Group("g");
  Read("g");
  client.Run("XDELEX t IDS 2 2-0 1-0");
  EXPECT_EQ(Info("max-deleted-entry-id"), "\"2-0\"");
  EXPECT_EQ(Info("recorded-first-entry-id"), "\"3-0\"");
  client.Run("XACKDEL t g IDS 2 3-0 4-0");
  EXPECT_EQ(Info("max-deleted-entry-id"), "\"4-0\"");
  EXPECT_EQ(Info("length"), "0");
  EXPECT_EQ(Info("entries-added"), "4");
  EXPECT_EQ(client.Run("EXISTS t"), "1");
}

TEST_F(StreamDeleteTest, AnswersAnArrayInResp3Too) {
  client.Run("HELLO 3");
  Append(1);
  Group("g");
  Read("g");
  EXPECT_EQ(client.Run("XACKDEL t g IDS 2 1-0 1-0"), "[1 -1]");
  EXPECT_EQ(client.Run("XDELEX t IDS 1 1-0"), "[-1]");
}

TEST_F(StreamDeleteTest, ARunIsOneMutation) {
  Append(100);
  Group("g");
  Read("g");
  std::string ids;
  for (int i = 1; i <= 100; ++i) ids += " " + std::to_string(i) + "-0";
  const uint64_t before = server.store.changes();
  client.Run("XACKDEL t g IDS 100" + ids);
  EXPECT_EQ(server.store.changes() - before, 2u);
  EXPECT_EQ(client.Run("XLEN t"), "0");
  EXPECT_EQ(Pending("g"), "[0 nil nil nil]");
  // What lies between is not touched.
  for (int i = 101; i <= 110; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  const uint64_t between = server.store.changes();
  EXPECT_EQ(client.Run("XDEL t 101-0 102-0 104-0 105-0 103-5"), "4");
  EXPECT_EQ(server.store.changes() - between, 2u);
  EXPECT_EQ(client.Run("XRANGE t - 106"), "[[\"103-0\" [\"n\" \"1\"]] [\"106-0\" [\"n\" \"1\"]]]");
}

TEST(StreamDeleteRecoveryTest, IsAsItWasAfterARestart) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  for (int i = 1; i <= 30; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  client.Run("XGROUP CREATE t g 0");
  client.Run("XGROUP CREATE t h 0");
  client.Run("XREADGROUP GROUP g c COUNT 20 STREAMS t >");
  client.Run("XREADGROUP GROUP h d COUNT 10 STREAMS t >");
  EXPECT_EQ(client.Run("XACKDEL t g IDS 4 1-0 2-0 4-0 3-0"), "[1 1 1 1]");
  EXPECT_EQ(client.Run("XACKDEL t g DELREF IDS 2 6-0 7-0"), "[1 1]");
  EXPECT_EQ(client.Run("XACKDEL t h ACKED IDS 2 8-0 9-0"), "[2 2]");
  EXPECT_EQ(client.Run("XDELEX t DELREF IDS 3 1-0 10-0 25-0"), "[-1 1 1]");
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
  EXPECT_EQ(recorded.TextAfterCheckpoint(), before);
}

}  // namespace
}  // namespace leat::testing
