#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr char kTooLong[] = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";

TEST(StringRangeTest, NoStringGrowsPastTheLimit) {
  engine::Config config;
  config.limits.proto_max_bulk_len_bytes = 20;
  TestServer server(config);
  TestClient client(server);
  EXPECT_EQ(client.Run("SETRANGE k 20 x"), kTooLong);
  EXPECT_EQ(client.Run("SETRANGE k 9223372036854775807 x"), kTooLong);
  EXPECT_EQ(client.Run("EXISTS k"), "0");
  EXPECT_EQ(client.Run("SETRANGE k 19 x"), "20");
  EXPECT_EQ(client.Run("APPEND k y"), kTooLong);
  EXPECT_EQ(client.Run("STRLEN k"), "20");
}

TEST(StringRangeTest, RefusesOffsetsThatAreNone) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SETRANGE k -1 x"), "-ERR offset is out of range");
  EXPECT_EQ(client.Run("SETRANGE k one x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("GETRANGE k 0 x"), "-ERR value is not an integer or out of range");
}

TEST(StringRangeTest, WritingNothingCreatesNothing) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SETRANGE k 5 \"\""), "0");
  EXPECT_EQ(client.Run("EXISTS k"), "0");
  client.Run("SET k abc");
  EXPECT_EQ(client.Run("SETRANGE k 5 \"\""), "3");
  EXPECT_EQ(client.Run("GET k"), "\"abc\"");
}

TEST(StringRangeTest, WritesIntoAStringAndBehindIt) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k \"Hello World\"");
  EXPECT_EQ(client.Run("SETRANGE k 6 Redis"), "11");
  EXPECT_EQ(client.Run("GET k"), "\"Hello Redis\"");
  EXPECT_EQ(client.Run("SETRANGE new 2 x"), "3");
  client.Send(Encode({"GET", "new"}));
  server.EndTurn();
  EXPECT_EQ(client.ReceivedBytes(), std::string("$3\r\n\0\0x\r\n", 9));
  EXPECT_EQ(client.Run("APPEND k !"), "12");
  EXPECT_EQ(client.Run("APPEND other \"\""), "0");
  EXPECT_EQ(client.Run("EXISTS other"), "1");
}

TEST(StringRangeTest, ReadsPartsFromEitherEnd) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k 0123456789");
  EXPECT_EQ(client.Run("GETRANGE k 0 3"), "\"0123\"");
  EXPECT_EQ(client.Run("GETRANGE k -3 -1"), "\"789\"");
  EXPECT_EQ(client.Run("GETRANGE k 8 100"), "\"89\"");
  EXPECT_EQ(client.Run("GETRANGE k -100 1"), "\"01\"");
  EXPECT_EQ(client.Run("GETRANGE k 5 2"), "\"\"");
  EXPECT_EQ(client.Run("GETRANGE k 0 -100"), "\"0\"");
  EXPECT_EQ(client.Run("GETRANGE k -1 -3"), "\"\"");
  EXPECT_EQ(client.Run("SUBSTR k 0 0"), "\"0\"");
  EXPECT_EQ(client.Run("GETRANGE none 0 -1"), "\"\"");
}

}  // namespace
}  // namespace leat::testing
