#include "resp/output.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace leat::resp {
namespace {

using base::SharedBytes;

// All that is pending, read through slices, without consuming it.
std::string Pending(const Output& output) {
  std::vector<Output::Slice> slices(10000);
  slices.resize(output.Peek(slices, SIZE_MAX));
  std::string bytes;
  for (const Output::Slice& slice : slices) bytes.append(slice.data, slice.size);
  return bytes;
}

// Sends `output` in writes of at most `slices` slices and `max_bytes` bytes.
std::string Drain(Output& output, size_t max_slices, size_t max_bytes) {
  std::string sent;
  std::vector<Output::Slice> slices(max_slices);
  while (!output.empty()) {
    const size_t count = output.Peek(slices, max_bytes);
    EXPECT_GT(count, 0u);
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      sent.append(slices[i].data, slices[i].size);
      size += slices[i].size;
    }
    EXPECT_LE(size, max_bytes);
    output.Consume(size);
  }
  return sent;
}

SharedBytes Shared(const std::string& text) {
  return SharedBytes::Copy(text);
}

std::string_view View(const SharedBytes& bytes) {
  return {bytes.data(), bytes.capacity()};
}

std::string Text(size_t size, size_t seed) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + seed) % 26);
  return text;
}

TEST(Output, EmptyHoldsNothing) {
  Output output;
  EXPECT_LE(sizeof(output), 64u);
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(output.memory_bytes(), 0u);
  std::array<Output::Slice, 4> slices;
  EXPECT_EQ(output.Peek(slices, 100), 0u);
  output.Append("");
  output.Append("abc");
  EXPECT_GT(output.memory_bytes(), 0u);
  output.Consume(3);
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(output.memory_bytes(), 0u);
}

TEST(Output, CountsPositionsInTheStream) {
  Output output;
  output.Append("hello");
  output.Consume(2);
  EXPECT_EQ(output.size_bytes(), 3u);
  EXPECT_EQ(output.appended_bytes(), 5u);
  output.Clear();
  EXPECT_EQ(output.size_bytes(), 0u);
  output.Append("x");
  EXPECT_EQ(output.appended_bytes(), 6u);
  EXPECT_EQ(Pending(output), "x");
}

TEST(Output, FormatsInPlace) {
  Output output;
  char* out = output.Reserve(100);
  *out++ = 'a';
  *out++ = 'b';
  output.Commit(out);
  output.Commit(output.Reserve(10));  // nothing written
  EXPECT_EQ(Pending(output), "ab");
  output.Reserve(size_t{1} << 20);
  std::string expected = "ab";
  for (int i = 0; i < 10000; ++i) {
    out = output.Reserve(10);
    *out = static_cast<char>('0' + i % 10);
    output.Commit(out + 1);
    expected += static_cast<char>('0' + i % 10);
  }
  EXPECT_EQ(Pending(output), expected);
}

TEST(Output, ManyMegabytes) {
  Output output;
  const std::string huge = Text(10 << 20, 1);
  output.Append("start");
  output.Append(huge);
  output.Append("end");
  EXPECT_EQ(Drain(output, 3, 100000), "start" + huge + "end");
  std::string expected;
  for (size_t i = 0; i < 20000; ++i) {
    const std::string text = Text(i % 700, i);
    output.Append(text);
    expected += text;
  }
  EXPECT_LT(output.memory_bytes(), expected.size() + (size_t{20} << 10) + expected.size() / 100);
  EXPECT_EQ(Drain(output, 16, 65536), expected);
}

TEST(Output, SmallSharedBytesAreCopiedAndLargeOnesReferenced) {
  Output output;
  const SharedBytes small = Shared(Text(Output::kShareBytes - 1, 1));
  const SharedBytes large = Shared(Text(Output::kShareBytes, 2));
  output.AppendShared(small, View(small));
  EXPECT_TRUE(small.unique());
  output.AppendShared(large, View(large));
  EXPECT_FALSE(large.unique());
  std::array<Output::Slice, 4> slices;
  ASSERT_EQ(output.Peek(slices, SIZE_MAX), 2u);
  EXPECT_EQ(slices[1].data, large.data());
  EXPECT_EQ(output.size_bytes(), 2 * Output::kShareBytes - 1);
  output.Consume(output.size_bytes() - 1);
  EXPECT_FALSE(large.unique());
  output.Consume(1);
  EXPECT_TRUE(large.unique());
}

TEST(Output, ReleasesReferencesWhenClearedAndWhenDestroyed) {
  const SharedBytes bytes = Shared(Text(1000, 1));
  {
    Output cleared;
    cleared.AppendShared(bytes, View(bytes));
    cleared.Append("x");
    cleared.AppendShared(bytes, View(bytes));
    cleared.Consume(1001);
    cleared.Clear();
    EXPECT_TRUE(bytes.unique());
    Output destroyed;
    destroyed.AppendShared(bytes, View(bytes));
    Output moved = std::move(destroyed);
    destroyed.AppendShared(bytes, View(bytes));  // NOLINT: a moved-from output is empty
    moved = std::move(destroyed);
    EXPECT_EQ(moved.size_bytes(), 1000u);
  }
  EXPECT_TRUE(bytes.unique());
}

void DrainAlternatingBytes(size_t max_slices, size_t max_bytes) {
  const SharedBytes bytes = Shared(Text(5000, 3));
  Output output;
  std::string expected;
  for (size_t i = 0; i < 2000; ++i) {
    const std::string own = Text(i % 40, i);
    output.Append(own);
    const std::string_view shared = View(bytes).substr(i, 256 + i % 1000);
    output.AppendShared(bytes, shared);
    expected.append(own).append(shared);
  }
  EXPECT_EQ(output.size_bytes(), expected.size());
  EXPECT_EQ(Drain(output, max_slices, max_bytes), expected);
  EXPECT_EQ(output.memory_bytes(), 0u);
  EXPECT_TRUE(bytes.unique());
}

TEST(Output, KeepsTheOrderOfOwnAndSharedBytes) {
  for (const size_t max_slices : {1u, 2u, 5u, 1024u}) {
    for (const size_t max_bytes : {1000u, 4096u, 1000000u}) {
      DrainAlternatingBytes(max_slices, max_bytes);
    }
  }
}

TEST(Output, AThousandReferencesTakeLittleMemory) {
  const SharedBytes bytes = Shared(Text(100000, 1));
  Output output;
  for (int i = 0; i < 1000; ++i) {
    output.Append("$100000\r\n");
    output.AppendShared(bytes, View(bytes));
    output.Append("\r\n");
  }
  EXPECT_GT(output.size_bytes(), 100000000u);
  EXPECT_LT(output.memory_bytes(), 100000u);
}

TEST(Output, PeekIsBoundedBySlicesAndBytes) {
  Output output;
  const SharedBytes bytes = Shared(Text(300, 1));
  output.Append("head");
  output.AppendShared(bytes, View(bytes));
  output.Append("tail");
  std::array<Output::Slice, 2> slices;
  ASSERT_EQ(output.Peek(slices, SIZE_MAX), 2u);
  EXPECT_EQ(slices[1].size, 300u);
  ASSERT_EQ(output.Peek(slices, 10), 2u);
  EXPECT_EQ(slices[1].size, 6u);
  ASSERT_EQ(output.Peek(slices, 4), 1u);
  EXPECT_EQ(output.Peek({}, 100), 0u);
  EXPECT_EQ(output.Peek(slices, 0), 0u);
  output.Consume(302);
  ASSERT_EQ(output.Peek(slices, SIZE_MAX), 2u);
  EXPECT_EQ(slices[0].data, bytes.data() + 298);
  EXPECT_EQ(slices[0].size, 2u);
}

TEST(Output, AppendsAfterAPartialWriteComeBehind) {
  Output output;
  std::string sent;
  std::string expected;
  for (size_t i = 0; i < 5000; ++i) {
    const std::string text = Text(1 + i % 90, i);
    output.Append(text);
    expected += text;
    std::array<Output::Slice, 1> slices;
    ASSERT_EQ(output.Peek(slices, 30), 1u);
    sent.append(slices[0].data, slices[0].size);
    output.Consume(slices[0].size);
  }
  EXPECT_EQ(sent + Pending(output), expected);
}

TEST(Output, SplicesShortAndLongOutputs) {
  const SharedBytes bytes = Shared(Text(300, 1));
  Output output;
  std::string expected;
  for (const size_t size : {0u, 10u, 1024u, 1025u, 50000u, 3u}) {
    Output other;
    other.Append("skip" + Text(size, size));
    other.Consume(4);
    output.Splice(std::move(other));
    EXPECT_EQ(other.size_bytes(), 0u);  // NOLINT: a spliced output is empty
    EXPECT_EQ(other.memory_bytes(), 0u);
    other.Append("usable");
    EXPECT_EQ(Pending(other), "usable");
    expected += Text(size, size);
    Output shared;
    shared.AppendShared(bytes, View(bytes));
    output.Splice(std::move(shared));
    output.Append("|");
    expected += std::string(View(bytes)) + "|";
  }
  EXPECT_EQ(output.appended_bytes(), expected.size());
  EXPECT_EQ(Drain(output, 7, 10000), expected);
  EXPECT_TRUE(bytes.unique());
  EXPECT_EQ(output.memory_bytes(), 0u);
}

TEST(Output, ManyShortSplicesDoNotChainChunks) {
  Output output;
  for (int i = 0; i < 10000; ++i) {
    Output other;
    other.Append("+OK\r\n");
    output.Splice(std::move(other));
  }
  EXPECT_LT(output.memory_bytes(), 100000u);
}

}  // namespace
}  // namespace leat::resp
