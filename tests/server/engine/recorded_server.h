// A server with a data directory on a disk in memory, which can end and begin again.
//
//   RecordedServer recorded;
//   recorded.client().Run("XADD t 1-1 field value");
//   const std::string before = recorded.Text();
//   EXPECT_EQ(recorded.TextAfterRestart(), before);
//   EXPECT_EQ(recorded.TextAfterCheckpoint(), before);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/store/data_directory.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {

class RecordedServer {
 public:
  RecordedServer() { Begin(); }
  ~RecordedServer() { End(); }

  TestServer& server() { return *server_; }
  TestClient& client() { return *client_; }

  // Lets a checkpoint that is under way come to its end.
  void FinishCheckpoint() {
    for (int step = 0; step < 10; ++step) {
      server_->Advance(20);
      directory_->Step(server_->now_ms());
    }
  }

  // All that the server holds, as text; and what a new one holds, which has read the journal of
  // this one after its end, or a checkpoint.
  std::string Text() const { return TextOf(server_->dataset); }
  std::string TextAfterRestart() {
    End();
    Begin();
    return Text();
  }
  std::string TextAfterCheckpoint() {
    server_->EndTurn();
    EXPECT_TRUE(checkpointer_->SaveNow(server_->now_ms()).ok());
    const std::string text = TextAfterRestart();
    EXPECT_EQ(directory_->journal().recovery().records, 0u);
    return text;
  }

 private:
  void Begin() {
    store::DataDirectory::Options options;
    options.directory = "/data";
    options.threaded = false;
    auto opened = store::DataDirectory::Open(disk_, options);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    directory_ = std::move(*opened);
    server_ = std::make_unique<TestServer>(engine::Config(), *directory_);
    ASSERT_TRUE(server_->recovery.ok()) << server_->recovery.message();
    checkpointer_ = directory_->MakeCheckpointer(server_->store, server_->now_ms());
    server_->engine.set_checkpoints(checkpointer_.get());
    client_ = std::make_unique<TestClient>(*server_);
  }
  void End() {
    server_->EndTurn();
    EXPECT_TRUE(directory_->journal().Flush().ok());
    client_.reset();
    server_->engine.set_checkpoints(nullptr);
    checkpointer_.reset();
    server_.reset();
    directory_.reset();
  }

  persistence::SimulatedDisk disk_;
  std::unique_ptr<store::DataDirectory> directory_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<store::Checkpointer> checkpointer_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace leat::testing
