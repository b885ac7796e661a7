#include "server/data/entry.h"

#include <gtest/gtest.h>

#include <string>

#include "server/data/keyspace.h"
#include "server/data/size_class.h"

namespace leat::data {
namespace {

using base::SharedBytes;

TEST(SizeClass, HoldsWhatWasAskedForAndWastesAtMostAQuarter) {
  size_t previous = 0;
  for (size_t bytes = 0; bytes < 100'000; ++bytes) {
    const size_t rounded = RoundUpToClass(bytes);
    ASSERT_GE(rounded, bytes);
    ASSERT_GE(rounded, previous);
    ASSERT_LE(rounded, std::max(bytes + 16, bytes * 5 / 4));
    ASSERT_EQ(RoundUpToClass(rounded), rounded);
    previous = rounded;
  }
  const size_t huge = size_t{1} << 45;
  EXPECT_EQ(RoundUpToClass(huge), huge);
  EXPECT_EQ(RoundUpToClass(huge + 1), huge / 4 * 5);
}

TEST(Entry, NamesItsTypes) {
  EXPECT_EQ(TypeName(Type::kString), "string");
  EXPECT_EQ(TypeName(Type::kStream), "stream");
}

TEST(Entry, ASmallKeyAndValueTakeThirtyTwoBytes) {
  Keyspace keyspace;
  const Entry* entry = keyspace.PutString(MakeKey("a key of sixteen"), "8 bytes!");
  EXPECT_EQ(entry->memory_bytes(), 32u);
  EXPECT_EQ(entry->key(), "a key of sixteen");
  EXPECT_EQ(entry->string(), "8 bytes!");
}

TEST(Entry, KeepsKeysAndValuesOfHostileSizes) {
  const std::string nuls("\0\r\n\0", 4);
  for (size_t key_size :
       {size_t{0}, size_t{1}, size_t{254}, size_t{255}, size_t{256}, size_t{1} << 20}) {
    for (size_t value_size :
         {size_t{0}, size_t{1}, kMaxInlineBytes, kMaxInlineBytes + 1, size_t{70'000}}) {
      Keyspace keyspace;
      const std::string key =
          std::string(key_size, 'k').replace(0, std::min<size_t>(key_size, 4), nuls, 0, key_size);
      const std::string value = nuls + std::string(value_size, 'v');
      for (int64_t expire_at_ms : {kNoExpiry, int64_t{5000}}) {
        const Entry* entry = keyspace.PutString(MakeKey(key), value, expire_at_ms);
        ASSERT_EQ(entry->key(), key);
        ASSERT_EQ(entry->string(), value);
        ASSERT_EQ(entry->expire_at_ms(), expire_at_ms);
        ASSERT_EQ(keyspace.Find(MakeKey(key)), entry);
      }
    }
  }
}

TEST(Entry, KeepsAValueOf64MiB) {
  Keyspace keyspace;
  const std::string value(size_t{64} << 20, 'x');
  keyspace.PutString(MakeKey("big"), value);
  EXPECT_EQ(keyspace.Find(MakeKey("big"))->string(), value);
  EXPECT_GE(keyspace.memory_bytes(), value.size());
  keyspace.PutString(MakeKey("big"), "small");
  EXPECT_LT(keyspace.memory_bytes(), size_t{1} << 20);
}

TEST(Entry, OnlyLongStringsCanBeReferredTo) {
  Keyspace keyspace;
  const std::string longest_inline(kMaxInlineBytes, 'i');
  EXPECT_EQ(keyspace.PutString(MakeKey("k"), longest_inline)->shared_string(), nullptr);
  const Entry* entry = keyspace.PutString(MakeKey("k"), longest_inline + "!");
  ASSERT_NE(entry->shared_string(), nullptr);
  EXPECT_EQ(entry->string().data(), entry->shared_string()->data());
}

TEST(Entry, OverwritingWithTheSameOrASmallerSizeStaysInPlace) {
  Keyspace keyspace;
  const Entry* inline_entry = keyspace.PutString(MakeKey("inline"), std::string(200, 'a'));
  EXPECT_EQ(keyspace.PutString(MakeKey("inline"), std::string(200, 'b')), inline_entry);
  EXPECT_EQ(keyspace.PutString(MakeKey("inline"), std::string(100, 'c')), inline_entry);
  EXPECT_EQ(keyspace.PutString(MakeKey("inline"), std::string(200, 'd')), inline_entry);

  const Entry* outside = keyspace.PutString(MakeKey("outside"), std::string(5000, 'a'));
  const char* bytes = outside->string().data();
  EXPECT_EQ(keyspace.PutString(MakeKey("outside"), std::string(4000, 'b')), outside);
  EXPECT_EQ(outside->string().data(), bytes);
}

TEST(Entry, RoomThatIsMostlyUnusedIsGivenBack) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("inline"), std::string(1000, 'a'));
  keyspace.PutString(MakeKey("outside"), std::string(1'000'000, 'a'));
  keyspace.PutString(MakeKey("inline"), "1");
  keyspace.PutString(MakeKey("outside"), std::string(2000, 'b'));
  EXPECT_LE(keyspace.Find(MakeKey("inline"))->memory_bytes(), 64u);
  EXPECT_LE(keyspace.Find(MakeKey("outside"))->memory_bytes(), 3000u);
}

TEST(Entry, BytesThatAReplyHoldsNeverChange) {
  Keyspace keyspace;
  const std::string original(5000, 'o');
  const auto hold = [&] { return *keyspace.PutString(MakeKey("k"), original)->shared_string(); };
  {
    const SharedBytes held = hold();
    keyspace.PutString(MakeKey("k"), std::string(5000, 'n'));
    EXPECT_EQ(std::string_view(held.data(), 5000), original);
    EXPECT_EQ(keyspace.Find(MakeKey("k"))->string(), std::string(5000, 'n'));
  }
  {
    const SharedBytes held = hold();
    keyspace.SpliceString(MakeKey("k"), 10, "in the middle");
    EXPECT_EQ(std::string_view(held.data(), 5000), original);
    EXPECT_EQ(keyspace.Find(MakeKey("k"))->string().substr(10, 13), "in the middle");
  }
  {
    const SharedBytes held = hold();
    for (int i = 0; i < 10'000; ++i) {
      keyspace.SpliceString(MakeKey("k"), keyspace.Find(MakeKey("k"))->string().size(), "+");
    }
    EXPECT_EQ(std::string_view(held.data(), 5000), original);
    EXPECT_EQ(keyspace.Find(MakeKey("k"))->string(), original + std::string(10'000, '+'));
  }
  {
    const SharedBytes held = hold();
    keyspace.Erase(MakeKey("k"));
    EXPECT_EQ(std::string_view(held.data(), 5000), original);
  }
}

TEST(Entry, ACopySharesNothingWithItsSource) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("a"), std::string(5000, 'a'));
  keyspace.Copy(MakeKey("a"), keyspace, MakeKey("b"));
  keyspace.SpliceString(MakeKey("a"), 5000, "tail of a");
  keyspace.SpliceString(MakeKey("b"), 5000, "tail of b");
  EXPECT_EQ(keyspace.Find(MakeKey("a"))->string(), std::string(5000, 'a') + "tail of a");
  EXPECT_EQ(keyspace.Find(MakeKey("b"))->string(), std::string(5000, 'a') + "tail of b");
}

TEST(Entry, AppendingReallocatesSeldom) {
  Keyspace keyspace;
  size_t moves = 0;
  const char* last = nullptr;
  for (size_t size = 0; size < 1'000'000; size += 10) {
    const Entry* entry = keyspace.SpliceString(MakeKey("log"), size, "0123456789");
    ASSERT_EQ(entry->string().size(), size + 10);
    moves += entry->string().data() != last;
    last = entry->string().data();
  }
  EXPECT_LT(moves, 60u);
  EXPECT_LT(keyspace.Find(MakeKey("log"))->memory_bytes(), 2'000'000u);
}

TEST(Entry, SplicingFillsTheGapWithZeros) {
  for (size_t gap : {size_t{3}, size_t{500}, size_t{3000}}) {
    Keyspace keyspace;
    keyspace.PutString(MakeKey("k"), "start");
    keyspace.SpliceString(MakeKey("k"), 5 + gap, "end");
    EXPECT_EQ(keyspace.Find(MakeKey("k"))->string(), "start" + std::string(gap, '\0') + "end");
    keyspace.SpliceString(MakeKey("missing"), gap, "end");
    EXPECT_EQ(keyspace.Find(MakeKey("missing"))->string(), std::string(gap, '\0') + "end");
  }
}

TEST(Entry, AValueMayBeMadeOfItself) {
  Keyspace keyspace;
  for (size_t size : {size_t{20}, size_t{600}, size_t{5000}}) {
    std::string expected;
    for (size_t i = 0; i < size; ++i) expected += static_cast<char>('a' + i % 26);
    keyspace.PutString(MakeKey("k"), expected);
    for (int i = 0; i < 5; ++i) {
      const std::string_view own = keyspace.Find(MakeKey("k"))->string();
      keyspace.SpliceString(MakeKey("k"), own.size(), own);
      expected += expected;
      ASSERT_EQ(keyspace.Find(MakeKey("k"))->string(), expected);
    }
    const std::string_view tail = keyspace.Find(MakeKey("k"))->string().substr(7);
    keyspace.PutString(MakeKey("k"), tail);
    ASSERT_EQ(keyspace.Find(MakeKey("k"))->string(), expected.substr(7));
  }
}

TEST(Entry, IsRawFromASpliceUntilItIsSet) {
  Keyspace keyspace;
  EXPECT_FALSE(keyspace.PutString(MakeKey("k"), "1")->raw());
  EXPECT_TRUE(keyspace.SpliceString(MakeKey("k"), 1, "2")->raw());
  EXPECT_TRUE(keyspace.SetExpiry(MakeKey("k"), 1000)->raw());
  keyspace.Rename(MakeKey("k"), keyspace, MakeKey("n"));
  EXPECT_TRUE(keyspace.Find(MakeKey("n"))->raw());
  EXPECT_FALSE(keyspace.PutString(MakeKey("n"), "3")->raw());
}

TEST(Entry, KeepsItsAccessClockWhenItMoves) {
  Keyspace keyspace;
  keyspace.PutString(MakeKey("k"), "v")->set_access_clock(0xabcdef);
  keyspace.SetExpiry(MakeKey("k"), 1000);
  keyspace.SpliceString(MakeKey("k"), 1, std::string(3000, 'v'));
  keyspace.Rename(MakeKey("k"), keyspace, MakeKey("n"));
  EXPECT_EQ(keyspace.Find(MakeKey("n"))->access_clock(), 0xabcdefu);
  keyspace.PutString(MakeKey("n"), "new");
  EXPECT_EQ(keyspace.Find(MakeKey("n"))->access_clock(), 0xabcdefu);
}

}  // namespace
}  // namespace leat::data
