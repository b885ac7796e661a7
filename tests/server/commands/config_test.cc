#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(ConfigTest, ChangesAllOrNothing) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 maxclients"),
            "-ERR wrong number of arguments for 'config|set' command");
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 nosuch 1"),
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 maxclients x"),
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument "
            "couldn't be parsed into an integer");
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 timeout 6"),
            "-ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate "
            "parameter");
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 port 7"),
            "-ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable "
            "config");
  EXPECT_EQ(client.Run("CONFIG GET timeout"), "[\"timeout\" \"0\"]");
  EXPECT_EQ(client.Run("CONFIG SET timeout 5 MAXCLIENTS 7"), "OK");
  EXPECT_EQ(client.Run("CONFIG GET timeout maxclients"),
            "[\"timeout\" \"5\" \"maxclients\" \"7\"]");
}

TEST(ConfigTest, FindsByPattern) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CONFIG GET nosuch*"), "[]");
  EXPECT_EQ(client.Run("CONFIG GET slowlog-*"),
            "[\"slowlog-log-slower-than\" \"10000\" \"slowlog-max-len\" \"128\"]");
  EXPECT_EQ(client.Run("CONFIG GET TimeOut"), "[\"TimeOut\" \"0\"]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("CONFIG GET append*"),
            "{\"appendonly\": \"yes\", \"appendfsync\": \"everysec\"}");
}

TEST(ConfigTest, ReadsUnits) {
  TestServer server;
  TestClient client(server);
  client.Run("CONFIG SET proto-max-bulk-len 2mb");
  EXPECT_EQ(client.Run("CONFIG GET proto-max-bulk-len"), "[\"proto-max-bulk-len\" \"2097152\"]");
  EXPECT_EQ(client.Run("CONFIG SET proto-max-bulk-len 1"),
            "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - "
            "argument must be between 1048576 and 9223372036854775807 inclusive");
  client.Run("CONFIG SET client-output-buffer-limit \"pubsub 1mb 512kb 10\"");
  EXPECT_EQ(client.Run("CONFIG GET client-output-buffer-limit"),
            "[\"client-output-buffer-limit\" \"normal 0 0 0 slave 268435456 67108864 60 pubsub "
            "1048576 524288 10\"]");
}

TEST(ConfigTest, RewriteNeedsAFile) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CONFIG REWRITE"), "-ERR The server is running without a config file");
}

TEST(ConfigTest, ResetsStatistics) {
  TestServer server;
  TestClient client(server);
  client.Run("GET missing");
  EXPECT_NE(client.Run("INFO stats").find("keyspace_misses:1"), std::string::npos);
  EXPECT_EQ(client.Run("CONFIG RESETSTAT"), "OK");
  EXPECT_NE(client.Run("INFO stats").find("keyspace_misses:0"), std::string::npos);
}

}  // namespace
}  // namespace leat::testing
