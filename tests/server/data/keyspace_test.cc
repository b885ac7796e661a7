#include "server/data/keyspace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/data/topic.h"

namespace leat::data {
namespace {

std::string Name(uint64_t number) {
  return "key:" + std::to_string(number);
}

std::vector<std::string> KeysInOrder(const Keyspace& keyspace) {
  std::vector<std::string> keys;
  keyspace.ForEach([&](Entry& entry) { keys.emplace_back(entry.key()); });
  return keys;
}

TEST(Keyspace, AnEmptyOneAnswersEverything) {
  Keyspace keyspace;
  Keyspace other;
  EXPECT_EQ(keyspace.Find(MakeKey("k")), nullptr);
  EXPECT_FALSE(keyspace.Erase(MakeKey("k")));
  EXPECT_FALSE(keyspace.Rename(MakeKey("k"), other, MakeKey("n")));
  EXPECT_FALSE(keyspace.Copy(MakeKey("k"), other, MakeKey("n")));
  EXPECT_EQ(keyspace.Random(42), nullptr);
  EXPECT_EQ(keyspace.Scan(0, [](Entry&) { FAIL(); }), 0u);
  EXPECT_EQ(keyspace.Scan(123456789, [](Entry&) { FAIL(); }), 0u);
  keyspace.PrefetchBucket(MakeKey("k"));
  keyspace.PrefetchEntry(MakeKey("k"));
  keyspace.Clear();
  EXPECT_EQ(keyspace.size(), 0u);
  EXPECT_EQ(keyspace.memory_bytes(), 0u);
}

TEST(Keyspace, FindsWhatWasPut) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("greeting"), "hello");
  EXPECT_EQ(keyspace.Find(MakeKey("greeting"))->string(), "hello");
  keyspace.PutString(MakeKey("greeting"), "good day to you, whoever you are");
  EXPECT_EQ(keyspace.Find(MakeKey("greeting"))->string(), "good day to you, whoever you are");
  EXPECT_EQ(keyspace.size(), 1u);
  EXPECT_TRUE(keyspace.Erase(MakeKey("greeting")));
  EXPECT_EQ(keyspace.Find(MakeKey("greeting")), nullptr);
}

TEST(Keyspace, OwnsTopics) {
  Keyspace keyspace;
  auto topic = std::make_unique<Topic>();
  const Topic* const borrowed = topic.get();
  keyspace.PutTopic(MakeKey("t"), std::move(topic), 5000);
  const Entry* entry = keyspace.Find(MakeKey("t"));
  EXPECT_EQ(entry->type(), Type::kStream);
  EXPECT_EQ(entry->topic(), borrowed);
  EXPECT_EQ(entry->expire_at_ms(), 5000);

  keyspace.Copy(MakeKey("t"), keyspace, MakeKey("copy"));
  EXPECT_NE(keyspace.Find(MakeKey("copy"))->topic(), borrowed);
  keyspace.Rename(MakeKey("t"), keyspace, MakeKey("renamed"));
  EXPECT_EQ(keyspace.Find(MakeKey("renamed"))->topic(), borrowed);
  EXPECT_EQ(keyspace.SetExpiry(MakeKey("copy"), 7000)->type(), Type::kStream);

  EXPECT_EQ(keyspace.PutString(MakeKey("copy"), "now a string")->type(), Type::kString);
  keyspace.PutTopic(MakeKey("copy"), std::make_unique<Topic>());
  EXPECT_EQ(keyspace.Find(MakeKey("copy"))->type(), Type::kStream);
  EXPECT_EQ(keyspace.size(), 2u);
}

TEST(Keyspace, RenameTakesValueAndDeadlineAndReplacesTheTarget) {
  Keyspace one;
  Keyspace other;
  one.PutString(MakeKey("from"), "value", 5000);
  other.PutString(MakeKey("to"), std::string(3000, 'x'), 1000);
  EXPECT_TRUE(one.Rename(MakeKey("from"), other, MakeKey("to")));
  EXPECT_EQ(one.size(), 0u);
  EXPECT_EQ(one.expiring(), 0u);
  EXPECT_EQ(other.size(), 1u);
  EXPECT_EQ(other.expiring(), 1u);
  EXPECT_EQ(other.Find(MakeKey("to"))->string(), "value");
  EXPECT_EQ(other.Find(MakeKey("to"))->expire_at_ms(), 5000);
  // To itself, and to a view of its own name.
  EXPECT_TRUE(other.Rename(MakeKey("to"), other, MakeKey("to")));
  EXPECT_TRUE(other.Rename(MakeKey("to"), one, MakeKey(other.Find(MakeKey("to"))->key())));
  EXPECT_EQ(one.Find(MakeKey("to"))->string(), "value");
}

TEST(Keyspace, RenamingALongStringDoesNotCopyIt) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("a"), std::string(100'000, 'x'));
  const char* bytes = keyspace.Find(MakeKey("a"))->string().data();
  keyspace.Rename(MakeKey("a"), keyspace, MakeKey("b"));
  EXPECT_EQ(keyspace.Find(MakeKey("b"))->string().data(), bytes);
}

TEST(Keyspace, SwapExchangesEverything) {
  Keyspace one;
  Keyspace other;
  one.PutString(MakeKey("k"), "of one", 1000);
  other.PutString(MakeKey("k"), "of the other");
  other.PutString(MakeKey("l"), "v");
  one.Swap(other);
  EXPECT_EQ(one.size(), 2u);
  EXPECT_EQ(one.expiring(), 0u);
  EXPECT_EQ(one.Find(MakeKey("k"))->string(), "of the other");
  EXPECT_EQ(other.NextExpiryMs() <= 1000, true);
  other.PutString(MakeKey("k"), "changed", 2000);
  EXPECT_EQ(other.Find(MakeKey("k"))->expire_at_ms(), 2000);
}

TEST(Keyspace, MemoryGoesBackToNothingAsKeysDo) {
  Keyspace keyspace;
  std::mt19937_64 random(3);
  for (uint64_t i = 0; i < 50'000; ++i) {
    keyspace.PutString(MakeKey(Name(i)), std::string(random() % 2000, 'v'),
                       i % 2 == 0 ? kNoExpiry : static_cast<int64_t>(random() % 1'000'000));
  }
  const size_t full = keyspace.memory_bytes();
  EXPECT_GT(full, 50'000u * 1000);
  EXPECT_LT(full, 50'000u * 1500);
  for (uint64_t i = 0; i < 50'000; ++i) {
    keyspace.SpliceString(MakeKey(Name(i)), 10, "splice");
    keyspace.SetExpiry(MakeKey(Name(i)), i % 3 == 0 ? kNoExpiry : 77);
  }
  for (uint64_t i = 0; i < 50'000; ++i) ASSERT_TRUE(keyspace.Erase(MakeKey(Name(i))));
  EXPECT_LT(keyspace.memory_bytes(), 20'000u);  // one segment, the wheel's levels
}

TEST(Keyspace, WalksInHashOrderWithoutRepeating) {
  Keyspace keyspace;
  for (uint64_t i = 0; i < 20'000; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
  const std::vector<std::string> keys = KeysInOrder(keyspace);
  EXPECT_EQ(keys.size(), 20'000u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 20'000u);
  // In order up to a home bucket: 20,000 keys make 32 segments or more, of 128 buckets each.
  uint64_t last = 0;
  for (const std::string& key : keys) {
    const uint64_t bucket = MakeKey(key).hash >> (64 - 5 - 7);
    EXPECT_GE(bucket, last);
    last = std::max(last, bucket);
  }
}

TEST(Keyspace, TheVisitedEntryMayBeErasedOrReplaced) {
  Keyspace keyspace;
  for (uint64_t i = 0; i < 30'000; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
  size_t visited = 0;
  keyspace.ForEach([&](Entry& entry) {
    ++visited;
    const Key key = MakeKey(entry.key());
    if (visited % 3 == 0) keyspace.PutString(key, std::string(500, 'w'), 9000);
    if (visited % 3 != 0) keyspace.Erase(key);
  });
  EXPECT_EQ(visited, 30'000u);
  EXPECT_EQ(keyspace.size(), 10'000u);
  keyspace.ForEach([&](Entry& entry) { keyspace.Erase(MakeKey(entry.key())); });
  EXPECT_EQ(keyspace.size(), 0u);
}

TEST(Keyspace, CursorsAreExactAsDoubles) {
  Keyspace keyspace;
  for (uint64_t i = 0; i < 5000; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
  uint64_t cursor = 0;
  size_t visited = 0;
  do {
    const uint64_t next = keyspace.Scan(cursor, [&](Entry&) { ++visited; });
    EXPECT_TRUE(next > cursor || next == 0);
    EXPECT_EQ(static_cast<uint64_t>(static_cast<double>(next)), next);
    cursor = next;
  } while (cursor != 0);
  EXPECT_EQ(visited, 5000u);
  // A cursor that nobody handed out starts where it says, or ends the scan.
  for (uint64_t invented : {~uint64_t{0}, uint64_t{1} << 52, (uint64_t{1} << 52) - 1}) {
    keyspace.Scan(invented, [](Entry&) {});
  }
}

// Keys that are there throughout are returned, whatever grows and shrinks around them.
void ScanUnderChange(uint64_t seed) {
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  Keyspace keyspace;
  std::set<std::string> stable;
  for (int i = 0; i < 300; ++i) stable.insert("stable:" + std::to_string(i));
  uint64_t low = 0;
  uint64_t high = random() % 20'000;
  for (uint64_t i = low; i < high; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
  for (const std::string& name : stable) keyspace.PutString(MakeKey(name), "v");

  std::set<std::string> seen;
  uint64_t cursor = 0;
  size_t steps = 0;
  bool growing = random() % 2 == 0;
  do {
    cursor = keyspace.Scan(cursor, [&](Entry& entry) { seen.emplace(entry.key()); });
    if (++steps % 200 == 0 && random() % 3 == 0) growing = !growing;
    for (uint64_t n = random() % 40; n > 0; --n) {
      if (growing && high - low < 60'000) keyspace.PutString(MakeKey(Name(high++)), "v");
      if (!growing && low < high) keyspace.Erase(MakeKey(Name(low++)));
    }
  } while (cursor != 0);
  EXPECT_TRUE(std::includes(seen.begin(), seen.end(), stable.begin(), stable.end()));
}

TEST(Keyspace, AScanReturnsWhatIsThereThroughout) {
  for (uint64_t seed = 1; seed <= 12; ++seed) ScanUnderChange(seed);
}

TEST(Keyspace, ShrinkingKeepsScansShort) {
  Keyspace keyspace;
  for (uint64_t i = 0; i < 200'000; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
  for (uint64_t i = 100; i < 200'000; ++i) keyspace.Erase(MakeKey(Name(i)));
  size_t steps = 0;
  uint64_t cursor = 0;
  do {
    cursor = keyspace.Scan(cursor, [](Entry&) {});
    ++steps;
  } while (cursor != 0);
  EXPECT_LE(steps, 1024u);
  EXPECT_LT(keyspace.memory_bytes(), 200'000u);
}

TEST(Keyspace, RandomReachesEveryEntryAboutAsOften) {
  for (uint64_t keys : {uint64_t{1}, uint64_t{2}, uint64_t{50}, uint64_t{3000}}) {
    Keyspace keyspace;
    // Shrunk to `keys` from more.
    for (uint64_t i = 0; i < 20'000; ++i) keyspace.PutString(MakeKey(Name(i)), "v");
    for (uint64_t i = keys; i < 20'000; ++i) keyspace.Erase(MakeKey(Name(i)));
    std::map<std::string, uint64_t> draws;
    std::mt19937_64 random(11);
    constexpr uint64_t kDrawsEach = 200;
    for (uint64_t i = 0; i < keys * kDrawsEach; ++i)
      ++draws[std::string(keyspace.Random(random())->key())];
    EXPECT_EQ(draws.size(), keys);
    for (const auto& [key, count] : draws) {
      EXPECT_GT(count, kDrawsEach / 4) << key;
      EXPECT_LT(count, kDrawsEach * 4) << key;
    }
  }
}

// What one key should be.
struct Expected {
  std::string value;
  int64_t expire_at_ms = kNoExpiry;
  bool raw = false;
};

// Two keyspaces and two maps under the same random operations.
class KeyspaceModel {
 public:
  explicit KeyspaceModel(uint64_t seed) : random_(seed) {}

  // One operation; the target size swings, so that both grow and shrink.
  void Step(uint64_t step) {
    const uint64_t names = step / 20'000 % 2 == 0 ? 6000 : 50;
    const size_t side = random_() % 2;
    const std::string name = Name(random_() % names);
    switch (random_() % 12) {
      case 0:
      case 1:
      case 2:
        Put(side, name);
        break;
      case 3:
        Splice(side, name);
        break;
      case 4:
        Expire(side, name);
        break;
      case 5:
        Move(side, name, random_() % 2, Name(random_() % names));
        break;
      case 6:
        Copy(side, name, random_() % 2, Name(random_() % names));
        break;
      case 7:
        Check(side, name);
        break;
      default:
        // In the shrinking half, anything that is there.
        if (names < 100 && spaces_[side].size() != 0) {
          Erase(side, std::string(spaces_[side].Random(random_())->key()));
        } else if (random_() % 4 == 0) {
          Erase(side, name);
        }
    }
  }

  void CheckAll() {
    for (size_t side = 0; side < 2; ++side) {
      ASSERT_EQ(spaces_[side].size(), models_[side].size());
      size_t expiring = 0;
      for (const auto& [name, expected] : models_[side]) {
        Check(side, name);
        expiring += expected.expire_at_ms != kNoExpiry;
      }
      ASSERT_EQ(spaces_[side].expiring(), expiring);
      ASSERT_EQ(KeysInOrder(spaces_[side]).size(), models_[side].size());
    }
  }

  void Swap() {
    spaces_[0].Swap(spaces_[1]);
    std::swap(models_[0], models_[1]);
  }

  void Clear() {
    spaces_[0].Clear();
    models_[0].clear();
  }

 private:
  std::string RandomBytes() {
    constexpr size_t kSizes[] = {1, 10, 10, 100, 100, 1100, 5000, 30'000};
    std::string bytes(random_() % kSizes[random_() % std::size(kSizes)], '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }

  int64_t RandomDeadline() {
    return random_() % 2 == 0 ? kNoExpiry : static_cast<int64_t>(random_() >> (1 + random_() % 50));
  }

  void Put(size_t side, const std::string& name) {
    Expected expected{RandomBytes(), RandomDeadline()};
    spaces_[side].PutString(MakeKey(name), expected.value, expected.expire_at_ms);
    models_[side][name] = std::move(expected);
  }

  void Splice(size_t side, const std::string& name) {
    Expected& expected = models_[side][name];
    const std::string bytes = RandomBytes();
    const size_t offset = random_() % 2 == 0 ? expected.value.size() : random_() % 3000;
    spaces_[side].SpliceString(MakeKey(name), offset, bytes);
    expected.value.resize(std::max(expected.value.size(), offset + bytes.size()), '\0');
    expected.value.replace(offset, bytes.size(), bytes);
    expected.raw = true;
  }

  void Expire(size_t side, const std::string& name) {
    const int64_t at_ms = RandomDeadline();
    const bool found = spaces_[side].SetExpiry(MakeKey(name), at_ms) != nullptr;
    const auto it = models_[side].find(name);
    ASSERT_EQ(found, it != models_[side].end());
    if (found) it->second.expire_at_ms = at_ms;
  }

  void Move(size_t side, const std::string& name, size_t target, const std::string& to) {
    const bool moved = spaces_[side].Rename(MakeKey(name), spaces_[target], MakeKey(to));
    ASSERT_EQ(moved, models_[side].count(name) != 0);
    if (!moved || (side == target && name == to)) return;
    Expected expected = std::move(models_[side][name]);
    models_[side].erase(name);
    models_[target][to] = std::move(expected);
  }

  void Copy(size_t side, const std::string& name, size_t target, const std::string& to) {
    const bool copied = spaces_[side].Copy(MakeKey(name), spaces_[target], MakeKey(to));
    ASSERT_EQ(copied, models_[side].count(name) != 0);
    if (copied) models_[target][to] = Expected(models_[side][name]);
  }

  void Erase(size_t side, const std::string& name) {
    ASSERT_EQ(spaces_[side].Erase(MakeKey(name)), models_[side].erase(name) != 0);
  }

  void Check(size_t side, const std::string& name) {
    const Entry* entry = spaces_[side].Find(MakeKey(name));
    const auto it = models_[side].find(name);
    ASSERT_EQ(entry != nullptr, it != models_[side].end()) << name;
    if (entry == nullptr) return;
    ASSERT_EQ(entry->key(), name);
    ASSERT_EQ(entry->string(), it->second.value) << name;
    ASSERT_EQ(entry->expire_at_ms(), it->second.expire_at_ms) << name;
    ASSERT_EQ(entry->raw(), it->second.raw) << name;
  }

  std::mt19937_64 random_;
  Keyspace spaces_[2];
  std::unordered_map<std::string, Expected> models_[2];
};

TEST(Keyspace, MatchesAModelThroughRandomChanges) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    KeyspaceModel model(seed);
    for (uint64_t step = 0; step < 80'000; ++step) {
      model.Step(step);
      if (step % 10'000 == 9'999) model.CheckAll();
      if (step % 30'000 == 15'000) model.Swap();
      if (testing::Test::HasFatalFailure()) return;
    }
    model.Clear();
    model.CheckAll();
  }
}

// Keys that all begin in one bucket: only deep splits tell them apart, and merging would crowd
// them.
TEST(Keyspace, KeysWithAlikeHashesAreSplitApart) {
  Keyspace keyspace;
  constexpr uint64_t kAlikeBits = 10;
  constexpr size_t kKeys = 3000;
  std::vector<std::string> names;
  for (uint64_t i = 0; names.size() < kKeys; ++i) {
    std::string name = Name(i);
    if (MakeKey(name).hash >> (64 - kAlikeBits) == 0x2ab) names.push_back(std::move(name));
  }
  for (const std::string& name : names) keyspace.PutString(MakeKey(name), name);
  for (const std::string& name : names) ASSERT_EQ(keyspace.Find(MakeKey(name))->string(), name);
  EXPECT_EQ(KeysInOrder(keyspace).size(), kKeys);
  std::mt19937_64 random(5);
  std::shuffle(names.begin(), names.end(), random);
  while (!names.empty()) {
    ASSERT_TRUE(keyspace.Erase(MakeKey(names.back())));
    names.pop_back();
    if (names.size() % 500 == 0) {
      for (const std::string& name : names) ASSERT_NE(keyspace.Find(MakeKey(name)), nullptr);
    }
  }
  EXPECT_EQ(keyspace.size(), 0u);
  EXPECT_LT(keyspace.memory_bytes(), 20'000u);
}

}  // namespace
}  // namespace leat::data
