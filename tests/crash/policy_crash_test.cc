// Seeded histories of topics that the server keeps by itself, on a disk that loses power, with most
// blocks out of memory and checkpoints in between. A naive model says what must be there, what may
// be there, and, once nothing is left to do, what must have gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/store/data_directory.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/dataset_text.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using data::StreamId;

constexpr int kHistories = 10;
constexpr int kLives = 4;
constexpr int kTurns = 60;
constexpr uint64_t kMaxBlockEntries = 130;  // of at least 500 bytes
constexpr uint64_t kKeptEntries = 300;
constexpr uint64_t kKeptMs = 2000;

// One life of the server between two recoveries.
struct Life {
  Life(persistence::SimulatedDisk& disk, uint64_t seed, int64_t lived_ms) {
    store::DataDirectory::Options options;
    options.directory = "/data";
    options.policy = persistence::SyncPolicy::kAlways;
    options.block_segment_bytes = size_t{1} << 20;
    options.random_seed = seed;
    options.threaded = false;
    auto opened = store::DataDirectory::Open(disk, options);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    directory = std::move(*opened);
    data::Dataset recovered(1);
    const persistence::Status status = directory->Recover(recovered);
    EXPECT_TRUE(status.ok()) << status.message();
    engine::Config config;
    config.databases = 1;
    config.append_fsync = persistence::SyncPolicy::kAlways;
    config.topic_memory_bytes = int64_t{256} << 10;
    config.compaction_memory_bytes = 20 * 86;  // of values: several rounds
    server = std::make_unique<TestServer>(config, &directory->journal(), &directory->pager());
    std::swap(server->dataset.databases, recovered.databases);
    std::swap(server->dataset.schedule, recovered.schedule);
    server->clock.Advance(lived_ms);
    checkpointer = directory->MakeCheckpointer(server->store, server->now_ms());
    server->engine.set_checkpoints(checkpointer.get());
    client = std::make_unique<TestClient>(*server);
  }
  ~Life() {
    client.reset();
    server->engine.set_checkpoints(nullptr);
    checkpointer.reset();
    server->dataset.databases.clear();  // its pages are the directory's
    server.reset();
  }

  // What a turn of the loop and the threads of the disk do.
  void Turn(int64_t ms) {
    server->Advance(ms);
    directory->Step(server->now_ms());
    server->engine.BeginTurn();
    server->engine.PagesArrived();
    server->engine.JournalAdvanced();
    server->EndTurn();
    client->ReceivedBytes();
  }
  // False where the server does not come to an end.
  bool Rest() {
    for (int i = 0; i < 20'000; ++i) {
      Turn(1);
      const store::TopicKeeper& keeper = server->engine.keeper;
      if (!keeper.compactor.busy() && keeper.NextMs() > server->now_ms() + 1) return true;
    }
    return false;
  }

  std::unique_ptr<store::DataDirectory> directory;
  std::unique_ptr<TestServer> server;
  std::unique_ptr<store::Checkpointer> checkpointer;
  std::unique_ptr<TestClient> client;
};

// What was appended under one key.
struct Appended {
  std::optional<std::string> value;
  size_t size = 0;
  bool deleted = false;
};
using Model = std::map<StreamId, Appended>;

class History {
 public:
  explicit History(uint64_t seed) : random_(seed), disk_(seed + 1), deletes_(seed % 2 == 0) {}

  void Run() {
    std::string before;
    for (int i = 0; i < kLives && !::testing::Test::HasFailure(); ++i) {
      {
        Life life(disk_, random_(), lived_ms_);
        if (i == 0) {
          Create(life);
        } else {
          EXPECT_EQ(TextOf(life.server->dataset), before);
        }
        Live(life);
        before = TextOf(life.server->dataset);
        waits_ += life.directory->pager().waits();
        disk_.Stop();
      }
      OneIn(2) ? disk_.Crash() : disk_.Kill();
    }
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  void Create(Life& life) {
    TestClient& client = *life.client;
    client.Run("CONFIG SET topic-defaults \"latest compact k kept retention-entries " +
               std::to_string(kKeptEntries) + " aged retention-ms " + std::to_string(kKeptMs) +
               "\"");
    life.Turn(0);
    for (const char* key : {"latest", "kept", "aged"}) {
      client.Run("XGROUP CREATE " + std::string(key) + " g 0 MKSTREAM");
    }
  }

  void Live(Life& life) {
    for (int i = 0; i < kTurns; ++i) {
      for (const char* key : {"latest", "kept", "aged"}) Append(life, key, Pick(25));
      if (deletes_ && OneIn(3)) Delete(life);
      if (OneIn(20)) life.client->Send(Encode({"BGSAVE"}));
      const auto ms = static_cast<int64_t>(Pick(30));
      lived_ms_ += ms;
      life.Turn(ms);
      CheckNothingIsMissing(life);
    }
    if (OneIn(2)) {
      const int64_t start_ms = life.server->now_ms();
      EXPECT_TRUE(life.Rest());
      lived_ms_ += life.server->now_ms() - start_ms;
      CheckNothingIsMissing(life);
      CheckNothingIsLeft(life);
    }
  }

  void Append(Life& life, const std::string& key, uint64_t entries) {
    for (uint64_t i = 0; i < entries; ++i) {
      Model& model = models_[key];
      const auto now = static_cast<uint64_t>(life.server->now_ms());
      const StreamId id{now, ++sequence_};
      Appended appended{std::nullopt, 500 + Pick(1500), false};
      std::vector<std::string> call = {"XADD", key, id.ToString()};
      if (!OneIn(50)) {
        appended.value = std::to_string(Pick(60));
        call.insert(call.end(), {"k", *appended.value});
      }
      call.insert(call.end(), {"data", std::string(appended.size, 'x')});
      life.client->Send(Encode(call));
      model[id] = appended;
    }
  }

  void Delete(Life& life) {
    Model& model = models_["latest"];
    if (model.empty()) return;
    auto at = model.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Pick(model.size())));
    at->second.deleted = true;
    life.client->Send(Encode({"XDEL", "latest", at->first.ToString()}));
  }

  static const data::Topic& TopicOf(Life& life, const char* key) {
    return *life.server->dataset.databases[0].Find(data::MakeKey(key))->topic();
  }
  std::set<StreamId> IdsOf(Life& life, const char* key) {
    std::set<StreamId> ids;
    const data::Topic& topic = TopicOf(life, key);
    topic.ForEachId(data::kMinStreamId, data::kMaxStreamId,
                    [&ids](StreamId id) { ids.insert(id); });
    EXPECT_EQ(ids.size(), topic.length());
    EXPECT_EQ(topic.entries_added(), models_[key].size());
    for (const StreamId id : ids) {
      const auto found = models_[key].find(id);
      EXPECT_TRUE(found != models_[key].end() && !found->second.deleted) << id.ToString();
    }
    return ids;
  }

  void CheckNothingIsMissing(Life& life) {
    const std::set<StreamId> compacted = IdsOf(life, "latest");
    std::set<std::string> seen;
    const Model& model = models_["latest"];
    for (auto at = model.rbegin(); at != model.rend(); ++at) {
      const auto& [id, appended] = *at;
      const bool newest = !appended.value || seen.insert(*appended.value).second;
      if (newest && !appended.deleted) {
        EXPECT_TRUE(compacted.contains(id)) << id.ToString();
      }
    }
    CheckSuffix(life, "kept", [&](size_t from_end, StreamId) { return from_end < kKeptEntries; });
    const auto now = static_cast<uint64_t>(life.server->now_ms());
    CheckSuffix(life, "aged", [now](size_t, StreamId id) { return id.ms + kKeptMs >= now; });
  }

  // What is there are the last entries, with all that `must_stay`.
  template <typename MustStay>
  void CheckSuffix(Life& life, const char* key, MustStay must_stay) {
    const std::set<StreamId> ids = IdsOf(life, key);
    const Model& model = models_[key];
    size_t from_end = 0;
    for (auto at = model.rbegin(); at != model.rend(); ++at, ++from_end) {
      EXPECT_EQ(ids.contains(at->first), from_end < ids.size());
      if (must_stay(from_end, at->first)) {
        EXPECT_TRUE(ids.contains(at->first)) << at->first.ToString();
      }
    }
  }

  void CheckNothingIsLeft(Life& life) {
    EXPECT_LE(TopicOf(life, "kept").length(), kKeptEntries + kMaxBlockEntries);
    const auto now = static_cast<uint64_t>(life.server->now_ms());
    const std::set<StreamId> aged = IdsOf(life, "aged");
    const auto too_old = std::count_if(aged.begin(), aged.end(),
                                       [now](StreamId id) { return id.ms + kKeptMs < now; });
    EXPECT_LE(static_cast<uint64_t>(too_old), kMaxBlockEntries);
    // What was deleted while a round was under way may have kept an older entry.
    if (deletes_) return;
    const StreamId through = TopicOf(life, "latest").policy_state()->compacted_through;
    std::set<std::string> seen;
    for (const StreamId id : IdsOf(life, "latest")) {
      const auto& value = models_["latest"].at(id).value;
      if (id > through) break;
      if (value) {
        EXPECT_TRUE(seen.insert(*value).second) << id.ToString();
      }
    }
    compacted_ = compacted_ || !seen.empty();
  }

 public:
  bool compacted() const { return compacted_; }
  uint64_t waits() const { return waits_; }  // for blocks on disk

 private:
  std::mt19937_64 random_;
  persistence::SimulatedDisk disk_;
  const bool deletes_;
  std::map<std::string, Model> models_;
  uint64_t sequence_ = 0;
  int64_t lived_ms_ = 0;
  bool compacted_ = false;
  uint64_t waits_ = 0;
};

TEST(PolicyCrashTest, KeepsWhatThePoliciesKeepAndNothingElse) {
  int compacted = 0;
  uint64_t waits = 0;
  for (uint64_t seed = 1; seed <= kHistories && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    history.Run();
    compacted += history.compacted() ? 1 : 0;
    waits += history.waits();
  }
  EXPECT_GT(compacted, kHistories / 4);
  EXPECT_GT(waits, kHistories * 10u);
}

}  // namespace
}  // namespace leat::testing
