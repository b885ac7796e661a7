#include <gtest/gtest.h>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

TEST(StreamInfoTest, ShowsTheStateOfATopic) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("XINFO STREAM t"), "-ERR no such key");
  client.Run("XADD t 1-0 n x");
  client.Run("XADD t 2-0 n x");
  client.Run("XADD t 3-0 n x");
  client.Run("XDEL t 2-0");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XINFO STREAM t"),
            "{\"length\": 2, \"radix-tree-keys\": 1, \"radix-tree-nodes\": 2, "
            "\"last-generated-id\": \"3-0\", \"max-deleted-entry-id\": \"2-0\", "
            "\"entries-added\": 3, \"recorded-first-entry-id\": \"1-0\", "
            "\"idmp-duration\": 100, \"idmp-maxsize\": 100, \"pids-tracked\": 0, "
            "\"iids-tracked\": 0, \"iids-added\": 0, \"iids-duplicates\": 0, \"groups\": 0, "
            "\"first-entry\": [\"1-0\" [\"n\" \"x\"]], \"last-entry\": [\"3-0\" [\"n\" \"x\"]]}");
  EXPECT_EQ(client.Run("XINFO STREAM t FULL COUNT 1"),
            "{\"length\": 2, \"radix-tree-keys\": 1, \"radix-tree-nodes\": 2, "
            "\"last-generated-id\": \"3-0\", \"max-deleted-entry-id\": \"2-0\", "
            "\"entries-added\": 3, \"recorded-first-entry-id\": \"1-0\", "
            "\"idmp-duration\": 100, \"idmp-maxsize\": 100, \"pids-tracked\": 0, "
            "\"iids-tracked\": 0, \"iids-added\": 0, \"iids-duplicates\": 0, "
            "\"entries\": [[\"1-0\" [\"n\" \"x\"]]], \"groups\": []}");
}

TEST(StreamInfoTest, AnEmptyTopicHasNoEntriesToShow) {
  TestServer server;
  TestClient client(server);
  client.Run("XADD t MAXLEN 0 1-0 n x");
  const std::string info = client.Run("XINFO STREAM t");
  EXPECT_NE(info.find("\"first-entry\" nil \"last-entry\" nil"), std::string::npos) << info;
  EXPECT_NE(info.find("\"recorded-first-entry-id\" \"0-0\""), std::string::npos) << info;
}

TEST(StreamInfoTest, RefusesOtherOptions) {
  TestServer server;
  TestClient client(server);
  client.Run("XADD t 1-0 n x");
  for (const char* call : {"XINFO STREAM t HALF", "XINFO STREAM t FULL COUNT",
                           "XINFO STREAM t FULL LIMIT 1", "XINFO STREAM t FULL COUNT 1 2"}) {
    EXPECT_EQ(client.Run(call),
              "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.")
        << call;
  }
  EXPECT_EQ(client.Run("XINFO STREAM t FULL COUNT x"),
            "-ERR value is not an integer or out of range");
}

}  // namespace
}  // namespace leat::testing
