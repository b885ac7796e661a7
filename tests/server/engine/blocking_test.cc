// Lanes, retry times and what may happen while a lane is served. XREAD itself is tested with its
// command; here a command of the test waits, which takes what it finds, as XREADGROUP and BLPOP do.
#include "server/engine/blocking.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <memory>

#include "server/engine/call.h"
#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

using engine::Blocking;
using engine::KeyWait;
using engine::Session;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Sessions that wait, without an engine.
class BlockingTest : public ::testing::Test {
 protected:
  Session& Waiter(const std::vector<KeyWait>& waits, int64_t deadline_ms = 0) {
    Session& session = sessions.emplace_back(sessions.size(), &limits);
    session.parked = std::make_unique<engine::ParkedCall>();
    session.parked->deadline_ms = deadline_ms;
    blocking.Park(session, waits);
    return session;
  }
  void Change(std::string_view key) { blocking.KeyFed(0, data::MakeKey(key)); }

  resp::Limits limits;
  std::deque<Session> sessions;
  Blocking blocking;
};

TEST_F(BlockingTest, ServesALaneFromItsHeadUntilOneFindsNothing) {
  const std::vector<KeyWait> waits = {{"k", "lane"}};
  Session& first = Waiter(waits);
  Session& second = Waiter(waits);
  Waiter(waits);
  Change("other");
  EXPECT_FALSE(blocking.HasReady());
  Change("k");
  Change("k");
  EXPECT_EQ(blocking.NextReady(), &first);
  blocking.Unpark(first);
  EXPECT_EQ(blocking.NextReady(), &second);
  blocking.ParkAgain(second, waits);
  EXPECT_EQ(blocking.NextReady(), nullptr);
  EXPECT_FALSE(blocking.HasReady());
  EXPECT_EQ(blocking.waiting(), 2u);
  Change("k");
  EXPECT_EQ(blocking.NextReady(), &second);  // it kept its place
}

TEST_F(BlockingTest, ServesLanesInOrderOfArrivalAcrossThem) {
  Session& a1 = Waiter({{"k", "a"}});
  Session& b1 = Waiter({{"k", "b"}});
  Session& other_key = Waiter({{"l", "a"}});
  Session& a2 = Waiter({{"k", "a"}});
  Waiter({{"k", "b"}});
  Change("l");
  Change("k");
  EXPECT_EQ(blocking.NextReady(), &a1);
  blocking.Unpark(a1);
  EXPECT_EQ(blocking.NextReady(), &b1);
  blocking.ParkAgain(b1, std::vector<KeyWait>{{"k", "b"}});
  EXPECT_EQ(blocking.NextReady(), &other_key);
  blocking.Unpark(other_key);
  EXPECT_EQ(blocking.NextReady(), &a2);
  blocking.Unpark(a2);
  EXPECT_EQ(blocking.NextReady(), nullptr);
}

TEST_F(BlockingTest, LanesOfDifferentCommandsAreDifferent) {
  engine::CommandEntry one;
  engine::CommandEntry two;
  const std::vector<KeyWait> waits = {{"k", "lane"}};
  std::vector<Session*> waiting;
  for (engine::CommandEntry* command : {&one, &two}) {
    Session& session = sessions.emplace_back(sessions.size(), &limits);
    session.parked = std::make_unique<engine::ParkedCall>();
    session.parked->command = command;
    blocking.Park(session, waits);
    waiting.push_back(&session);
  }
  Change("k");
  for (Session* session : waiting) {
    EXPECT_EQ(blocking.NextReady(), session);
    blocking.ParkAgain(*session, waits);
  }
  EXPECT_EQ(blocking.NextReady(), nullptr);
}

TEST_F(BlockingTest, LanesAndKeysMayVanishWhileTheyAreServed) {
  const std::vector<KeyWait> waits = {{"k", "a"}, {"l", "a"}};
  Session& first = Waiter(waits);
  Session& second = Waiter({{"k", "b"}});
  Session& third = Waiter({{"l", "a", 500}});
  Session& fourth = Waiter(waits);
  Change("k");
  Change("l");
  EXPECT_EQ(blocking.NextReady(), &first);
  blocking.Unpark(second);  // the last of a lane that is ready
  blocking.Unpark(first);   // the head of two
  EXPECT_EQ(blocking.NextReady(), &third);
  Change("k");
  blocking.Unpark(fourth);  // the last of a key that changed
  blocking.Unpark(third);
  EXPECT_EQ(blocking.NextReady(), nullptr);
  EXPECT_EQ(blocking.waiting(), 0u);
  EXPECT_EQ(blocking.NextRetryMs(), kNever);
}

TEST_F(BlockingTest, AKeyThatChangesDuringAReRunIsServedAgain) {
  const std::vector<KeyWait> waits = {{"k", "a"}};
  Session& session = Waiter(waits);
  Change("k");
  EXPECT_EQ(blocking.NextReady(), &session);
  Change("k");
  blocking.ParkAgain(session, waits);
  EXPECT_EQ(blocking.NextReady(), &session);
  blocking.ParkAgain(session, waits);
  EXPECT_EQ(blocking.NextReady(), nullptr);
}

TEST_F(BlockingTest, OneReRunAnswersForAllTheLanesThatItHeads) {
  const std::vector<KeyWait> waits = {{"k", "a"}, {"k", "b"}, {"k", "a"}, {"l", ""}};
  Session& session = Waiter(waits);
  Session& behind = Waiter({{"k", "b"}});
  Change("k");
  Change("l");
  EXPECT_EQ(blocking.NextReady(), &session);
  blocking.ParkAgain(session, waits);
  EXPECT_EQ(blocking.NextReady(), nullptr);
  blocking.Unpark(session);
  Change("k");
  EXPECT_EQ(blocking.NextReady(), &behind);
}

TEST_F(BlockingTest, ALaneBecomesReadyAtItsRetryTime) {
  const std::vector<KeyWait> waits = {{"k", "a", 1000}};
  Session& first = Waiter(waits);
  Session& second = Waiter(waits);
  Waiter({{"k", "b", 3000}});
  EXPECT_EQ(blocking.NextRetryMs(), 1000);
  blocking.RetryDue(999);
  EXPECT_FALSE(blocking.HasReady());
  blocking.RetryDue(1000);
  EXPECT_EQ(blocking.NextRetryMs(), 3000);
  EXPECT_EQ(blocking.NextReady(), &first);
  blocking.Unpark(first);
  EXPECT_EQ(blocking.NextReady(), &second);
  blocking.ParkAgain(second, std::vector<KeyWait>{{"k", "a", 2000}});
  EXPECT_EQ(blocking.NextReady(), nullptr);
  EXPECT_EQ(blocking.NextRetryMs(), 2000);
}

TEST_F(BlockingTest, TheRetryTimeIsTheLanesNotTheWaiters) {
  Session& first = Waiter({{"k", "a", 1000}});
  Session& second = Waiter({{"k", "a", 2000}});
  EXPECT_EQ(blocking.NextRetryMs(), 2000);  // the latest word counts
  blocking.Unpark(second);
  EXPECT_EQ(blocking.NextRetryMs(), 2000);
  Session& third = Waiter({{"k", "a", 2000}});
  blocking.Unpark(first);
  EXPECT_EQ(blocking.NextRetryMs(), 2000);
  blocking.Unpark(third);
  EXPECT_EQ(blocking.NextRetryMs(), kNever);  // an empty lane goes with it
  blocking.RetryDue(5000);
  EXPECT_FALSE(blocking.HasReady());
  Waiter({{"k", "a", 3000}});
  Waiter({{"k", "a"}});
  EXPECT_EQ(blocking.NextRetryMs(), kNever);
}

TEST_F(BlockingTest, ChangedDatabasesWakeTheirOwn) {
  Session& session = Waiter({{"k", "a"}});
  blocking.DatabaseChanged(1);
  blocking.KeyFed(1, data::MakeKey("k"));
  EXPECT_FALSE(blocking.HasReady());
  blocking.DatabaseChanged(0);
  EXPECT_EQ(blocking.NextReady(), &session);
}

TEST_F(BlockingTest, DeadlinesAreOfTheCalls) {
  Session& late = Waiter({{"k", "a"}}, 2000);
  Session& soon = Waiter({{"k", "a"}}, 1000);
  EXPECT_EQ(blocking.NextDeadlineMs(), 1001);
  EXPECT_EQ(blocking.Overdue(1000), nullptr);
  EXPECT_EQ(blocking.Overdue(2001), &soon);
  blocking.Unpark(soon);
  EXPECT_EQ(blocking.Overdue(2001), &late);
  blocking.Unpark(late);
  EXPECT_EQ(blocking.NextDeadlineMs(), kNever);
}

// TAKE timeout key lane [key lane ...]: takes the first letter of the first string there is, or
// waits; a "!" stays and is an error. While "<key>.from" holds a Unix time in milliseconds, nothing
// can be taken before it.
void Take(engine::Call& call) {
  std::vector<KeyWait> waits;
  for (size_t i = 2; i + 1 < call.size(); i += 2) {
    const data::Entry* from = call.Find(std::string(call[i]) + ".from");
    const int64_t from_ms = from == nullptr ? 0 : std::stoll(std::string(from->string()));
    const bool early = from_ms > call.now_ms;
    waits.push_back({call[i], std::string(call[i + 1]), early ? from_ms : 0});
    const data::Key key = engine::Call::KeyOf(call[i]);
    const data::Entry* entry = call.FindForRead(key);
    if (entry == nullptr || early) continue;
    const std::string letters(entry->string());
    if (letters.front() == '!') return call.Error("ERR not to be taken");
    if (letters.size() == 1) {
      call.Commit(data::DeleteKey{call.database(), key});
    } else {
      const std::string_view rest = std::string_view(letters).substr(1);
      call.Commit(data::SetString{call.database(), key, rest, data::kNoExpiry});
    }
    return call.reply.Bulk(letters.substr(0, 1));
  }
  const int64_t timeout_ms = std::stoll(std::string(call[1]));
  call.Park(waits, timeout_ms == 0 ? 0 : call.now_ms + timeout_ms, engine::TimeoutReply::kNull,
            {call.args.begin(), call.args.end()});
}

constexpr engine::Command kTestCommands[] = {
    {.name = "TAKE", .arity = -4, .flags = engine::kWrite | engine::kBlocking, .handler = Take},
};

class WaitingCallsTest : public ::testing::Test {
 protected:
  WaitingCallsTest() { server.engine.commands.Add(kTestCommands); }

  TestClient& Waiter(std::string_view line) {
    TestClient& client = clients.emplace_back(server);
    EXPECT_EQ(client.Run(line), "");
    return client;
  }
  // How often TAKE has looked at a key.
  uint64_t Looks() const {
    const engine::Statistics& statistics = server.engine.statistics;
    return statistics.keyspace_hits + statistics.keyspace_misses;
  }
  // From then on the key can be taken from; no change tells.
  void HoldBack(std::string_view key, int64_t ms) {
    const std::string time = std::to_string(server.now_ms() + ms);
    other.Call({"SET", std::string(key) + ".from", time});
  }

  TestServer server;
  TestClient other{server};
  std::deque<TestClient> clients;
};

TEST_F(WaitingCallsTest, FirstComeFirstServed) {
  TestClient& first = Waiter("TAKE 0 k a");
  TestClient& second = Waiter("TAKE 0 k b");
  TestClient& third = Waiter("TAKE 0 k a");
  other.Run("SET k xy");
  EXPECT_EQ(first.Received(), "\"x\"");
  EXPECT_EQ(second.Received(), "\"y\"");
  EXPECT_EQ(third.Received(), "");
  other.Run("SET k z");
  EXPECT_EQ(third.Received(), "\"z\"");
}

TEST_F(WaitingCallsTest, ServesFromAnyOfTheirKeys) {
  TestClient& both = Waiter("TAKE 0 k a l a");
  TestClient& second = Waiter("TAKE 0 l a");
  other.Run("SET l x");
  EXPECT_EQ(both.Received(), "\"x\"");
  other.Run("SET k y");
  EXPECT_EQ(second.Received(), "");
  other.Run("SET l z");
  EXPECT_EQ(second.Received(), "\"z\"");
  EXPECT_EQ(other.Run("GET k"), "\"y\"");
}

TEST_F(WaitingCallsTest, TheSameKeyTwiceInOneCall) {
  TestClient& twice = Waiter("TAKE 0 k a k a k b");
  TestClient& behind = Waiter("TAKE 0 k a");
  other.Run("SET k xy");
  EXPECT_EQ(twice.Received(), "\"x\"");
  EXPECT_EQ(behind.Received(), "\"y\"");
  EXPECT_EQ(server.engine.blocking.waiting(), 0u);
}

TEST_F(WaitingCallsTest, ATransactionServesWhenItIsOver) {
  TestClient& first = Waiter("TAKE 0 k a");
  TestClient& second = Waiter("TAKE 0 k a");
  other.Send(Encode({"MULTI"}) + Encode({"SET", "k", "x"}) + Encode({"SET", "k", "yz"}) +
             Encode({"TAKE", "0", "k", "a"}) + Encode({"EXEC"}));
  EXPECT_EQ(other.Received(), "OK | QUEUED | QUEUED | QUEUED | [OK OK \"y\"]");
  EXPECT_EQ(first.Received(), "\"z\"");
  EXPECT_EQ(second.Received(), "");
}

TEST_F(WaitingCallsTest, AReRunThatFindsNothingKeepsItsPlaceAndItsDeadline) {
  TestClient& first = Waiter("TAKE 100 k a");
  TestClient& second = Waiter("TAKE 200 k a");
  server.Advance(60);
  HoldBack("k", 1000);
  other.Run("SET k x");
  server.Advance(40);
  EXPECT_EQ(first.Received(), "");
  server.Advance(1);
  EXPECT_EQ(first.Received(), "nil");
  EXPECT_EQ(second.Received(), "");
  server.Advance(100);
  EXPECT_EQ(second.Received(), "nil");
}

TEST_F(WaitingCallsTest, AnErrorEndsTheWaitAndTheLaneGoesOn) {
  TestClient& first = Waiter("TAKE 0 k a");
  TestClient& second = Waiter("TAKE 0 k a");
  other.Run("SET k !");
  EXPECT_EQ(first.Received(), "-ERR not to be taken");
  EXPECT_EQ(second.Received(), "-ERR not to be taken");
}

TEST_F(WaitingCallsTest, ServesWhatTimeAloneMakesReady) {
  HoldBack("k", 100);
  other.Run("SET k xy");
  TestClient& first = Waiter("TAKE 100 k a");
  TestClient& second = Waiter("TAKE 0 k a");
  TestClient& third = Waiter("TAKE 0 k a");
  const int64_t due_ms = server.now_ms() + 100;
  EXPECT_EQ(server.engine.NextTimerMs(), due_ms);
  server.Advance(99);
  EXPECT_EQ(first.Received(), "");
  server.Advance(1);
  EXPECT_EQ(first.Received(), "\"x\"");  // it was its last chance
  EXPECT_EQ(second.Received(), "\"y\"");
  EXPECT_EQ(third.Received(), "");
  EXPECT_GT(server.engine.NextTimerMs(), due_ms);
}

TEST_F(WaitingCallsTest, ALaneThatIsDueInVainSaysWhenToTryAgain) {
  HoldBack("k", 100);
  other.Run("SET k x");
  TestClient& client = Waiter("TAKE 0 k a");
  HoldBack("k", 150);
  server.Advance(100);
  EXPECT_EQ(client.Received(), "");
  EXPECT_EQ(server.engine.NextTimerMs(), server.now_ms() + 50);
  server.Advance(50);
  EXPECT_EQ(client.Received(), "\"x\"");
}

TEST_F(WaitingCallsTest, TheRetryTimeOutlivesTheHeadOfItsLane) {
  HoldBack("k", 100);
  other.Run("SET k x");
  auto gone = std::make_unique<TestClient>(server);
  gone->Run("TAKE 0 k a");
  TestClient& timed_out = Waiter("TAKE 50 k a");
  TestClient& killed = Waiter("TAKE 0 k a");
  TestClient& unblocked = Waiter("TAKE 0 k a");
  TestClient& last = Waiter("TAKE 0 k a");
  gone.reset();
  server.Advance(51);
  EXPECT_EQ(timed_out.Received(), "nil");
  other.Call({"CLIENT", "KILL", "ID", std::to_string(killed.session().id)});
  other.Call({"CLIENT", "UNBLOCK", std::to_string(unblocked.session().id)});
  EXPECT_EQ(unblocked.Received(), "nil");
  server.Advance(49);
  EXPECT_EQ(last.Received(), "\"x\"");
  EXPECT_EQ(server.engine.blocking.waiting(), 0u);
}

TEST_F(WaitingCallsTest, RetriesWaitForTheEndOfAPause) {
  HoldBack("k", 100);
  other.Run("SET k x");
  TestClient& client = Waiter("TAKE 0 k a");
  other.Run("CLIENT PAUSE 150 WRITE");
  server.Advance(149);
  EXPECT_EQ(client.Received(), "");
  server.Advance(1);
  EXPECT_EQ(client.Received(), "\"x\"");
}

TEST_F(WaitingCallsTest, NothingIsTakenForAClientThatIsBeingClosed) {
  TestClient& closing = Waiter("TAKE 0 k a");
  TestClient& behind = Waiter("TAKE 0 k a");
  server.engine.Close(closing.session(), false, "the test wants it");
  other.Run("SET k x");
  EXPECT_EQ(behind.Received(), "\"x\"");
}

// The delete that ends an expired key is a change too, whoever meets it.
TEST_F(WaitingCallsTest, ACallThatParksMayHaveChangedAKey) {
  HoldBack("k", 100);
  other.Run("SET k x PX 50");
  TestClient& client = Waiter("TAKE 0 k a");
  server.clock.Advance(60);
  const uint64_t looks = Looks();
  Waiter("TAKE 0 k b");
  EXPECT_EQ(Looks(), looks + 3);  // its own, and one for each lane
  EXPECT_FALSE(server.engine.blocking.HasReady());
  EXPECT_EQ(client.Received(), "");
}

TEST_F(WaitingCallsTest, ChangesThatFeedNobodyWakeNobody) {
  other.Run("XADD t 1-0 n x");
  other.Run("XADD t 2-0 n x");
  Waiter("XREAD BLOCK 0 STREAMS t $");
  TestClient watching(server);
  for (const char* change : {"XDEL t 1-0", "XTRIM t MAXLEN 0", "EXPIRE t 100", "PERSIST t"}) {
    watching.Run("WATCH t");
    watching.Run("MULTI");
    const uint64_t looks = Looks();
    EXPECT_EQ(other.Run(change), "1") << change;
    EXPECT_EQ(Looks(), looks) << change;
    EXPECT_EQ(watching.Run("EXEC"), "nil") << change;
  }
}

TEST_F(WaitingCallsTest, AChangeCostsWhatItServesHoweverManyWait) {
  constexpr size_t kWaiters = 10'000;
  server.config.max_clients = kWaiters + 1;
  for (size_t i = 0; i < kWaiters; ++i) Waiter("TAKE 0 k a");
  uint64_t looks = Looks();
  other.Run("SET k x");
  EXPECT_EQ(clients[0].Received(), "\"x\"");
  EXPECT_LE(Looks(), looks + 3);
  HoldBack("k", 100);
  looks = Looks();
  other.Run("SET k yz");
  EXPECT_EQ(Looks(), looks + 1);
  server.Advance(100);
  EXPECT_EQ(clients[1].Received(), "\"y\"");
  EXPECT_EQ(clients[2].Received(), "\"z\"");
  EXPECT_LE(Looks(), looks + 5);
  EXPECT_EQ(server.engine.blocking.waiting(), kWaiters - 3);
}

TEST_F(WaitingCallsTest, ReadersBehindOneIdAreOneLane) {
  for (int i = 0; i < 100; ++i) Waiter("XREAD BLOCK 0 STREAMS t 5-0");
  TestClient& before = Waiter("XREAD BLOCK 0 STREAMS t 0-0");
  uint64_t looks = Looks();
  other.Run("XADD t 1-0 n x");
  EXPECT_EQ(Looks(), looks + 2);
  EXPECT_EQ(before.Received(), "[[\"t\" [[\"1-0\" [\"n\" \"x\"]]]]]");
  other.Run("XADD t 6-0 n x");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clients[static_cast<size_t>(i)].Received(), "[[\"t\" [[\"6-0\" [\"n\" \"x\"]]]]]");
  }
}

}  // namespace
}  // namespace leat::testing
