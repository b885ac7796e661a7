#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(DispatchTest, EchoesWhatItDoesNotKnowWithinBounds) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("NOSUCH a b"),
            "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ");
  EXPECT_EQ(client.Call({"no\r\nsu", "a\r\nb", std::string("c\0d", 3), "\xff"}),
            "-ERR unknown command 'no  su', with args beginning with: 'a  b' 'c' '\xff' ");
  EXPECT_EQ(client.Call({std::string(200, 'x'), std::string(100, 'y'), std::string(100, 'z'), "w"}),
            "-ERR unknown command '" + std::string(128, 'x') + "', with args beginning with: '" +
                std::string(100, 'y') + "' '" + std::string(25, 'z') + "' ");
  EXPECT_EQ(client.Call({"CLIENT", std::string(200, 'x')}),
            "-ERR unknown subcommand '" + std::string(128, 'x') + "'. Try CLIENT HELP.");
}

TEST(DispatchTest, ABrowserIsTurnedAway) {
  TestServer server;
  TestClient client(server);
  client.Send("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n");
  EXPECT_EQ(client.Received(), "");
  EXPECT_FALSE(client.connected());
}

TEST(DispatchTest, ARejectedExecEndsTheTransaction) {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  EXPECT_EQ(client.Run("EXEC x"),
            "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' "
            "command");
  EXPECT_EQ(client.Run("EXEC"), "-ERR EXEC without MULTI");
}

TEST(DispatchTest, AFailedTransactionKeepsNothingMore) {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SET a 1");
  client.Run("NOSUCH");
  EXPECT_EQ(client.Run("SET b 1"), "QUEUED");
  EXPECT_EQ(client.session().transaction->calls.size(), 1u);
  EXPECT_EQ(client.Run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
}

TEST(DispatchTest, CountsErrorsAsTheClientSawThem) {
  TestServer server;
  TestClient client(server);
  client.Run("NOSUCH");
  client.Run("EXEC x");
  client.Run("AUTH a b");
  client.Run("CLIENT REPLY SKIP");
  client.Run("GET");
  const auto& errors = server.engine.statistics.errors;
  EXPECT_EQ(errors.at("ERR"), 2u);
  EXPECT_EQ(errors.at("EXECABORT"), 1u);
  EXPECT_EQ(errors.at("WRONGPASS"), 1u);
  EXPECT_EQ(server.engine.commands.Find("get")->rejected_calls, 1u);
  EXPECT_EQ(server.engine.commands.Find("auth")->failed_calls, 1u);
}

TEST(DispatchTest, AProtocolErrorIsTheLastReply) {
  TestServer server;
  TestClient client(server);
  client.Send("PING\r\n*1\r\n$x\r\nPING\r\n");
  EXPECT_EQ(client.Received(), "PONG | -ERR Protocol error: invalid bulk length");
  EXPECT_FALSE(client.connected());
}

}  // namespace
}  // namespace leat::testing
