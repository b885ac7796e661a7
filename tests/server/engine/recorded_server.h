// A server with a journal on a disk in memory, which can end and begin again.
//
//   RecordedServer recorded;
//   recorded.client().Run("XADD t 1-1 field value");
//   const std::string before = recorded.Text();
//   EXPECT_EQ(recorded.TextAfterRestart(), before);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "persistence/journal.h"
#include "server/store/mutation_codec.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {

class RecordedServer {
 public:
  RecordedServer() {
    data::Dataset nothing(1);
    journal_ = Open(nothing);
    server_ = std::make_unique<TestServer>(engine::Config(), journal_.get());
    client_ = std::make_unique<TestClient>(*server_);
  }

  TestServer& server() { return *server_; }
  TestClient& client() { return *client_; }

  // All that the server holds, as text; and what a new one holds, which has read the journal of
  // this one after its end.
  std::string Text() const { return TextOf(server_->dataset); }
  std::string TextAfterRestart() {
    server_->EndTurn();
    EXPECT_TRUE(journal_->Step(server_->now_ms()).ok());
    const size_t databases = server_->dataset.databases.size();
    client_.reset();
    server_.reset();
    journal_.reset();
    data::Dataset dataset(databases);
    journal_ = Open(dataset);
    return TextOf(dataset);
  }

 private:
  std::unique_ptr<persistence::Journal> Open(data::Dataset& dataset) {
    persistence::Journal::Options options;
    options.directory = "/journal";
    options.threaded = false;
    auto journal =
        persistence::Journal::Open(disk_, options, [&dataset](const persistence::Record& record) {
          const std::string error = store::ApplyEncoded(record.payload, dataset);
          return error.empty() ? persistence::Status() : persistence::Status::Error(error);
        });
    EXPECT_TRUE(journal.ok()) << journal.status().message();
    return journal.ok() ? std::move(*journal) : nullptr;
  }

  persistence::SimulatedDisk disk_;
  std::unique_ptr<persistence::Journal> journal_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace leat::testing
