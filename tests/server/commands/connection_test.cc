#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr char kWrongPass[] = "-WRONGPASS invalid username-password pair or user is disabled.";

engine::Config WithPassword() {
  engine::Config config;
  config.require_pass = "s3cret";
  return config;
}

TEST(HelloTest, RefusesWhatItDoesNotSpeak) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("HELLO x"), "-ERR Protocol version is not an integer or out of range");
  EXPECT_EQ(client.Run("HELLO 1"), "-NOPROTO unsupported protocol version");
  EXPECT_EQ(client.Run("HELLO 4"), "-NOPROTO unsupported protocol version");
  EXPECT_EQ(client.Run("HELLO 3 AUTH default"), "-ERR Syntax error in HELLO option 'AUTH'");
  EXPECT_EQ(client.Run("HELLO 3 FOO"), "-ERR Syntax error in HELLO option 'FOO'");
  EXPECT_EQ(client.Run("HELLO 3 SETNAME \"a b\""),
            "-ERR Client names cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(client.Run("HELLO 3 AUTH ann x"), kWrongPass);
  EXPECT_EQ(client.Run("GET a"), "nil");
  EXPECT_EQ(client.session().reply.version(), 2);
}

TEST(HelloTest, TellsWhoTheServerIs) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("HELLO 3 SETNAME bob"),
            "{\"server\": \"redis\", \"version\": \"7.2.0\", \"proto\": 3, \"id\": 1, "
            "\"mode\": \"standalone\", \"role\": \"master\", \"modules\": []}");
  EXPECT_EQ(client.Run("CLIENT GETNAME"), "\"bob\"");
  EXPECT_EQ(client.Run("HELLO 2"),
            "[\"server\" \"redis\" \"version\" \"7.2.0\" \"proto\" 2 \"id\" 1 "
            "\"mode\" \"standalone\" \"role\" \"master\" \"modules\" []]");
}

TEST(HelloTest, AuthenticatesAndThenOnly) {
  TestServer server(WithPassword());
  TestClient client(server);
  EXPECT_EQ(client.Run("HELLO 3"),
            "-NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO AUTH <user> <pass> option can be used to authenticate the client and select the "
            "RESP protocol version at the same time");
  EXPECT_EQ(client.Run("HELLO 3 AUTH default wrong"), kWrongPass);
  EXPECT_EQ(client.session().reply.version(), 2);
  EXPECT_TRUE(client.Run("HELLO 3 AUTH default s3cret").starts_with("{\"server\""));
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(AuthTest, WithoutAPasswordSet) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("AUTH x"),
            "-ERR AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?");
  EXPECT_EQ(client.Run("AUTH default x"), "OK");
  EXPECT_EQ(client.Run("AUTH Default x"), kWrongPass);
  EXPECT_EQ(client.Run("AUTH a b c"), "-ERR syntax error");
}

TEST(AuthTest, NothingRunsBeforeIt) {
  TestServer server(WithPassword());
  TestClient client(server);
  EXPECT_EQ(client.Run("SET a 1"), "-NOAUTH Authentication required.");
  EXPECT_EQ(client.Run("SUBSCRIBE a"), "-NOAUTH Authentication required.");
  // What is no command is said to be none first.
  EXPECT_EQ(client.Run("NOSUCH"), "-ERR unknown command 'NOSUCH', with args beginning with: ");
  EXPECT_EQ(client.Run("GET"), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(client.Run("AUTH s3cre"), kWrongPass);
  EXPECT_EQ(client.Run("AUTH s3crets"), kWrongPass);
  EXPECT_EQ(client.Run("AUTH \"\""), kWrongPass);
  EXPECT_EQ(client.Run("AUTH s3cret"), "OK");
  EXPECT_EQ(client.Run("SET a 1"), "OK");
}

TEST(AuthTest, AFailureAfterwardsChangesNothing) {
  TestServer server(WithPassword());
  TestClient client(server);
  client.Run("AUTH s3cret");
  EXPECT_EQ(client.Run("AUTH wrong"), kWrongPass);
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(SelectTest, RefusesWhatIsNoDatabase) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SELECT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("SELECT 16"), "-ERR DB index is out of range");
  EXPECT_EQ(client.Run("SELECT -1"), "-ERR DB index is out of range");
  EXPECT_EQ(client.Run("SELECT 2147483648"),
            "-ERR value is out of range, value must between -2147483648 and 2147483647");
}

TEST(SelectTest, DatabasesAreApart) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1");
  EXPECT_EQ(client.Run("SELECT 15"), "OK");
  EXPECT_EQ(client.Run("GET a"), "nil");
}

TEST(PingTest, AnswersWhatItIsGiven) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("PING a b"), "-ERR wrong number of arguments for 'ping' command");
  EXPECT_EQ(client.Run("PING"), "PONG");
  EXPECT_EQ(client.Run("PING hi"), "\"hi\"");
}

TEST(QuitTest, AnswersAndCloses) {
  TestServer server;
  TestClient client(server);
  client.Send("PING\r\nQUIT\r\nSET a 1\r\n");
  EXPECT_EQ(client.Received(), "PONG | OK");
  EXPECT_FALSE(client.connected());
  TestClient other(server);
  EXPECT_EQ(other.Run("GET a"), "nil");
}

TEST(ResetTest, EndsEverythingTheSessionHasBegun) {
  TestServer server(WithPassword());
  TestClient client(server);
  TestClient other(server);
  other.Run("AUTH s3cret");
  client.Run("HELLO 3 AUTH default s3cret SETNAME bob");
  client.Run("SELECT 3");
  client.Run("CLIENT NO-TOUCH ON");
  client.Run("SUBSCRIBE news");
  client.Run("PSUBSCRIBE n*");
  client.Run("SSUBSCRIBE shard");
  client.Run("WATCH a");
  client.Run("MULTI");
  EXPECT_EQ(client.Run("RESET"), "RESET");
  EXPECT_EQ(client.Run("GET a"), "-NOAUTH Authentication required.");
  EXPECT_EQ(other.Run("PUBLISH news x"), "0");
  EXPECT_EQ(other.Run("SPUBLISH shard x"), "0");
  client.Run("AUTH s3cret");
  EXPECT_EQ(client.Run("CLIENT GETNAME"), "nil");
  EXPECT_EQ(client.Run("EXEC"), "-ERR EXEC without MULTI");
  const std::string info = client.Run("CLIENT INFO");
  EXPECT_NE(info.find("flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 "), std::string::npos) << info;
  EXPECT_NE(info.find(" resp=2 "), std::string::npos) << info;
}

TEST(ResetTest, TurnsRepliesOnAgain) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT REPLY OFF"), "");
  EXPECT_EQ(client.Run("RESET"), "RESET");
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(ResetTest, EndsMonitoring) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("MONITOR");
  EXPECT_EQ(client.Run("RESET"), "RESET");
  other.Run("PING");
  EXPECT_EQ(client.Received(), "");
  EXPECT_EQ(client.Run("GET a"), "nil");
}

}  // namespace
}  // namespace leat::testing
