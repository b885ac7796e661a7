#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr char kSame[] = "-ERR source and destination objects are the same";
constexpr char kNoDatabase[] = "-ERR DB index is out of range";

TEST(GenericTest, RefusesDatabasesThatAreNone) {
  TestServer server;
  TestClient client(server);
  for (const char* command : {"MOVE k ", "COPY k l DB "}) {
    const std::string text(command);
    EXPECT_EQ(client.Run(text + "16"), kNoDatabase);
    EXPECT_EQ(client.Run(text + "-1"), kNoDatabase);
    EXPECT_EQ(client.Run(text + "one"), "-ERR value is not an integer or out of range");
    EXPECT_EQ(client.Run(text + "99999999999"),
              "-ERR value is out of range, value must between -2147483648 and 2147483647");
  }
}

TEST(GenericTest, RefusesAKeyAsItsOwnTarget) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("COPY k k"), kSame);
  EXPECT_EQ(client.Run("COPY k k DB 0 REPLACE"), kSame);
  EXPECT_EQ(client.Run("MOVE k 0"), kSame);
  EXPECT_EQ(client.Run("RENAME k k"), "-ERR no such key");
  client.Run("SET k v");
  EXPECT_EQ(client.Run("RENAME k k"), "OK");
  EXPECT_EQ(client.Run("RENAMENX k k"), "0");
  EXPECT_EQ(client.Run("COPY k l FOO"), "-ERR syntax error");
  EXPECT_EQ(client.Run("COPY k l DB"), "-ERR syntax error");
}

TEST(GenericTest, CountsEachArgument) {
  TestServer server;
  TestClient client(server);
  client.Run("MSET a 1 b 2");
  EXPECT_EQ(client.Run("EXISTS a a b c"), "3");
  EXPECT_EQ(client.Run("TOUCH a c"), "1");
  EXPECT_EQ(client.Run("DEL a a c"), "1");
  EXPECT_EQ(client.Run("UNLINK b"), "1");
  EXPECT_EQ(client.Run("TYPE a"), "none");
}

TEST(GenericTest, RenamingMovesValueAndExpiry) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1 PX 500");
  client.Run("SET b 2");
  EXPECT_EQ(client.Run("RENAMENX a b"), "0");
  EXPECT_EQ(client.Run("RENAME a b"), "OK");
  EXPECT_EQ(client.Run("GET b"), "\"1\"");
  EXPECT_EQ(client.Run("PTTL b"), "500");
  EXPECT_EQ(client.Run("RENAMENX b a"), "1");
  EXPECT_EQ(client.Run("EXISTS b"), "0");
}

TEST(GenericTest, ACopyIsItsOwnKey) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1 PX 500");
  EXPECT_EQ(client.Run("COPY none b"), "0");
  EXPECT_EQ(client.Run("COPY a b"), "1");
  EXPECT_EQ(client.Run("COPY a b"), "0");
  client.Run("APPEND a 2");
  EXPECT_EQ(client.Run("GET b"), "\"1\"");
  EXPECT_EQ(client.Run("PTTL b"), "500");
  EXPECT_EQ(client.Run("COPY a b replace"), "1");
  EXPECT_EQ(client.Run("GET b"), "\"12\"");
  EXPECT_EQ(client.Run("COPY a a DB 3"), "1");
  client.Run("SELECT 3");
  EXPECT_EQ(client.Run("GET a"), "\"12\"");
}

TEST(GenericTest, AMoveTakesTheKeyWhereItIsNot) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1 PX 500");
  EXPECT_EQ(client.Run("MOVE none 1"), "0");
  EXPECT_EQ(client.Run("MOVE a 1"), "1");
  EXPECT_EQ(client.Run("EXISTS a"), "0");
  client.Run("SET a 2");
  EXPECT_EQ(client.Run("MOVE a 1"), "0");
  client.Run("SELECT 1");
  EXPECT_EQ(client.Run("GET a"), "\"1\"");
  EXPECT_EQ(client.Run("PTTL a"), "500");
}

TEST(GenericTest, AnExpiredKeyIsNoObstacle) {
  TestServer server;
  TestClient client(server);
  client.Run("SET gone 1 PX 1");
  client.Run("SET a 2");
  server.clock.Advance(2);
  EXPECT_EQ(client.Run("RENAMENX a gone"), "1");
  EXPECT_EQ(client.Run("GET gone"), "\"2\"");
}

}  // namespace
}  // namespace leat::testing
