#include <gtest/gtest.h>

#include "tests/server/engine/recorded_server.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CheckpointCommandsTest, SaveTakesOneAtOnce) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  client.Run("SET key value PX 100000");
  client.Run("SET raw abc");
  client.Run("APPEND raw def");
  client.Run("XADD topic 1-1 f v");
  EXPECT_EQ(client.Run("SAVE"), "OK");
  const std::string info = client.Run("INFO persistence");
  EXPECT_TRUE(Contains(info, "rdb_saves:1\r\n")) << info;
  EXPECT_TRUE(Contains(info, "rdb_changes_since_last_save:0\r\n"));
  EXPECT_TRUE(Contains(info, "rdb_last_bgsave_status:ok\r\n"));
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
  EXPECT_EQ(recorded.client().Run("OBJECT ENCODING raw"), "\"raw\"");
}

TEST(CheckpointCommandsTest, BgSaveBeginsOneBehindItsCall) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  client.Run("SET key value");
  EXPECT_EQ(client.Run("BGSAVE"), "Background saving started");
  EXPECT_EQ(client.Run("BGSAVE"), "-ERR Background save already in progress");
  EXPECT_EQ(client.Run("BGSAVE SCHEDULE"), "-ERR Background save already in progress");
  EXPECT_EQ(client.Run("SAVE"), "-ERR Background save already in progress");
  EXPECT_EQ(client.Run("BGREWRITEAOF"),
            "-ERR Background append only file rewriting already in progress");
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_bgsave_in_progress:1\r\n"));
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_bgsave_in_progress:0\r\n"));
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:1\r\n"));
  EXPECT_EQ(client.Run("BGREWRITEAOF"), "Background append only file rewriting started");
}

TEST(CheckpointCommandsTest, LastSaveIsWhenTheLastOneWasComplete) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  const std::string started = client.Run("LASTSAVE");
  EXPECT_EQ(started, "1700000000");
  recorded.server().Advance(5000);
  EXPECT_EQ(client.Run("LASTSAVE"), started);
  EXPECT_EQ(client.Run("SAVE"), "OK");
  EXPECT_EQ(client.Run("LASTSAVE"), "1700000005");
}

TEST(CheckpointCommandsTest, InATransactionBgSaveShowsAllOfIt) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  EXPECT_EQ(client.Run("MULTI"), "OK");
  client.Run("SET a 1");
  client.Run("BGSAVE");
  client.Run("SET b 2");
  EXPECT_EQ(client.Run("SAVE"), "-ERR Command not allowed inside a transaction");
  EXPECT_EQ(client.Run("DISCARD"), "OK");
  client.Run("MULTI");
  client.Run("SET a 1");
  client.Run("BGSAVE");
  client.Run("SET b 2");
  EXPECT_EQ(client.Run("EXEC"), "[OK Background saving started OK]");
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_changes_since_last_save:0\r\n"));
}

TEST(CheckpointCommandsTest, OptionsAreRead) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  EXPECT_EQ(client.Run("BGSAVE NOW"), "-ERR syntax error");
  EXPECT_EQ(client.Run("BGSAVE SCHEDULE NOW"), "-ERR syntax error");
  EXPECT_EQ(client.Run("BGSAVE SCHEDULE"), "Background saving started");
  EXPECT_EQ(client.Run("CONFIG SET save \"60 100 10 1\""), "OK");
  EXPECT_EQ(client.Run("CONFIG GET save"), "[\"save\" \"60 100 10 1\"]");
  for (const char* wrong : {"60", "\"0 1\"", "\"a b\"", "\"1 -1\""}) {
    EXPECT_TRUE(client.Run(std::string("CONFIG SET save ") + wrong).starts_with("-ERR")) << wrong;
  }
}

TEST(CheckpointCommandsTest, SavePointsHaveOneTakenByTimeAndChanges) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  client.Run("CONFIG SET save \"10 2\"");
  client.Run("SET a 1");
  recorded.server().Advance(11'000);
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:0\r\n"));
  client.Run("SET b 1");
  recorded.server().Advance(1000);
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:1\r\n"));
  recorded.server().Advance(30'000);
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:1\r\n"));
}

TEST(CheckpointCommandsTest, TheGrowthOfTheJournalHasOneTaken) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  client.Run("CONFIG SET auto-aof-rewrite-min-size 2000");
  for (int i = 0; i < 30; ++i) client.Run("SET key " + std::string(100, 'x'));
  recorded.server().Advance(1);
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:1\r\n"));
  EXPECT_EQ(client.Run("CONFIG SET auto-aof-rewrite-percentage 0"), "OK");
  for (int i = 0; i < 100; ++i) client.Run("SET key " + std::string(100, 'x'));
  recorded.server().Advance(1000);
  recorded.FinishCheckpoint();
  EXPECT_TRUE(Contains(client.Run("INFO persistence"), "rdb_saves:1\r\n"));
}

TEST(CheckpointCommandsTest, WithoutAJournalThereAreNone) {
  TestServer server;
  TestClient client(server);
  for (const char* call : {"SAVE", "BGSAVE", "BGREWRITEAOF"}) {
    EXPECT_EQ(client.Run(call), "-ERR nothing is kept on disk: appendonly is no");
  }
  EXPECT_EQ(client.Run("LASTSAVE"), "1700000000");
}

}  // namespace
}  // namespace leat::testing
