// Life: a whole server on a simulated disk, from its start, with what is recovered, to its end,
// after which nothing more reaches the disk.
//
//   {
//     Life life(disk, {.seed = 7});
//     life.client().Send(Encode({"SET", "key", "value"}));
//     life.StepDisk();                       // what the threads of a server would do
//   }
//   disk.Crash();
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "server/store/data_directory.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {

class Life {
 public:
  struct Options {
    uint64_t seed = 0;
    int64_t start_ms = 0;  // behind the clock's beginning
    int64_t databases = 1;
    size_t journal_segment_bytes = 4096;
    size_t block_segment_bytes = size_t{64} << 20;
    size_t topic_memory_bytes = size_t{512} << 20;
    persistence::SyncPolicy policy = persistence::SyncPolicy::kAlways;
    engine::Config config = {};
  };

  Life(persistence::SimulatedDisk& disk, Options options) : disk_(disk) {
    store::DataDirectory::Options on_disk;
    on_disk.directory = "/data";
    on_disk.policy = options.policy;
    on_disk.journal_segment_bytes = options.journal_segment_bytes;
    on_disk.block_segment_bytes = options.block_segment_bytes;
    on_disk.topic_memory_bytes = options.topic_memory_bytes;
    on_disk.random_seed = options.seed;
    on_disk.threaded = false;
    auto opened = store::DataDirectory::Open(disk, on_disk);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    if (!opened.ok()) return;
    directory_ = std::move(*opened);
    engine::Config config = std::move(options.config);
    config.databases = options.databases;
    config.append_fsync = options.policy;
    config.topic_memory_bytes = static_cast<int64_t>(options.topic_memory_bytes);
    config.log_level = engine::LogLevel::kNothing;
    server_ = std::make_unique<TestServer>(config, *directory_);
    EXPECT_TRUE(server_->recovery.ok()) << server_->recovery.message();
    if (!server_->recovery.ok()) return;
    server_->clock.Advance(options.start_ms);
    checkpointer_ = directory_->MakeCheckpointer(server_->store, server_->now_ms());
    recovered_lsn_ = journal().appended_lsn();
    client_ = std::make_unique<TestClient>(*server_);
  }
  ~Life() { disk_.Stop(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  // Whether it began.
  bool ok() const { return client_ != nullptr; }
  TestServer& server() { return *server_; }
  TestClient& client() { return *client_; }
  persistence::Journal& journal() { return directory_->journal(); }
  store::TopicPager& pager() { return directory_->pager(); }
  store::Checkpointer& checkpointer() { return *checkpointer_; }
  persistence::Lsn recovered_lsn() const { return recovered_lsn_; }
  bool recovered_from_checkpoint() const { return directory_->checkpoint().lsn > 0; }
  std::string Text() const { return TextOf(server_->dataset); }

  // Lets the disk do what is due, and the server take it in.
  void StepDisk() {
    directory_->Step(server_->now_ms());
    server_->engine.BeginTurn();
    server_->engine.JournalAdvanced();
    server_->engine.PagesArrived();
    server_->EndTurn();
  }
  // Goes on with a checkpoint, or begins one.
  void StepCheckpoint(size_t budget) {
    checkpointer_->Request();
    checkpointer_->Step(server_->now_ms(), budget);
  }
  // A call with all that the disk has to do for its reply; "" where that cannot be.
  std::string Run(const std::vector<std::string>& call) {
    constexpr int kMostSteps = 100;
    client_->Send(Encode(call));
    std::string reply;
    for (int step = 0; step < kMostSteps && reply.empty(); ++step) {
      StepDisk();
      reply = client_->Received();
    }
    return reply;
  }

 private:
  persistence::SimulatedDisk& disk_;
  std::unique_ptr<store::DataDirectory> directory_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<store::Checkpointer> checkpointer_;
  std::unique_ptr<TestClient> client_;
  persistence::Lsn recovered_lsn_ = 0;
};

}  // namespace leat::testing
