#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class StreamReadTest : public ::testing::Test {
 protected:
  void Append(int count) {
    for (int i = 1; i <= count; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n x");
  }
  static std::string Entry(int id) { return "[\"" + std::to_string(id) + "-0\" [\"n\" \"x\"]]"; }

  TestServer server;
  TestClient client{server};
  TestClient other{server};
};

TEST_F(StreamReadTest, RefusesWhatIsMalformed) {
  EXPECT_EQ(client.Run("XRANGE t x +"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(client.Run("XRANGE t (18446744073709551615-18446744073709551615 +"),
            "-ERR invalid start ID for the interval");
  EXPECT_EQ(client.Run("XRANGE t - (0-0"), "-ERR invalid end ID for the interval");
  EXPECT_EQ(client.Run("XRANGE t - + COUNT"), "-ERR syntax error");
  EXPECT_EQ(client.Run("XRANGE t - + COUNT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(client.Run("XREAD COUNT 1 KEYS"), "-ERR syntax error");
  EXPECT_EQ(client.Run("XREAD STREAMS a b 0"),
            "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
            "specified.");
  EXPECT_EQ(client.Run("XREAD BLOCK -1 STREAMS t 0"), "-ERR timeout is negative");
  EXPECT_EQ(client.Run("XREAD BLOCK x STREAMS t 0"),
            "-ERR timeout is not an integer or out of range");
  EXPECT_EQ(client.Run("XREAD GROUP g c STREAMS t 0"),
            "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
}

TEST_F(StreamReadTest, ReadsRangesBothWays) {
  Append(4);
  EXPECT_EQ(client.Run("XRANGE t 2 3"), "[" + Entry(2) + " " + Entry(3) + "]");
  EXPECT_EQ(client.Run("XRANGE t (2-0 +"), "[" + Entry(3) + " " + Entry(4) + "]");
  EXPECT_EQ(client.Run("XREVRANGE t + - COUNT 2"), "[" + Entry(4) + " " + Entry(3) + "]");
  EXPECT_EQ(client.Run("XRANGE t 3 2"), "[]");
  EXPECT_EQ(client.Run("XRANGE t - + COUNT 0"), "nil");
  EXPECT_EQ(client.Run("XRANGE missing - + COUNT 0"), "[]");
}

TEST_F(StreamReadTest, ReadsRangesOverManyBlocks) {
  for (int i = 1; i <= 3000; ++i) {
    client.Call({"XADD", "t", std::to_string(i) + "-0", "n", std::string(100, 'x')});
  }
  EXPECT_EQ(client.Run("XLEN t"), "3000");
  const std::string all = client.Run("XRANGE t - +");
  EXPECT_EQ(all.substr(all.rfind("[\"")).substr(0, 10), "[\"n\" \"xxxx");
  EXPECT_NE(all.find("\"3000-0\""), std::string::npos);
  client.Run("XDEL t 1500-0");
  EXPECT_EQ(client.Run("XRANGE t 1500 1500"), "[]");
}

TEST_F(StreamReadTest, ReadsSeveralTopicsAtOnce) {
  Append(2);
  client.Run("XADD u 7-0 n y");
  EXPECT_EQ(client.Run("XREAD STREAMS t u missing 1 0 0"),
            "[[\"t\" [" + Entry(2) + "]] [\"u\" [[\"7-0\" [\"n\" \"y\"]]]]]");
  EXPECT_EQ(client.Run("XREAD STREAMS t u 2 $"), "nil");
  EXPECT_EQ(client.Run("XREAD STREAMS t +"), "[[\"t\" [" + Entry(2) + "]]]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XREAD COUNT 1 STREAMS t 0"), "{\"t\": [" + Entry(1) + "]}");
}

TEST_F(StreamReadTest, WaitsForAnEntry) {
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t $"), "");
  other.Run("SET unrelated 1");
  EXPECT_EQ(client.Received(), "");
  other.Run("XADD t 1-0 n x");
  EXPECT_EQ(client.Received(), "[[\"t\" [" + Entry(1) + "]]]");
}

TEST_F(StreamReadTest, TimesOutAndTakesWhatWasSentMeanwhile) {
  EXPECT_EQ(client.Run("XREAD BLOCK 100 STREAMS t $"), "");
  client.Send(Encode({"PING"}));
  server.Advance(100);
  EXPECT_EQ(client.Received(), "");
  server.Advance(1);
  EXPECT_EQ(client.Received(), "nil | PONG");
}

// Being woken and finding nothing must not restart the timeout.
TEST_F(StreamReadTest, AWakeUpForNothingKeepsTheDeadline) {
  Append(5);
  EXPECT_EQ(client.Run("XREAD BLOCK 100 STREAMS t $"), "");
  server.Advance(60);
  other.Run("XDEL t 5-0");
  other.Run("DEL t");
  server.Advance(40);
  EXPECT_EQ(client.Received(), "");
  server.Advance(1);
  EXPECT_EQ(client.Received(), "nil");
}

// A topic emptied by XDEL must still block.
TEST_F(StreamReadTest, AnEmptiedTopicStillBlocks) {
  Append(1);
  client.Run("XDEL t 1-0");
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t 0"), "");
  other.Run("XADD t 2-0 n x");
  EXPECT_EQ(client.Received(), "[[\"t\" [" + Entry(2) + "]]]");
}

TEST_F(StreamReadTest, GoesOnWaitingWhileTheKeyIsOfAnotherType) {
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t $"), "");
  other.Run("SET t x");
  other.Run("DEL t");
  EXPECT_EQ(client.Received(), "");
  other.Run("XADD t 1-0 n x");
  EXPECT_EQ(client.Received(), "[[\"t\" [" + Entry(1) + "]]]");
}

TEST_F(StreamReadTest, SeesAllOfATransactionOrNothing) {
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS t $"), "");
  other.Send(Encode({"MULTI"}) + Encode({"XADD", "t", "1-0", "n", "x"}) +
             Encode({"XADD", "t", "2-0", "n", "x"}) + Encode({"EXEC"}));
  EXPECT_EQ(client.Received(), "[[\"t\" [" + Entry(1) + " " + Entry(2) + "]]]");
}

TEST_F(StreamReadTest, DoesNotWaitInsideATransaction) {
  client.Run("MULTI");
  client.Run("XREAD BLOCK 0 STREAMS t $");
  EXPECT_EQ(client.Run("EXEC"), "[nil]");
}

TEST_F(StreamReadTest, ServesWhoWaitsUnderAnyOfItsKeys) {
  EXPECT_EQ(client.Run("XREAD BLOCK 0 STREAMS a b $ $"), "");
  other.Run("XADD elsewhere 1-0 n x");
  other.Run("RENAME elsewhere b");
  EXPECT_EQ(client.Received(), "[[\"b\" [" + Entry(1) + "]]]");
}

}  // namespace
}  // namespace leat::testing
