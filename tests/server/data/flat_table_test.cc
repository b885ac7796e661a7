#include "server/data/flat_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <unordered_map>

#include "server/base/hash.h"

namespace leat::data {
namespace {

struct Number {
  uint64_t key = 0;  // 0: empty
  uint64_t value = 0;

  bool Empty() const { return key == 0; }
  uint64_t Hash() const { return HashOf(key); }
  // Few distinct hashes in one shard, so that entries crowd and wrap around its end.
  static uint64_t HashOf(uint64_t key) { return key % 3 == 0 ? key % 13 : base::MixBits(key); }
};

Number* Find(FlatTable<Number>* table, uint64_t key) {
  return table->Find(Number::HashOf(key), [&](const Number& number) { return number.key == key; });
}

TEST(FlatTableTest, EmptyTable) {
  FlatTable<Number> table;
  EXPECT_EQ(Find(&table, 1), nullptr);
  EXPECT_EQ(table.size(), 0u);
  table.ForEach([](const Number&) { FAIL(); });
}

TEST(FlatTableTest, AgreesWithAMapWhileItGrowsAndShrinks) {
  std::mt19937 random(3);
  FlatTable<Number> table;
  std::unordered_map<uint64_t, uint64_t> model;
  for (int step = 0; step < 100000; ++step) {
    const uint64_t key = 1 + random() % 3000;
    const bool grow = step % 20000 < 10000;
    Number* found = Find(&table, key);
    ASSERT_EQ(found != nullptr, model.contains(key));
    if (found != nullptr) {
      ASSERT_EQ(found->value, model[key]);
    }
    if (found == nullptr && (grow || random() % 8 == 0)) {
      model[key] = step;
      EXPECT_EQ(table.Insert(Number{key, static_cast<uint64_t>(step)})->key, key);
    } else if (found != nullptr && (!grow || random() % 8 == 0)) {
      model.erase(key);
      table.Erase(found);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  size_t visited = 0;
  table.ForEach([&](const Number& number) {
    ++visited;
    EXPECT_TRUE(model.contains(number.key));
  });
  EXPECT_EQ(visited, model.size());
}

}  // namespace
}  // namespace leat::data
