#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(TransactionTest, RunsWhatWasQueued) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("MULTI"), "OK");
  EXPECT_EQ(client.Run("SET a 1"), "QUEUED");
  EXPECT_EQ(client.Run("GET a"), "QUEUED");
  EXPECT_EQ(client.Run("EXEC"), "[OK \"1\"]");
}

TEST(TransactionTest, RefusesWhatIsOutOfPlace) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("EXEC"), "-ERR EXEC without MULTI");
  EXPECT_EQ(client.Run("DISCARD"), "-ERR DISCARD without MULTI");
  client.Run("MULTI");
  EXPECT_EQ(client.Run("MULTI"), "-ERR MULTI calls can not be nested");
  EXPECT_EQ(client.Run("WATCH a"), "-ERR WATCH inside MULTI is not allowed");
  EXPECT_EQ(client.Run("EXEC"), "[]");
}

TEST(TransactionTest, AnErrorWhileQueueingDiscardsIt) {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SET a 1");
  EXPECT_EQ(client.Run("GET"), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(client.Run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
  EXPECT_EQ(client.Run("GET a"), "nil");
}

TEST(TransactionTest, AWatchedKeyThatChangedAnswersNull) {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  client.Run("WATCH a");
  other.Run("SET a 2");
  client.Run("MULTI");
  client.Run("SET a 1");
  EXPECT_EQ(client.Run("EXEC"), "nil");
  EXPECT_EQ(client.Run("GET a"), "\"2\"");
}

}  // namespace
}  // namespace leat::testing
