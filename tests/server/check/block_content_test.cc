#include "server/check/block_content.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leat::check {
namespace {

using data::Block;

constexpr const char* kFields = "*2\r\n$1\r\nf\r\n$1\r\nv\r\n";

std::string Entry(const std::string& id) {
  return "*2\r\n$" + std::to_string(id.size()) + "\r\n" + id + "\r\n" + kFields;
}

// A block of these entries as it lies on disk, and what its topic knows of it.
struct Written {
  std::string bytes;
  Block::State state;
  Block::Span span{{1, 1}, {3, 1}};
};

Written Write(const std::vector<std::string>& entries) {
  Written written;
  std::string index;
  for (const std::string& entry : entries) {
    const auto offset = static_cast<uint16_t>(written.bytes.size());
    index.insert(0, {static_cast<char>(offset & 0xff), static_cast<char>(offset >> 8)});
    written.bytes += entry;
  }
  written.state.size = written.bytes.size();
  written.state.count = static_cast<uint32_t>(entries.size());
  written.bytes += std::string(6, '\0') + index;
  return written;
}

std::string Problem(const Written& written) {
  return FindInconsistency(written.state, written.span, written.bytes);
}

TEST(BlockContentTest, AcceptsWhatATopicWrites) {
  EXPECT_EQ(Problem(Write({Entry("1-1"), Entry("2-7"), Entry("3-1")})), "");
}

TEST(BlockContentTest, IdsMustAscendWithinWhatTheTopicKnows) {
  EXPECT_NE(Problem(Write({Entry("1-1"), Entry("1-1"), Entry("3-1")})), "");
  EXPECT_NE(Problem(Write({Entry("1-2"), Entry("2-1"), Entry("3-1")})), "");
  EXPECT_NE(Problem(Write({Entry("1-1"), Entry("2-1"), Entry("3-0")})), "");
}

TEST(BlockContentTest, TheFirstIdIsThatOfTheFirstEntryWhichIsNotTrimmed) {
  Written written = Write({Entry("0-1"), Entry("1-1"), Entry("3-1")});
  EXPECT_NE(Problem(written), "");
  written.state.begin = 1;
  EXPECT_EQ(Problem(written), "");
}

TEST(BlockContentTest, EntriesMustBeWholeAndFillTheirPlace) {
  const std::string last = Entry("3-1");
  for (const std::string& wrong :
       {std::string("*3\r\n$3\r\n2-1\r\n") + kFields, std::string("*2\r\n$3\r\n2-1\r\n*3\r\n"),
        Entry("2"), Entry("02-1"), Entry("2-1") + "x", Entry("2-1").substr(0, 30),
        std::string("*2\r\n$99\r\n2-1\r\n") + kFields, std::string(40, 'x')}) {
    EXPECT_NE(Problem(Write({Entry("1-1"), wrong, last})), "") << wrong;
  }
}

TEST(BlockContentTest, SizeAndIndexMustFit) {
  Written written = Write({Entry("1-1"), Entry("3-1")});
  written.state.size = written.bytes.size() + 1;
  EXPECT_NE(Problem(written), "");
  written = Write({Entry("1-1"), Entry("3-1")});
  written.bytes[written.bytes.size() - 4] ^= 1;  // where the second entry begins
  EXPECT_NE(Problem(written), "");
}

}  // namespace
}  // namespace leat::check
