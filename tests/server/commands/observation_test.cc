// SLOWLOG, LATENCY, MEMORY, DEBUG and the server's own commands.
#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(SlowLogTest, KeepsSlowCallsNewestFirst) {
  TestServer server;
  TestClient client(server);
  client.Run("DEBUG SLEEP 0.5");
  client.Run("PING");
  EXPECT_EQ(client.Run("SLOWLOG LEN"), "1");
  const std::string log = client.Run("SLOWLOG GET");
  EXPECT_NE(log.find("500000 [\"DEBUG\" \"SLEEP\" \"0.5\"]"), std::string::npos) << log;
  EXPECT_EQ(client.Run("SLOWLOG GET -2"), "-ERR count should be greater than or equal to -1");
  EXPECT_EQ(client.Run("SLOWLOG RESET"), "OK");
  EXPECT_EQ(client.Run("SLOWLOG GET"), "[]");
}

TEST(SlowLogTest, CutsLongCalls) {
  TestServer server;
  TestClient client(server);
  client.Run("CONFIG SET slowlog-log-slower-than 0");
  std::vector<std::string> args = {"DEL", std::string(200, 'x')};
  for (int i = 0; i < 40; ++i) args.push_back("k");
  client.Call(args);
  const std::string log = client.Run("SLOWLOG GET 1");
  EXPECT_NE(log.find("... (72 more bytes)"), std::string::npos) << log;
  EXPECT_NE(log.find("... (11 more arguments)"), std::string::npos) << log;
}

TEST(LatencyTest, KeepsEventsAboveTheThreshold) {
  TestServer server;
  TestClient client(server);
  client.Run("DEBUG SLEEP 0.5");
  EXPECT_EQ(client.Run("LATENCY LATEST"), "[]");
  client.Run("CONFIG SET latency-monitor-threshold 100");
  client.Run("DEBUG SLEEP 0.3");
  EXPECT_EQ(client.Run("LATENCY LATEST"), "[[\"command\" 1700000000 300 300]]");
  EXPECT_EQ(client.Run("LATENCY HISTORY command"), "[[1700000000 300]]");
  EXPECT_EQ(client.Run("LATENCY HISTORY nosuch"), "[]");
  EXPECT_EQ(client.Run("LATENCY GRAPH nosuch"), "-ERR No samples available for event 'nosuch'");
  EXPECT_EQ(client.Run("LATENCY RESET nosuch command"), "1");
  EXPECT_EQ(client.Run("LATENCY RESET"), "0");
}

TEST(LatencyTest, SpreadsCallsOverAHistogram) {
  TestServer server;
  TestClient client(server);
  client.Run("DEBUG SLEEP 0.0009");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("LATENCY HISTOGRAM debug"),
            "{\"debug|sleep\": {\"calls\": 1, \"histogram_usec\": {1024: 1}}}");
  EXPECT_EQ(client.Run("LATENCY HISTOGRAM nosuch"), "{}");
}

TEST(MemoryTest, CountsKeysAndTopics) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("MEMORY USAGE missing"), "nil");
  EXPECT_EQ(client.Run("MEMORY USAGE missing SAMPLES"), "-ERR syntax error");
  client.Call({"SET", "big", std::string(100000, 'x')});
  EXPECT_GT(std::stoi(client.Run("MEMORY USAGE big")), 100000);
  client.Call({"XADD", "t", "1-0", "n", std::string(50000, 'x')});
  EXPECT_GT(std::stoi(client.Run("MEMORY USAGE t SAMPLES 5")), 50000);
  EXPECT_EQ(client.Run("MEMORY PURGE"), "OK");
}

TEST(DebugTest, IsForLocalClientsOnly) {
  TestServer server;
  TestClient client(server);
  client.session().address = "10.0.0.1:50000";
  EXPECT_EQ(client.Run("DEBUG SLEEP 0").substr(0, 32), "-ERR DEBUG command not allowed. ");
  client.session().address = "127.0.0.1:50000";
  EXPECT_EQ(client.Run("DEBUG SLEEP 0"), "OK");
  EXPECT_EQ(client.Run("DEBUG SLEEP x"), "-ERR value is not a valid float");
}

TEST(DebugTest, CanLeaveExpiredKeysAlone) {
  TestServer server;
  TestClient client(server);
  client.Run("DEBUG SET-ACTIVE-EXPIRE 0");
  client.Run("SET a 1 PX 10");
  server.Advance(20);
  EXPECT_EQ(client.Run("DBSIZE"), "1");
  EXPECT_EQ(client.Run("GET a"), "nil");
  client.Run("DEBUG SET-ACTIVE-EXPIRE 1");
  client.Run("SET a 1 PX 10");
  server.Advance(20);
  EXPECT_EQ(client.Run("DBSIZE"), "0");
}

TEST(ServerTest, TellsTheTime) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("TIME"), "[\"1700000000\" \"0\"]");
}

TEST(ServerTest, ShutsDown) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("SHUTDOWN SAVE NOSAVE"), "-ERR syntax error");
  EXPECT_EQ(client.Run("SHUTDOWN ABORT"), "-ERR No shutdown in progress.");
  EXPECT_FALSE(server.engine.shutdown_requested());
  EXPECT_EQ(client.Run("SHUTDOWN NOSAVE"), "");
  EXPECT_TRUE(server.engine.shutdown_requested());
}

}  // namespace
}  // namespace leat::testing
