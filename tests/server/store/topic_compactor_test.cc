#include "server/store/topic_compactor.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

const std::string kData(1000, 'd');  // some sixty entries fill a block

// Entries 1-1, 2-1, … with values in turn.
void Add(TestClient& client, int first, int last, int values) {
  for (int i = first; i <= last; ++i) {
    client.Run("XADD s " + std::to_string(i) + "-1 k " + std::to_string(i % values) + " d " +
               kData);
  }
}

void Rest(TestServer& server) {
  for (int i = 0; i < 10'000; ++i) {
    server.Advance(1);
    const store::TopicKeeper& keeper = server.engine.keeper;
    if (!keeper.compactor.busy() && keeper.NextMs() > server.now_ms()) return;
  }
  FAIL() << "compaction does not end";
}

const data::Topic& TopicIn(TestServer& server) {
  return *server.dataset.databases[0].Find(data::MakeKey("s"))->topic();
}

std::vector<uint64_t> Times(TestServer& server) {
  std::vector<uint64_t> times;
  TopicIn(server).ForEachId(data::kMinStreamId, data::kMaxStreamId,
                            [&times](data::StreamId id) { times.push_back(id.ms); });
  return times;
}

TEST(TopicCompactorTest, KeepsTheNewestEntryOfEachValue) {
  TestServer server;
  TestClient client(server);
  Add(client, 1, 1000, 10);
  client.Run("XCFGSET s COMPACT k");
  const uint64_t sealed_through =
      TopicIn(server).SealedSpanAt(TopicIn(server).sealed_count() - 1).last.ms;
  Rest(server);
  const std::vector<uint64_t> times = Times(server);
  ASSERT_EQ(times.size(), 10 + 1000 - sealed_through);
  for (size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], sealed_through - 9 + i);
  EXPECT_EQ(TopicIn(server).policy_state()->compacted_through.ms, sealed_through);
  EXPECT_EQ(TopicIn(server).max_deleted_id(), data::StreamId());
  EXPECT_EQ(TopicIn(server).entries_added(), 1000u);
  const std::string removed = std::to_string(1000 - times.size());
  EXPECT_NE(client.Run("INFO stats").find("compaction_removed_entries:" + removed),
            std::string::npos);
}

TEST(TopicCompactorTest, LeavesWhatHasNoSuchField) {
  TestServer server;
  TestClient client(server);
  client.Run("XADD s 0-1 other 1 d " + kData);
  Add(client, 1, 500, 3);
  client.Run("XCFGSET s COMPACT k");
  Rest(server);
  EXPECT_TRUE(client.Run("XRANGE s 0-1 0-1").starts_with("[[\"0-1\""));
  EXPECT_LT(Times(server).size(), 100u);
}

TEST(TopicCompactorTest, TakesMoreRoundsForMoreValues) {
  engine::Config config;
  config.compaction_memory_bytes = 100 * 86;
  TestServer server(config);
  TestClient client(server);
  Add(client, 1, 3000, 350);
  client.Run("XCFGSET s COMPACT k");
  Rest(server);
  EXPECT_GT(server.engine.keeper.compactor.rounds(), 10u);
  const data::StreamId through = TopicIn(server).policy_state()->compacted_through;
  std::map<uint64_t, int> seen;
  for (const uint64_t time : Times(server)) {
    if (time <= through.ms) {
      EXPECT_EQ(++seen[time % 350], 1);
    }
  }
  EXPECT_EQ(seen.size(), 350u);
}

TEST(TopicCompactorTest, MakesFewBlocksOfWhatIsLeft) {
  TestServer server;
  TestClient client(server);
  Add(client, 1, 100, 1000);
  client.Run("XCFGSET s COMPACT k");
  Add(client, 1000, 9000, 50);
  Rest(server);
  const size_t before = TopicIn(server).memory_bytes();
  EXPECT_LE(TopicIn(server).sealed_count(), 6u);
  EXPECT_LT(before, 400'000u);
  EXPECT_EQ(client.Run("XRANGE s 50-1 50-1").substr(0, 9), "[[\"50-1\" ");
  EXPECT_EQ(client.Run("XRANGE s (100-1 (1000-1"), "[]");
  EXPECT_EQ(TopicIn(server).NextEntry({101, 0})->ms, Times(server)[51]);
}

TEST(TopicCompactorTest, WaitsUntilEnoughIsDirty) {
  TestServer server;
  TestClient client(server);
  Add(client, 1, 2000, 2000);
  client.Run("XCFGSET s COMPACT k");
  Rest(server);
  const uint64_t rounds = server.engine.keeper.compactor.rounds();
  Add(client, 2001, 3000, 2000);
  Rest(server);
  EXPECT_EQ(server.engine.keeper.compactor.rounds(), rounds);
  EXPECT_EQ(Times(server).size(), 3000u);
  client.Run("CONFIG SET compaction-min-dirty-percentage 10");
  Add(client, 3001, 3100, 2000);
  Rest(server);
  EXPECT_GT(server.engine.keeper.compactor.rounds(), rounds);
  EXPECT_LT(Times(server).size(), 2200u);
}

size_t LengthWith(const std::string& references, std::string& pending) {
  TestServer server;
  TestClient client(server);
  Add(client, 1, 300, 5);
  client.Run("XGROUP CREATE s g 0");
  client.Run("XREADGROUP GROUP g c COUNT 300 STREAMS s >");
  client.Run("XCFGSET s COMPACT k RETENTION-REFS " + references);
  Rest(server);
  const std::string reply = client.Run("XPENDING s g");
  pending = reply.substr(1, reply.find(' ') - 1);
  return Times(server).size();
}

TEST(TopicCompactorTest, DoesWithReferencesWhatThePolicySays) {
  std::string pending;
  const size_t kept = LengthWith("KEEPREF", pending);
  EXPECT_LT(kept, 100u);
  EXPECT_EQ(pending, "300");
  EXPECT_EQ(LengthWith("DELREF", pending), kept);
  EXPECT_EQ(pending, std::to_string(kept));
  EXPECT_EQ(LengthWith("ACKED", pending), 300u);
  EXPECT_EQ(pending, "300");
}

TEST(TopicCompactorTest, LeavesTheLastEntryOfAValueWhenANewerOneIsDeletedMeanwhile) {
  TestServer server;
  TestClient client(server);
  Add(client, 1, 2000, 1000);
  client.Run("XCFGSET s COMPACT k");
  server.Advance(1);
  while (server.engine.keeper.compactor.rounds() == 0 && Times(server).size() == 2000) {
    server.Advance(1);
  }
  const std::vector<uint64_t> times = Times(server);
  ASSERT_GT(times.size(), 1100u);
  client.Run("XDEL s 1900-1");
  Rest(server);
  EXPECT_TRUE(client.Run("XRANGE s 900-1 900-1").starts_with("[[\"900-1\""));
  EXPECT_EQ(client.Run("XRANGE s 899-1 899-1"), "[]");
}

TEST(TopicCompactorTest, BeginsAnewWhenAnotherTopicComesToTheKey) {
  for (const char* change : {"COPY t s REPLACE", "RENAME t s"}) {
    TestServer server;
    TestClient client(server);
    Add(client, 1, 99, 1000);
    for (int i = 0; i < 100; ++i) {
      client.Run("XADD s " + std::to_string(100 + i) + "-1 k " + std::to_string(1000 - i % 100) +
                 " d " + kData);
    }
    client.Run("XADD s 200-1 k 5 d " + kData);  // of which the other topic has newer entries
    Add(client, 1001, 1099, 2000);
    client.Run("XCFGSET s COMPACT k");
    Rest(server);
    const size_t length = Times(server).size();
    client.Run("RENAME s t");
    Add(client, 1, 2000, 10);
    client.Run("XCFGSET s COMPACT k");
    while (Times(server).size() == 2000) server.Advance(1);
    client.Run(change);
    Rest(server);
    EXPECT_EQ(Times(server).size(), length) << change;
    EXPECT_TRUE(client.Run("XRANGE s 200-1 200-1").starts_with("[[\"200-1\"")) << change;
  }
}

TEST(TopicCompactorTest, EndsWhenTheTopicIsAnother) {
  for (const char* change : {"DEL s", "RENAME s other", "FLUSHALL", "SET s x", "COPY t s REPLACE",
                             "SWAPDB 0 1", "XCFGSET s COMPACT d", "XCFGSET s COMPACT \"\""}) {
    TestServer server;
    TestClient client(server);
    Add(client, 1, 3000, 10);
    client.Run("XADD t 1-1 k 1");
    client.Run("XADD t 2-1 k 1");
    client.Run("XCFGSET t COMPACT k");
    client.Run("XCFGSET s COMPACT k");
    for (int i = 0; i < 3; ++i) server.Advance(1);
    EXPECT_TRUE(server.engine.keeper.compactor.busy()) << change;
    client.Run(change);
    Rest(server);
    client.Run("SELECT 1");
    EXPECT_EQ(client.Run("XLEN t"), std::string(change) == "SWAPDB 0 1" ? "2" : "0") << change;
  }
}

TEST(TopicCompactorTest, WhatItRemovedStaysAwayAfterARestart) {
  RecordedServer recorded;
  Add(recorded.client(), 1, 1000, 7);
  recorded.client().Run("XCFGSET s COMPACT k");
  for (int i = 0; i < 3; ++i) recorded.server().Advance(1);
  const std::string before = recorded.Text();
  EXPECT_EQ(recorded.TextAfterRestart(), before);
}

}  // namespace
}  // namespace leat::testing
