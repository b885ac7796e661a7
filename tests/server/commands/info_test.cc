#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(InfoTest, HasTheSectionsAskedFor) {
  TestServer server;
  TestClient client(server);
  const std::string defaults = client.Run("INFO");
  for (const char* section :
       {"# Server", "# Clients", "# Memory", "# Persistence", "# Stats", "# Replication", "# CPU",
        "# Errorstats", "# Cluster", "# Keyspace"}) {
    EXPECT_TRUE(Contains(defaults, section)) << section;
  }
  EXPECT_FALSE(Contains(defaults, "# Commandstats"));
  const std::string two = client.Run("INFO keyspace COMMANDSTATS");
  EXPECT_TRUE(Contains(two, "# Keyspace"));
  EXPECT_TRUE(Contains(two, "# Commandstats"));
  EXPECT_FALSE(Contains(two, "# Server"));
  EXPECT_TRUE(Contains(client.Run("INFO everything"), "# Latencystats"));
  EXPECT_EQ(client.Run("INFO nosuch"), "\"\"");
}

TEST(InfoTest, CountsWhatHappened) {
  TestServer server;
  TestClient client(server);
  client.Run("SET a 1 EX 100");
  client.Run("SET b 1");
  client.Run("GET a");
  client.Run("GET missing");
  client.Run("INCR x y");
  client.Run("XLEN a");
  const std::string stats = client.Run("INFO stats");
  EXPECT_TRUE(Contains(stats, "keyspace_hits:1\r\n")) << stats;
  EXPECT_TRUE(Contains(stats, "keyspace_misses:1\r\n"));
  EXPECT_TRUE(Contains(stats, "total_error_replies:2\r\n"));
  EXPECT_TRUE(Contains(client.Run("INFO errorstats"), "errorstat_WRONGTYPE:count=1"));
  EXPECT_TRUE(Contains(client.Run("INFO keyspace"), "db0:keys=2,expires=1,avg_ttl="));
  const std::string commands = client.Run("INFO commandstats");
  EXPECT_TRUE(Contains(commands, "cmdstat_get:calls=2,")) << commands;
  EXPECT_TRUE(
      Contains(commands, "cmdstat_incr:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1"));
  EXPECT_TRUE(Contains(commands, "cmdstat_xlen:calls=1"));
}

TEST(InfoTest, TellsOfWaitingAndSubscribedClients) {
  TestServer server;
  TestClient client(server);
  TestClient waiting(server);
  TestClient subscribed(server);
  waiting.Run("XREAD BLOCK 0 STREAMS t $");
  subscribed.Run("SUBSCRIBE news");
  const std::string clients = client.Run("INFO clients");
  EXPECT_TRUE(Contains(clients, "connected_clients:3\r\n"));
  EXPECT_TRUE(Contains(clients, "blocked_clients:1\r\n"));
  EXPECT_TRUE(Contains(clients, "pubsub_clients:1\r\n"));
}

}  // namespace
}  // namespace leat::testing
