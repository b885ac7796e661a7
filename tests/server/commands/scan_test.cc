#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

// The next cursor of a SCAN's reply, whose keys are added to `keys`.
std::string ReadScan(const std::string& reply, std::set<std::string>& keys) {
  // ["cursor" ["key" "key" …]]
  size_t at = reply.find('"');
  size_t end = reply.find('"', at + 1);
  const std::string cursor = reply.substr(at + 1, end - at - 1);
  while ((at = reply.find('"', end + 1)) != std::string::npos) {
    end = reply.find('"', at + 1);
    keys.insert(reply.substr(at + 1, end - at - 1));
  }
  return cursor;
}

TEST(ScanTest, RefusesMalformedCalls) {
  TestServer server;
  TestClient client(server);
  for (const char* cursor : {"abc", "1x", "-", "\" 1\"", "99999999999999999999999"}) {
    EXPECT_EQ(client.Run(std::string("SCAN ") + cursor + " FOO"), "-ERR invalid cursor") << cursor;
  }
  for (const char* options : {"COUNT 0", "COUNT -1", "COUNT", "MATCH", "MATCH * TYPE", "FOO 1"}) {
    EXPECT_EQ(client.Run(std::string("SCAN 0 ") + options), "-ERR syntax error") << options;
  }
  EXPECT_EQ(client.Run("SCAN 0 COUNT ten"), "-ERR value is not an integer or out of range");
}

TEST(ScanTest, AnEmptyDatabaseHasNothingToFind) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SCAN 0"), "[\"0\" []]");
  EXPECT_EQ(client.Run("SCAN \"\" COUNT 9223372036854775807"), "[\"0\" []]");
  EXPECT_EQ(client.Run("KEYS *"), "[]");
  EXPECT_EQ(client.Run("RANDOMKEY"), "nil");
}

TEST(ScanTest, FindsEveryKeyInSmallSteps) {
  TestServer server;
  TestClient client(server);
  std::set<std::string> written;
  for (int i = 0; i < 1000; ++i) {
    written.insert("key:" + std::to_string(i));
    client.Run("SET key:" + std::to_string(i) + " v");
  }
  std::set<std::string> found;
  std::string cursor = "0";
  int calls = 0;
  do {
    cursor = ReadScan(client.Run("SCAN " + cursor + " COUNT 20"), found);
    ++calls;
  } while (cursor != "0");
  EXPECT_EQ(found, written);
  EXPECT_GE(calls, 20);
}

TEST(ScanTest, FindsWhatIsAskedFor) {
  TestServer server;
  TestClient client(server);
  client.Run("MSET a1 v a2 v b1 v");
  client.Run("SET \"\" v");
  client.Run("XADD a3 * f v");
  EXPECT_EQ(client.Run("SCAN 0 COUNT 1000 MATCH a* TYPE STREAM"), "[\"0\" [\"a3\"]]");
  EXPECT_EQ(client.Run("SCAN 0 COUNT 1000 MATCH b?"), "[\"0\" [\"b1\"]]");
  EXPECT_EQ(client.Run("SCAN 0 COUNT 1000 TYPE hash"), "[\"0\" []]");
  EXPECT_EQ(client.Run("SCAN 0 COUNT 1000 TYPE \"\""), "[\"0\" []]");
  EXPECT_EQ(client.Run("KEYS b[0-9]"), "[\"b1\"]");
  EXPECT_EQ(client.Run("KEYS \"\""), "[\"\"]");
}

TEST(ScanTest, OnlyTheLoneStarMatchesTheEmptyKey) {
  TestServer server;
  TestClient client(server);
  client.Run("SET \"\" v");
  EXPECT_EQ(client.Run("KEYS *"), "[\"\"]");
  EXPECT_EQ(client.Run("SCAN 0 MATCH * COUNT 1000"), "[\"0\" [\"\"]]");
  EXPECT_EQ(client.Run("KEYS **"), "[]");
}

TEST(ScanTest, ExpiredKeysAreNotFound) {
  TestServer server;
  TestClient client(server);
  client.Run("SET gone v PX 1");
  server.clock.Advance(1);
  EXPECT_EQ(client.Run("KEYS *"), "[\"gone\"]");
  server.clock.Advance(1);
  EXPECT_EQ(client.Run("KEYS *"), "[]");
  EXPECT_EQ(client.Run("SCAN 0 COUNT 1000"), "[\"0\" []]");
  EXPECT_EQ(client.Run("RANDOMKEY"), "nil");
  client.Run("SET here v");
  EXPECT_EQ(client.Run("RANDOMKEY"), "\"here\"");
}

}  // namespace
}  // namespace leat::testing
