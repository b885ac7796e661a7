#include "server/base/wire.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace leat::base {
namespace {

TEST(Wire, BulkIsAsLongAsItsSizeSays) {
  for (const size_t size : {0u, 1u, 9u, 10u, 99u, 100u, 9999u, 10000u, 123456u}) {
    const std::string bytes(size, 'x');
    std::string out(size + 100, '#');
    const char* const end = WriteBulk(out.data(), bytes);
    out.resize(static_cast<size_t>(end - out.data()));
    EXPECT_EQ(out, "$" + std::to_string(size) + "\r\n" + bytes + "\r\n");
    EXPECT_EQ(BulkSize(size), out.size());
  }
}

TEST(Wire, ArrayHeader) {
  for (const size_t count :
       {size_t{0}, size_t{9}, size_t{10}, std::numeric_limits<size_t>::max()}) {
    std::string out(kMaxWireHeaderBytes, '#');
    const char* const end = WriteArrayHeader(out.data(), count);
    out.resize(static_cast<size_t>(end - out.data()));
    EXPECT_EQ(out, "*" + std::to_string(count) + "\r\n");
    EXPECT_EQ(ArrayHeaderSize(count), out.size());
  }
}

TEST(Wire, TheLongestHeaderFits) {
  char out[kMaxWireHeaderBytes];
  EXPECT_EQ(WriteWireHeader(out, ':', std::numeric_limits<int64_t>::min()),
            out + kMaxWireHeaderBytes);
}

}  // namespace
}  // namespace leat::base
