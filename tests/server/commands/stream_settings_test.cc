#include <gtest/gtest.h>

#include "tests/server/engine/recorded_server.h"

namespace leat::testing {
namespace {

// What XINFO STREAM shows of a policy.
std::string PolicyOf(TestClient& client, const std::string& key) {
  const std::string info = client.Run("XINFO STREAM " + key);
  const size_t begin = info.find("\"iids-duplicates\" ");
  const size_t from = info.find(' ', info.find(' ', begin) + 1);
  const size_t groups = info.find("\"groups\"");
  return from + 1 >= groups ? "" : info.substr(from + 1, groups - from - 2);
}

TEST(StreamSettingsTest, SetsAndEndsAPolicy) {
  TestServer server;
  TestClient client(server);
  client.Run("XADD s 1-1 f v");
  EXPECT_EQ(PolicyOf(client, "s"), "");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5000 retention-entries 10"), "OK");
  EXPECT_EQ(PolicyOf(client, "s"),
            "\"retention-ms\" 5000 \"retention-entries\" 10 \"retention-refs\" \"KEEPREF\"");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 0 RETENTION-BYTES 7 RETENTION-REFS acked"), "OK");
  EXPECT_EQ(PolicyOf(client, "s"),
            "\"retention-bytes\" 7 \"retention-entries\" 10 \"retention-refs\" \"ACKED\"");
  EXPECT_EQ(client.Run("XCFGSET s COMPACT id RETENTION-BYTES 0 RETENTION-ENTRIES 0"), "OK");
  EXPECT_EQ(PolicyOf(client, "s"), "\"retention-refs\" \"ACKED\" \"compact\" \"id\"");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-REFS KEEPREF COMPACT \"\""), "OK");
  EXPECT_EQ(PolicyOf(client, "s"), "");
  EXPECT_EQ(server.dataset.databases[0].Find(data::MakeKey("s"))->topic()->policy_state(), nullptr);
}

TEST(StreamSettingsTest, ChangesAllOrNothing) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("XCFGSET none RETENTION-MS 1"), "-ERR no such key");
  client.Run("SET string x");
  EXPECT_TRUE(client.Run("XCFGSET string RETENTION-MS 1").starts_with("-WRONGTYPE"));
  client.Run("XADD s 1-1 f v");
  const std::string before = TextOf(server.dataset);
  EXPECT_EQ(client.Run("XCFGSET s"), "-ERR At least one parameter must be specified");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 RETENTION-BYTES -1"),
            "-ERR retention-bytes must be a number, 0 for no limit");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 RETENTION-REFS ALL"),
            "-ERR retention-refs must be KEEPREF, DELREF or ACKED");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 retention-ms 6"),
            "-ERR RETENTION-MS specified multiple times");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 COMPACT"), "-ERR syntax error");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 IDMP-DURATION 0"),
            "-ERR IDMP-DURATION must be between 1 and 86400 seconds");
  EXPECT_EQ(client.Run("XCFGSET s RETENTION-MS 5 NOSUCH 1"), "-ERR syntax error");
  EXPECT_EQ(TextOf(server.dataset), before);
}

TEST(StreamSettingsTest, GoesWithCopiesAndNamesAndIsRecovered) {
  RecordedServer recorded;
  TestClient& client = recorded.client();
  client.Run("XADD s 1-1 f v");
  client.Run("XCFGSET s RETENTION-ENTRIES 5 RETENTION-REFS DELREF COMPACT f");
  client.Run("COPY s copy");
  client.Run("RENAME s renamed");
  const std::string policy =
      "\"retention-entries\" 5 \"retention-refs\" \"DELREF\" \"compact\" \"f\"";
  EXPECT_EQ(PolicyOf(client, "copy"), policy);
  EXPECT_EQ(PolicyOf(client, "renamed"), policy);
  client.Run("XCFGSET copy RETENTION-ENTRIES 0");
  EXPECT_EQ(PolicyOf(client, "renamed"), policy);
  const std::string before = recorded.Text();
  EXPECT_NE(before.find("policy 0 0 5 1 f 0-0"), std::string::npos);
  EXPECT_EQ(recorded.TextAfterRestart(), before);
}

TEST(StreamSettingsTest, ComesFromTheFirstDefaultThatMatches) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("CONFIG SET topic-defaults \"logs:* retention-ms 5000 *:all compact id "
                       "retention-refs acked logs:x retention-entries 1\""),
            "OK");
  EXPECT_EQ(client.Run("CONFIG GET topic-defaults"),
            "[\"topic-defaults\" \"logs:* retention-ms 5000 *:all retention-refs ACKED compact id "
            "logs:x retention-entries 1\"]");
  client.Run("XADD logs:all 1-1 f v");
  EXPECT_EQ(PolicyOf(client, "logs:all"), "\"retention-ms\" 5000 \"retention-refs\" \"KEEPREF\"");
  client.Run("XGROUP CREATE my:all group $ MKSTREAM");
  EXPECT_EQ(PolicyOf(client, "my:all"), "\"retention-refs\" \"ACKED\" \"compact\" \"id\"");
  client.Run("XADD other 1-1 f v");
  EXPECT_EQ(PolicyOf(client, "other"), "");
  EXPECT_EQ(client.Run("CONFIG SET topic-defaults \"\""), "OK");
  client.Run("XADD logs:new 1-1 f v");
  EXPECT_EQ(PolicyOf(client, "logs:new"), "");
}

TEST(StreamSettingsTest, RefusesDefaultsThatMakeNoSense) {
  TestServer server;
  TestClient client(server);
  const auto error = [&client](const std::string& value) {
    const std::string reply = client.Call({"CONFIG", "SET", "topic-defaults", value});
    return reply.substr(reply.find(") - ") + 4);
  };
  EXPECT_EQ(error("compact id"), "must begin with a pattern, not 'compact'");
  EXPECT_EQ(error("a* compact"), "'compact' needs a value");
  EXPECT_EQ(error("a* retention-ms x"), "retention-ms must be a number, 0 for no limit");
  EXPECT_TRUE(error("a*").starts_with("pattern 'a*' needs options: retention-ms"));
  EXPECT_TRUE(error("a* b* compact id").starts_with("pattern 'a*' needs options"));
  EXPECT_EQ(client.Run("CONFIG GET topic-defaults"), "[\"topic-defaults\" \"\"]");
}

}  // namespace
}  // namespace leat::testing
