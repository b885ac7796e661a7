#include "server/base/number.h"

#include <gtest/gtest.h>

#include <limits>

namespace leat::base {
namespace {

TEST(NumberTest, ReadsOnlyTheCanonicalForm) {
  EXPECT_EQ(ParseInt64("0"), 0);
  EXPECT_EQ(ParseInt64("-1"), -1);
  EXPECT_EQ(ParseInt64("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInt64("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const char* text : {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "1.0", "x", "--1",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_FALSE(ParseInt64(text)) << text;
  }
  EXPECT_EQ(ParseUint64("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  for (const char* text : {"-1", "18446744073709551616", "00"}) EXPECT_FALSE(ParseUint64(text));
}

TEST(NumberTest, ReadsEightDigitsAtOnce) {
  EXPECT_EQ(EightDigits("12345678"), 12345678u);
  EXPECT_EQ(EightDigits("00000000"), 0u);
  EXPECT_EQ(EightDigits("99999999"), 99999999u);
  for (size_t place = 0; place < 8; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "90909090";
      text[place] = static_cast<char>(byte);
      EXPECT_EQ(AreEightDigits(text.data()), byte >= '0' && byte <= '9') << place << ", " << byte;
    }
  }
}

TEST(NumberTest, CountsDigits) {
  EXPECT_EQ(DigitCount(0), 1u);
  EXPECT_EQ(DigitCount(9), 1u);
  EXPECT_EQ(DigitCount(10), 2u);
  EXPECT_EQ(DigitCount(9999), 4u);
  EXPECT_EQ(DigitCount(10000), 5u);
  EXPECT_EQ(DigitCount(std::numeric_limits<uint64_t>::max()), 20u);
}

TEST(NumberTest, ReadsAndShowsFractions) {
  EXPECT_EQ(ParseDouble("1e3"), 1000);
  EXPECT_EQ(ParseDouble("-inf"), -std::numeric_limits<double>::infinity());
  for (const char* text : {"", " 1", "1 ", "nan", "1x", "1e400"}) {
    EXPECT_FALSE(ParseDouble(text)) << text;
  }
  EXPECT_EQ(FormatDouble(3), "3");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
  EXPECT_EQ(FormatDouble(0.1), "0.10000000000000001");
  EXPECT_EQ(FormatLongDouble(3.0L), "3");
  EXPECT_EQ(FormatLongDouble(0.1L), "0.1");
  EXPECT_EQ(FormatLongDouble(-1.5e3L), "-1500");
}

}  // namespace
}  // namespace leat::base
