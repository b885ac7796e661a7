#include "resp/reply_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace leat::resp {
namespace {

using base::SharedBytes;

// What `write` replies to a client of this version.
template <typename Write>
std::string Reply(int version, Write write) {
  Output output;
  ReplyWriter reply(output, version);
  write(reply);
  std::string wire;
  std::array<Output::Slice, 64> slices;
  const size_t count = output.Peek(slices, SIZE_MAX);
  for (size_t i = 0; i < count; ++i) wire.append(slices[i].data, slices[i].size);
  return wire;
}

// The same reply in both versions.
template <typename Write>
std::string ReplyInBoth(Write write) {
  std::string wire = Reply(2, write);
  EXPECT_EQ(Reply(3, write), wire);
  return wire;
}

TEST(ReplyWriter, FormsThatBothVersionsShare) {
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Ok(); }), "+OK\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Simple("PONG"); }), "+PONG\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Error("ERR no"); }), "-ERR no\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Bulk("hello"); }), "$5\r\nhello\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Bulk(""); }), "$0\r\n\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Array(0); }), "*0\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Array(123456); }), "*123456\r\n");
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Raw(":1\r\n"); }), ":1\r\n");
}

TEST(ReplyWriter, Integers) {
  const auto integer = [](int64_t value) {
    return ReplyInBoth([value](ReplyWriter& r) { r.Integer(value); });
  };
  EXPECT_EQ(integer(0), ":0\r\n");
  EXPECT_EQ(integer(9), ":9\r\n");
  EXPECT_EQ(integer(10), ":10\r\n");
  EXPECT_EQ(integer(-1), ":-1\r\n");
  EXPECT_EQ(integer(std::numeric_limits<int64_t>::min()), ":-9223372036854775808\r\n");
  EXPECT_EQ(integer(std::numeric_limits<int64_t>::max()), ":9223372036854775807\r\n");
}

TEST(ReplyWriter, AnErrorStaysOnItsLine) {
  EXPECT_EQ(ReplyInBoth([](ReplyWriter& r) { r.Error("ERR a\r\nb\nc"); }), "-ERR a  b c\r\n");
  const std::string text(100000, 'e');
  EXPECT_EQ(ReplyInBoth([&](ReplyWriter& r) { r.Error(text); }), "-" + text + "\r\n");
}

TEST(ReplyWriter, FormsOfTheirOwnInResp3) {
  struct Case {
    void (*write)(ReplyWriter&);
    const char* resp2;
    const char* resp3;
  };
  const Case cases[] = {
      {[](ReplyWriter& r) { r.Null(); }, "$-1\r\n", "_\r\n"},
      {[](ReplyWriter& r) { r.NullArray(); }, "*-1\r\n", "_\r\n"},
      {[](ReplyWriter& r) { r.Map(2); }, "*4\r\n", "%2\r\n"},
      {[](ReplyWriter& r) { r.Set(3); }, "*3\r\n", "~3\r\n"},
      {[](ReplyWriter& r) { r.Push(3); }, "*3\r\n", ">3\r\n"},
      {[](ReplyWriter& r) { r.Bool(true); }, ":1\r\n", "#t\r\n"},
      {[](ReplyWriter& r) { r.Bool(false); }, ":0\r\n", "#f\r\n"},
      {[](ReplyWriter& r) { r.Double(1.5); }, "$3\r\n1.5\r\n", ",1.5\r\n"},
      {[](ReplyWriter& r) { r.Double(3); }, "$1\r\n3\r\n", ",3\r\n"},
      {[](ReplyWriter& r) { r.Double(-std::numeric_limits<double>::infinity()); }, "$4\r\n-inf\r\n",
       ",-inf\r\n"},
      {[](ReplyWriter& r) { r.Double(std::numeric_limits<double>::infinity()); }, "$3\r\ninf\r\n",
       ",inf\r\n"},
      {[](ReplyWriter& r) { r.BigNumber("-12345678901234567890"); },
       "$21\r\n-12345678901234567890\r\n", "(-12345678901234567890\r\n"},
      {[](ReplyWriter& r) { r.Verbatim("txt", "Some string"); }, "$11\r\nSome string\r\n",
       "=15\r\ntxt:Some string\r\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Reply(2, c.write), c.resp2);
    EXPECT_EQ(Reply(3, c.write), c.resp3);
  }
}

TEST(ReplyWriter, TheVersionCanChange) {
  EXPECT_EQ(Reply(2,
                  [](ReplyWriter& r) {
                    r.Null();
                    r.set_version(3);
                    r.Null();
                  }),
            "$-1\r\n_\r\n");
}

TEST(ReplyWriter, BulkStringsOfEverySize) {
  for (const size_t size : {1u, 9u, 10u, 99u, 100u, 1023u, 1024u, 1025u, 5000u, 16384u, 1000000u}) {
    const std::string bytes(size, '\0');
    EXPECT_EQ(ReplyInBoth([&](ReplyWriter& r) { r.Bulk(bytes); }),
              "$" + std::to_string(size) + "\r\n" + bytes + "\r\n");
  }
}

TEST(ReplyWriter, LargeSharedBytesAreReferenced) {
  const SharedBytes small = SharedBytes::Copy("hello");
  const SharedBytes large = SharedBytes::Copy(std::string(1000, 'x'));
  Output output;
  ReplyWriter reply(output, 3);
  reply.BulkShared(small, {small.data(), 5});
  EXPECT_TRUE(small.unique());
  reply.BulkShared(large, {large.data(), 1000});
  reply.RawShared(large, {large.data(), 500});
  std::array<Output::Slice, 8> slices;
  ASSERT_EQ(output.Peek(slices, SIZE_MAX), 4u);
  EXPECT_EQ(std::string(slices[0].data, slices[0].size), "$5\r\nhello\r\n$1000\r\n");
  EXPECT_EQ(slices[1].data, large.data());
  EXPECT_EQ(std::string(slices[2].data, slices[2].size), "\r\n");
  EXPECT_EQ(slices[3].size, 500u);
}

}  // namespace
}  // namespace leat::resp
