#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class StreamWriteTest : public ::testing::Test {
 protected:
  TestServer server;
  TestClient client{server};
};

TEST_F(StreamWriteTest, RefusesWhatIsMalformedAndMakesNoTopic) {
  EXPECT_EQ(client.Run("XADD t * a"), "-ERR wrong number of arguments for 'xadd' command");
  EXPECT_EQ(client.Run("XADD t * a 1 b"), "-ERR wrong number of arguments for 'xadd' command");
  EXPECT_EQ(client.Run("XADD t 0-0 a 1"), "-ERR The ID specified in XADD must be greater than 0-0");
  EXPECT_EQ(client.Run("XADD t 1-x a 1"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(client.Run("XADD t 1-2-* a 1"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(client.Run("XADD t MAXLEN -1 * a 1"), "-ERR The MAXLEN argument must be >= 0.");
  EXPECT_EQ(client.Run("XADD t MAXLEN x * a 1"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("XADD t MAXLEN 1 MINID 1 * a 1"),
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
  EXPECT_EQ(client.Run("XADD t MAXLEN 5 LIMIT 5 * a 1"),
            "-ERR syntax error, LIMIT cannot be used without the special ~ option");
  EXPECT_EQ(client.Run("XADD t LIMIT 5 * a 1"),
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  EXPECT_EQ(client.Run("EXISTS t"), "0");
}

TEST_F(StreamWriteTest, RefusesAnotherType) {
  client.Run("SET s x");
  for (const char* call : {"XADD s * a 1", "XLEN s", "XDEL s 1", "XTRIM s MAXLEN 1", "XSETID s 1-1",
                           "XRANGE s - +", "XREAD STREAMS s 0"}) {
    EXPECT_EQ(client.Run(call),
              "-WRONGTYPE Operation against a key holding the wrong kind of value")
        << call;
  }
}

TEST_F(StreamWriteTest, GivesIdsThatGrow) {
  EXPECT_EQ(client.Run("XADD t * a 1"), "\"1700000000000-0\"");
  EXPECT_EQ(client.Run("XADD t * a 1"), "\"1700000000000-1\"");
  server.Advance(5);
  EXPECT_EQ(client.Run("XADD t * a 1"), "\"1700000000005-0\"");
  EXPECT_EQ(client.Run("XADD t 1800000000000-* a 1"), "\"1800000000000-0\"");
  EXPECT_EQ(client.Run("XADD t 1800000000000-* a 1"), "\"1800000000000-1\"");
  // A clock behind the last ID does not go back.
  EXPECT_EQ(client.Run("XADD t * a 1"), "\"1800000000000-2\"");
  EXPECT_EQ(client.Run("XADD t 1800000000000-2 a 1"),
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item");
}

TEST_F(StreamWriteTest, EndsAtTheLastId) {
  EXPECT_EQ(client.Run("XADD t 18446744073709551615-18446744073709551615 a 1"),
            "\"18446744073709551615-18446744073709551615\"");
  EXPECT_EQ(client.Run("XADD t * a 1"),
            "-ERR The stream has exhausted the last possible ID, unable to add more items");
}

TEST_F(StreamWriteTest, NoMakeStreamAnswersNull) {
  EXPECT_EQ(client.Run("XADD t NOMKSTREAM * a 1"), "nil");
  EXPECT_EQ(client.Run("EXISTS t"), "0");
  client.Run("XADD t 1-1 a 1");
  EXPECT_EQ(client.Run("XADD t NOMKSTREAM 1-2 a 1"), "\"1-2\"");
}

TEST_F(StreamWriteTest, TrimsWhileAppending) {
  for (int i = 1; i <= 5; ++i) client.Run("XADD t MAXLEN 3 " + std::to_string(i) + "-0 n 1");
  EXPECT_EQ(client.Run("XLEN t"), "3");
  client.Run("XADD t MINID 5 6-0 n 1");
  EXPECT_EQ(client.Run("XRANGE t - +"), "[[\"5-0\" [\"n\" \"1\"]] [\"6-0\" [\"n\" \"1\"]]]");
  client.Run("XADD t MAXLEN 0 7-0 n 1");
  EXPECT_EQ(client.Run("XLEN t"), "0");
  EXPECT_EQ(client.Run("EXISTS t"), "1");
}

TEST_F(StreamWriteTest, TrimsWholeNodesWhenApproximate) {
  client.Run("CONFIG SET stream-node-max-entries 10");
  for (int i = 1; i <= 100; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 55"), "40");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN ~ 1 LIMIT 30"), "30");
  EXPECT_EQ(client.Run("XTRIM t MAXLEN = 12"), "18");
  EXPECT_EQ(client.Run("XTRIM t"), "-ERR wrong number of arguments for 'xtrim' command");
  EXPECT_EQ(client.Run("XTRIM missing MAXLEN 1"), "0");
}

TEST_F(StreamWriteTest, DeletesAllOrLooksAtAllFirst) {
  for (int i = 1; i <= 3; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n 1");
  EXPECT_EQ(client.Run("XDEL t 1-0 bad"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(client.Run("XDEL t 1-0 1-0 2-0 9-9"), "2");
  EXPECT_EQ(client.Run("XRANGE t - +"), "[[\"3-0\" [\"n\" \"1\"]]]");
  EXPECT_EQ(client.Run("XDEL missing bad"), "0");
}

TEST_F(StreamWriteTest, SetsTheLastId) {
  EXPECT_EQ(client.Run("XSETID t 1-1"), "-ERR no such key");
  client.Run("XADD t 5-0 n 1");
  EXPECT_EQ(client.Run("XSETID t 4-0"),
            "-ERR The ID specified in XSETID is smaller than the target stream top item");
  EXPECT_EQ(client.Run("XSETID t 9-0 ENTRIESADDED 0 MAXDELETEDID 1-0"),
            "-ERR The entries_added specified in XSETID is smaller than the target stream length");
  EXPECT_EQ(client.Run("XSETID t 9-0 MAXDELETEDID 10-0"),
            "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
  EXPECT_EQ(client.Run("XSETID t 9-0 ENTRIESADDED 7 MAXDELETEDID 3-0"), "OK");
  EXPECT_EQ(client.Run("XADD t 9-0 n 1"),
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item");
  EXPECT_EQ(client.Run("XADD t 9-1 n 1"), "\"9-1\"");
}

TEST_F(StreamWriteTest, KeepsBinaryFieldsAsTheyAre) {
  const std::string field("\0\r\n$1", 5);
  client.Call({"XADD", "t", "1-1", field, ""});
  EXPECT_EQ(client.Run("XRANGE t - +"), "[[\"1-1\" [\"" + field + "\" \"\"]]]");
}

}  // namespace
}  // namespace leat::testing
