// The parts of the load generator on which its figures rest.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/histogram.h"
#include "tests/bench/process_cpu.h"
#include "tests/bench/reply_skipper.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

struct Seen {
  std::string types;
  std::vector<int64_t> numbers;
  std::vector<std::string> errors;
  bool valid = true;
};

Seen SkipInChunks(std::string_view bytes, size_t chunk_bytes) {
  ReplySkipper skipper;
  Seen seen;
  while (!bytes.empty() && seen.valid) {
    const std::string_view chunk = bytes.substr(0, chunk_bytes);
    seen.valid = skipper.Consume(chunk, [&](const ReplySkipper::Reply& reply) {
      seen.types += reply.type;
      seen.numbers.push_back(reply.number);
      seen.errors.emplace_back(reply.error);
    });
    bytes.remove_prefix(chunk.size());
  }
  return seen;
}

constexpr std::string_view kReplies =
    "+OK\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*0\r\n*-1\r\n"
    "*2\r\n$0\r\n\r\n*2\r\n:1\r\n+x\r\n"
    "%1\r\n+key\r\n*1\r\n_\r\n>2\r\n+a\r\n+b\r\n|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n"
    ",1.5\r\n#t\r\n=5\r\ntxt:a\r\n~1\r\n:1\r\n-ERR no\r\n*2\r\n:1\r\n-ERR inner\r\n";

TEST(ReplySkipper, FindsEveryReplyWhereverTheBytesAreCut) {
  for (size_t chunk_bytes = 1; chunk_bytes <= kReplies.size(); ++chunk_bytes) {
    const Seen seen = SkipInChunks(kReplies, chunk_bytes);
    ASSERT_TRUE(seen.valid);
    ASSERT_EQ(seen.types, "+:$$***%>|,#=~-*") << "in chunks of " << chunk_bytes;
    EXPECT_EQ(seen.numbers[1], -7);
    EXPECT_EQ(seen.numbers[3], -1);
    EXPECT_EQ(seen.numbers[6], 2);
    EXPECT_EQ(seen.errors[0], "");
    EXPECT_EQ(seen.errors[14], "ERR no");
    EXPECT_EQ(seen.errors[15], "ERR inner");
  }
}

TEST(ReplySkipper, RejectsWhatIsNotResp) {
  for (const std::string_view bytes :
       {"hello\r\n", "$x\r\n", "$-2\r\n", "*\r\n", "+no carriage return\n", ":1x\r\n", "\r\n"}) {
    EXPECT_FALSE(SkipInChunks(bytes, bytes.size()).valid) << bytes;
  }
  EXPECT_FALSE(SkipInChunks(std::string(100'000, '+'), 1000).valid) << "a line without an end";
}

TEST(Histogram, PercentilesAreAtMostOne64thTooHigh) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100'000; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.total(), 100'000U);
  EXPECT_EQ(histogram.max(), 100'000U);
  for (const double fraction : {0.5, 0.95, 0.99, 0.999}) {
    const double exact = fraction * 100'000;
    EXPECT_GE(static_cast<double>(histogram.Percentile(fraction)), exact - 1);
    EXPECT_LE(static_cast<double>(histogram.Percentile(fraction)), exact * (1 + 1.0 / 64));
  }
  EXPECT_EQ(histogram.Percentile(1), 100'000U);
}

TEST(Histogram, TakesEveryValue) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0U);
  histogram.Record(0);
  EXPECT_EQ(histogram.Percentile(0.5), 0U);
  histogram.Record(UINT64_MAX, 3);
  EXPECT_EQ(histogram.Percentile(0.25), 0U);
  EXPECT_EQ(histogram.Percentile(0.5), UINT64_MAX);
}

TEST(RequestBatch, PatchesEqualSizedRequestsInPlace) {
  const auto words = SplitWords("SET key:__seq__ \"a b __data__\"");
  ASSERT_TRUE(words);
  RequestBatch batch(*words, 2, "xyz");
  KeySource keys;
  keys.keyspace = 3;
  const std::string_view first = batch.Next(2, keys);
  EXPECT_EQ(first,
            "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$7\r\na b xyz\r\n"
            "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$7\r\na b xyz\r\n");
  EXPECT_EQ(batch.request_bytes() * 2, first.size());
  batch.Next(1, keys);
  EXPECT_NE(batch.Next(1, keys).find("key:000000000000"), std::string_view::npos)
      << "the sequence begins again at the end of the key space";
}

TEST(RequestBatch, RandomKeysStayInTheKeySpaceAndReachAllOfIt) {
  Random random(3);
  std::vector<int> seen(10);
  for (int i = 0; i < 1000; ++i) ++seen.at(random.Below(10));
  for (const int count : seen) EXPECT_GT(count, 50);
}

TEST(SplitWords, RejectsWhatIsNotACommandLine) {
  EXPECT_FALSE(SplitWords(""));
  EXPECT_FALSE(SplitWords("   "));
  EXPECT_FALSE(SplitWords("SET \"key"));
  EXPECT_EQ(SplitWords("ECHO \"\""), (std::vector<std::string>{"ECHO", ""}));
}

TEST(ProcessCpu, GrowsWithWorkAndKnowsWhoIsThere) {
  const auto before = ReadCpuTime(getpid());
  ASSERT_TRUE(before);
  volatile uint64_t sink = 0;
  auto now = before;
  while (now->total_ns < before->total_ns + 50'000'000) {
    for (int i = 0; i < 100'000; ++i) sink = sink + 1;
    now = ReadCpuTime(getpid());
  }
  // The ticks follow the clock to within one tick of each kind.
  const uint64_t ticks = now->user_ns + now->system_ns - before->user_ns - before->system_ns;
  EXPECT_NEAR(static_cast<double>(ticks), 50e6, 25e6);
  EXPECT_FALSE(ReadCpuTime(0x3fffffff));
}

}  // namespace
}  // namespace leat::bench
