#include "server/data/stream_id.h"

#include <gtest/gtest.h>

#include <string>

namespace leat::data {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(StreamIdTest, RefusesWhatIsNoId) {
  const std::string too_long = std::string(126, '0') + "-1";
  const std::string_view bad[] = {"",    "-",      "+",        "$",          "*",      "5-*", "-1",
                                  "1-",  "1-2-3",  "1--1",     "--1",        "0x5",    "5 ",  "a",
                                  "5-a", "1.5",    "++5",      "(5-1",       "5-1 ",   " ",   "1- ",
                                  "1-+", too_long, {"5\0", 2}, {"5-1\0", 4}, {"\0", 1}};
  for (const std::string_view text : bad) {
    EXPECT_FALSE(ParseStreamId(text).has_value()) << "'" << text << "'";
  }
}

TEST(StreamIdTest, RefusesNumbersOutOfRange) {
  EXPECT_FALSE(ParseStreamId("18446744073709551616"));
  EXPECT_FALSE(ParseStreamId("1-18446744073709551616"));
  EXPECT_FALSE(ParseStreamId("99999999999999999999999-1"));
  EXPECT_EQ(ParseStreamId("18446744073709551615-18446744073709551615")->id, kMaxStreamId);
}

TEST(StreamIdTest, ReadsNumbersAsRedisDoes) {
  EXPECT_EQ(ParseStreamId("007-05")->id, (StreamId{7, 5}));
  EXPECT_EQ(ParseStreamId("+5-+6")->id, (StreamId{5, 6}));
  EXPECT_EQ(ParseStreamId(" 5- \t6")->id, (StreamId{5, 6}));
  EXPECT_EQ(ParseStreamId(std::string(125, '0') + "-1")->id, (StreamId{0, 1}));
}

TEST(StreamIdTest, ReadsTimesOfThirteenDigitsLikeOthers) {
  EXPECT_EQ(ParseStreamId("1700000000123-1700000000456")->id,
            (StreamId{1700000000123, 1700000000456}));
  EXPECT_EQ(ParseStreamId("0000000000005")->id, (StreamId{5, 0}));
  EXPECT_EQ(ParseStreamId("+700000000123")->id, (StreamId{700000000123, 0}));
  for (size_t place = 0; place < 13; ++place) {
    for (const char wrong : {'a', '/', ':', '\0'}) {
      std::string text = "1700000000123";
      text[place] = wrong;
      EXPECT_FALSE(ParseStreamId(text)) << text;
    }
  }
}

TEST(StreamIdTest, TellsWhetherTheSequenceNumberWasGiven) {
  EXPECT_TRUE(ParseStreamId("5-0")->has_seq);
  EXPECT_FALSE(ParseStreamId("5")->has_seq);
  EXPECT_EQ(ParseStreamId("5", kMax), (StreamId{5, kMax}));
  EXPECT_EQ(ParseStreamId("5-1", kMax), (StreamId{5, 1}));
  EXPECT_EQ(ParseStreamId("5-", 0), std::nullopt);
}

TEST(StreamIdTest, OrdersByTimeThenSequence) {
  EXPECT_LT((StreamId{1, kMax}), (StreamId{2, 0}));
  EXPECT_LT((StreamId{2, 9}), (StreamId{2, 10}));
  EXPECT_EQ((StreamId{2, 9}), (StreamId{2, 9}));
}

TEST(StreamIdTest, NextAndPreviousCarryAndEnd) {
  EXPECT_EQ((StreamId{5, 1}).Next(), (StreamId{5, 2}));
  EXPECT_EQ((StreamId{5, kMax}).Next(), (StreamId{6, 0}));
  EXPECT_EQ(kMaxStreamId.Next(), std::nullopt);
  EXPECT_EQ((StreamId{5, 1}).Previous(), (StreamId{5, 0}));
  EXPECT_EQ((StreamId{5, 0}).Previous(), (StreamId{4, kMax}));
  EXPECT_EQ(kMinStreamId.Previous(), std::nullopt);
}

TEST(StreamIdTest, TextReadsBack) {
  for (const StreamId id : {kMinStreamId, StreamId{0, 1}, StreamId{1700000000000, 12},
                            StreamId{kMax, 0}, kMaxStreamId}) {
    EXPECT_EQ(ParseStreamId(id.ToString())->id, id);
  }
  EXPECT_EQ(kMaxStreamId.ToString(), "18446744073709551615-18446744073709551615");
}

}  // namespace
}  // namespace leat::data
