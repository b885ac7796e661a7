#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class StreamGroupTest : public ::testing::Test {
 protected:
  StreamGroupTest() { client.Run("XGROUP CREATE t g 0 MKSTREAM"); }

  // The value of a field of the only group.
  std::string Field(const std::string& name) {
    const std::string groups = client.Run("XINFO GROUPS t");
    const size_t begin = groups.find("\"" + name + "\" ") + name.size() + 3;
    return groups.substr(begin, groups.find_first_of(" ]", begin) - begin);
  }

  TestServer server;
  TestClient client{server};
};

TEST_F(StreamGroupTest, OnlySetIdTakesTheEdges) {
  EXPECT_EQ(client.Run("XGROUP CREATE t h +"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(client.Run("XGROUP SETID t g +"), "OK");
  EXPECT_EQ(Field("last-delivered-id"), "\"18446744073709551615-18446744073709551615\"");
  EXPECT_EQ(client.Run("XGROUP SETID t g -"), "OK");
  EXPECT_EQ(Field("last-delivered-id"), "\"0-0\"");
}

TEST_F(StreamGroupTest, OptionsAreReadBeforeTheKeyAndCountedAfterIt) {
  const std::string needs_key = client.Run("XGROUP CREATE missing h 0");
  EXPECT_EQ(client.Run("XGROUP SETID missing g 0 ENTRIESREAD x ENTRIESREAD 1"),
            "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("XGROUP SETID missing g 0 ENTRIESREAD 1 ENTRIESREAD 1"), needs_key);
  EXPECT_EQ(client.Run("XGROUP SETID t g 0 ENTRIESREAD 1 ENTRIESREAD 1"),
            "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.");
  EXPECT_EQ(client.Run("XGROUP CREATE t h 0 MKSTREAM ENTRIESREAD 1 ENTRIESREAD 1"),
            "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.");
}

TEST_F(StreamGroupTest, ErrorsShowNamesAsFarAsACStringGoes) {
  using namespace std::string_literals;
  EXPECT_EQ(client.Call({"XPENDING", "k\0y"s, "x\0y"s}),
            "-NOGROUP No such key 'k' or consumer group 'x'");
  EXPECT_EQ(client.Call({"XGROUP", "DELCONSUMER", "t", "x\0y"s, "c"}),
            "-NOGROUP No such consumer group 'x' for key name 't'");
}

TEST_F(StreamGroupTest, LagCountsWhatWasTrimmedBeforeTheGroupReadIt) {
  for (int i = 1; i <= 10; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n x");
  client.Run("XREADGROUP GROUP g alice COUNT 2 STREAMS t >");
  EXPECT_EQ(Field("lag"), "8");
  client.Run("XTRIM t MAXLEN 3");
  EXPECT_EQ(Field("lag"), "8");
}

TEST_F(StreamGroupTest, AConsumerThatWaitsIsSeenWhenItComesAndWhenItGetsSomething) {
  TestClient alice(server);
  TestClient bob(server);
  alice.Run("XREADGROUP GROUP g alice BLOCK 0 STREAMS t >");
  bob.Run("XREADGROUP GROUP g bob BLOCK 0 STREAMS t >");
  server.Advance(100);
  client.Run("XADD t 1-0 n x");
  EXPECT_NE(alice.Received(), "");
  EXPECT_EQ(bob.Received(), "");
  EXPECT_EQ(client.Run("XINFO CONSUMERS t g"),
            "[[\"name\" \"alice\" \"pending\" 1 \"idle\" 0 \"inactive\" 0] "
            "[\"name\" \"bob\" \"pending\" 0 \"idle\" 100 \"inactive\" -1]]");
}

TEST_F(StreamGroupTest, WatchDoesNotSeeGroups) {
  client.Run("XADD t 1-0 n x");
  TestClient other(server);
  for (const char* command :
       {"XGROUP CREATE t h 0", "XGROUP SETID t h 0", "XREADGROUP GROUP g alice STREAMS t >",
        "XREADGROUP GROUP g alice STREAMS t 0", "XCLAIM t g bob 0 1-0", "XAUTOCLAIM t g alice 0 -",
        "XACK t g 1-0", "XGROUP DELCONSUMER t g bob", "XGROUP DESTROY t h"}) {
    client.Run("WATCH t");
    other.Run(command);
    client.Run("MULTI");
    EXPECT_EQ(client.Run("EXEC"), "[]") << command;
  }
  client.Run("WATCH t");
  other.Run("XADD t 2-0 n x");
  client.Run("MULTI");
  EXPECT_EQ(client.Run("EXEC"), "nil");
}

TEST_F(StreamGroupTest, AGroupThatIsSetBackWakesNobody) {
  client.Run("XADD t 1-0 n x");
  client.Run("XGROUP SETID t g $");
  TestClient alice(server);
  alice.Run("XREADGROUP GROUP g alice BLOCK 0 STREAMS t >");
  client.Run("XGROUP SETID t g 0");
  EXPECT_EQ(alice.Received(), "");
  client.Run("XADD t 2-0 n x");
  EXPECT_EQ(alice.Received(), "[[\"t\" [[\"1-0\" [\"n\" \"x\"]] [\"2-0\" [\"n\" \"x\"]]]]]");
}

}  // namespace
}  // namespace leat::testing
