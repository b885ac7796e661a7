#include "resp/inline_request.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::resp {
namespace {

using Arguments = std::vector<std::string>;

// Nothing when quotes are unbalanced.
std::optional<Arguments> Split(std::string line) {
  std::vector<std::string_view> args;
  if (!SplitInline(line, &args)) return std::nullopt;
  return Arguments(args.begin(), args.end());
}

TEST(SplitInline, UnbalancedQuotes) {
  for (const char* line :
       {"\"", "'", "a\"", "\"a\"b", "'a'b", "\"a\"\"b\"", "\"\\", "\"\\\"", "'\\'"}) {
    EXPECT_EQ(Split(line), std::nullopt) << line;
  }
}

TEST(SplitInline, BlanksSeparate) {
  EXPECT_EQ(Split(""), Arguments());
  EXPECT_EQ(Split(" \t\v\f\r "), Arguments());
  EXPECT_EQ(Split("  SET\ta  b "), (Arguments{"SET", "a", "b"}));
  EXPECT_EQ(Split("a\vb"), Arguments{"a\vb"});  // as redis-server has it: only skipped in between
  EXPECT_EQ(Split(std::string("a\0b", 3)), Arguments{std::string("a\0b", 3)});
}

TEST(SplitInline, DoubleQuotes) {
  EXPECT_EQ(Split("\"a\\x41\\n\\r\\t\\b\\a\\q\\\"\\\\ b'\""), Arguments{"aA\n\r\t\b\aq\"\\ b'"});
  EXPECT_EQ(Split("\"\\x4\" \"\\xZZ\" \"\\xfF\\x00\""),
            (Arguments{"x4", "xZZ", std::string("\xff\0", 2)}));
}

TEST(SplitInline, SingleQuotes) {
  EXPECT_EQ(Split("'it\\'s\\n \"'"), Arguments{"it's\\n \""});
}

TEST(SplitInline, QuotesMayBeEmptyAndBeginInsideAnArgument) {
  EXPECT_EQ(Split("\"\" '' foo\"b r\" x"), (Arguments{"", "", "foob r", "x"}));
}

}  // namespace
}  // namespace leat::resp
