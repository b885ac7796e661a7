#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(ExpireTest, RefusesConditionsThatExcludeEachOther) {
  TestServer server;
  TestClient client(server);
  const std::string nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
  EXPECT_EQ(client.Run("EXPIRE k 1 NX XX"), nx);
  EXPECT_EQ(client.Run("EXPIRE k 1 GT NX"), nx);
  EXPECT_EQ(client.Run("EXPIRE k 1 LT GT"),
            "-ERR GT and LT options at the same time are not compatible");
  EXPECT_EQ(client.Run("EXPIRE k one FOO"), "-ERR Unsupported option FOO");
}

TEST(ExpireTest, RefusesTimesBeyond64Bits) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  for (const char* call :
       {"EXPIRE k 9223372036854775", "EXPIRE k 9223372036854775807", "EXPIRE k -9223372036854776",
        "EXPIREAT k 9223372036854776", "PEXPIRE k 9223372036854775807"}) {
    const std::string text(call);
    EXPECT_TRUE(client.Run(text).starts_with("-ERR invalid expire time in '")) << text;
  }
  EXPECT_EQ(client.Run("EXPIRE k ten"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("TTL k"), "-1");
  EXPECT_EQ(client.Run("PEXPIREAT k 9223372036854775807"), "1");
  EXPECT_EQ(client.Run("PEXPIRETIME k"), "9223372036854775807");
}

TEST(ExpireTest, ATimeInThePastDeletesAtOnce) {
  TestServer server;
  TestClient client(server);
  for (const char* call : {"EXPIRE k 0", "PEXPIRE k -1", "EXPIREAT k 1", "PEXPIREAT k -5",
                           "PEXPIRE k -9223372036854775808"}) {
    client.Run("SET k v");
    EXPECT_EQ(client.Run(call), "1") << call;
    EXPECT_EQ(client.Run("DBSIZE"), "0") << call;
  }
  EXPECT_EQ(client.Run("EXPIRE none -1"), "0");
}

TEST(ExpireTest, ShowsWhatIsLeftToTheNearestSecond) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("TTL k"), "-2");
  EXPECT_EQ(client.Run("EXPIRETIME k"), "-2");
  client.Run("SET k v");
  EXPECT_EQ(client.Run("PTTL k"), "-1");
  EXPECT_EQ(client.Run("PEXPIRETIME k"), "-1");
  EXPECT_EQ(client.Run("PERSIST k"), "0");
  EXPECT_EQ(client.Run("PEXPIRE k 2500"), "1");
  EXPECT_EQ(client.Run("TTL k"), "3");
  server.Advance(1);
  EXPECT_EQ(client.Run("TTL k"), "2");
  EXPECT_EQ(client.Run("PTTL k"), "2499");
  EXPECT_EQ(client.Run("PEXPIRETIME k"), std::to_string(server.now_ms() + 2499));
  EXPECT_EQ(client.Run("PERSIST k"), "1");
  EXPECT_EQ(client.Run("TTL k"), "-1");
}

TEST(ExpireTest, AKeyWithoutExpiryLivesForEverToGtAndLt) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  EXPECT_EQ(client.Run("EXPIRE k 10 XX"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 10 GT"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 10 XX LT"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 10 LT"), "1");
  EXPECT_EQ(client.Run("EXPIRE k 20 NX"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 10 GT"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 10 LT"), "0");
  EXPECT_EQ(client.Run("EXPIRE k 20 GT XX"), "1");
  EXPECT_EQ(client.Run("TTL k"), "20");
}

TEST(ExpireTest, AnExpiredKeyIsGoneAfterItsMillisecond) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v PX 10");
  server.Advance(10);
  EXPECT_EQ(client.Run("GET k"), "\"v\"");
  EXPECT_EQ(client.Run("PTTL k"), "0");
  server.clock.Advance(1);
  EXPECT_EQ(client.Run("GET k"), "nil");
  client.Run("SET k v PX 10");
  server.Advance(11);  // and nobody has to look at it for that
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

}  // namespace
}  // namespace leat::testing
