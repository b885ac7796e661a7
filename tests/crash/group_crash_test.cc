// Seeded histories of producers and consumers of two groups of one topic, on a disk that fails and
// loses power at every point, against a model (group_model.h). Every reply is the model's; after
// every call, and after every crash and restart, so is the state: what was acknowledged is not
// delivered again, and what was not is still pending.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "tests/crash/group_model.h"
#include "tests/crash/histories.h"
#include "tests/crash/life.h"
#include "tests/persistence/simulated_disk.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using persistence::Fault;
using persistence::Lsn;

constexpr int kHistories = Histories(3000);
constexpr int kLivesPerHistory = 4;
constexpr int kCallsPerLife = 80;

struct Step {
  std::vector<std::string> call;
  std::string reply;
};

class GroupHistory {
 public:
  explicit GroupHistory(uint64_t seed) : random_(seed), disk_(seed + 1) {
    states_[0] = GroupModel();
  }

  void Run() {
    for (int life = 0; life < kLivesPerHistory && !::testing::Test::HasFailure(); ++life) {
      Live();
      disk_.ClearFaults();
      OneIn(2) ? disk_.Crash() : disk_.Kill();
    }
    Recover();
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  static data::Topic* TopicOf(data::Dataset& dataset) {
    const data::Entry* entry = dataset.databases[0].Find(data::MakeKey("topic"));
    return entry == nullptr ? nullptr : entry->topic();
  }
  static std::string TextOf(data::Dataset& dataset) {
    const data::Topic* topic = TopicOf(dataset);
    return topic == nullptr ? "" : GroupText(*topic);
  }

  // The model goes back to what was kept.
  std::unique_ptr<Life> Recover() {
    auto life =
        std::make_unique<Life>(disk_, Life::Options{.seed = random_(), .start_ms = lived_ms_});
    if (!life->ok()) return nullptr;
    const Lsn lsn = life->recovered_lsn();
    EXPECT_GE(lsn, acknowledged_lsn_);
    EXPECT_TRUE(states_.contains(lsn)) << "a part of a batch was recovered";
    model_ = states_[lsn];
    states_.erase(states_.upper_bound(lsn), states_.end());
    EXPECT_EQ(TextOf(life->server().dataset), model_.Text());
    return life;
  }

  void Live() {
    const std::unique_ptr<Life> life = Recover();
    if (life == nullptr || ::testing::Test::HasFailure()) return;
    ScheduleFaults();
    TestServer& server = life->server();
    TestClient& client = life->client();
    persistence::Journal* const journal = &life->journal();
    std::string due;  // replies that may wait for the disk
    std::string seen;
    if (TopicOf(server.dataset) == nullptr) {
      client.Send(Encode({"XADD", "topic", "1-1", "f", "1-1"}));
      due += model_.Add({1, 1}) + "\n";
      states_[journal->appended_lsn()] = model_;
    }
    for (int i = 0; i < kCallsPerLife && !::testing::Test::HasFailure(); ++i) {
      const auto passed = static_cast<int64_t>(Pick(30));
      lived_ms_ += passed;
      server.Advance(passed);
      model_.set_now_ms(server.now_ms());
      if (!journal->status().ok()) break;
      const Step step = NextStep(*TopicOf(server.dataset));
      client.Send(Encode(step.call));
      due += step.reply + "\n";
      states_[journal->appended_lsn()] = model_;
      ASSERT_EQ(TextOf(server.dataset), model_.Text()) << step.call[0];
      if (OneIn(3)) life->StepCheckpoint(Pick(10));
      life->StepDisk();
      for (const std::string& reply : Replies(client.Received())) seen += reply + "\n";
      ASSERT_EQ(seen, due.substr(0, seen.size())) << step.call[0];
      if (seen.size() == due.size()) acknowledged_lsn_ = journal->appended_lsn();
    }
  }

  static std::vector<std::string> Replies(const std::string& text) {
    std::vector<std::string> replies;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(" | ", at), text.size());
      replies.push_back(text.substr(at, end - at));
      at = end + 3;
    }
    return replies;
  }

  void ScheduleFaults() {
    const uint64_t now = disk_.operations();
    for (uint64_t faults = Pick(2); faults > 0; --faults) {
      disk_.FailAt(now + Pick(120), OneIn(2) ? Fault::kNoSpace : Fault::kIoError);
    }
    if (!OneIn(3)) disk_.FailAt(now + Pick(200), Fault::kPowerLoss);
  }

  static std::vector<std::string> With(std::vector<std::string> call, const Ids& ids) {
    for (const StreamId id : ids) call.push_back(id.ToString());
    return call;
  }

  // Some of what is pending, a run of it mostly, and now and then an ID that is not.
  Ids SomePending(const ModelGroup& group) {
    Ids ids;
    const uint64_t skip = group.pending.empty() ? 0 : Pick(group.pending.size());
    const uint64_t most = 1 + Pick(6);
    uint64_t at = 0;
    for (const auto& [id, delivery] : group.pending) {
      if (at++ >= skip && ids.size() < most && !OneIn(6)) ids.push_back(id);
    }
    if (ids.empty() || OneIn(8)) ids.push_back({1 + Pick(next_ms_), 1});
    if (OneIn(5)) std::shuffle(ids.begin(), ids.end(), random_);
    return ids;
  }

  Step Append() {
    const StreamId id{++next_ms_ + 1, 1};
    return {{"XADD", "topic", id.ToString(), "f", id.ToString()}, model_.Add(id)};
  }

  Step NextStep(const data::Topic& topic) {
    const std::string group = OneIn(2) ? "one" : "two";
    if (!model_.groups().contains(group)) {
      const StreamId start = OneIn(2) ? StreamId{} : topic.last_id();
      return {{"XGROUP", "CREATE", "topic", group, start.ToString()}, model_.Create(group, start)};
    }
    const ModelGroup& state = model_.groups().at(group);
    const std::string consumer(1, static_cast<char>('a' + Pick(3)));
    const size_t count = 1 + Pick(5);
    const std::string count_text = std::to_string(count);
    const auto min_idle_ms = static_cast<int64_t>(Pick(60));
    switch (Pick(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return {
            {"XREADGROUP", "GROUP", group, consumer, "COUNT", count_text, "STREAMS", "topic", ">"},
            model_.Read(group, consumer, count, false)};
      case 5:
        return {{"XREADGROUP", "GROUP", group, consumer, "COUNT", count_text, "NOACK", "STREAMS",
                 "topic", ">"},
                model_.Read(group, consumer, count, true)};
      case 6:
        return {
            {"XREADGROUP", "GROUP", group, consumer, "COUNT", count_text, "STREAMS", "topic", "0"},
            model_.History(group, consumer, count)};
      case 7:
      case 8:
        return {{"XREADGROUP", "GROUP", group, consumer, "COUNT", count_text, "CLAIM",
                 std::to_string(min_idle_ms), "STREAMS", "topic", ">"},
                model_.Read(group, consumer, count, false, min_idle_ms)};
      case 9:
      case 10:
      case 11: {
        const Ids ids = SomePending(state);
        return {With({"XACK", "topic", group}, ids), model_.Acknowledge(group, ids)};
      }
      case 12:
      case 13: {
        const Ids ids = SomePending(state);
        const bool just_id = OneIn(2);
        auto call = With({"XCLAIM", "topic", group, consumer, std::to_string(min_idle_ms)}, ids);
        if (just_id) call.push_back("JUSTID");
        return {call, model_.Claim(group, consumer, min_idle_ms, ids, just_id)};
      }
      case 14: {
        const StreamId start = SomePending(state).front();
        return {{"XAUTOCLAIM", "topic", group, consumer, std::to_string(min_idle_ms),
                 start.ToString(), "COUNT", count_text},
                model_.AutoClaim(group, consumer, min_idle_ms, start, count)};
      }
      case 15: {
        const Ids ids = SomePending(state);
        return {With({"XNACK", "topic", group, "FAIL", "IDS", std::to_string(ids.size())}, ids),
                model_.Release(group, ids)};
      }
      case 16: {
        const StreamId id{1 + Pick(next_ms_ + 1), 1};
        return {{"XDEL", "topic", id.ToString()}, model_.Delete(id)};
      }
      case 17:
        return {{"XTRIM", "topic", "MAXLEN", std::to_string(10 * count)}, model_.Trim(10 * count)};
      case 18:
        return RareStep(group, consumer);
      default:
        return Append();
    }
  }

  Step RareStep(const std::string& group, const std::string& consumer) {
    switch (Pick(3)) {
      case 0: {
        const StreamId id{Pick(next_ms_ + 1), 1};
        return {{"XGROUP", "SETID", "topic", group, id.ToString()}, model_.SetId(group, id)};
      }
      case 1:
        return {{"XGROUP", "DESTROY", "topic", group}, model_.Destroy(group)};
      default:
        return {{"XGROUP", "DELCONSUMER", "topic", group, consumer},
                model_.DeleteConsumer(group, consumer)};
    }
  }

  std::mt19937_64 random_;
  persistence::SimulatedDisk disk_;
  GroupModel model_;
  std::map<Lsn, GroupModel> states_;
  Lsn acknowledged_lsn_ = 0;
  int64_t lived_ms_ = 0;
  uint64_t next_ms_ = 1;
};

TEST(GroupCrashTest, GroupsAreWhatTheModelSaysThroughCrashesAndRestarts) {
  for (uint64_t seed = 1; seed <= kHistories && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    GroupHistory(seed).Run();
  }
}

}  // namespace
}  // namespace leat::testing
