#include <gtest/gtest.h>

#include <string>

#include "tests/server/engine/test_server.h"

namespace leat::testing {
namespace {

constexpr char kNotInteger[] = "-ERR value is not an integer or out of range";
constexpr char kOverflow[] = "-ERR increment or decrement would overflow";
constexpr char kNotFloat[] = "-ERR value is not a valid float";

TEST(StringCounterTest, RefusesWhatIsNoInteger) {
  TestServer server;
  TestClient client(server);
  for (const char* value : {"\"\"", "abc", "1.5", "\" 1\"", "01", "+1", "-0", "0x10",
                            "9223372036854775808", "99999999999999999999999"}) {
    client.Run(std::string("SET k ") + value);
    EXPECT_EQ(client.Run("INCR k"), kNotInteger) << value;
    EXPECT_EQ(client.Run(std::string("DECRBY n ") + value), kNotInteger) << value;
  }
  EXPECT_EQ(client.Run("EXISTS n"), "0");
}

TEST(StringCounterTest, StopsAtTheEndsOf64Bits) {
  TestServer server;
  TestClient client(server);
  client.Run("SET high 9223372036854775807");
  EXPECT_EQ(client.Run("INCR high"), kOverflow);
  client.Run("SET low -9223372036854775808");
  EXPECT_EQ(client.Run("DECR low"), kOverflow);
  EXPECT_EQ(client.Run("INCRBY low -1"), kOverflow);
  EXPECT_EQ(client.Run("DECRBY none -9223372036854775808"), "-ERR decrement would overflow");
  EXPECT_EQ(client.Run("MGET high low"), "[\"9223372036854775807\" \"-9223372036854775808\"]");
}

TEST(StringCounterTest, CountsFromNothing) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("INCR k"), "1");
  EXPECT_EQ(client.Run("INCRBY k 41"), "42");
  EXPECT_EQ(client.Run("DECR k"), "41");
  EXPECT_EQ(client.Run("DECRBY k 100"), "-59");
  EXPECT_EQ(client.Run("GET k"), "\"-59\"");
}

TEST(StringCounterTest, RefusesWhatIsNoFloat) {
  TestServer server;
  TestClient client(server);
  for (const char* value : {"\"\"", "abc", "1.5x", "\" 1.5\"", "\"1.5 \"", "nan", "1e5000"}) {
    EXPECT_EQ(client.Run(std::string("INCRBYFLOAT k ") + value), kNotFloat) << value;
  }
  EXPECT_EQ(client.Run("INCRBYFLOAT k inf"), "-ERR increment would produce NaN or Infinity");
  EXPECT_EQ(client.Run("EXISTS k"), "0");
}

TEST(StringCounterTest, FloatsAreKeptWithoutExponent) {
  TestServer server;
  TestClient client(server);
  EXPECT_EQ(client.Run("INCRBYFLOAT k 10.5"), "\"10.5\"");
  EXPECT_EQ(client.Run("INCRBYFLOAT k 0.1"), "\"10.6\"");
  EXPECT_EQ(client.Run("INCRBYFLOAT k -5.6"), "\"5\"");
  EXPECT_EQ(client.Run("INCRBYFLOAT k 1e17"), "\"100000000000000005\"");
  EXPECT_EQ(client.Run("INCRBYFLOAT zero -0.0"), "\"0\"");
}

TEST(StringCounterTest, TheLargestFloatsCanBeReadAgain) {
  TestServer server;
  TestClient client(server);
  const std::string written = client.Run("INCRBYFLOAT k 1e4900");
  EXPECT_EQ(written.size(), 4901u + 2);  // in quotes
  EXPECT_EQ(client.Run("INCRBYFLOAT k 0"), written);
}

}  // namespace
}  // namespace leat::testing
