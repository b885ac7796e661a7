// WAIT and WAITAOF: what the client has written, on this server's disk and at replicas, of which
// there are none.
#include <gtest/gtest.h>

#include <memory>

#include "persistence/journal.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class WaitTest : public ::testing::Test {
 protected:
  WaitTest() {
    auto opened = persistence::Journal::Open(
        disk_,
        {.directory = "journal",
         .policy = persistence::SyncPolicy::kEverySecond,
         .random_seed = 1,
         .threaded = false},
        [](const persistence::Record&) { return persistence::Status(); });
    EXPECT_TRUE(opened.ok());
    journal_ = std::move(*opened);
    engine::Config config;
    config.append_fsync = persistence::SyncPolicy::kEverySecond;
    server_ = std::make_unique<TestServer>(std::move(config), journal_.get());
    client_ = std::make_unique<TestClient>(*server_);
    other_ = std::make_unique<TestClient>(*server_);
  }
  // What the journal's writer would do by itself.
  void Sync() {
    EXPECT_TRUE(journal_->Flush().ok());
    server_->engine.JournalAdvanced();
    server_->EndTurn();
  }

  persistence::SimulatedDisk disk_;
  std::unique_ptr<persistence::Journal> journal_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<TestClient> client_;
  std::unique_ptr<TestClient> other_;
};

TEST_F(WaitTest, WaitAofAnswersWhenTheClientsLastWriteIsOnDisk) {
  client_->Run("SET a 1");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  server_->Advance(100'000);
  EXPECT_EQ(client_->Received(), "");
  Sync();
  EXPECT_EQ(client_->Received(), "[1 0]");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "[1 0]");
  EXPECT_EQ(client_->Run("PING"), "PONG");
}

TEST_F(WaitTest, WaitAofIsAboutTheClientsOwnWrites) {
  other_->Run("SET a 1");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "[1 0]");
  client_->Run("SET b 1");
  other_->Run("SET c 1");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  EXPECT_EQ(other_->Run("WAITAOF 1 0 0"), "");
  Sync();
  EXPECT_EQ(client_->Received(), "[1 0]");
  EXPECT_EQ(other_->Received(), "[1 0]");
}

TEST_F(WaitTest, WaitAofTellsAtItsTimeoutWhatIsTrueByThen) {
  client_->Run("SET a 1");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 50"), "");
  server_->Advance(51);
  EXPECT_EQ(client_->Received(), "[0 0]");
  EXPECT_EQ(client_->Run("WAITAOF 0 0 0"), "[0 0]");
  EXPECT_EQ(client_->Run("WAITAOF 1 1 50"), "");  // no replica will ever come
  Sync();
  EXPECT_EQ(client_->Received(), "");
  server_->Advance(51);
  EXPECT_EQ(client_->Received(), "[1 0]");
}

TEST_F(WaitTest, WaitingCallIsUnblockedOrGoesWithItsClient) {
  client_->Run("SET a 1");
  const std::string id = std::to_string(client_->session().id);
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  EXPECT_EQ(other_->Run("CLIENT UNBLOCK " + id), "1");
  server_->EndTurn();
  EXPECT_EQ(client_->Received(), "[0 0]");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  EXPECT_EQ(other_->Run("CLIENT UNBLOCK " + id + " ERROR"), "1");
  server_->EndTurn();
  EXPECT_EQ(client_->Received(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  client_.reset();
  other_->Run("SET b 1");
  EXPECT_EQ(other_->Run("WAITAOF 1 0 0"), "");
  Sync();
  EXPECT_EQ(other_->Received(), "[1 0]");
}

TEST_F(WaitTest, WhatFollowsIsRunWhenTheWaitIsOver) {
  client_->Run("SET a 1");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  EXPECT_EQ(client_->Run("GET a"), "");
  Sync();
  EXPECT_EQ(client_->Received(), "[1 0] | \"1\"");
}

TEST_F(WaitTest, NothingWaitsInATransaction) {
  client_->Run("SET a 1");
  client_->Run("MULTI");
  client_->Run("WAITAOF 1 0 0");
  client_->Run("WAIT 1 0");
  EXPECT_EQ(client_->Run("EXEC"), "[[0 0] 0]");
  client_->Run("MULTI");
  client_->Run("SET a 2");
  client_->Run("EXEC");
  EXPECT_EQ(client_->Run("WAITAOF 1 0 0"), "");
  Sync();
  EXPECT_EQ(client_->Received(), "[1 0]");
}

TEST_F(WaitTest, WaitWaitsForReplicasThatDoNotCome) {
  EXPECT_EQ(client_->Run("WAIT 0 0"), "0");
  EXPECT_EQ(client_->Run("WAIT -1 0"), "0");
  EXPECT_EQ(client_->Run("WAIT 1 100"), "");
  server_->Advance(100);
  EXPECT_EQ(client_->Received(), "");
  server_->Advance(1);
  EXPECT_EQ(client_->Received(), "0");
  EXPECT_EQ(client_->Run("WAIT 1 0"), "");
  server_->Advance(1'000'000);
  EXPECT_EQ(client_->Received(), "");
  EXPECT_EQ(other_->Run("CLIENT UNBLOCK " + std::to_string(client_->session().id)), "1");
  server_->EndTurn();
  EXPECT_EQ(client_->Received(), "0");
}

TEST_F(WaitTest, RefusesWhatIsNoNumberOrOutOfRange) {
  const std::string not_integer = "-ERR value is not an integer or out of range";
  EXPECT_EQ(client_->Run("WAIT a 0"), not_integer);
  EXPECT_EQ(client_->Run("WAIT 0 a"), "-ERR timeout is not an integer or out of range");
  EXPECT_EQ(client_->Run("WAIT 0 -1"), "-ERR timeout is negative");
  EXPECT_EQ(client_->Run("WAITAOF x 0 0"), not_integer);
  EXPECT_EQ(client_->Run("WAITAOF 2 0 0"),
            "-ERR value is out of range, value must between 0 and 1");
  EXPECT_EQ(client_->Run("WAITAOF 0 -1 0"), "-ERR value is out of range, must be positive");
  EXPECT_EQ(client_->Run("WAITAOF 0 0 -1"), "-ERR timeout is negative");
}

TEST(WaitWithoutJournalTest, WaitAofHasNoDiskToWaitFor) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1");
  EXPECT_EQ(client.Run("WAITAOF 1 0 0"),
            "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  EXPECT_EQ(client.Run("WAITAOF 0 0 0"), "[0 0]");
}

}  // namespace
}  // namespace leat::testing
