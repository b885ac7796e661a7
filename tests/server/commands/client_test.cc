#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string IdOf(TestClient& client) {
  return std::to_string(client.session().id);
}

TEST(ClientTest, RefusesWhatItDoesNotKnow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT"), "-ERR wrong number of arguments for 'client' command");
  EXPECT_EQ(client.Run("CLIENT NO"), "-ERR unknown subcommand 'NO'. Try CLIENT HELP.");
  EXPECT_EQ(client.Run("CLIENT TRACKING ON"),
            "-ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.");
  EXPECT_EQ(client.Run("CLIENT ID x"), "-ERR wrong number of arguments for 'client|id' command");
  EXPECT_EQ(client.Run("CLIENT REPLY x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT NO-EVICT x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT NO-TOUCH x"), "-ERR syntax error");
}

TEST(ClientNameTest, MustKeepListsWhole) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT SETNAME \"a b\""),
            "-ERR Client names cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(client.Run("CLIENT GETNAME"), "nil");
  EXPECT_EQ(client.Run("CLIENT SETNAME bob"), "OK");
  EXPECT_EQ(client.Run("CLIENT GETNAME"), "\"bob\"");
  EXPECT_EQ(client.Run("CLIENT SETNAME \"\""), "OK");
  EXPECT_EQ(client.Run("CLIENT GETNAME"), "nil");
}

TEST(ClientSetInfoTest, TellsTheLibrary) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT SETINFO FOO x"), "-ERR Unrecognized option 'FOO'");
  EXPECT_EQ(client.Run("CLIENT SETINFO lib-name \"a b\""),
            "-ERR lib-name cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(client.Run("CLIENT SETINFO LIB-NAME ioredis"), "OK");
  EXPECT_EQ(client.Run("CLIENT SETINFO LIB-VER 5.1"), "OK");
  EXPECT_THAT(client.Run("CLIENT INFO"), HasSubstr(" lib-name=ioredis lib-ver=5.1\n"));
}

TEST(ClientInfoTest, TellsWhatTheClientIsAndDoes) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("CLIENT SETNAME bob");
  client.Run("SELECT 2");
  client.Run("PSUBSCRIBE n*");
  server.Advance(5000);
  other.Run("HELLO 3");
  const std::string list = other.Run("CLIENT LIST");
  EXPECT_THAT(list, HasSubstr("=txt:id=1 addr=127.0.0.1:50001 laddr= fd=-1 name=bob age=5 idle=5 "
                              "flags=P db=2 sub=0 psub=1 ssub=0 multi=-1 qbuf=0 "));
  EXPECT_THAT(list, HasSubstr(" cmd=psubscribe user=default redir=-1 resp=2 lib-name= lib-ver=\n"));
  EXPECT_THAT(list, HasSubstr("\nid=2 addr=127.0.0.1:50002 "));
  EXPECT_THAT(list, HasSubstr(" cmd=client|list user=default redir=-1 resp=3 "));
}

TEST(ClientInfoTest, TellsOfTransactionsAndWaits) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("WATCH a");
  client.Run("MULTI");
  client.Run("GET a");
  EXPECT_THAT(other.Run("CLIENT LIST ID 1"),
              HasSubstr(" flags=x db=0 sub=0 psub=0 ssub=0 multi=1 "));
  other.Run("SET a 1");
  EXPECT_THAT(other.Run("CLIENT LIST ID 1"), HasSubstr(" flags=xd "));
  client.Run("EXEC");
  client.Run("NOSUCH");
  EXPECT_THAT(other.Run("CLIENT LIST ID 1"), HasSubstr(" cmd=NULL "));
  client.Run("XREAD BLOCK 0 STREAMS s $");
  EXPECT_THAT(other.Run("CLIENT LIST ID 1"), HasSubstr(" flags=b "));
}

TEST(ClientListTest, RefusesWhatItDoesNotKnow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT LIST x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT LIST TYPE"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT LIST TYPE x"), "-ERR Unknown client type 'x'");
  EXPECT_EQ(client.Run("CLIENT LIST ID"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT LIST ID 1 x"), "-ERR Invalid client ID");
}

TEST(ClientListTest, ByTypeAndId) {
  TestServer server;
  TestClient client(server);
  TestClient subscriber(server);
  subscriber.Run("SSUBSCRIBE a");
  EXPECT_THAT(client.Run("CLIENT LIST TYPE pubsub"), HasSubstr("id=2 "));
  EXPECT_THAT(client.Run("CLIENT LIST TYPE pubsub"), Not(HasSubstr("id=1 ")));
  EXPECT_THAT(client.Run("CLIENT LIST TYPE NORMAL"), HasSubstr("id=1 "));
  EXPECT_EQ(client.Run("CLIENT LIST TYPE replica"), "\"\"");
  EXPECT_EQ(client.Run("CLIENT LIST ID 99"), "\"\"");
  EXPECT_THAT(client.Run("CLIENT LIST ID 2 99 1"), HasSubstr("lib-ver=\nid=1 "));
}

TEST(ClientKillTest, RefusesWhatItDoesNotKnow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT KILL 1.2.3.4:5"), "-ERR No such client");
  EXPECT_EQ(client.Run("CLIENT KILL ID 0"), "-ERR client-id should be greater than 0");
  EXPECT_EQ(client.Run("CLIENT KILL ID x"), "-ERR client-id should be greater than 0");
  EXPECT_EQ(client.Run("CLIENT KILL ID 1 TYPE"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT KILL TYPE x"), "-ERR Unknown client type 'x'");
  EXPECT_EQ(client.Run("CLIENT KILL USER x"), "-ERR No such user 'x'");
  EXPECT_EQ(client.Run("CLIENT KILL SKIPME x"), "-ERR syntax error");
  EXPECT_EQ(client.Run("CLIENT KILL MAXAGE x"), "-ERR maxage is not an integer or out of range");
  EXPECT_EQ(client.Run("CLIENT KILL MAXAGE 0"), "-ERR maxage should be greater than 0");
  EXPECT_TRUE(client.connected());
}

TEST(ClientKillTest, TheOldFormEndsAnyoneByAddress) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  EXPECT_EQ(client.Run("CLIENT KILL " + other.session().address), "OK");
  EXPECT_EQ(other.Received(), "");
  EXPECT_FALSE(other.connected());
  EXPECT_EQ(client.Run("CLIENT KILL " + client.session().address), "OK");
  EXPECT_FALSE(client.connected());
}

TEST(ClientKillTest, FiltersHoldTogether) {
  TestServer server;
  TestClient client(server);
  TestClient subscriber(server);
  TestClient other(server);
  subscriber.Run("SUBSCRIBE a");
  EXPECT_EQ(client.Run("CLIENT KILL TYPE pubsub ID " + IdOf(other)), "0");
  EXPECT_EQ(client.Run("CLIENT KILL TYPE pubsub ID " + IdOf(subscriber)), "1");
  EXPECT_EQ(client.Run("CLIENT KILL ID " + IdOf(client)), "0");
  EXPECT_EQ(client.Run("CLIENT KILL USER default"), "1");
  EXPECT_EQ(other.Received(), "");
  EXPECT_FALSE(other.connected());
}

TEST(ClientKillTest, ByAge) {
  TestServer server;
  TestClient old(server);
  server.Advance(9000);
  TestClient client(server);
  server.Advance(1000);
  EXPECT_EQ(client.Run("CLIENT KILL MAXAGE 11 SKIPME NO"), "0");
  EXPECT_EQ(client.Run("CLIENT KILL MAXAGE 10 SKIPME NO"), "1");
  EXPECT_EQ(old.Received(), "");
  EXPECT_FALSE(old.connected());
}

TEST(ClientKillTest, OneselfIsAnsweredFirst) {
  TestServer server;
  TestClient client(server);
  client.Send("CLIENT KILL ID " + IdOf(client) + " SKIPME NO\r\nSET a 1\r\n");
  EXPECT_EQ(client.Received(), "1");
  EXPECT_FALSE(client.connected());
  TestClient other(server);
  EXPECT_EQ(other.Run("GET a"), "nil");
}

TEST(ClientKillTest, WhoIsKilledIsGoneAtOnce) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  other.Run("SUBSCRIBE a");
  client.Send("CLIENT KILL TYPE pubsub\r\nPUBLISH a x\r\nCLIENT LIST TYPE pubsub\r\n");
  EXPECT_EQ(client.Received(), "1 | 0 | \"\"");
}

TEST(ClientReplyTest, OffUntilOn) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT REPLY OFF"), "");
  EXPECT_EQ(client.Run("SET a 1"), "");
  EXPECT_EQ(client.Run("NOSUCH"), "");
  EXPECT_EQ(client.Run("CLIENT REPLY SKIP"), "");
  EXPECT_EQ(client.Run("CLIENT REPLY ON"), "OK");
  EXPECT_EQ(client.Run("GET a"), "\"1\"");
}

TEST(ClientReplyTest, SkipsOne) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT REPLY SKIP"), "");
  EXPECT_EQ(client.Run("CLIENT REPLY SKIP"), "");
  EXPECT_EQ(client.Run("NOSUCH"), "");
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(ClientReplyTest, ACallThatWaitsIsSkippedWhenItEnds) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("CLIENT REPLY SKIP");
  client.Run("XREAD BLOCK 0 STREAMS s $");
  other.Run("XADD s 1-1 a b");
  EXPECT_EQ(client.Received(), "");
  EXPECT_EQ(client.Run("PING"), "PONG");
  client.Run("CLIENT REPLY SKIP");
  client.Run("XREAD BLOCK 100 STREAMS s $");
  server.Advance(101);
  EXPECT_EQ(client.Received(), "");
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(ClientReplyTest, ATransactionThatTurnsThemOffIsNotAnswered) {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  client.Run("CLIENT REPLY OFF");
  client.Run("SET a 1");
  EXPECT_EQ(client.Run("EXEC"), "");
  EXPECT_EQ(client.Run("CLIENT REPLY ON"), "OK");
  EXPECT_EQ(client.Run("GET a"), "\"1\"");
}

TEST(ClientPauseTest, RefusesWhatIsNoTime) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CLIENT PAUSE x"), "-ERR timeout is not an integer or out of range");
  EXPECT_EQ(client.Run("CLIENT PAUSE -1"), "-ERR timeout is negative");
  EXPECT_EQ(client.Run("CLIENT PAUSE 9223372036854775807"), "-ERR timeout is out of range");
  EXPECT_EQ(client.Run("CLIENT PAUSE x y"), "-ERR CLIENT PAUSE mode must be WRITE or ALL");
  EXPECT_EQ(client.Run("CLIENT PAUSE 1 WRITE x"),
            "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.");
  EXPECT_EQ(client.Run("PING"), "PONG");
}

TEST(ClientPauseTest, EverythingWaitsUntilItEnds) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  EXPECT_EQ(client.Run("CLIENT PAUSE 100"), "OK");
  other.Send("PING\r\nECHO a\r\n");
  EXPECT_EQ(client.Run("CLIENT UNPAUSE"), "");
  server.Advance(99);
  EXPECT_EQ(other.Received(), "");
  server.Advance(1);
  EXPECT_EQ(other.Received(), "PONG | \"a\"");
  EXPECT_EQ(client.Received(), "OK");
}

TEST(ClientPauseTest, OnlyWritesAndPublishesWait) {
  TestServer server;
  TestClient admin(server);
  TestClient writer(server);
  TestClient publisher(server);
  TestClient transaction(server);
  admin.Run("CLIENT PAUSE 60000 WRITE");
  EXPECT_EQ(writer.Run("GET a"), "nil");
  EXPECT_EQ(writer.Run("SET a 1"), "");
  EXPECT_EQ(publisher.Run("PUBLISH a x"), "");
  transaction.Run("MULTI");
  EXPECT_EQ(transaction.Run("GET a"), "QUEUED");
  EXPECT_EQ(transaction.Run("SET a 2"), "");  // as redis-server 7.0
  EXPECT_EQ(admin.Run("CLIENT UNPAUSE"), "OK");
  EXPECT_EQ(writer.Received(), "OK");
  EXPECT_EQ(publisher.Received(), "0");
  EXPECT_EQ(transaction.Received(), "QUEUED");
  EXPECT_EQ(transaction.Run("EXEC"), "[\"1\" OK]");
}

TEST(ClientPauseTest, ATransactionThatWritesWaitsAtExec) {
  TestServer server;
  TestClient admin(server);
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SET a 1");
  admin.Run("CLIENT PAUSE 60000 WRITE");
  EXPECT_EQ(client.Run("EXEC"), "");
  admin.Run("CLIENT UNPAUSE");
  EXPECT_EQ(client.Received(), "[OK]");
}

TEST(ClientPauseTest, CanOnlyBecomeLongerAndStricter) {
  TestServer server;
  TestClient admin(server);
  TestClient client(server);
  admin.Run("CLIENT PAUSE 1000 WRITE");
  admin.Run("CLIENT PAUSE 10 ALL");
  EXPECT_EQ(client.Run("PING"), "");
  server.Advance(999);
  EXPECT_EQ(client.Received(), "");
  server.Advance(1);
  EXPECT_EQ(client.Received(), "PONG");
}

TEST(ClientPauseTest, CallsGoOnInOrderOfArrival) {
  TestServer server;
  TestClient admin(server);
  TestClient first(server);
  TestClient second(server);
  admin.Run("CLIENT PAUSE 60000 WRITE");
  second.Run("SET a 2");
  first.Run("SET a 1");
  admin.Run("CLIENT UNPAUSE");
  EXPECT_EQ(admin.Run("GET a"), "\"1\"");
}

TEST(ClientPauseTest, KeysReadAsExpiredAndStay) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1 PX 30");
  client.Run("CLIENT PAUSE 1000 WRITE");
  server.Advance(100);
  EXPECT_EQ(client.Run("GET a"), "nil");
  EXPECT_EQ(client.Run("DBSIZE"), "1");
  client.Run("CLIENT UNPAUSE");
  server.Advance(1);
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

TEST(ClientNoTouchTest, LeavesAccessTimesAsTheyAre) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1");
  server.Advance(10000);
  client.Run("CLIENT NO-TOUCH ON");
  client.Run("GET a");
  EXPECT_EQ(client.Run("OBJECT IDLETIME a"), "10");
  client.Run("TOUCH a");
  EXPECT_EQ(client.Run("OBJECT IDLETIME a"), "0");
  server.Advance(10000);
  client.Run("CLIENT NO-TOUCH OFF");
  client.Run("GET a");
  EXPECT_EQ(client.Run("OBJECT IDLETIME a"), "0");
}

TEST(ClientUnblockTest, EndsAWait) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  EXPECT_EQ(client.Run("CLIENT UNBLOCK x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("CLIENT UNBLOCK 1 x"),
            "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  EXPECT_EQ(client.Run("CLIENT UNBLOCK " + IdOf(other)), "0");
  other.Run("XREAD BLOCK 0 STREAMS s $");
  EXPECT_EQ(client.Run("CLIENT UNBLOCK " + IdOf(other)), "1");
  EXPECT_EQ(other.Received(), "nil");
  other.Run("XREAD BLOCK 0 STREAMS s $");
  EXPECT_EQ(client.Run("CLIENT UNBLOCK " + IdOf(other) + " ERROR"), "1");
  EXPECT_EQ(other.Received(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  EXPECT_EQ(other.Run("PING"), "PONG");
}

TEST(ClientUnblockTest, DoesNotEndAPause) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("CLIENT PAUSE 60000 WRITE");
  other.Run("SET a 1");
  EXPECT_EQ(client.Run("CLIENT UNBLOCK " + IdOf(other)), "0");
  EXPECT_EQ(other.Received(), "");
}

}  // namespace
}  // namespace leat::testing
