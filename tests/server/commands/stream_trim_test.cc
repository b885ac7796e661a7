#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

constexpr const char* kBadId = "-ERR Invalid stream ID specified as stream command argument";
constexpr const char* kSyntax = "-ERR syntax error";
constexpr const char* kNoStrategy =
    "-ERR syntax error, XTRIM must be called with a trimming strategy";

struct Case {
  const char* call;
  const char* reply;
};

class StreamTrimTest : public ::testing::Test {
 protected:
  void Append(int from, int to) {
    for (int i = from; i <= to; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  }
  // Entries 1-0 … `entries`-0, of which the group g has read `read`.
  void Fill(int entries, int read) {
    Append(1, entries);
    client.Run("XGROUP CREATE t g 0");
    if (read > 0) Read("g", read);
  }
  void Read(const std::string& group, int count) {
    client.Run("XREADGROUP GROUP " + group + " c COUNT " + std::to_string(count) + " STREAMS t >");
  }
  void Ack(const std::string& group, int from, int to) {
    for (int i = from; i <= to; ++i) client.Run("XACK t " + group + " " + std::to_string(i));
  }
  // The IDs in the stream, without their sequence numbers.
  std::string Ids() {
    const data::Topic& topic = *server.dataset.databases[0].Find(data::MakeKey("t"))->topic();
    std::string text;
    topic.ForEachId(data::kMinStreamId, data::kMaxStreamId, [&text](data::StreamId id) {
      text += (text.empty() ? "" : " ") + std::to_string(id.ms);
    });
    return text;
  }

  TestServer server;
  TestClient client{server};
};

TEST_F(StreamTrimTest, TakesOneWordAnywhere) {
  const Case cases[] = {
      {"XADD t KEEPREF 1-0 n 1", "\"1-0\""},
      {"XADD t NOMKSTREAM acked MAXLEN = 10 2-0 n 1", "\"2-0\""},
      {"XADD t MAXLEN ~ 10 DelRef LIMIT 5 NOMKSTREAM 3-0 n 1", "\"3-0\""},
      {"XADD t 4-0 ACKED 1", "\"4-0\""},  // a field
      {"XADD t ACKED ACKED 9-0 n 1", kBadId},
      {"XADD t ACKED KEEPREF 9-0 n 1", kBadId},
      {"XADD t ACKED MAXLEN 5 DELREF 9-0 n 1", kBadId},
      {"XADD t ACKED LIMIT 5 9-0 n 1",
       "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"},
      {"XADD t ACKED 9-0 n", "-ERR wrong number of arguments for 'xadd' command"},
      {"XTRIM t ACKED MAXLEN 10", "0"},
      {"XTRIM t MAXLEN 10 delref", "0"},
      {"XTRIM t MINID ~ 1 KEEPREF LIMIT 5", "0"},
      {"XTRIM t ACKED KEEPREF", kSyntax},
      {"XTRIM t MAXLEN 10 ACKED ACKED", kSyntax},
      {"XTRIM t MAXLEN 10 ACKED x", kSyntax},
      {"XTRIM t ACKED", "-ERR wrong number of arguments for 'xtrim' command"},
      {"XTRIM t ACKED LIMIT 0", kNoStrategy},
      {"XTRIM t ACKED MAXLEN 10 LIMIT 5",
       "-ERR syntax error, LIMIT cannot be used without the special ~ option"},
      {"XTRIM t ACKED MAXLEN 10 MINID 5",
       "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible"},
      {"XTRIM t DELREF MAXLEN -1", "-ERR The MAXLEN argument must be >= 0."},
      {"XTRIM t DELREF MAXLEN ~ 1 LIMIT -1", "-ERR The LIMIT argument must be >= 0."},
      {"XTRIM missing ACKED MAXLEN 10", "0"},
      {"XADD missing NOMKSTREAM ACKED 9-0 n 1", "nil"},
      {"XLEN t", "4"},
  };
  for (const Case& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
}

TEST_F(StreamTrimTest, WithoutGroupsTheWordsChangeNothing) {
  client.Run("CONFIG SET stream-node-max-entries 10");
  Append(1, 40);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 25 ACKED"), "10");  // whole nodes
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 15 DELREF"), "10");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN = 5 ACKED"), "15");
  EXPECT_EQ(client.Run("XTRIM t MINID 38 ACKED"), "2");
  client.Run("XGROUP CREATE t g 0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "0");
  client.Run("XGROUP DESTROY t g");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "3");
}

TEST_F(StreamTrimTest, KeepRefLeavesReferences) {
  Fill(3, 3);
  client.Run("XADD t KEEPREF MAXLEN = 1 4-0 n 1");
  EXPECT_EQ(Ids(), "4");
  EXPECT_EQ(client.Run("XPENDING t g"), "[3 \"1-0\" \"3-0\" [[\"c\" \"3\"]]]");
}

TEST_F(StreamTrimTest, AckedSparesWhatIsUnread) {
  Fill(5, 0);
  client.Run("XADD t MAXLEN = 1 ACKED 6-0 n 1");
  EXPECT_EQ(client.Run("XLEN t"), "6");
  Read("g", 1);
  client.Run("XACK t g 1-0");
  client.Run("XADD t MAXLEN = 1 ACKED 7-0 n 1");
  EXPECT_EQ(client.Run("XLEN t"), "6");
  Read("g", 10);
  Ack("g", 2, 7);
  client.Run("XADD t MAXLEN = 1 ACKED * n 1");
  EXPECT_EQ(client.Run("XLEN t"), "1");
}

TEST_F(StreamTrimTest, AckedGoesOnBehindWhatItSpares) {
  Fill(5, 5);
  client.Run("XACK t g 1 2 4");
  EXPECT_EQ(client.Run("XTRIM t MINID ~ 6-0 ACKED"), "3");
  EXPECT_EQ(Ids(), "3 5");
  Ack("g", 5, 5);
  EXPECT_EQ(client.Run("XTRIM t MINID 5 ACKED"), "0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 1 ACKED"), "1");
  EXPECT_EQ(Ids(), "3");
}

TEST_F(StreamTrimTest, AckedStopsAtTheLength) {
  Fill(6, 6);
  Ack("g", 1, 1);
  Ack("g", 3, 6);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 3 ACKED"), "3");
  EXPECT_EQ(Ids(), "2 5 6");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 3 ACKED"), "0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "2");
  EXPECT_EQ(Ids(), "2");
}

TEST_F(StreamTrimTest, AckedHeedsEveryGroup) {
  Fill(4, 4);
  client.Run("XGROUP CREATE t h 2-0");
  Ack("g", 1, 4);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "2");
  Read("h", 2);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "0");
  client.Run("XNACK t h FAIL IDS 1 3-0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "0");
  client.Run("XGROUP DELCONSUMER t h c");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "1");
  EXPECT_EQ(Ids(), "3");
  client.Run("XGROUP DESTROY t h");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "1");
  EXPECT_EQ(client.Run("EXISTS t"), "1");
}

// The new entry is free where all groups are ahead of it.
TEST_F(StreamTrimTest, AckedLooksAtTheNewEntryToo) {
  Fill(1, 1);
  Ack("g", 1, 1);
  client.Run("XGROUP SETID t g 9-0");
  client.Run("XADD t MAXLEN = 0 ACKED 2-0 n 1");
  EXPECT_EQ(Ids(), "");
  client.Run("XADD t MAXLEN = 0 ACKED 3-0 n 1");
  EXPECT_EQ(Ids(), "");
  client.Run("XADD t MAXLEN = 0 ACKED 10-0 n 1");
  EXPECT_EQ(Ids(), "10");
}

TEST_F(StreamTrimTest, DelRefDropsReferencesOfWhatGoes) {
  Fill(5, 4);
  client.Run("XGROUP CREATE t h 0");
  Read("h", 3);
  client.Run("XDEL t 2-0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN = 2 DELREF"), "2");
  EXPECT_EQ(Ids(), "4 5");
  // 2-0 had gone before: what refers to it stays.
  EXPECT_EQ(client.Run("XPENDING t g - + 10"), "[[\"2-0\" \"c\" 0 1] [\"4-0\" \"c\" 0 1]]");
  EXPECT_EQ(client.Run("XPENDING t h - + 10"), "[[\"2-0\" \"c\" 0 1]]");
}

TEST_F(StreamTrimTest, DelRefJudgesEachEntryWhereApproximate) {
  Fill(4, 4);
  EXPECT_EQ(client.Run("XTRIM t MINID ~ 5-0 DELREF"), "4");
  EXPECT_EQ(client.Run("XPENDING t g"), "[0 nil nil nil]");
  client.Run("CONFIG SET stream-node-max-entries 10");
  Append(11, 50);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 37 DELREF"), "3");
  // No node is begun that would, whole, make more than the limit.
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 0 DELREF LIMIT 6"), "0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 35 DELREF LIMIT 7"), "2");
  EXPECT_EQ(client.Run("XTRIM t MINID ~ 48 DELREF LIMIT 20"), "15");
  EXPECT_EQ(client.Run("XTRIM t MINID ~ 48 DELREF LIMIT 0"), "17");
  EXPECT_EQ(Ids(), "48 49 50");
}

TEST_F(StreamTrimTest, AckedHasALimitWhereApproximate) {
  client.Run("CONFIG SET stream-node-max-entries 10");
  Fill(40, 40);
  Ack("g", 1, 5);
  Ack("g", 8, 40);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 1 ACKED LIMIT 9"), "0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 38 ACKED LIMIT 10"), "2");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 0 ACKED LIMIT 16"), "16");  // 6 of the first, then 10
  EXPECT_EQ(client.Run("XTRIM t MINID ~ 26 ACKED"), "5");
  EXPECT_EQ(client.Run("XTRIM t MINID = 36 ACKED"), "10");
  EXPECT_EQ(Ids(), "6 7 36 37 38 39 40");
}

TEST_F(StreamTrimTest, AckedTrimsWithoutDeleting) {
  Fill(4, 4);
  client.Run("XACK t g 1 3");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "2");
  const std::string info = client.Run("XINFO STREAM t");
  EXPECT_NE(info.find("\"max-deleted-entry-id\" \"0-0\""), std::string::npos) << info;
  EXPECT_NE(info.find("\"recorded-first-entry-id\" \"2-0\""), std::string::npos) << info;
  EXPECT_NE(info.find("\"entries-added\" 4"), std::string::npos) << info;
}

TEST_F(StreamTrimTest, AnswersTheSameInResp3) {
  client.Run("HELLO 3");
  Fill(3, 3);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 1 ACKED"), "0");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 1 DELREF"), "2");
  EXPECT_EQ(client.Run("XADD t ACKED MAXLEN 0 9-0 n 1"), "\"9-0\"");
}

TEST_F(StreamTrimTest, ARunIsOneMutation) {
  Fill(100, 100);
  Ack("g", 2, 99);
  const uint64_t before = server.store.changes();
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 ACKED"), "98");
  EXPECT_EQ(server.store.changes() - before, 1u);
  EXPECT_EQ(client.Run("XTRIM t MAXLEN 0 DELREF"), "2");
  EXPECT_EQ(server.store.changes() - before, 3u);
}

TEST(StreamTrimRecoveryTest, IsAsItWasAfterARestart) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  for (int i = 1; i <= 30; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  client.Run("XGROUP CREATE t g 0");
  client.Run("XGROUP CREATE t h 0");
  client.Run("XREADGROUP GROUP g c COUNT 20 STREAMS t >");
  client.Run("XREADGROUP GROUP h d COUNT 15 STREAMS t >");
  client.Run("XACK t g 1 2 3 5 6 8 10");
  client.Run("XACK t h 1 2 5 6 7 8 9 10");
  EXPECT_EQ(client.Run("XTRIM t MINID 10 ACKED"), "5");
  client.Run("XADD t MAXLEN = 24 ACKED 31-0 n 1");
  client.Run("XADD t MAXLEN = 22 DELREF 32-0 n 1");
  EXPECT_EQ(client.Run("XLEN t"), "22");
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
  EXPECT_EQ(recorded.TextAfterCheckpoint(), before);
}

}  // namespace
}  // namespace leat::testing
