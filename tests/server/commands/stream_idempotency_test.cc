// XADD with IDMP and IDMPAUTO, XCFGSET, XIDMPRECORD, and what XINFO STREAM tells of them.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

class StreamIdempotencyTest : public ::testing::Test {
 protected:
  std::string Run(std::string_view line) { return client.Run(line); }
  std::string Call(const std::vector<std::string>& args) { return client.Call(args); }

  // The fields that XINFO STREAM has for idempotent appends, as "duration maxsize pids iids added
  // duplicates".
  std::string Info(const std::string& key, const std::string& options = "") {
    const std::string info = Run("XINFO STREAM " + key + options);
    std::string text;
    for (const char* field : {"idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked",
                              "iids-added", "iids-duplicates"}) {
      const std::string label = "\"" + std::string(field) + "\" ";
      const size_t at = info.find(label);
      EXPECT_NE(at, std::string::npos) << info;
      if (at == std::string::npos) return info;
      const size_t value = at + label.size();
      text += (text.empty() ? "" : " ") + info.substr(value, info.find(' ', value) - value);
    }
    return text;
  }

  TestServer server;
  TestClient client{server};
};

struct Refusal {
  std::vector<std::string> call;
  std::string error;
};

const std::string kBadId = "-ERR Invalid stream ID specified as stream command argument";
const std::string kArity = "-ERR wrong number of arguments for 'xadd' command";
const std::string kRepeated = "-ERR syntax error, IDMP/IDMPAUTO specified multiple times";
const std::string kExplicit =
    "-ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";

TEST_F(StreamIdempotencyTest, RefusesAppendsInTheOrderOfTheirOptions) {
  const std::vector<Refusal> refusals = {
      {{"XADD", "t", "IDMP", "p", "i", "IDMP", "p", "i", "*", "f", "v"}, kRepeated},
      {{"XADD", "t", "IDMPAUTO", "p", "IDMP", "p", "i", "*", "f", "v"}, kRepeated},
      {{"XADD", "t", "idmp", "p", "i", "idmpauto", "p", "*", "f", "v"}, kRepeated},
      {{"XADD", "t", "IDMP", "p", "i", "IDMP", "", "", "*", "f", "v"}, kRepeated},
      {{"XADD", "t", "IDMP", "", "i", "*", "f", "v"},
       "-ERR syntax error, IDMP requires a non-empty producer ID"},
      {{"XADD", "t", "IDMP", "", "", "*", "f", "v"},
       "-ERR syntax error, IDMP requires a non-empty producer ID"},
      {{"XADD", "t", "IDMPAUTO", "", "*", "f", "v"},
       "-ERR syntax error, IDMPAUTO requires a non-empty producer ID"},
      {{"XADD", "t", "IDMP", "p", "", "*", "f", "v"},
       "-ERR syntax error, IDMP requires a non-empty idempotent ID"},
      {{"XADD", "t", "IDMP", "p", "", "MAXLEN", "-1", "*", "f", "v"},
       "-ERR syntax error, IDMP requires a non-empty idempotent ID"},
      {{"XADD", "t", "MAXLEN", "-1", "IDMP", "p", "", "*", "f", "v"},
       "-ERR The MAXLEN argument must be >= 0."},
      {{"XADD", "t", "IDMP", "p", "i", "5-1", "f", "v"}, kExplicit},
      {{"XADD", "t", "IDMP", "p", "i", "5-*", "f", "v"}, kExplicit},
      {{"XADD", "t", "IDMPAUTO", "p", "0-0", "f", "v"}, kExplicit},
      {{"XADD", "t", "IDMPAUTO", "p", "5-1", "f"}, kExplicit},
      {{"XADD", "t", "IDMP", "p", "i", "5-x", "f", "v"}, kBadId},
      // The star is the iid.
      {{"XADD", "t", "IDMP", "p", "*", "f", "v"}, kBadId},
      {{"XADD", "t", "IDMPAUTO", "*", "f", "v"}, kBadId},
      // Too few arguments follow: the word is taken for the ID.
      {{"XADD", "t", "MAXLEN", "5", "IDMP", "p"}, kBadId},
      {{"XADD", "t", "MAXLEN", "5", "IDMP"}, kBadId},
      {{"XADD", "t", "NOMKSTREAM", "MAXLEN", "5", "IDMPAUTO"}, kBadId},
      {{"XADD", "t", "IDMP", "p", "i", "*"}, kArity},
      {{"XADD", "t", "IDMP", "p", "i", "*", "f"}, kArity},
      {{"XADD", "t", "IDMP", "p", "i", "MAXLEN", "5"}, kArity},
  };
  for (const auto& [call, error] : refusals) {
    EXPECT_EQ(Call(call), error) << ::testing::PrintToString(call);
  }
  EXPECT_EQ(Run("EXISTS t"), "0");
}

TEST_F(StreamIdempotencyTest, ChecksTheKeyBeforeItLooksForADuplicate) {
  Run("SET s x");
  EXPECT_EQ(Run("XADD s IDMP p i * f"), kArity);
  EXPECT_EQ(Run("XADD s IDMP p i * f v"),
            "-WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(Run("XADD t NOMKSTREAM IDMP p i * f v"), "nil");
  EXPECT_EQ(Run("EXISTS t"), "0");
}

TEST_F(StreamIdempotencyTest, ADuplicateIsAnsweredWithTheFirstEntryAndChangesNothing) {
  const std::string first = Run("XADD t IDMP p i * f v");
  const std::string second = Run("XADD t IDMP p j * f v");
  EXPECT_EQ(first, "\"1700000000000-0\"");
  EXPECT_NE(second, first);
  server.Advance(10);
  EXPECT_EQ(Run("XADD t IDMP p i * other fields"), first);
  EXPECT_EQ(Run("XADD t NOMKSTREAM IDMP p i MAXLEN 0 * f v"), first);
  EXPECT_EQ(Run("XLEN t"), "2");
  EXPECT_EQ(Run("XREVRANGE t + - COUNT 1"), "[[" + second + " [\"f\" \"v\"]]]");
  EXPECT_EQ(Info("t"), "100 100 1 2 2 2");
  EXPECT_EQ(Info("t", " FULL"), "100 100 1 2 2 2");
}

TEST_F(StreamIdempotencyTest, AFirstAppendTrims) {
  Run("XADD t IDMP p 1 * f v");
  Run("XADD t IDMP p 2 MAXLEN 1 * f v");
  EXPECT_EQ(Run("XLEN t"), "1");
  Run("XADD t MAXLEN 0 IDMP p 3 * f v");
  EXPECT_EQ(Run("XLEN t"), "0");
  EXPECT_EQ(Info("t"), "100 100 1 3 3 0");
}

TEST_F(StreamIdempotencyTest, KnowsTheDuplicateOfAnEntryThatIsGone) {
  const std::string first = Run("XADD t IDMP p i * f v");
  Run("XDEL t " + first);
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  Run("XTRIM t MAXLEN 0");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Run("XLEN t"), "0");
  Run("DEL t");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), "\"1700000000000-0\"");
  EXPECT_EQ(Run("XLEN t"), "1");
  EXPECT_EQ(Info("t"), "100 100 1 1 1 0");
}

TEST_F(StreamIdempotencyTest, ADuplicateIsFoundBeforeTheIdsAreUsedUp) {
  const std::string first = Run("XADD t IDMP p i * f v");
  Run("XADD t 18446744073709551615-18446744073709551615 f v");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Run("XADD t IDMP q i * f v"),
            "-ERR The stream has exhausted the last possible ID, unable to add more items");
  EXPECT_EQ(Info("t"), "100 100 1 1 1 1");
}

TEST_F(StreamIdempotencyTest, EachProducerOfEachStreamHasItsOwnIds) {
  const std::string first = Run("XADD t IDMP p i * f v");
  EXPECT_NE(Run("XADD t IDMP q i * f v"), first);
  Run("XADD u IDMP p i * f v");
  EXPECT_EQ(Run("XLEN t"), "2");
  EXPECT_EQ(Run("XLEN u"), "1");
  EXPECT_EQ(Info("t"), "100 100 2 2 2 0");
  // Where one ends and the other begins matters.
  EXPECT_NE(Run("XADD t IDMP pi x * f v"), Run("XADD t IDMP p ix * f v"));
}

TEST_F(StreamIdempotencyTest, ProducersAndIdsAreAnyBytes) {
  const std::vector<std::string> names = {"*",
                                          "-",
                                          "IDMP",
                                          std::string("\0", 1),
                                          std::string("\0\0", 2),
                                          std::string(65536, 'x'),
                                          std::string(65536, 'x') + "y"};
  std::map<std::string, int> ids;
  for (const std::string& producer : names) {
    for (const std::string& iid : names) {
      const std::vector<std::string> call = {"XADD", "t", "IDMP", producer, iid, "*", "f", "v"};
      const std::string id = Call(call);
      ++ids[id];
      EXPECT_EQ(Call(call), id);
    }
  }
  EXPECT_EQ(ids.size(), names.size() * names.size());
}

TEST_F(StreamIdempotencyTest, MakesAnIdOfTheFieldsWhateverTheirOrder) {
  const std::string first = Run("XADD t IDMPAUTO p * a 1 b 2");
  EXPECT_EQ(Run("XADD t IDMPAUTO p * b 2 a 1"), first);
  for (const char* other : {"a 1", "a 1 b 2 b 2", "a 1 a 1 b 2", "a 2 b 1", "a b 1 2", "1 a 2 b",
                            "a1 \"\" b 2", "a \"\" b 2", "\"\" a1 b 2", "a 1 b 2 \"\" \"\""}) {
    const std::string call = "XADD t IDMPAUTO p * " + std::string(other);
    const std::string id = Run(call);
    EXPECT_NE(id, first) << call;
    EXPECT_EQ(Run(call), id) << call;
  }
  EXPECT_EQ(Run("XLEN t"), "11");
  EXPECT_NE(Run("XADD t IDMPAUTO q * a 1 b 2"), first);
}

TEST_F(StreamIdempotencyTest, AMadeIdIsSixteenBytesOfTheProducersIds) {
  const std::string first = Run("XADD t IDMPAUTO p * f v");
  // XXH3-128 of "f", 1 as eight bytes, "v", here mixed with itself.
  const base::Hash128 pair = base::HashBytes128({std::string_view("f\1\0\0\0\0\0\0\0v", 10)});
  const uint64_t halves[] = {pair.low ^ (pair.high << 1 | pair.high >> 63),
                             pair.high ^ (pair.low << 1 | pair.low >> 63)};
  const std::string iid(reinterpret_cast<const char*>(halves), sizeof(halves));
  EXPECT_EQ(Call({"XADD", "t", "IDMP", "p", iid, "*", "other", "fields"}), first);
}

TEST_F(StreamIdempotencyTest, ForgetsWhatIsOlderThanTheDuration) {
  Run("XADD t 1-1 f v");
  Run("XCFGSET t IDMP-DURATION 1");
  const std::string first = Run("XADD t IDMP p i * f v");
  server.Advance(600);
  Run("XADD t IDMP q i * f v");
  server.Advance(399);
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Info("t"), "1 100 2 2 2 1");
  server.Advance(1);
  EXPECT_EQ(Info("t"), "1 100 1 1 2 1");
  EXPECT_NE(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Info("t"), "1 100 2 2 3 1");
  server.Advance(1000);
  EXPECT_EQ(Info("t"), "1 100 0 0 3 1");
}

TEST_F(StreamIdempotencyTest, AnEntryAheadOfTheClockIsRememberedLonger) {
  Run("XADD t 1700000005000-0 f v");
  Run("XCFGSET t IDMP-DURATION 1");
  const std::string first = Run("XADD t IDMP p i * f v");
  EXPECT_EQ(first, "\"1700000005000-1\"");
  server.Advance(5999);
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  server.Advance(1);
  EXPECT_NE(Run("XADD t IDMP p i * f v"), first);
}

TEST_F(StreamIdempotencyTest, KeepsTheLastIdsOfEachProducer) {
  Run("XADD t 1-1 f v");
  Run("XCFGSET t IDMP-MAXSIZE 2");
  const std::string first = Run("XADD t IDMP p 1 * f v");
  const std::string second = Run("XADD t IDMP p 2 * f v");
  Run("XADD t IDMP q 1 * f v");
  EXPECT_EQ(Run("XADD t IDMP p 1 * f v"), first);  // which does not make it younger
  Run("XADD t IDMP p 3 * f v");
  EXPECT_EQ(Info("t"), "100 2 2 3 4 1");
  EXPECT_EQ(Run("XADD t IDMP p 2 * f v"), second);
  EXPECT_NE(Run("XADD t IDMP p 1 * f v"), first);
  EXPECT_EQ(Info("t"), "100 2 2 3 5 2");
}

TEST_F(StreamIdempotencyTest, ADuplicateWakesNobody) {
  const std::string first = Run("XADD t IDMP p i * f v");
  TestClient reader(server);
  EXPECT_EQ(reader.Run("XREAD BLOCK 0 STREAMS t $"), "");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  server.EndTurn();
  EXPECT_EQ(reader.Received(), "");
  const std::string second = Run("XADD t IDMP p j * f v");
  server.EndTurn();
  EXPECT_EQ(reader.Received(), "[[\"t\" [[" + second + " [\"f\" \"v\"]]]]]");
}

TEST_F(StreamIdempotencyTest, IsKnownWithinItsTransaction) {
  Run("MULTI");
  Run("XADD t IDMP p i * f v");
  Run("XADD t IDMP p i * f v");
  EXPECT_EQ(Run("EXEC"), "[\"1700000000000-0\" \"1700000000000-0\"]");
  EXPECT_EQ(Run("XLEN t"), "1");
}

TEST_F(StreamIdempotencyTest, StaysWithTheValueOfTheKey) {
  const std::string first = Run("XADD t IDMP p i * f v");
  Run("XCFGSET t IDMP-MAXSIZE 100");
  Run("COPY t u");
  Run("RENAME t v");
  Run("MOVE v 1");
  Run("SWAPDB 0 1");
  EXPECT_EQ(Run("XADD v IDMP p i * f v"), first);
  EXPECT_EQ(Info("v"), "100 100 1 1 1 1");
  Run("SELECT 1");
  EXPECT_EQ(Info("u"), "100 100 1 1 1 0");
  Run("XADD u IDMP p j * f v");
  EXPECT_EQ(Run("XADD u IDMP p i * f v"), first);
  EXPECT_EQ(Info("u"), "100 100 1 2 2 1");
}

TEST_F(StreamIdempotencyTest, XCfgSetRefusesInItsOrder) {
  Run("SET s x");
  Run("XADD t IDMP p i * f v");
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"XCFGSET", "-ERR wrong number of arguments for 'xcfgset' command"},
      {"XCFGSET missing", "-ERR no such key"},
      {"XCFGSET missing IDMP-DURATION x", "-ERR no such key"},
      {"XCFGSET s NO", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
      {"XCFGSET t", "-ERR At least one parameter must be specified"},
      {"XCFGSET t NO 1", "-ERR syntax error"},
      {"XCFGSET t IDMP-DURATION", "-ERR syntax error"},
      {"XCFGSET t IDMP-MAXSIZE 5 IDMP-DURATION", "-ERR syntax error"},
      {"XCFGSET t IDMP-MAXSIZE 5 IDMP-MAXSIZE", "-ERR syntax error"},
      {"XCFGSET t IDMP-DURATION 5 IDMP-DURATION x", "-ERR IDMP-DURATION specified multiple times"},
      {"XCFGSET t IDMP-MAXSIZE 5 idmp-maxsize 5", "-ERR IDMP-MAXSIZE specified multiple times"},
      {"XCFGSET t IDMP-DURATION x", "-ERR value is not an integer or out of range"},
      {"XCFGSET t IDMP-DURATION +5", "-ERR value is not an integer or out of range"},
      {"XCFGSET t IDMP-MAXSIZE 05", "-ERR value is not an integer or out of range"},
      {"XCFGSET t IDMP-MAXSIZE 9223372036854775808",
       "-ERR value is not an integer or out of range"},
      {"XCFGSET t IDMP-DURATION 0", "-ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET t IDMP-DURATION 86401", "-ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET t IDMP-DURATION -1", "-ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET t IDMP-DURATION 4294967297",
       "-ERR IDMP-DURATION must be between 1 and 86400 seconds"},
      {"XCFGSET t IDMP-MAXSIZE 0", "-ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
      {"XCFGSET t IDMP-MAXSIZE 10001", "-ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
      {"XCFGSET t IDMP-DURATION 5 IDMP-MAXSIZE 0",
       "-ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
      {"XCFGSET t IDMP-DURATION 5 NO", "-ERR syntax error"},
  };
  for (const auto& [call, error] : refusals) EXPECT_EQ(Run(call), error) << call;
  EXPECT_EQ(Info("t"), "100 100 1 1 1 0");
  EXPECT_EQ(Run("EXISTS missing"), "0");
}

TEST_F(StreamIdempotencyTest, XCfgSetForgetsWhereAValueChanges) {
  const std::string first = Run("XADD t IDMP p i * f v");
  EXPECT_EQ(Run("XCFGSET t IDMP-DURATION 100"), "OK");
  EXPECT_EQ(Run("XCFGSET t idmp-maxsize 100 idmp-duration 100"), "OK");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Run("XCFGSET t IDMP-DURATION 86400 IDMP-MAXSIZE 10000"), "OK");
  EXPECT_EQ(Info("t"), "86400 10000 0 0 1 1");
  EXPECT_NE(Run("XADD t IDMP p i * f v"), first);
  EXPECT_EQ(Run("XCFGSET t IDMP-MAXSIZE 1"), "OK");
  EXPECT_EQ(Info("t"), "86400 1 0 0 2 1");
}

TEST_F(StreamIdempotencyTest, ANewStreamTakesItsSettingsFromTheServer) {
  Run("XADD old * f v");
  Run("CONFIG SET stream-idmp-duration 7 stream-idmp-maxsize 9");
  Run("XADD new * f v");
  Run("XGROUP CREATE grouped g $ MKSTREAM");
  Run("XADD old * f v");
  Run("CONFIG SET stream-idmp-duration 100 stream-idmp-maxsize 100");
  EXPECT_EQ(Info("old"), "100 100 0 0 0 0");
  EXPECT_EQ(Info("new"), "7 9 0 0 0 0");
  EXPECT_EQ(Info("grouped"), "7 9 0 0 0 0");
  Run("DEL new");
  Run("XADD new * f v");
  EXPECT_EQ(Info("new"), "100 100 0 0 0 0");
  EXPECT_EQ(Run("CONFIG SET stream-idmp-duration 86401"),
            "-ERR CONFIG SET failed (possibly related to argument 'stream-idmp-duration') - "
            "argument must be between 1 and 86400 inclusive");
  EXPECT_EQ(Run("CONFIG SET stream-idmp-maxsize 0"),
            "-ERR CONFIG SET failed (possibly related to argument 'stream-idmp-maxsize') - "
            "argument must be between 1 and 10000 inclusive");
  EXPECT_EQ(Run("CONFIG GET stream-idmp-*"),
            "[\"stream-idmp-duration\" \"100\" \"stream-idmp-maxsize\" \"100\"]");
}

TEST_F(StreamIdempotencyTest, XIdmpRecordRefusesInItsOrder) {
  Run("SET s x");
  const std::string first = Run("XADD t IDMP p i * f v");
  const std::string second = Run("XADD t * f v");
  const auto id = [](const std::string& quoted) { return quoted.substr(1, quoted.size() - 2); };
  const std::vector<Refusal> refusals = {
      {{"XIDMPRECORD", "t", "p", "i"}, "-ERR wrong number of arguments for 'xidmprecord' command"},
      {{"XIDMPRECORD", "missing", "", "", "*"}, kBadId},
      {{"XIDMPRECORD", "missing", "", "", "1-*"}, kBadId},
      {{"XIDMPRECORD", "missing", "", "", "1-1"}, "-ERR producer ID must be non-empty"},
      {{"XIDMPRECORD", "missing", "p", "", "1-1"}, "-ERR idempotent ID must be non-empty"},
      {{"XIDMPRECORD", "missing", "p", "i", "1-1"}, "-ERR no such key"},
      {{"XIDMPRECORD", "s", "p", "i", "1-1"},
       "-WRONGTYPE Operation against a key holding the wrong kind of value"},
      {{"XIDMPRECORD", "t", "p", "i", "1-1"}, "-ERR No such message in stream"},
      {{"XIDMPRECORD", "t", "p", "i", id(second)},
       "-ERR IID already exists for this producer with a different stream ID"},
  };
  for (const auto& [call, error] : refusals) {
    EXPECT_EQ(Call(call), error) << ::testing::PrintToString(call);
  }
  EXPECT_EQ(Info("t"), "100 100 1 1 1 0");
  EXPECT_EQ(Call({"XIDMPRECORD", "t", "p", "i", id(first)}), "OK");
  EXPECT_EQ(Info("t"), "100 100 1 1 1 0");
}

TEST_F(StreamIdempotencyTest, XIdmpRecordMakesAnEntryKnown) {
  const std::string first = Run("XADD t * f v");
  EXPECT_EQ(Run("XIDMPRECORD t p i " + first), "OK");
  EXPECT_EQ(Run("XIDMPRECORD t q i " + first), "OK");
  EXPECT_EQ(Info("t"), "100 100 2 2 2 0");
  EXPECT_EQ(Run("XADD t IDMP p i * f v"), first);
  Run("XCFGSET t IDMP-MAXSIZE 1");
  Run("XIDMPRECORD t p i " + first);
  Run("XIDMPRECORD t p j " + first);
  EXPECT_EQ(Info("t"), "100 1 1 1 4 1");
  EXPECT_EQ(Run("XADD t IDMP p j * f v"), first);
  EXPECT_NE(Run("XADD t IDMP p i * f v"), first);
}

TEST_F(StreamIdempotencyTest, XIdmpRecordOfAnEntryThatIsTooOldIsForgottenAtOnce) {
  Run("XADD t 1-1 f v");
  EXPECT_EQ(Run("XIDMPRECORD t p i 1-1"), "OK");
  EXPECT_EQ(Run("XIDMPRECORD t p i 1-1"), "OK");
  EXPECT_EQ(Info("t"), "100 100 0 0 2 0");
  EXPECT_NE(Run("XADD t IDMP p i * f v"), "\"1-1\"");
}

}  // namespace
}  // namespace leat::testing
