#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(MonitorTest, ShowsCallsAsLines) {
  TestServer server;
  TestClient monitor(server);
  TestClient client(server);
  EXPECT_EQ(monitor.Run("MONITOR"), "OK");
  EXPECT_EQ(monitor.Run("MONITOR"), "");
  client.Call({"SET", "key", std::string("a b\0\xff\"\\\r\n", 9)});
  EXPECT_EQ(
      monitor.Received(),
      "1700000000.000000 [0 127.0.0.1:50002] \"SET\" \"key\" \"a b\\x00\\xff\\\"\\\\\\r\\n\"");
  client.Run("select 5");
  EXPECT_EQ(monitor.Received(), "1700000000.000000 [5 127.0.0.1:50002] \"select\" \"5\"");
}

TEST(MonitorTest, ShowsNeitherPasswordsNorAdministration) {
  TestServer server;
  TestClient monitor(server);
  TestClient client(server);
  monitor.Run("MONITOR");
  client.Run("CONFIG GET port");
  client.Run("GET");
  client.Run("NOSUCH");
  EXPECT_EQ(monitor.Received(), "");
  client.Run("AUTH default secret");
  EXPECT_EQ(monitor.Received(),
            "1700000000.000000 [0 127.0.0.1:50002] \"AUTH\" \"(redacted)\" \"(redacted)\"");
  client.Run("HELLO 2 AUTH default secret");
  EXPECT_EQ(monitor.Received(),
            "1700000000.000000 [0 127.0.0.1:50002] \"HELLO\" \"2\" \"AUTH\" \"(redacted)\" "
            "\"(redacted)\"");
}

TEST(MonitorTest, ShowsTransactionsWhenTheyRun) {
  TestServer server;
  TestClient monitor(server);
  TestClient client(server);
  monitor.Run("MONITOR");
  client.Run("MULTI");
  monitor.Received();
  client.Run("SET a 1");
  EXPECT_EQ(monitor.Received(), "");
  client.Run("EXEC");
  EXPECT_EQ(monitor.Received(),
            "1700000000.000000 [0 127.0.0.1:50002] \"SET\" \"a\" \"1\" | "
            "1700000000.000000 [0 127.0.0.1:50002] \"EXEC\"");
}

TEST(MonitorTest, AMonitorCannotUseKeys) {
  TestServer server;
  TestClient monitor(server);
  monitor.Run("MULTI");
  monitor.Run("MONITOR");
  EXPECT_EQ(monitor.Run("EXEC"), "[-ERR MONITOR isn't allowed for DENY BLOCKING client]");
  monitor.Run("MONITOR");
  EXPECT_EQ(monitor.Run("GET a"), "-ERR Replica can't interact with the keyspace");
}

}  // namespace
}  // namespace leat::testing
