#include "server/store/topic_keeper.h"

#include <gtest/gtest.h>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

const std::string kValue(1000, 'v');  // some sixty entries fill a block
constexpr int64_t kBlockEntries = 70;

void Add(TestClient& client, const std::string& key, int entries) {
  for (int i = 0; i < entries; ++i) client.Run("XADD " + key + " * f " + kValue);
}

int64_t Length(TestClient& client, const std::string& key) {
  return std::stoll(client.Run("XLEN " + key));
}

TEST(TopicKeeperTest, RemovesWhatIsTooOld) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 100);
  client.Run("XCFGSET s RETENTION-MS 10000");
  server.Advance(5000);
  Add(client, "s", 100);
  server.Advance(5000);
  EXPECT_EQ(Length(client, "s"), 200);
  server.Advance(1);  // the first block is too old; the second has entries of both times
  EXPECT_LT(Length(client, "s"), 200);
  EXPECT_GE(Length(client, "s"), 100);
  server.Advance(5000);
  EXPECT_EQ(Length(client, "s"), 0);
  EXPECT_EQ(server.dataset.schedule.size(), 0u);
  EXPECT_EQ(server.engine.keeper.removed_entries(), 200u);
  Add(client, "s", 1);
  server.Advance(10000);
  EXPECT_EQ(Length(client, "s"), 1);
  server.Advance(1);
  EXPECT_EQ(Length(client, "s"), 0);
}

TEST(TopicKeeperTest, KeepsAsManyEntriesAsAskedAndABlockMore) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 1);
  client.Run("XCFGSET s RETENTION-ENTRIES 200");
  for (int i = 0; i < 500; ++i) {
    Add(client, "s", 1);
    server.Advance(0);
    const int64_t length = Length(client, "s");
    EXPECT_GE(length, std::min(i + 2, 200));
    EXPECT_LT(length, 200 + kBlockEntries);
  }
}

TEST(TopicKeeperTest, KeepsAsManyBytesAsAskedAndABlockMore) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 1000);
  client.Run("XCFGSET s RETENTION-BYTES 200000");
  server.Advance(0);
  const int64_t bytes = Length(client, "s") * 1050;
  EXPECT_GE(bytes, 200'000);
  EXPECT_LT(bytes, 200'000 + 65536);
}

TEST(TopicKeeperTest, LooksOnlyAtWhatIsDue) {
  TestServer server;
  TestClient client(server);
  for (int i = 0; i < 1000; ++i) {
    client.Run("XADD s" + std::to_string(i) + " * f v");
    client.Run("XCFGSET s" + std::to_string(i) + " RETENTION-ENTRIES 5");
  }
  for (int i = 0; i < 20; ++i) server.Advance(1);
  EXPECT_EQ(server.dataset.schedule.size(), 0u);
  client.Run("XADD s7 * f v");
  EXPECT_EQ(server.dataset.schedule.size(), 0u);
}

// What is pending of 300 entries that were delivered once the first ones have gone.
std::string PendingAfter(const std::string& references) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 300);
  client.Run("XGROUP CREATE s g 0");
  client.Run("XREADGROUP GROUP g c COUNT 300 STREAMS s >");
  client.Run("XCFGSET s RETENTION-ENTRIES 100 RETENTION-REFS " + references);
  for (int i = 0; i < 5; ++i) server.Advance(1);
  const int64_t length = Length(client, "s");
  const std::string pending = client.Run("XPENDING s g");
  return std::to_string(length) + " " + pending.substr(1, pending.find(' ') - 1);
}

TEST(TopicKeeperTest, DoesWithReferencesWhatThePolicySays) {
  const std::string kept = PendingAfter("KEEPREF");
  const std::string length = kept.substr(0, kept.find(' '));
  EXPECT_LT(std::stoi(length), 200);
  EXPECT_EQ(kept, length + " 300");
  EXPECT_EQ(PendingAfter("DELREF"), length + " " + length);
  EXPECT_EQ(PendingAfter("ACKED"), "300 300");
}

TEST(TopicKeeperTest, RemovesBehindWhatIsNeededOnceItIsAcknowledged) {
  TestServer server;
  TestClient client(server);
  for (int i = 1; i <= 300; ++i) {
    client.Run("XADD s " + std::to_string(i) + "-1 f " + kValue);
  }
  client.Run("XGROUP CREATE s g 0");
  client.Run("XREADGROUP GROUP g c COUNT 300 STREAMS s >");
  client.Run("XCFGSET s RETENTION-MS 1000 RETENTION-REFS ACKED");
  for (int i = 1; i <= 300; ++i) {
    if (i != 100) client.Run("XACK s g " + std::to_string(i) + "-1");
  }
  server.Advance(1000);
  const int64_t length = Length(client, "s");
  EXPECT_GT(length, 0);
  EXPECT_LE(length, kBlockEntries);
  EXPECT_TRUE(client.Run("XRANGE s 100-1 100-1").starts_with("[[\"100-1\""));
  EXPECT_TRUE(client.Run("XINFO STREAM s").find("\"max-deleted-entry-id\" \"0-0\"") !=
              std::string::npos);
  client.Run("XACK s g 100-1");
  server.Advance(1000);
  EXPECT_EQ(Length(client, "s"), 0);
}

TEST(TopicKeeperTest, FollowsATopicToOtherNamesAndDatabases) {
  TestServer server;
  TestClient client(server);
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) {
    Add(client, key, 1);
    client.Run("XCFGSET " + std::string(key) + " RETENTION-MS 10000");
  }
  server.Advance(1);
  client.Run("RENAME a renamed");
  client.Run("COPY b copied");
  client.Run("MOVE c 1");
  client.Run("DEL d");
  client.Run("SET e string");
  client.Run("PEXPIRE f 5000");
  client.Run("SWAPDB 0 2");
  server.Advance(10000);
  EXPECT_EQ(client.Run("DBSIZE"), "0");
  client.Run("SELECT 2");
  EXPECT_EQ(Length(client, "renamed") + Length(client, "copied") + Length(client, "b"), 0);
  EXPECT_EQ(client.Run("GET e"), "\"string\"");
  EXPECT_EQ(client.Run("EXISTS d f"), "0");
  client.Run("SELECT 1");
  EXPECT_EQ(client.Run("EXISTS c"), "1");
  EXPECT_EQ(Length(client, "c"), 0);
  Add(client, "c", 1);
  client.Run("FLUSHALL");
  EXPECT_EQ(server.dataset.schedule.size(), 0u);
}

TEST(TopicKeeperTest, WaitsWhileWritesArePaused) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 1);
  client.Run("XCFGSET s RETENTION-MS 1000");
  client.Run("CLIENT PAUSE 5000 WRITE");
  server.Advance(4999);
  EXPECT_EQ(Length(client, "s"), 1);
  server.Advance(1);
  EXPECT_EQ(Length(client, "s"), 0);
}

TEST(TopicKeeperTest, IsSeenByWatch) {
  TestServer server;
  TestClient client(server);
  Add(client, "s", 1);
  client.Run("XCFGSET s RETENTION-MS 1000");
  client.Run("WATCH s");
  server.Advance(1001);
  client.Run("MULTI");
  client.Run("PING");
  EXPECT_EQ(client.Run("EXEC"), "nil");
}

TEST(TopicKeeperTest, WhatItRemovedStaysAwayAfterARestart) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  Add(client, "s", 300);
  client.Run("XGROUP CREATE s g 0");
  client.Run("XREADGROUP GROUP g c COUNT 300 STREAMS s >");
  client.Run("XCFGSET s RETENTION-ENTRIES 100 RETENTION-REFS DELREF");
  recorded.server().Advance(10);
  EXPECT_LT(Length(client, "s"), 200);
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
}

}  // namespace
}  // namespace leat::testing
