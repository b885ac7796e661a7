// How much XREAD and XREADGROUP return: COUNT, MAXCOUNT, MAXSIZE; and XREAD's "+", the last entry.
#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr const char* kMaxCount = "-ERR MAXCOUNT must be a positive integer";
constexpr const char* kMaxSize = "-ERR MAXSIZE must be a positive integer";
constexpr const char* kLessThanCount = "-ERR MAXCOUNT must be greater than or equal to COUNT";
constexpr const char* kUnbalanced =
    "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";

class StreamReadBoundsTest : public ::testing::Test {
 protected:
  // Entries `from`-0 … `to`-0 in `key`, each of `size_bytes`.
  void Append(const std::string& key, int from, int to, size_t size_bytes = 1) {
    for (int i = from; i <= to; ++i) {
      client.Call({"XADD", key, std::to_string(i) + "-0", "n", std::string(size_bytes, 'x')});
    }
  }
  // The IDs of a reply, without their sequence numbers, behind the name of their stream.
  std::string Ids(const std::string& call) { return IdsOf(client.Run(call)); }
  static std::string IdsOf(const std::string& reply) {
    std::string text;
    for (size_t at = 0; (at = reply.find('"', at)) != std::string::npos;) {
      const size_t end = reply.find('"', at + 1);
      const std::string word = reply.substr(at + 1, end - at - 1);
      at = end + 1;
      const bool id = word.ends_with("-0");
      if (id || word == "t" || word == "u" || word == "v") {
        text += (text.empty() ? "" : " ") + (id ? word.substr(0, word.size() - 2) : word);
      }
    }
    return text.empty() ? reply : text;
  }

  TestServer server;
  TestClient client{server};
  TestClient other{server};
};

TEST_F(StreamReadBoundsTest, ChecksTheBoundsAfterAllOptions) {
  Append("t", 1, 2);
  client.Run("XGROUP CREATE t g 0");
  client.Run("SET s x");
  const struct {
    const char* options;
    const char* error;
  } cases[] = {
      {"MAXCOUNT 0 STREAMS t 0", kMaxCount},
      {"MAXCOUNT -1 STREAMS t 0", kMaxCount},
      {"MAXCOUNT x STREAMS t 0", kMaxCount},
      {"MAXCOUNT 9223372036854775808 STREAMS t 0", kMaxCount},
      {"MAXCOUNT STREAMS t 0", kMaxCount},
      {"MAXSIZE 0 STREAMS t 0", kMaxSize},
      {"MAXSIZE -1 STREAMS t 0", kMaxSize},
      {"MAXSIZE 1.5 STREAMS t 0", kMaxSize},
      {"COUNT 2 MAXCOUNT 1 STREAMS t 0", kLessThanCount},
      {"MAXCOUNT 1 COUNT 2 STREAMS t 0", kLessThanCount},
      {"MAXCOUNT 1 COUNT 2 STREAMS s 0", kLessThanCount},
      {"MAXCOUNT 1 COUNT 2 STREAMS t x", kLessThanCount},
      {"MAXCOUNT 1 COUNT 2 STREAMS t 0 0", kUnbalanced},
      {"MAXCOUNT 1 COUNT 2 BLOCK 5 COUNT 7", "-ERR syntax error"},
      {"MAXCOUNT 1 COUNT 2 MAXSIZE 0 STREAMS t 0", kMaxSize},
      {"COUNT 1 MAXCOUNT 2 MAXSIZE", "-ERR syntax error"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(client.Run("XREAD " + std::string(one.options)), one.error) << one.options;
    EXPECT_EQ(client.Run("XREADGROUP GROUP g c " + std::string(one.options)), one.error)
        << one.options;
  }
  EXPECT_EQ(client.Run("XREADGROUP MAXCOUNT 1 COUNT 2 STREAMS t >"),
            "-ERR Missing GROUP option for XREADGROUP");
  EXPECT_EQ(client.Run("XREAD MAXCOUNT 1"), "-ERR wrong number of arguments for 'xread' command");
}

TEST_F(StreamReadBoundsTest, MaxCountIsOfAllStreamsCountOfEach) {
  for (const char* key : {"t", "u", "v"}) Append(key, 1, 3);
  const struct {
    const char* options;
    const char* ids;
  } cases[] = {
      {"COUNT 2", "t 1 2 u 1 2 v 1 2"},
      {"MAXCOUNT 2", "t 1 2"},
      {"MAXCOUNT 3", "t 1 2 3"},
      {"MAXCOUNT 4", "t 1 2 3 u 1"},
      {"COUNT 2 MAXCOUNT 3", "t 1 2 u 1"},
      {"MAXCOUNT 2 COUNT 2", "t 1 2"},
      {"COUNT 1 MAXCOUNT 9223372036854775807", "t 1 u 1 v 1"},
      {"COUNT 0 MAXCOUNT 1", "t 1"},  // no COUNT at all
      {"COUNT -5 MAXCOUNT 1", "t 1"},
      {"MAXCOUNT 1 MAXCOUNT 5", "t 1 2 3 u 1 2"},
      {"COUNT 9 MAXCOUNT 1 COUNT 1", "t 1"},
      {"maxcount 2 maxsize 1", "t 1"},
  };
  for (const auto& one : cases) {
    const std::string call = "XREAD " + std::string(one.options) + " STREAMS t u v 0 0 0";
    EXPECT_EQ(Ids(call), one.ids) << call;
  }
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREAD COUNT 1 MAXCOUNT 2 STREAMS t u v 0 3 0"),
            "{\"t\": [[\"1-0\" [\"n\" \"x\"]]], \"v\": [[\"1-0\" [\"n\" \"x\"]]]}");
}

TEST_F(StreamReadBoundsTest, MaxSizeEndsTheReplyOnceItIsThatLong) {
  Append("t", 1, 3, 400);
  Append("u", 1, 1, 100'000);
  Append("u", 2, 3, 400);
  const struct {
    const char* options;
    const char* ids;
  } cases[] = {
      {"MAXSIZE 1 STREAMS t u 0 0", "t 1"},  // one at least, however long it is
      {"MAXSIZE 1 STREAMS u t 0 0", "u 1"},
      {"MAXSIZE 1 STREAMS t u 3 0", "u 1"},
      {"MAXSIZE 400 STREAMS t u 0 0", "t 1"},
      {"MAXSIZE 600 STREAMS t u 0 0", "t 1 2"},
      {"MAXSIZE 1000 STREAMS t u 0 0", "t 1 2 3"},
      {"MAXSIZE 1600 STREAMS t u 0 0", "t 1 2 3 u 1"},  // how long the next is does not matter
      {"MAXSIZE 9223372036854775807 STREAMS t u 0 0", "t 1 2 3 u 1 2 3"},
      {"COUNT 1 MAXSIZE 600 STREAMS t u 0 0", "t 1 u 1"},
      {"MAXCOUNT 1 MAXSIZE 100000 STREAMS t u 0 0", "t 1"},
      {"MAXSIZE 1 STREAMS t u 3 3", "nil"},
  };
  for (const auto& one : cases) EXPECT_EQ(Ids("XREAD " + std::string(one.options)), one.ids);
  client.Run("HELLO 3");
  EXPECT_EQ(Ids("XREAD MAXSIZE 600 STREAMS t u 0 0"), "t 1 2");
}

TEST_F(StreamReadBoundsTest, WhatWasRepliedBeforeIsNotCounted) {
  Append("t", 1, 3, 400);
  client.Run("MULTI");
  client.Run("XREAD STREAMS t 0");
  client.Run("XREAD MAXSIZE 600 STREAMS t 0");
  EXPECT_EQ(Ids("EXEC"), "t 1 2 3 t 1 2");
}

TEST_F(StreamReadBoundsTest, WhatWasNotSentIsNotDelivered) {
  for (const char* key : {"t", "u"}) {
    Append(key, 1, 3, 400);
    client.Run("XGROUP CREATE " + std::string(key) + " g 0");
  }
  EXPECT_EQ(Ids("XREADGROUP GROUP g c MAXCOUNT 2 STREAMS t u > >"), "t 1 2");
  EXPECT_EQ(client.Run("XINFO GROUPS t"),
            "[[\"name\" \"g\" \"consumers\" 1 \"pending\" 2 \"last-delivered-id\" \"2-0\" "
            "\"entries-read\" 2 \"lag\" 1]]");
  EXPECT_EQ(client.Run("XINFO CONSUMERS u g"), "[]");
  EXPECT_EQ(Ids("XREADGROUP GROUP g c MAXSIZE 450 STREAMS t u > >"), "t 3 u 1");
  EXPECT_EQ(client.Run("XINFO GROUPS u"),
            "[[\"name\" \"g\" \"consumers\" 1 \"pending\" 1 \"last-delivered-id\" \"1-0\" "
            "\"entries-read\" 1 \"lag\" 2]]");
  // A stream that is not served is still checked.
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS u v > >"),
            "-NOGROUP No such key 'v' or consumer group 'g' in XREADGROUP with GROUP option");
  EXPECT_EQ(Ids("XREADGROUP GROUP g c MAXSIZE 1 STREAMS u > "), "u 2");
}

TEST_F(StreamReadBoundsTest, HistoryBehindTheBoundsIsNotDeliveredAgain) {
  Append("t", 1, 3);
  client.Run("XGROUP CREATE t g 0");
  client.Run("XREADGROUP GROUP g c STREAMS t >");
  server.Advance(10);
  EXPECT_EQ(Ids("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS t 0"), "t 1");
  EXPECT_EQ(Ids("XREADGROUP GROUP g c MAXSIZE 1 STREAMS t t 1 0"), "t 2");
  EXPECT_EQ(client.Run("XPENDING t g - + 10"),
            "[[\"1-0\" \"c\" 0 2] [\"2-0\" \"c\" 0 2] [\"3-0\" \"c\" 10 1]]");
  client.Run("XDEL t 1-0");
  EXPECT_EQ(client.Run("XREADGROUP GROUP g c MAXSIZE 1 STREAMS t 0"), "[[\"t\" [[\"1-0\" nil]]]]");
}

TEST_F(StreamReadBoundsTest, WhatIsClaimedComesFirstUnderTheBounds) {
  Append("t", 1, 3, 400);
  client.Run("XGROUP CREATE t g 0");
  client.Run("XREADGROUP GROUP g c STREAMS t >");
  Append("t", 4, 5, 400);
  server.Advance(10);
  EXPECT_EQ(Ids("XREADGROUP GROUP g d CLAIM 10 MAXCOUNT 2 STREAMS t >"), "t 1 2");
  EXPECT_EQ(client.Run("XPENDING t g - + 10"),
            "[[\"1-0\" \"d\" 0 2] [\"2-0\" \"d\" 0 2] [\"3-0\" \"c\" 10 1]]");
  EXPECT_EQ(Ids("XREADGROUP GROUP g d CLAIM 10 MAXSIZE 600 STREAMS t >"), "t 3 4");
  EXPECT_EQ(Ids("XREADGROUP GROUP g d CLAIM 0 MAXSIZE 1 STREAMS t >"), "t 1");
}

TEST_F(StreamReadBoundsTest, BoundsHoldForWhoWaited) {
  Append("t", 1, 1);
  client.Run("XGROUP CREATE t g $");
  TestClient reader(server);
  EXPECT_EQ(reader.Run("XREADGROUP GROUP g c BLOCK 0 MAXCOUNT 2 STREAMS t >"), "");
  EXPECT_EQ(client.Run("XREAD BLOCK 0 MAXSIZE 1 STREAMS t $"), "");
  other.Send(Encode({"MULTI"}) + Encode({"XADD", "t", "2-0", "n", "x"}) +
             Encode({"XADD", "t", "3-0", "n", "x"}) + Encode({"XADD", "t", "4-0", "n", "x"}) +
             Encode({"EXEC"}));
  EXPECT_EQ(IdsOf(reader.Received()), "t 2 3");
  EXPECT_EQ(IdsOf(client.Received()), "t 2");
}

class StreamReadLastTest : public StreamReadBoundsTest {};

TEST_F(StreamReadLastTest, IsTheLastEntryThereIs) {
  Append("t", 1, 3);
  client.Run("XADD v 0-1 n x");
  const struct {
    const char* call;
    const char* ids;
  } cases[] = {
      {"XREAD STREAMS t +", "t 3"},
      {"XREAD COUNT 5 STREAMS t +", "t 3"},
      {"XREAD BLOCK 0 STREAMS t +", "t 3"},
      {"XREAD STREAMS u +", "nil"},
      {"XREAD STREAMS t u t + + 1", "t 3 t 2 3"},
      {"XDEL t 3-0", "1"},
      {"XREAD STREAMS t +", "t 2"},
      {"XTRIM t MAXLEN 1", "1"},
      {"XREAD STREAMS t +", "t 2"},
      {"XDEL t 2-0", "1"},
      {"XREAD STREAMS t +", "nil"},
      {"XREAD STREAMS v +", "[[\"v\" [[\"0-1\" [\"n\" \"x\"]]]]]"},
  };
  for (const auto& one : cases) {
    const std::string reply = client.Run(one.call);
    const bool whole = reply == one.ids;
    EXPECT_EQ(whole ? reply : IdsOf(reply), one.ids) << one.call;
  }
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREAD STREAMS v u + +"), "{\"v\": [[\"0-1\" [\"n\" \"x\"]]]}");
  EXPECT_EQ(client.Run("XREAD STREAMS v >"),
            "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
            "<consumer> option.");
}

TEST_F(StreamReadLastTest, IsLookedUpAgainWhenOneComes) {
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t u + +"), "");
  TestClient behind(server);
  EXPECT_EQ(behind.Run("XREAD BLOCK 0 STREAMS t $"), "");
  other.Send(Encode({"MULTI"}) + Encode({"XADD", "t", "1-0", "n", "x"}) +
             Encode({"XADD", "t", "2-0", "n", "x"}) + Encode({"XADD", "t", "3-0", "n", "x"}) +
             Encode({"EXEC"}));
  EXPECT_EQ(IdsOf(client.Received()), "t 3");
  EXPECT_EQ(IdsOf(behind.Received()), "t 1 2 3");
}

// Who waits for the last entry is not held up by who waits behind an ID, nor holds him up.
TEST_F(StreamReadLastTest, WaitsApartFromThoseBehindAnId) {
  Append("t", 5, 5);
  client.Run("XDEL t 5-0");
  TestClient before(server);
  EXPECT_EQ(before.Run("XREAD BLOCK 0 STREAMS t 5-0"), "");
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t +"), "");
  TestClient behind(server);
  EXPECT_EQ(behind.Run("XREAD BLOCK 0 STREAMS t 5-0"), "");
  other.Run("DEL t");
  other.Run("XADD t 1-0 n x");
  EXPECT_EQ(IdsOf(client.Received()), "t 1");
  other.Run("XADD t 6-0 n x");
  EXPECT_EQ(IdsOf(before.Received()), "t 6");
  EXPECT_EQ(IdsOf(behind.Received()), "t 6");
}

}  // namespace
}  // namespace leat::testing
