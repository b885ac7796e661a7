#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(PubSubTest, UnsubscribingFromNothingIsConfirmed) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("UNSUBSCRIBE"), "[\"unsubscribe\" nil 0]");
  EXPECT_EQ(client.Run("PUNSUBSCRIBE"), "[\"punsubscribe\" nil 0]");
  EXPECT_EQ(client.Run("SUNSUBSCRIBE"), "[\"sunsubscribe\" nil 0]");
  EXPECT_EQ(client.Run("UNSUBSCRIBE a b"), "[\"unsubscribe\" \"a\" 0] | [\"unsubscribe\" \"b\" 0]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("UNSUBSCRIBE"), ">[\"unsubscribe\" nil 0]");
}

TEST(PubSubTest, ASubscribedClientOfResp2CanDoLittleElse) {
  TestServer server;
  TestClient client(server);
  client.Run("SUBSCRIBE a");
  EXPECT_EQ(
      client.Run("GET a"),
      "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
      "are allowed in this context");
  EXPECT_EQ(
      client.Run("CLIENT ID"),
      "-ERR Can't execute 'client|id': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
      "RESET are allowed in this context");
  EXPECT_EQ(client.Run("HELLO 3").substr(0, 28), "-ERR Can't execute 'hello': ");
  EXPECT_EQ(client.Run("GET"), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(client.Run("PING"), "[\"pong\" \"\"]");
  EXPECT_EQ(client.Run("PING hi"), "[\"pong\" \"hi\"]");
  EXPECT_EQ(client.Run("UNSUBSCRIBE"), "[\"unsubscribe\" \"a\" 0]");
  EXPECT_EQ(client.Run("GET a"), "nil");
}

TEST(PubSubTest, CountsChannelsAndPatternsTogetherAndShardChannelsApart) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SUBSCRIBE a a b"),
            "[\"subscribe\" \"a\" 1] | [\"subscribe\" \"a\" 1] | [\"subscribe\" \"b\" 2]");
  EXPECT_EQ(client.Run("PSUBSCRIBE a*"), "[\"psubscribe\" \"a*\" 3]");
  EXPECT_EQ(client.Run("SSUBSCRIBE s"), "[\"ssubscribe\" \"s\" 1]");
  EXPECT_EQ(client.Run("UNSUBSCRIBE"), "[\"unsubscribe\" \"a\" 2] | [\"unsubscribe\" \"b\" 1]");
  // Still subscribed to a pattern and a shard channel.
  EXPECT_EQ(client.Run("GET a").substr(0, 26), "-ERR Can't execute 'get': ");
}

TEST(PubSubTest, DeliversToChannelsAndToEachPatternThatMatches) {
  TestServer server;
  TestClient subscriber(server);
  TestClient publisher(server);
  subscriber.Run("SUBSCRIBE news.art");
  subscriber.Run("PSUBSCRIBE news.*");
  EXPECT_EQ(publisher.Run("PUBLISH news.art \"a b\""), "2");
  EXPECT_EQ(subscriber.Received(),
            "[\"message\" \"news.art\" \"a b\"] | "
            "[\"pmessage\" \"news.*\" \"news.art\" \"a b\"]");
  EXPECT_EQ(publisher.Run("PUBLISH other x"), "0");
  EXPECT_EQ(subscriber.Received(), "");
}

TEST(PubSubTest, EachVersionGetsItsForm) {
  TestServer server;
  TestClient old(server);
  TestClient young(server);
  TestClient publisher(server);
  young.Run("HELLO 3");
  old.Run("SUBSCRIBE news");
  EXPECT_EQ(young.Run("SUBSCRIBE news"), ">[\"subscribe\" \"news\" 1]");
  EXPECT_EQ(publisher.Run("PUBLISH news x"), "2");
  EXPECT_EQ(old.Received(), "[\"message\" \"news\" \"x\"]");
  EXPECT_EQ(young.Received(), ">[\"message\" \"news\" \"x\"]");
  EXPECT_EQ(young.Run("SET a 1"), "OK");
}

TEST(PubSubTest, ShardChannelsAreANamespaceOfTheirOwn) {
  TestServer server;
  TestClient subscriber(server);
  TestClient publisher(server);
  subscriber.Run("SSUBSCRIBE news");
  EXPECT_EQ(publisher.Run("PUBLISH news x"), "0");
  EXPECT_EQ(publisher.Run("SPUBLISH news x"), "1");
  EXPECT_EQ(subscriber.Received(), "[\"smessage\" \"news\" \"x\"]");
}

TEST(PubSubTest, OnesOwnMessageComesBeforeTheReply) {
  TestServer server;
  TestClient client(server);
  client.Run("HELLO 3");
  client.Run("SUBSCRIBE a");
  EXPECT_EQ(client.Run("PUBLISH a x"), ">[\"message\" \"a\" \"x\"] | 1");
  client.Run("MULTI");
  client.Run("PUBLISH a y");
  EXPECT_EQ(client.Run("EXEC"), ">[\"message\" \"a\" \"y\"] | [1]");
}

TEST(PubSubTest, InsideATransaction) {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SUBSCRIBE a");
  client.Run("SSUBSCRIBE s");
  client.Run("UNSUBSCRIBE");
  EXPECT_EQ(client.Run("EXEC"),
            "[[\"subscribe\" \"a\" 1] -ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client "
            "[\"unsubscribe\" \"a\" 0]]");
}

TEST(PubSubTest, PushesPassWhenRepliesAreOff) {
  TestServer server;
  TestClient client(server);
  TestClient publisher(server);
  EXPECT_EQ(client.Run("CLIENT REPLY OFF"), "");
  EXPECT_EQ(client.Run("SUBSCRIBE a"), "[\"subscribe\" \"a\" 1]");
  EXPECT_EQ(publisher.Run("PUBLISH a x"), "1");
  EXPECT_EQ(client.Received(), "[\"message\" \"a\" \"x\"]");
  EXPECT_EQ(client.Run("PING"), "");
}

TEST(PubSubTest, ASubscriberThatDoesNotReadIsClosed) {
  engine::Config config;
  config.output_limits[2] = {.hard_bytes = 1000, .soft_bytes = 0, .soft_seconds = 0};
  TestServer server(config);
  TestClient subscriber(server);
  TestClient publisher(server);
  subscriber.Run("SUBSCRIBE a");
  for (int i = 0; i < 20; ++i) publisher.Call({"PUBLISH", "a", std::string(100, 'x')});
  EXPECT_EQ(subscriber.Received(), "");
  EXPECT_FALSE(subscriber.connected());
  EXPECT_EQ(publisher.Run("PUBLISH a x"), "0");
}

TEST(PubSubTest, ListsWhatIsListenedTo) {
  TestServer server;
  TestClient subscriber(server);
  TestClient client(server);
  subscriber.Run("SUBSCRIBE news");
  subscriber.Run("PSUBSCRIBE n* m*");
  subscriber.Run("SSUBSCRIBE shard");
  EXPECT_EQ(client.Run("PUBSUB CHANNELS"), "[\"news\"]");
  EXPECT_EQ(client.Run("PUBSUB CHANNELS x*"), "[]");
  EXPECT_EQ(
      client.Run("PUBSUB CHANNELS a b"),
      "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.");
  EXPECT_EQ(client.Run("PUBSUB SHARDCHANNELS s*"), "[\"shard\"]");
  EXPECT_EQ(client.Run("PUBSUB NUMSUB"), "[]");
  EXPECT_EQ(client.Run("PUBSUB NUMSUB news x"), "[\"news\" 1 \"x\" 0]");
  EXPECT_EQ(client.Run("PUBSUB SHARDNUMSUB shard"), "[\"shard\" 1]");
  EXPECT_EQ(client.Run("PUBSUB NUMPAT"), "2");
  EXPECT_EQ(client.Run("PUBSUB NO"), "-ERR unknown subcommand 'NO'. Try PUBSUB HELP.");
}

}  // namespace
}  // namespace leat::testing
