// XINFO of consumer groups: GROUPS, CONSUMERS and STREAM FULL; how far a group has read, in
// entries.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class StreamInfoGroupTest : public ::testing::Test {
 protected:
  // Entries 1-0 … `entries`-0; of group g, c has 1-0 … 3-0 pending, d has 4-0, and 2-0 is released.
  void Fill(int entries) {
    for (int i = 1; i <= entries; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n x");
    client.Run("XGROUP CREATE t g 0");
    client.Run("XREADGROUP GROUP g c COUNT 3 STREAMS t >");
    server.Advance(10);
    client.Run("XREADGROUP GROUP g d COUNT 1 STREAMS t >");
    client.Run("XNACK t g FAIL IDS 1 2-0");
    client.Run("XGROUP CREATE t a 2-0");
    client.Run("XGROUP CREATECONSUMER t a idle");
    server.Advance(10);
  }
  // What follows a field's name in a reply, up to the next field's.
  static std::string After(const std::string& reply, const std::string& field) {
    const std::string name = "\"" + field + "\" ";
    const size_t at = reply.find(name);
    if (at == std::string::npos) return "no " + field + " in " + reply;
    const size_t begin = at + name.size();
    return reply.substr(begin, reply.find_first_of(" ]", begin) - begin);
  }
  // The counter and the lag of group g, as "3, lag 2": unknown ones are "nil".
  std::string Progress() {
    const std::string info = client.Run("XINFO GROUPS t");
    return After(info, "entries-read") + ", lag " + After(info, "lag");
  }

  TestServer server;
  TestClient client{server};
};

TEST_F(StreamInfoGroupTest, RefusesWhatIsNotThere) {
  client.Run("SET s x");
  client.Run("XADD t 1-0 n x");
  const char* const wrong_type =
      "-WRONGTYPE Operation against a key holding the wrong kind of value";
  const struct {
    const char* call;
    const char* reply;
  } cases[] = {
      {"XINFO GROUPS", "-ERR wrong number of arguments for 'xinfo|groups' command"},
      {"XINFO GROUPS t x", "-ERR wrong number of arguments for 'xinfo|groups' command"},
      {"XINFO CONSUMERS t", "-ERR wrong number of arguments for 'xinfo|consumers' command"},
      {"XINFO NOSUCH t", "-ERR unknown subcommand 'NOSUCH'. Try XINFO HELP."},
      {"XINFO GROUPS missing", "-ERR no such key"},
      {"XINFO CONSUMERS missing g", "-ERR no such key"},
      {"XINFO STREAM missing FULL", "-ERR no such key"},
      {"XINFO GROUPS s", wrong_type},
      {"XINFO CONSUMERS s g", wrong_type},
      {"XINFO STREAM s FULL", wrong_type},
      {"XINFO CONSUMERS t g", "-NOGROUP No such consumer group 'g' for key name 't'"},
      {"XINFO GROUPS t", "[]"},
  };
  for (const auto& one : cases) EXPECT_EQ(client.Run(one.call), one.reply) << one.call;
}

TEST_F(StreamInfoGroupTest, GroupsInTheOrderOfTheirNames) {
  Fill(5);
  EXPECT_EQ(client.Run("XINFO GROUPS t"),
            "[[\"name\" \"a\" \"consumers\" 1 \"pending\" 0 \"last-delivered-id\" \"2-0\" "
            "\"entries-read\" nil \"lag\" nil] "
            "[\"name\" \"g\" \"consumers\" 2 \"pending\" 4 \"last-delivered-id\" \"4-0\" "
            "\"entries-read\" 4 \"lag\" 1]]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XINFO GROUPS t"),
            "[{\"name\": \"a\", \"consumers\": 1, \"pending\": 0, \"last-delivered-id\": \"2-0\", "
            "\"entries-read\": nil, \"lag\": nil} "
            "{\"name\": \"g\", \"consumers\": 2, \"pending\": 4, \"last-delivered-id\": \"4-0\", "
            "\"entries-read\": 4, \"lag\": 1}]");
}

TEST_F(StreamInfoGroupTest, ConsumersWithWhatIsTheirs) {
  Fill(5);
  EXPECT_EQ(client.Run("XINFO CONSUMERS t a"),
            "[[\"name\" \"idle\" \"pending\" 0 \"idle\" 10 \"inactive\" -1]]");
  client.Run("HELLO 3");
  EXPECT_EQ(client.Run("XINFO CONSUMERS t g"),
            "[{\"name\": \"c\", \"pending\": 2, \"idle\": 20, \"inactive\": 20} "
            "{\"name\": \"d\", \"pending\": 1, \"idle\": 10, \"inactive\": 10}]");
}

TEST_F(StreamInfoGroupTest, FullShowsGroupsWithWhatIsPending) {
  Fill(4);
  client.Run("HELLO 3");
  const std::string full = client.Run("XINFO STREAM t FULL");
  const std::string groups = full.substr(full.find("\"groups\""));
  EXPECT_EQ(
      groups,
      "\"groups\": [{\"name\": \"a\", \"last-delivered-id\": \"2-0\", \"entries-read\": nil, "
      "\"lag\": nil, \"pel-count\": 0, \"nacked-count\": 0, \"pending\": [], \"consumers\": "
      "[{\"name\": \"idle\", \"seen-time\": 1700000000010, \"active-time\": -1, \"pel-count\": 0, "
      "\"pending\": []}]} "
      "{\"name\": \"g\", \"last-delivered-id\": \"4-0\", \"entries-read\": 4, "
      "\"lag\": 0, \"pel-count\": 4, \"nacked-count\": 1, \"pending\": "
      "[[\"1-0\" \"c\" 1700000000000 1] [\"2-0\" \"\" 0 1] [\"3-0\" \"c\" 1700000000000 1] "
      "[\"4-0\" \"d\" 1700000000010 1]], \"consumers\": "
      "[{\"name\": \"c\", \"seen-time\": 1700000000000, \"active-time\": 1700000000000, "
      "\"pel-count\": 2, \"pending\": [[\"1-0\" 1700000000000 1] [\"3-0\" 1700000000000 1]]} "
      "{\"name\": \"d\", \"seen-time\": 1700000000010, \"active-time\": 1700000000010, "
      "\"pel-count\": 1, \"pending\": [[\"4-0\" 1700000000010 1]]}]}]}");
}

TEST_F(StreamInfoGroupTest, FullShowsTenOfEachListUnlessCountSaysOtherwise) {
  for (int i = 1; i <= 12; ++i) client.Run("XADD t " + std::to_string(i) + "-0 n x");
  client.Run("XGROUP CREATE t g 0");
  client.Run("XREADGROUP GROUP g c STREAMS t >");
  const struct {
    const char* call;
    size_t shown;
  } cases[] = {{"XINFO STREAM t FULL", 10},
               {"XINFO STREAM t FULL COUNT 1", 1},
               {"XINFO STREAM t FULL COUNT 0", 12},
               {"XINFO STREAM t FULL COUNT -3", 10},
               {"XINFO STREAM t full count 11", 11}};
  for (const auto& one : cases) {
    const std::string full = client.Run(one.call);
    const auto count = [&full](const std::string& what) {
      size_t found = 0;
      for (size_t at = full.find(what); at != std::string::npos; at = full.find(what, at + 1)) {
        ++found;
      }
      return found;
    };
    EXPECT_EQ(count("[\"n\" \"x\"]"), one.shown) << one.call;
    EXPECT_EQ(count("\"c\" 1700000000000"), one.shown) << one.call;    // of the group
    EXPECT_EQ(count("-0\" 1700000000000 1]"), one.shown) << one.call;  // of the consumer
    EXPECT_EQ(After(full, "pel-count"), "12") << one.call;
  }
}

// As far as redis-server 7.0 knows it.
TEST_F(StreamInfoGroupTest, CountsWhatTheGroupHasRead) {
  const struct {
    const char* call;
    const char* progress;
  } cases[] = {
      {"XGROUP CREATE t g 0 MKSTREAM", "nil, lag 0"},
      {"XADD t 1-0 n x", "nil, lag 1"},
      {"XADD t 2-0 n x", "nil, lag 2"},
      {"XREADGROUP GROUP g c COUNT 1 STREAMS t >", "1, lag 1"},
      {"XADD t 3-0 n x", "1, lag 2"},
      {"XREADGROUP GROUP g c NOACK COUNT 1 STREAMS t >", "2, lag 1"},
      {"XREADGROUP GROUP g c STREAMS t 0", "2, lag 1"},
      {"XADD t 4-0 n x", "2, lag 2"},
      {"XDEL t 1-0", "2, lag 2"},  // behind the group
      {"XADD t 5-0 n x", "2, lag 3"},
      {"XDEL t 3-0", "2, lag nil"},  // ahead of it
      {"XREADGROUP GROUP g c COUNT 1 STREAMS t >", "3, lag 2"},
      {"XTRIM t MINID 5-0", "3, lag 2"},
      {"XGROUP SETID t g 0", "nil, lag 1"},
      {"XREADGROUP GROUP g c STREAMS t >", "5, lag 0"},
      {"XGROUP SETID t g 2-0 ENTRIESREAD 2", "2, lag 3"},  // the deletion was trimmed away
      {"XGROUP SETID t g 4-0 ENTRIESREAD 4", "4, lag 1"},
      {"XGROUP SETID t g 4-0", "nil, lag 1"},
      {"XGROUP SETID t g $", "nil, lag 0"},
      {"XGROUP SETID t g 9-0", "nil, lag nil"},
      {"XGROUP SETID t g 5-0 ENTRIESREAD 0", "0, lag 5"},
      {"XDEL t 5-0", "0, lag 5"},
  };
  for (const auto& one : cases) {
    client.Run(one.call);
    EXPECT_EQ(Progress(), one.progress) << one.call;
  }
}

}  // namespace
}  // namespace leat::testing
