#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(DatabaseTest, RefusesWhatIsNoDatabase) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SWAPDB one 0"), "-ERR invalid first DB index");
  EXPECT_EQ(client.Run("SWAPDB 99999999999 0"), "-ERR invalid first DB index");
  EXPECT_EQ(client.Run("SWAPDB 16 one"), "-ERR invalid second DB index");
  EXPECT_EQ(client.Run("SWAPDB 0 16"), "-ERR DB index is out of range");
  EXPECT_EQ(client.Run("SWAPDB -1 0"), "-ERR DB index is out of range");
}

TEST(DatabaseTest, RefusesUnknownWaysToFlush) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  EXPECT_EQ(client.Run("FLUSHDB NOW"), "-ERR syntax error");
  EXPECT_EQ(client.Run("FLUSHALL ASYNC SYNC"), "-ERR syntax error");
  EXPECT_EQ(client.Run("DBSIZE"), "1");
}

TEST(DatabaseTest, FlushesOneOrAll) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  client.Run("COPY k k DB 1");
  EXPECT_EQ(client.Run("FLUSHDB async"), "OK");
  EXPECT_EQ(client.Run("DBSIZE"), "0");
  client.Run("SELECT 1");
  EXPECT_EQ(client.Run("DBSIZE"), "1");
  client.Run("SELECT 2");
  EXPECT_EQ(client.Run("FLUSHALL SYNC"), "OK");
  client.Run("SELECT 1");
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

TEST(DatabaseTest, ExchangesTwo) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k zero PX 500");
  EXPECT_EQ(client.Run("SWAPDB 0 0"), "OK");
  EXPECT_EQ(client.Run("SWAPDB 0 1"), "OK");
  EXPECT_EQ(client.Run("DBSIZE"), "0");
  client.Run("SELECT 1");
  EXPECT_EQ(client.Run("GET k"), "\"zero\"");
  server.Advance(501);
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

TEST(DatabaseTest, ExchangingBreaksAWatchOnWhatCameAndWent) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  for (const char* database : {"0", "1"}) {  // where the watched key is when they are exchanged
    client.Run("FLUSHALL");
    client.Run("SELECT 0");
    other.Run(std::string("SELECT ") + database);
    other.Run("SET k v");
    client.Run("WATCH k");
    other.Run("SWAPDB 0 1");
    client.Run("MULTI");
    client.Run("PING");
    EXPECT_EQ(client.Run("EXEC"), "nil") << database;
  }
  client.Run("WATCH none");
  other.Run("SWAPDB 0 1");
  client.Run("MULTI");
  client.Run("PING");
  EXPECT_EQ(client.Run("EXEC"), "[PONG]");
}

TEST(DatabaseTest, ExchangingWakesAReaderOfWhatCame) {
  TestServer server;
  TestClient reader(server);
  TestClient other(server);
  other.Run("SELECT 1");
  other.Run("XADD log 1-1 f v");
  EXPECT_EQ(reader.Run("XREAD BLOCK 0 STREAMS log 0"), "");
  other.Run("SWAPDB 0 1");
  server.EndTurn();
  EXPECT_EQ(reader.Received(), "[[\"log\" [[\"1-1\" [\"f\" \"v\"]]]]]");
}

}  // namespace
}  // namespace leat::testing
