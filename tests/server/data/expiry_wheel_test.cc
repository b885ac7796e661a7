// The wheel needs entries, so it is tested through a keyspace.
#include "server/data/expiry_wheel.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/data/keyspace.h"

namespace leat::data {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kYearMs = int64_t{365} * 24 * 3600 * 1000;
constexpr int64_t kNowMs = 1'700'000'000'000;

// Erases everything due at `now_ms`, in slices of `budget`, and returns the keys.
std::multiset<std::string> ExpireAll(Keyspace& keyspace, int64_t now_ms, size_t slice = 1000) {
  std::multiset<std::string> expired;
  do {
    size_t budget = slice;
    while (const Entry* entry = keyspace.FirstDue(now_ms, budget)) {
      EXPECT_LE(entry->expire_at_ms(), now_ms);
      expired.emplace(entry->key());
      keyspace.Erase(MakeKey(entry->key()));
    }
  } while (keyspace.expiring() != 0 && keyspace.NextExpiryMs() <= now_ms);
  return expired;
}

TEST(ExpiryWheel, NothingIsDueWithoutDeadlines) {
  Keyspace keyspace;
  size_t budget = 10;
  EXPECT_EQ(keyspace.NextExpiryMs(), kNever);
  EXPECT_EQ(keyspace.FirstDue(kNever, budget), nullptr);
  keyspace.PutString(MakeKey("k"), "v");
  EXPECT_EQ(keyspace.FirstDue(kNever, budget), nullptr);
  EXPECT_EQ(keyspace.MeanTtlMs(kNowMs), 0);
}

TEST(ExpiryWheel, AKeyIsDueAtItsMillisecondAndNotBefore) {
  for (int64_t ttl_ms :
       {int64_t{0}, int64_t{1}, int64_t{63}, int64_t{64}, int64_t{65}, int64_t{4095}, int64_t{4096},
        int64_t{3'600'000}, kYearMs, 200 * kYearMs}) {
    Keyspace keyspace;
    size_t budget = 100;
    keyspace.FirstDue(kNowMs, budget);
    keyspace.PutString(MakeKey("k"), "v", kNowMs + ttl_ms);
    if (ttl_ms > 0) {
      EXPECT_LE(keyspace.NextExpiryMs(), kNowMs + ttl_ms);
      EXPECT_EQ(keyspace.FirstDue(kNowMs + ttl_ms - 1, budget), nullptr) << ttl_ms;
    }
    const Entry* due = keyspace.FirstDue(kNowMs + ttl_ms, budget);
    ASSERT_NE(due, nullptr) << ttl_ms;
    EXPECT_EQ(due->key(), "k");
    EXPECT_EQ(keyspace.FirstDue(kNowMs + ttl_ms, budget), due) << "it stays until it is erased";
    keyspace.Erase(MakeKey("k"));
    EXPECT_EQ(keyspace.FirstDue(kNever, budget), nullptr);
  }
}

TEST(ExpiryWheel, FollowingNextExpiryMsFindsEveryKeyOnTime) {
  Keyspace keyspace;
  std::mt19937_64 random(7);
  std::map<int64_t, int> deadlines;
  size_t budget = 10;
  keyspace.FirstDue(kNowMs, budget);
  for (int i = 0; i < 2000; ++i) {
    const int64_t at_ms = kNowMs + static_cast<int64_t>(random() >> (20 + random() % 43));
    keyspace.PutString(MakeKey(std::to_string(i)), "v", at_ms);
    ++deadlines[at_ms];
  }
  int wakes = 0;
  for (const auto& [at_ms, count] : deadlines) {
    while (keyspace.NextExpiryMs() < at_ms) {
      budget = 100;
      ASSERT_EQ(keyspace.FirstDue(keyspace.NextExpiryMs(), budget), nullptr);
      ++wakes;
    }
    ASSERT_EQ(keyspace.NextExpiryMs(), at_ms);
    ASSERT_EQ(ExpireAll(keyspace, at_ms).size(), static_cast<size_t>(count));
  }
  EXPECT_EQ(keyspace.size(), 0u);
  EXPECT_LT(wakes, 20'000);
}

TEST(ExpiryWheel, DeadlinesInThePastAndFarFutureAreKept) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("ancient"), "v", -5000);
  keyspace.PutString(MakeKey("zero"), "v", 0);
  keyspace.PutString(MakeKey("far"), "v", kNever);
  keyspace.PutString(MakeKey("nearly as far"), "v", kNever - 1);
  EXPECT_EQ(keyspace.Find(MakeKey("ancient"))->expire_at_ms(), 0);
  EXPECT_EQ(ExpireAll(keyspace, kNowMs).size(), 2u);
  keyspace.PutString(MakeKey("past"), "v", kNowMs - 1);
  EXPECT_EQ(keyspace.NextExpiryMs(), kNowMs);
  EXPECT_EQ(ExpireAll(keyspace, kNowMs).size(), 1u);
  EXPECT_GT(keyspace.MeanTtlMs(kNowMs), int64_t{1} << 60);
  EXPECT_EQ(ExpireAll(keyspace, kNever - 2).size(), 0u);
  EXPECT_EQ(ExpireAll(keyspace, kNever - 1).count("nearly as far"), 1u);
  EXPECT_EQ(ExpireAll(keyspace, kNever - 1).size(), 0u);
  size_t budget = 100;
  EXPECT_EQ(keyspace.FirstDue(kNever, budget)->key(), "far");
}

TEST(ExpiryWheel, TimeThatGoesBackFindsNothing) {
  Keyspace keyspace;
  size_t budget = 100;
  keyspace.PutString(MakeKey("k"), "v", kNowMs + 10);
  EXPECT_NE(keyspace.FirstDue(kNowMs + 10, budget), nullptr);
  EXPECT_EQ(keyspace.FirstDue(kNowMs, budget), nullptr);
  EXPECT_NE(keyspace.FirstDue(kNowMs + 10, budget), nullptr);
}

TEST(ExpiryWheel, TimeMayBeginAnywhereAgainOnceItIsCleared) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("old"), "v", kNowMs + kYearMs);
  EXPECT_EQ(ExpireAll(keyspace, kNowMs + kYearMs).size(), 1U);
  keyspace.Clear();
  keyspace.PutString(MakeKey("k"), "v", kNowMs);
  EXPECT_TRUE(ExpireAll(keyspace, kNowMs - 1).empty());
  EXPECT_EQ(ExpireAll(keyspace, kNowMs).size(), 1U);
}

TEST(ExpiryWheel, ADeadlineCanBeChangedRemovedAndOverwritten) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("k"), "v", kNowMs + 10);
  keyspace.SetExpiry(MakeKey("k"), kNowMs + 20);
  EXPECT_TRUE(ExpireAll(keyspace, kNowMs + 19).empty());
  keyspace.SetExpiry(MakeKey("k"), kNoExpiry);
  EXPECT_EQ(keyspace.expiring(), 0u);
  keyspace.SetExpiry(MakeKey("k"), kNowMs + 30);
  keyspace.PutString(MakeKey("k"), "w");  // in place, drops the deadline
  EXPECT_EQ(keyspace.Find(MakeKey("k"))->expire_at_ms(), kNoExpiry);
  EXPECT_TRUE(ExpireAll(keyspace, kNever).empty());
  EXPECT_EQ(keyspace.SetExpiry(MakeKey("missing"), kNowMs), nullptr);
}

TEST(ExpiryWheel, TheBudgetBoundsEveryCallAndTimeWaits) {
  Keyspace keyspace;
  constexpr size_t kKeys = 10'000;
  size_t budget = 10;
  keyspace.FirstDue(kNowMs, budget);
  const int64_t at_ms = kNowMs + 3'600'000;
  for (size_t i = 0; i < kKeys; ++i) keyspace.PutString(MakeKey(std::to_string(i)), "v", at_ms);
  size_t calls = 0;
  while (keyspace.NextExpiryMs() < at_ms) {  // cascades ahead of time
    budget = 100;
    ASSERT_EQ(keyspace.FirstDue(at_ms - 1, budget), nullptr);
    // What changes between the slices is not lost.
    keyspace.PutString(MakeKey("late" + std::to_string(calls)), "v", at_ms + 1);
    ++calls;
  }
  EXPECT_GE(calls, kKeys / 100);
  budget = 0;
  EXPECT_EQ(keyspace.FirstDue(at_ms, budget), nullptr);
  EXPECT_EQ(ExpireAll(keyspace, at_ms, 7).size(), kKeys);
  EXPECT_EQ(ExpireAll(keyspace, at_ms + 1, 7).size(), calls);
  EXPECT_EQ(keyspace.memory_bytes() < 20'000, true);
}

TEST(ExpiryWheel, TheMeanTimeToLiveIsExact) {
  Keyspace keyspace;
  for (int i = 1; i <= 9; ++i) {
    keyspace.PutString(MakeKey(std::to_string(i)), "v", kNowMs + i * 1000);
  }
  EXPECT_EQ(keyspace.MeanTtlMs(kNowMs), 5000);
  keyspace.Erase(MakeKey("9"));
  EXPECT_EQ(keyspace.MeanTtlMs(kNowMs), 4500);
  EXPECT_EQ(keyspace.MeanTtlMs(kNowMs + 100'000), 0);
}

// Random deadlines, changes and jumps of time against a sorted model.
void RunModel(uint64_t seed) {
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  Keyspace keyspace;
  std::map<std::string, int64_t> model;
  int64_t now_ms = kNowMs;
  const auto deadline = [&]() -> int64_t {
    if (random() % 50 == 0) return now_ms - static_cast<int64_t>(random() % 1000);
    const auto distance = static_cast<int64_t>(random() >> (1 + random() % 63));
    return distance > kNever - now_ms ? kNever : now_ms + distance;
  };
  for (int step = 0; step < 4000; ++step) {
    const std::string name = std::to_string(random() % 500);
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        keyspace.PutString(MakeKey(name), "v", model[name] = deadline());
        break;
      case 3:
        if (model.count(name) != 0) keyspace.SetExpiry(MakeKey(name), model[name] = deadline());
        break;
      case 4:
        model.erase(name);
        keyspace.Erase(MakeKey(name));
        break;
      case 5:
        if (model.count(name) != 0) {
          keyspace.SpliceString(MakeKey(name), 0, std::string(random() % 100, 'x'));
        }
        break;
      case 6: {
        size_t budget = random() % 20;  // a slice that may stop anywhere
        if (const Entry* entry = keyspace.FirstDue(now_ms, budget)) {
          ASSERT_LE(model.at(std::string(entry->key())), now_ms);
        }
        break;
      }
      case 7: {
        const auto jump =
            static_cast<int64_t>(random() >> (22 + random() % 42));  // up to 139 years
        now_ms = std::min(now_ms, kNever - jump) + jump;
        std::multiset<std::string> expected;
        std::erase_if(model, [&](const auto& item) {
          if (item.second > now_ms) return false;
          expected.insert(item.first);
          return true;
        });
        ASSERT_EQ(ExpireAll(keyspace, now_ms, 1 + random() % 50), expected);
        break;
      }
    }
    ASSERT_EQ(keyspace.expiring(), model.size());
    for (const auto& [key, at_ms] : model)
      ASSERT_LE(keyspace.NextExpiryMs(), std::max(at_ms, now_ms));
  }
}

TEST(ExpiryWheel, MatchesAModel) {
  for (uint64_t seed = 1; seed <= 20; ++seed) RunModel(seed);
}

}  // namespace
}  // namespace leat::data
