#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CommandTest, RefusesWhatItDoesNotKnow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COMMAND NO"), "-ERR unknown subcommand 'NO'. Try COMMAND HELP.");
  EXPECT_EQ(client.Run("COMMAND COUNT x"),
            "-ERR wrong number of arguments for 'command|count' command");
  EXPECT_EQ(client.Run("COMMAND LIST x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY FOO x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY PATTERN a b"), "-ERR syntax error");
}

TEST(CommandInfoTest, ShowsTheRow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COMMAND INFO nosuch client|no"), "[nil nil]");
  EXPECT_EQ(client.Run("COMMAND INFO spublish"),
            "[[\"spublish\" 3 [pubsub loading stale fast] 1 1 1 [@pubsub @fast] [] "
            "[[\"flags\" [not_key] "
            "\"begin_search\" [\"type\" \"index\" \"spec\" [\"index\" 1]] "
            "\"find_keys\" [\"type\" \"range\" \"spec\" "
            "[\"lastkey\" 0 \"keystep\" 1 \"limit\" 0]]]] []]]");
  EXPECT_EQ(client.Run("COMMAND INFO Client|Kill"),
            "[[\"client|kill\" -3 [admin noscript loading stale] 0 0 0 "
            "[@admin @slow @dangerous @connection] [] [] []]]");
}

TEST(CommandInfoTest, TellsKeysBehindAKeyword) {
  TestServer server;
  TestClient client(server);
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("COMMAND INFO xread"),
            "[[\"xread\" -4 ~[readonly blocking movablekeys] 0 0 0 "
            "~[@read @stream @slow @blocking] ~[] ~[{\"flags\": ~[RO access], "
            "\"begin_search\": {\"type\": \"keyword\", \"spec\": {\"keyword\": \"STREAMS\", "
            "\"startfrom\": 1}}, \"find_keys\": {\"type\": \"range\", \"spec\": "
            "{\"lastkey\": -1, \"keystep\": 1, \"limit\": 2}}}] ~[]]]");
}

TEST(CommandInfoTest, AContainerBringsItsSubcommands) {
  TestServer server;
  TestClient client(server);
  EXPECT_THAT(client.Run("COMMAND INFO pubsub"),
              StartsWith("[[\"pubsub\" -2 [] 0 0 0 [@slow] [] [] [[\"pubsub|channels\" -2 "));
}

TEST(CommandDocsTest, ShowsTheRow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COMMAND DOCS nosuch"), "[]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("COMMAND DOCS CLIENT|ID nosuch"),
            "{\"client|id\": {\"summary\": \"Returns the client ID for the current connection\", "
            "\"since\": \"5.0.0\", \"group\": \"connection\", \"complexity\": \"O(1)\"}}");
  EXPECT_THAT(client.Run("COMMAND DOCS client"),
              HasSubstr("\"subcommands\": {\"client|getname\": {\"summary\": "));
}

TEST(CommandListTest, Filters) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY MODULE x"), "[]");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY PATTERN SUBSC*"), "[\"subscribe\"]");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY PATTERN client|s*"),
            "[\"client|setinfo\" \"client|setname\"]");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY ACLCAT @transaction"), "[]");
  EXPECT_EQ(client.Run("COMMAND LIST FILTERBY ACLCAT Transaction"),
            "[\"discard\" \"exec\" \"multi\" \"unwatch\" \"watch\"]");
}

TEST(CommandGetKeysTest, FindsKeysAmongArguments) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COMMAND GETKEYS NOSUCH a"), "-ERR Invalid command specified");
  EXPECT_EQ(client.Run("COMMAND GETKEYS CLIENT NO"), "-ERR Invalid command specified");
  EXPECT_EQ(client.Run("COMMAND GETKEYS PING a"), "-ERR The command has no key arguments");
  EXPECT_EQ(client.Run("COMMAND GETKEYS SPUBLISH a b"), "-ERR The command has no key arguments");
  EXPECT_EQ(client.Run("COMMAND GETKEYS GET a b"),
            "-ERR Invalid number of arguments specified for command");
  EXPECT_EQ(client.Run("COMMAND GETKEYS XREAD a b c"),
            "-ERR Invalid arguments specified for command");
  EXPECT_EQ(client.Run("COMMAND GETKEYS XREAD COUNT 1 STREAMS a b 0 0"), "[\"a\" \"b\"]");
  EXPECT_EQ(client.Run("COMMAND GETKEYS WATCH a b"), "[\"a\" \"b\"]");
  EXPECT_EQ(client.Run("COMMAND GETKEYSANDFLAGS SET a b"), "[[\"a\" [OW update]]]");
  EXPECT_EQ(client.Run("COMMAND GETKEYSANDFLAGS SET a b GET"), "[[\"a\" [RW access update]]]");
}

}  // namespace
}  // namespace leat::testing
