#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr char kSyntax[] = "-ERR syntax error";
constexpr char kNotInteger[] = "-ERR value is not an integer or out of range";
constexpr char kWrongType[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";

TEST(StringTest, RefusesOptionsThatExcludeEachOther) {
  TestServer server;
  TestClient client(server);
  for (const char* options : {"NX XX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL PXAT 1", "PERSIST",
                              "EX", "EX 1 EXAT", "FOO", "1"}) {
    EXPECT_EQ(client.Run(std::string("SET k v ") + options), kSyntax) << options;
  }
  for (const char* options : {"EX 1 PERSIST", "KEEPTTL", "NX", "PX", "EX 1 PXAT 1"}) {
    EXPECT_EQ(client.Run(std::string("GETEX k ") + options), kSyntax) << options;
  }
  EXPECT_EQ(client.Run("EXISTS k"), "0");
}

TEST(StringTest, RefusesExpiriesThatAreNoTimes) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k old");
  const std::string refused = "-ERR invalid expire time in 'set' command";
  EXPECT_EQ(client.Run("SET k v EX ten"), kNotInteger);
  EXPECT_EQ(client.Run("SET k v EX 0"), refused);
  EXPECT_EQ(client.Run("SET k v PXAT -1"), refused);
  EXPECT_EQ(client.Run("SET k v EX 9223372036854775807"), refused);
  EXPECT_EQ(client.Run("SET k v PX 9223372036854775807"), refused);
  EXPECT_EQ(client.Run("SETEX k 0 v"), "-ERR invalid expire time in 'setex' command");
  EXPECT_EQ(client.Run("PSETEX k -1 v"), "-ERR invalid expire time in 'psetex' command");
  EXPECT_EQ(client.Run("GETEX k EX 0"), "-ERR invalid expire time in 'getex' command");
  EXPECT_EQ(client.Run("GET k"), "\"old\"");
}

TEST(StringTest, LeavesAnotherTypeAlone) {
  TestServer server;
  TestClient client(server);
  client.Run("XADD log 1-1 f v");
  for (const char* command : {"GET log", "GETDEL log", "GETEX log", "GETSET log v", "SET log v GET",
                              "INCR log", "INCRBYFLOAT log 1", "APPEND log v", "STRLEN log",
                              "GETRANGE log 0 1", "SETRANGE log 0 v", "SETRANGE log 0 \"\""}) {
    EXPECT_EQ(client.Run(command), kWrongType) << command;
  }
  EXPECT_EQ(client.Run("MGET log none"), "[nil nil]");
  EXPECT_EQ(client.Run("TYPE log"), "stream");
  EXPECT_EQ(client.Run("SET log v"), "OK");
  EXPECT_EQ(client.Run("TYPE log"), "string");
}

TEST(StringTest, SetsOnlyWhereTheConditionHolds) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SET k 1 XX"), "nil");
  EXPECT_EQ(client.Run("SET k 1 NX"), "OK");
  EXPECT_EQ(client.Run("SET k 2 NX"), "nil");
  EXPECT_EQ(client.Run("SET k 3 xx"), "OK");
  EXPECT_EQ(client.Run("SETNX k 4"), "0");
  EXPECT_EQ(client.Run("SETNX other 4"), "1");
  EXPECT_EQ(client.Run("GET k"), "\"3\"");
}

TEST(StringTest, GetAnswersTheOldValueWhateverIsSet) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SET k 1 GET"), "nil");
  EXPECT_EQ(client.Run("SET k 2 GET NX"), "\"1\"");
  EXPECT_EQ(client.Run("GET k"), "\"1\"");
  EXPECT_EQ(client.Run("SET k 3 GET XX"), "\"1\"");
  EXPECT_EQ(client.Run("SET other 1 XX GET"), "nil");
  EXPECT_EQ(client.Run("EXISTS other"), "0");
  EXPECT_EQ(client.Run("GETSET k 4"), "\"3\"");
  EXPECT_EQ(client.Run("GETDEL k"), "\"4\"");
  EXPECT_EQ(client.Run("GETDEL k"), "nil");
}

TEST(StringTest, AWrittenKeyLosesItsExpiryUnlessItIsKept) {
  TestServer server;
  TestClient client(server);
  client.Run("SET k 1 PX 1000");
  client.Run("SET k 2 KEEPTTL");
  EXPECT_EQ(client.Run("PTTL k"), "1000");
  client.Run("INCR k");
  client.Run("APPEND k 0");
  client.Run("SETRANGE k 0 4");
  EXPECT_EQ(client.Run("PTTL k"), "1000");
  for (const char* write : {"SET k 5", "GETSET k 5", "MSET k 5"}) {
    client.Run("SET k 1 PX 1000");
    client.Run(write);
    EXPECT_EQ(client.Run("PTTL k"), "-1") << write;
  }
}

TEST(StringTest, GetExChangesTheExpiryOnly) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("GETEX k EX ten"), "nil");
  client.Run("SET k v");
  EXPECT_EQ(client.Run("GETEX k EX 10"), "\"v\"");
  EXPECT_EQ(client.Run("TTL k"), "10");
  EXPECT_EQ(client.Run("GETEX k"), "\"v\"");
  EXPECT_EQ(client.Run("TTL k"), "10");
  EXPECT_EQ(client.Run("GETEX k PERSIST"), "\"v\"");
  EXPECT_EQ(client.Run("TTL k"), "-1");
  EXPECT_EQ(client.Run("GETEX k EXAT 1"), "\"v\"");
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

TEST(StringTest, SeveralKeysAreSetTogether) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("MSET a"), "-ERR wrong number of arguments for 'mset' command");
  EXPECT_EQ(client.Run("MSET a 1 b"), "-ERR wrong number of arguments for 'mset' command");
  EXPECT_EQ(client.Run("MSETNX a 1 b"), "-ERR wrong number of arguments for 'msetnx' command");
  EXPECT_EQ(client.Run("MSET a 1 b 2 a 3"), "OK");
  EXPECT_EQ(client.Run("MSETNX c 1 a 4"), "0");
  EXPECT_EQ(client.Run("MSETNX c 1 d 4"), "1");
  EXPECT_EQ(client.Run("MGET a b c d e"), "[\"3\" \"2\" \"1\" \"4\" nil]");
}

TEST(StringTest, KeysAndValuesAreAnyBytes) {
  TestServer server;
  TestClient client(server);
  const std::string key("\0\r\n\xff", 4);
  const std::string large(100'000, '\0');
  EXPECT_EQ(client.Call({"SET", key, large}), "OK");
  client.Send(Encode({"GET", key}));
  server.EndTurn();
  EXPECT_EQ(client.ReceivedBytes(), "$100000\r\n" + large + "\r\n");
  EXPECT_EQ(client.Call({"SET", "", ""}), "OK");
  EXPECT_EQ(client.Call({"GET", ""}), "\"\"");
}

}  // namespace
}  // namespace leat::testing
