#include "server/base/hash.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <unordered_map>

namespace leat::base {
namespace {

TEST(HashTest, TheSeedDecides) {
  EXPECT_EQ(HashBytes("news", 1), HashBytes(std::string("news"), 1));
  EXPECT_NE(HashBytes("news", 1), HashBytes("news", 2));
  EXPECT_NE(HashBytes("", 1), HashBytes(std::string_view("\0", 1), 1));
  EXPECT_EQ(HashBytes(std::string_view(), 1), HashBytes("", 1));
}

// Journals hold it.
TEST(HashTest, The128BitsAreAlwaysTheSame) {
  const Hash128 of_nothing{0x6001c324468d497f, 0x99aa06d3014798d8};
  EXPECT_EQ(HashBytes128({}), of_nothing);
  EXPECT_EQ(HashBytes128({""}), of_nothing);
  EXPECT_EQ(HashBytes128({"ne", "", "ws"}), HashBytes128({"news"}));
  EXPECT_NE(HashBytes128({"news"}), HashBytes128({"newt"}));
  const std::string large(5000, 'x');
  const std::string_view view = large;
  EXPECT_EQ(HashBytes128({view.substr(0, 17), view.substr(17)}), HashBytes128({view}));
}

TEST(HashTest, LooksUpByView) {
  std::unordered_map<std::string, int, StringHash, std::equal_to<>> map(16, StringHash{7});
  map["news"] = 3;
  EXPECT_EQ(map.find(std::string_view("news"))->second, 3);
  EXPECT_EQ(map.find(std::string_view("new")), map.end());
}

TEST(HashTest, MixedNumbersStayDistinctAndSpread) {
  std::set<uint64_t> mixed;
  std::set<uint64_t> top_bits;
  for (uint64_t i = 0; i < 10000; ++i) {
    mixed.insert(MixBits(i * 64));
    top_bits.insert(MixBits(i * 64) >> 56);
  }
  EXPECT_EQ(mixed.size(), 10000u);
  EXPECT_EQ(top_bits.size(), 256u);
}

}  // namespace
}  // namespace leat::base
