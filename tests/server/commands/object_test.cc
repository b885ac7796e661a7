#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(ObjectTest, RefusesWhatItDoesNotKnow) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("OBJECT"), "-ERR wrong number of arguments for 'object' command");
  EXPECT_EQ(client.Run("OBJECT COLOUR k"), "-ERR unknown subcommand 'COLOUR'. Try OBJECT HELP.");
  EXPECT_EQ(client.Run("OBJECT ENCODING"),
            "-ERR wrong number of arguments for 'object|encoding' command");
  for (const char* subcommand : {"ENCODING", "FREQ", "IDLETIME", "REFCOUNT"}) {
    EXPECT_EQ(client.Run(std::string("OBJECT ") + subcommand + " none"), "nil") << subcommand;
  }
}

TEST(ObjectTest, FrequencyNeedsAPolicyThatCounts) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  EXPECT_TRUE(
      client.Run("OBJECT FREQ k")
          .starts_with(
              "-ERR An LFU maxmemory policy is not selected, access frequency not tracked."));
}

TEST(ObjectTest, EncodingsAreNamedAsInRedis) {
  TestServer server;
  TestClient client(server);
  const auto encoding = [&client](const std::string& value) {
    client.Call({"SET", "k", value});
    return client.Run("OBJECT ENCODING k");
  };
  EXPECT_EQ(encoding("-12"), "\"int\"");
  EXPECT_EQ(encoding("9223372036854775808"), "\"embstr\"");
  EXPECT_EQ(encoding("012"), "\"embstr\"");
  EXPECT_EQ(encoding(""), "\"embstr\"");
  EXPECT_EQ(encoding(std::string(44, 'x')), "\"embstr\"");
  EXPECT_EQ(encoding(std::string(45, 'x')), "\"raw\"");
  client.Run("SET k 1");
  client.Run("APPEND k 2");
  EXPECT_EQ(client.Run("OBJECT ENCODING k"), "\"raw\"");
  client.Run("INCR k");
  EXPECT_EQ(client.Run("OBJECT ENCODING k"), "\"int\"");
  client.Run("XADD log * f v");
  EXPECT_EQ(client.Run("OBJECT ENCODING log"), "\"stream\"");
  EXPECT_EQ(client.Run("OBJECT REFCOUNT k"), "1");
}

TEST(ObjectTest, AKeyIsIdleSinceItWasLastUsed) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k v");
  server.Advance(5000);
  for (const char* asks :
       {"EXISTS k", "TYPE k", "TTL k", "OBJECT ENCODING k", "KEYS *", "SCAN 0", "RANDOMKEY"}) {
    client.Run(asks);
    EXPECT_EQ(client.Run("OBJECT IDLETIME k"), "5") << asks;
  }
  for (const char* uses : {"GET k", "TOUCH k", "SET k w", "APPEND k w", "STRLEN k", "EXPIRE k 99",
                           "COPY k copy REPLACE"}) {
    client.Run(uses);
    EXPECT_EQ(client.Run("OBJECT IDLETIME k"), "0") << uses;
    server.Advance(3000);
    EXPECT_EQ(client.Run("OBJECT IDLETIME k"), "3") << uses;
  }
  client.Run("XADD log 1-1 f v");
  server.Advance(2000);
  EXPECT_EQ(client.Run("OBJECT IDLETIME log"), "2");
}

}  // namespace
}  // namespace leat::testing
