// What a reply has to wait for under `appendfsync always`, through a whole server.
#include "server/store/store.h"

#include <gtest/gtest.h>

#include "persistence/journal.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class HoldTest : public ::testing::Test {
 protected:
  HoldTest() {
    persistence::Journal::Options options;
    options.directory = "/journal";
    options.policy = persistence::SyncPolicy::kAlways;
    options.threaded = false;
    auto opened = persistence::Journal::Open(
        disk, options, [](const persistence::Record&) { return persistence::Status(); });
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    engine::Config config;
    config.append_fsync = persistence::SyncPolicy::kAlways;
    config.log_level = engine::LogLevel::kNothing;
    server = std::make_unique<TestServer>(config, journal.get());
    client = std::make_unique<TestClient>(*server);
    other = std::make_unique<TestClient>(*server);
  }

  // A round of the journal's writer.
  void Sync() {
    (void)journal->Step(server->now_ms());
    server->engine.BeginTurn();
    server->engine.JournalAdvanced();
    server->EndTurn();
  }

  persistence::SimulatedDisk disk;
  std::unique_ptr<persistence::Journal> journal;
  std::unique_ptr<TestServer> server;
  std::unique_ptr<TestClient> client, other;
};

TEST_F(HoldTest, AReplyWaitsUntilItsWriteIsDurable) {
  EXPECT_EQ(client->Run("SET a 1"), "");
  Sync();
  EXPECT_EQ(client->Received(), "OK");
}

TEST_F(HoldTest, AReplyThatShowsDurableDataDoesNotWait) {
  client->Run("SET a 1");
  Sync();
  client->Received();
  EXPECT_EQ(client->Run("SET b 1"), "");
  EXPECT_EQ(other->Run("GET a"), "\"1\"");
  EXPECT_EQ(other->Run("PING"), "PONG");
}

TEST_F(HoldTest, NobodySeesWhatACrashCouldTakeBack) {
  client->Run("SET a 1");
  EXPECT_EQ(other->Run("GET a"), "");
  EXPECT_EQ(other->Run("PING"), "");  // stands behind it
  Sync();
  EXPECT_EQ(other->Received(), "\"1\" | PONG");
}

TEST_F(HoldTest, AMissingKeyIsDataToo) {
  client->Run("SET a 1");
  Sync();
  client->Run("DEL a");
  EXPECT_EQ(other->Run("EXISTS a"), "");
  EXPECT_EQ(other->Run("DBSIZE"), "");
  Sync();
  EXPECT_EQ(other->Received(), "0 | 0");
}

TEST_F(HoldTest, AFlushIsSeenOnceItIsDurable) {
  client->Run("SET a 1");
  Sync();
  client->Run("FLUSHALL");
  EXPECT_EQ(other->Run("GET unrelated"), "");
  Sync();
  EXPECT_EQ(other->Received(), "nil");
}

TEST_F(HoldTest, AWaitingReaderGetsDurableEntriesOnly) {
  client->Run("XREAD BLOCK 0 STREAMS t $");
  other->Run("XADD t 1-0 n x");
  EXPECT_EQ(client->Received(), "");
  Sync();
  EXPECT_EQ(client->Received(), "[[\"t\" [[\"1-0\" [\"n\" \"x\"]]]]]");
}

TEST_F(HoldTest, WritesAreRefusedWhileTheDiskFailsAndReadsGoOn) {
  client->Run("SET a 1");
  Sync();
  client->Received();
  disk.SetFull(true);
  client->Run("SET a 2");
  Sync();
  EXPECT_EQ(client->Received(), "");  // neither acknowledged nor refused: it may come to be
  EXPECT_EQ(other->Run("SET b 1").substr(0, 8), "-MISCONF");
  EXPECT_EQ(other->Run("GET b"), "nil");
  disk.SetFull(false);
  for (int seconds = 0; seconds < 5; ++seconds) {
    server->Advance(1000);
    Sync();
  }
  EXPECT_EQ(client->Received(), "OK");
  EXPECT_EQ(other->Run("SET b 1"), "");
  Sync();
  EXPECT_EQ(other->Received(), "OK");
}

TEST_F(HoldTest, RelaxingThePolicyLetsRepliesGo) {
  EXPECT_EQ(client->Run("CONFIG SET appendfsync everysec"), "OK");
  EXPECT_EQ(client->Run("SET a 1"), "OK");
  EXPECT_EQ(other->Run("GET a"), "\"1\"");
}

}  // namespace
}  // namespace leat::testing
