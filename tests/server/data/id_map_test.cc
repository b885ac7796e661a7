#include "server/data/id_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "server/data/delivery.h"

namespace leat::data {
namespace {

using Map = IdMap<Delivery>;

// Its rank is `number`.
Delivery Numbered(uint32_t number) {
  return Delivery::Released(number, 0);
}

using Model = std::map<StreamId, uint32_t>;

void ExpectEqual(const Map& map, const Model& model) {
  ASSERT_EQ(map.size(), model.size());
  auto expected = model.begin();
  for (auto at = map.begin(); at != map.end(); at = map.Next(at), ++expected) {
    ASSERT_EQ(map.IdAt(at), expected->first);
    ASSERT_EQ(map.ValueAt(at).rank(), expected->second);
  }
  ASSERT_EQ(expected, model.end());
}

size_t EraseRange(Model& model, StreamId first, StreamId last) {
  if (first > last) return 0;
  const size_t before = model.size();
  model.erase(model.lower_bound(first), model.upper_bound(last));
  return before - model.size();
}

TEST(IdMapTest, BehavesAsAnOrderedMapThroughRandomChanges) {
  // Dense ids, ids that never fit one chunk, and extremes.
  const auto random_id = [](std::mt19937& random, int kind) -> StreamId {
    const uint64_t small = random() % 3000;
    switch (kind) {
      case 0:
        return {small, random() % 2};
      case 1:
        return {small << 33, (random() % 3) << 40 | (random() % 3)};
      default:
        return {random() % 2 != 0 ? ~uint64_t{0} - small % 5 : small, ~uint64_t{0} - random() % 3};
    }
  };
  for (uint32_t seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    Map map;
    Model model;
    for (int step = 0; step < 6000; ++step) {
      const int kind = seed % 4 == 3 ? static_cast<int>(random() % 3) : static_cast<int>(seed % 4);
      const StreamId id = random_id(random, kind);
      const uint32_t number = random() % 1000;
      switch (random() % (step / 1000 % 2 == 0 ? 4 : 9)) {
        case 0:
        case 1:
        case 2:
          ASSERT_EQ(map.Insert(id, Numbered(number)), model.emplace(id, number).second);
          break;
        case 3: {
          const StreamId last = random() % 8 == 0 ? random_id(random, kind) : id;
          ASSERT_EQ(map.EraseRange(id, last), EraseRange(model, id, last));
          break;
        }
        case 4:
          if (const auto at = map.Find(id); at != map.end()) {
            map.SetValue(at, Numbered(number));
            model[id] = number;
          }
          break;
        default:
          if (!model.empty()) {
            const StreamId first = model.begin()->first;
            ASSERT_EQ(map.first_id(), first);
            ASSERT_EQ(map.last_id(), model.rbegin()->first);
            ASSERT_TRUE(map.Erase(first));
            model.erase(first);
          }
      }
      const auto found = map.LowerBound(id);
      const auto expected = model.lower_bound(id);
      ASSERT_EQ(found == map.end(), expected == model.end());
      if (found != map.end()) {
        ASSERT_EQ(map.IdAt(found), expected->first);
      }
      if (step % 200 == 0) ExpectEqual(map, model);
    }
    ExpectEqual(map, model);
    ExpectEqual(Map(map), model);
  }
}

TEST(IdMapTest, FindsTheLowestRanksInOrder) {
  std::mt19937 random(1);
  Map map;
  std::vector<Map::Ranked> all;
  for (uint64_t i = 0; i < 2000; ++i) {
    const uint32_t number = random() % 500;
    map.Insert({i, 0}, Numbered(number));
    all.push_back({number, {i, 0}});
  }
  map.EraseRange({300, 0}, {500, 0});
  std::erase_if(all, [](const Map::Ranked& ranked) {
    return ranked.id >= StreamId{300, 0} && ranked.id <= StreamId{500, 0};
  });
  std::sort(all.begin(), all.end());
  for (const uint64_t bound : {0u, 10u, 499u, 1000u}) {
    for (const size_t limit : {0u, 1u, 7u, 5000u}) {
      std::vector<Map::Ranked> expected;
      for (const Map::Ranked& ranked : all) {
        if (ranked.rank <= bound && expected.size() < limit) expected.push_back(ranked);
      }
      EXPECT_EQ(map.Lowest(bound, limit), expected) << bound << ", " << limit;
    }
  }
}

TEST(IdMapTest, ARankThatIsSetLowerIsFound) {
  Map map;
  for (uint64_t i = 0; i < 1000; ++i) map.Insert({i, 0}, Numbered(900));
  map.SetValue(map.Find({700, 0}), Numbered(3));
  EXPECT_EQ(map.Lowest(1000, 1), (std::vector<Map::Ranked>{{3, {700, 0}}}));
}

TEST(IdMapTest, SpendsLittleMoreThanItsEntries) {
  Map map;
  for (uint64_t i = 0; i < 100000; ++i) map.Insert({1700000000000 + i / 3, i % 3}, Numbered(0));
  EXPECT_LE(map.memory_bytes(), 100000 * (8 + sizeof(Delivery)) * 11 / 10);
  // What is left after most went does not keep the memory of all.
  for (uint64_t i = 0; i < 100000; ++i) {
    if (i % 50 != 0) map.Erase({1700000000000 + i / 3, i % 3});
  }
  EXPECT_EQ(map.size(), 2000);
  EXPECT_LE(map.memory_bytes(), 2000 * (8 + sizeof(Delivery)) * 6);
}

// Ids of another high half of the sequence number between all others: none fits where it belongs.
TEST(IdMapTest, SpendsASmallChunkOnAnIdThatDoesNotFit) {
  constexpr uint64_t kPairs = 10000;
  Map map;
  for (uint64_t i = 0; i < kPairs; ++i) map.Insert({i, 0}, Numbered(0));
  for (uint64_t i = 0; i < kPairs; ++i) map.Insert({i, uint64_t{1} << 40}, Numbered(0));
  EXPECT_EQ(map.size(), 2 * kPairs);
  EXPECT_LE(map.memory_bytes(), 2 * kPairs * 200);
}

}  // namespace
}  // namespace leat::data
