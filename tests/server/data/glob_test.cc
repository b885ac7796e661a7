#include "server/data/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace leat::data {
namespace {

// Redis' rules as its manual and its stringmatchlen tell them, by plain recursion: the model.
class Model {
 public:
  Model(std::string pattern, std::string text, bool ignore_case)
      : pattern_(std::move(pattern)), text_(std::move(text)), ignore_case_(ignore_case) {}

  bool Matches() const { return text_.empty() ? pattern_.empty() : MatchFrom(0, 0); }

 private:
  bool MatchFrom(size_t p, size_t t) const {
    if (p == pattern_.size()) return t == text_.size();
    if (pattern_[p] == '*') {
      for (size_t rest = t; rest <= text_.size(); ++rest) {
        if (MatchFrom(p + 1, rest)) return true;
      }
      return false;
    }
    if (t == text_.size()) return false;
    bool matched = true;
    size_t end = p + 1;
    if (pattern_[p] == '[') {
      matched = MatchClass(&end, text_[t]);
    } else if (pattern_[p] == '\\' && end < pattern_.size()) {
      matched = Lower(pattern_[end++]) == Lower(text_[t]);
    } else if (pattern_[p] != '?') {
      matched = Lower(pattern_[p]) == Lower(text_[t]);
    }
    return matched && MatchFrom(end, t + 1);
  }

  // From behind the '[' to behind the ']', or to the end of the pattern.
  bool MatchClass(size_t* end, char byte) const {
    size_t p = *end;
    const bool negated = p < pattern_.size() && pattern_[p] == '^';
    if (negated) ++p;
    bool matched = false;
    while (p < pattern_.size() && pattern_[p] != ']') {
      if (pattern_[p] == '\\' && p + 1 < pattern_.size()) {
        matched |= pattern_[p + 1] == byte;
        p += 2;
      } else if (p + 2 < pattern_.size() && pattern_[p + 1] == '-') {
        const int low = std::min<signed char>(pattern_[p], pattern_[p + 2]);
        const int high = std::max<signed char>(pattern_[p], pattern_[p + 2]);
        matched |= Lower(byte) >= Lower(low) && Lower(byte) <= Lower(high);
        p += 3;
      } else {
        matched |= Lower(pattern_[p]) == Lower(byte);
        p += 1;
      }
    }
    *end = std::min(p + 1, pattern_.size());
    return matched != negated;
  }

  int Lower(int byte) const {
    const int value = static_cast<signed char>(byte);
    return ignore_case_ && value >= 'A' && value <= 'Z' ? value + 32 : value;
  }

  std::string pattern_;
  std::string text_;
  bool ignore_case_;
};

TEST(GlobTest, EmptyTextMatchesOnlyTheEmptyPattern) {
  EXPECT_TRUE(GlobMatch("", ""));
  EXPECT_FALSE(GlobMatch("*", ""));
  EXPECT_FALSE(GlobMatch("**", ""));
  EXPECT_FALSE(GlobMatch("?", ""));
  EXPECT_FALSE(GlobMatch("", "a"));
}

TEST(GlobTest, MalformedPatternsMeanWhatRedisMakesOfThem) {
  EXPECT_FALSE(GlobMatch("[", "a"));
  EXPECT_FALSE(GlobMatch("[", "["));
  EXPECT_TRUE(GlobMatch("[^", "a"));
  EXPECT_TRUE(GlobMatch("[ab", "b"));
  EXPECT_FALSE(GlobMatch("[]", "a"));
  EXPECT_FALSE(GlobMatch("[]]", "]"));
  EXPECT_TRUE(GlobMatch("[^]", "a"));
  EXPECT_TRUE(GlobMatch("[\\", "\\"));
  EXPECT_TRUE(GlobMatch("[\\]", "]"));
  EXPECT_TRUE(GlobMatch("[a-", "-"));
  EXPECT_TRUE(GlobMatch("[a-]", "^")) << "between ']' and 'a'";
  EXPECT_TRUE(GlobMatch("\\", "\\"));
  EXPECT_FALSE(GlobMatch("a\\", "a"));
}

TEST(GlobTest, Stars) {
  EXPECT_TRUE(GlobMatch("*", "anything"));
  EXPECT_TRUE(GlobMatch("***", "x"));
  EXPECT_TRUE(GlobMatch("a*", "a"));
  EXPECT_TRUE(GlobMatch("a**", "a"));
  EXPECT_TRUE(GlobMatch("*a", "a"));
  EXPECT_TRUE(GlobMatch("user:*:7", "user:ann:7:7"));
  EXPECT_FALSE(GlobMatch("user:*:7", "user:7"));
  EXPECT_TRUE(GlobMatch("*ab*ab", "abab"));
  EXPECT_FALSE(GlobMatch("*ab*ab", "aab"));
}

TEST(GlobTest, OneByte) {
  EXPECT_TRUE(GlobMatch("h?llo", "hello"));
  EXPECT_FALSE(GlobMatch("h?llo", "hllo"));
  EXPECT_TRUE(GlobMatch("h[ae]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("h[b-a]llo", "hallo")) << "the ends of a range may be in either order";
  EXPECT_TRUE(GlobMatch("\\*\\?\\[\\\\", "*?[\\"));
  EXPECT_TRUE(GlobMatch(std::string_view("a\0?", 3), std::string_view("a\0b", 3)));
}

TEST(GlobTest, IgnoringCase) {
  EXPECT_TRUE(GlobMatch("MAX*", "maxmemory", true));
  EXPECT_FALSE(GlobMatch("MAX*", "maxmemory"));
  EXPECT_TRUE(GlobMatch("[A-C]", "b", true));
  EXPECT_FALSE(GlobMatch("[\\A]", "a", true)) << "an escape in a class is exact";
  EXPECT_FALSE(GlobMatch("[a-Z]", "m", true)) << "ordered as Z..a, then folded to z..a";
}

TEST(GlobTest, HostilePatternsTakeNoLongerThanTheProductOfTheSizes) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  pattern += "b";
  const std::string text(10000, 'a');
  EXPECT_FALSE(GlobMatch(pattern, text));  // one that tried every way would not end
}

TEST(GlobTest, AgreesWithTheModelOnRandomPatterns) {
  std::mt19937 random(20240229);
  const std::string pattern_alphabet = "aabbcABC--]]^\\\\[[[?**\xf0";
  const std::string text_alphabet = "aaabbcABC-]^\\[\xf0";
  const auto draw = [&](const std::string& alphabet, size_t most) {
    std::string drawn(random() % (most + 1), 0);
    for (char& byte : drawn) byte = alphabet[random() % alphabet.size()];
    return drawn;
  };
  int matched = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::string pattern = draw(pattern_alphabet, 9);
    const std::string text = draw(text_alphabet, 7);
    const bool ignore_case = random() % 4 == 0;
    const bool expected = Model(pattern, text, ignore_case).Matches();
    matched += expected;
    ASSERT_EQ(GlobMatch(pattern, text, ignore_case), expected)
        << "pattern " << pattern << " text " << text << (ignore_case ? " without case" : "");
  }
  EXPECT_GT(matched, 5000) << "the random patterns must not all be misses";
}

TEST(GlobTest, TokensTellWhatEachElementIs) {
  using Kind = GlobToken::Kind;
  const std::string_view pattern = "a\\*[b\\]]?*\\";
  size_t at = 0;
  const auto next = [&] {
    const GlobToken token = GlobTokenAt(pattern, at);
    at = token.end;
    return token;
  };
  EXPECT_EQ(next().literal, 'a');
  EXPECT_EQ(next().literal, '*');
  EXPECT_EQ(next().kind, Kind::kOneByte);
  EXPECT_EQ(next().kind, Kind::kOneByte);
  EXPECT_EQ(next().kind, Kind::kAnyRun);
  EXPECT_EQ(next().literal, '\\');
  EXPECT_EQ(at, pattern.size());
}

}  // namespace
}  // namespace leat::data
