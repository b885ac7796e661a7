#include "resp/request_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/resp/feeder.h"

namespace leat::resp {
namespace {

using Status = RequestReader::Status;

struct Parsed {
  std::vector<Request> requests;
  std::string error;
};

Parsed Parse(std::string_view wire, bool authenticated = true, const Limits& limits = {}) {
  RequestReader reader(&limits);
  reader.set_authenticated(authenticated);
  Feeder feeder(&reader);
  feeder.Receive(wire);
  return {feeder.requests(), std::string(reader.error())};
}

std::vector<Request> Requests(std::string_view wire) {
  Parsed parsed = Parse(wire);
  EXPECT_EQ(parsed.error, "");
  return parsed.requests;
}

std::string ErrorOf(std::string_view wire) {
  const std::string prefix = "Protocol error: ";
  const std::string error = Parse(wire).error;
  if (error.empty()) return "";
  EXPECT_EQ(error.substr(0, prefix.size()), prefix);
  return error.substr(prefix.size());
}

// Every error was tried against redis-server 7.0.15.
TEST(RequestReaderErrors, MultibulkLength) {
  for (const char* wire : {"*abc\r\n", "*+3\r\n", "*\r\n", "*03\r\n", "*-0\r\n", "*3\n$3\r\n",
                           "* 1\r\n", "*2147483648\r\n", "*99999999999999999999999\r\n"}) {
    EXPECT_EQ(ErrorOf(wire), "invalid multibulk length") << wire;
  }
  EXPECT_EQ(ErrorOf("*2147483647\r\n"), "");
}

TEST(RequestReaderErrors, BulkLength) {
  for (const char* wire : {"*1\r\n$-1\r\n", "*1\r\n$536870913\r\n", "*1\r\n$04\r\n", "*1\r\n$x\r\n",
                           "*1\r\n$\r\n", "*1\r\n$1234567890123\r\n"}) {
    EXPECT_EQ(ErrorOf(wire), "invalid bulk length") << wire;
  }
  EXPECT_EQ(ErrorOf("*1\r\n$536870912\r\n"), "");
}

TEST(RequestReaderErrors, BulkMarker) {
  EXPECT_EQ(ErrorOf("*1\r\nPING\r\n"), "expected '$', got 'P'");
  EXPECT_EQ(ErrorOf("*2\r\n$4\r\nECHO\r\n:1\r\n"), "expected '$', got ':'");
  EXPECT_EQ(ErrorOf("*1\r\nPING"), "");  // the line is not complete yet
}

TEST(RequestReaderErrors, EndlessLines) {
  const std::string longest(65535, '1');
  EXPECT_EQ(ErrorOf("1" + longest), "");
  EXPECT_EQ(ErrorOf("11" + longest), "too big inline request");
  EXPECT_EQ(ErrorOf("*" + longest), "");
  EXPECT_EQ(ErrorOf("*1" + longest), "too big mbulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$" + longest), "");
  EXPECT_EQ(ErrorOf("*1\r\n$1" + longest), "too big bulk count string");
  EXPECT_EQ(ErrorOf("*1\r\nA1" + longest), "too big bulk count string");
  EXPECT_EQ(Requests("1" + longest + "\n").size(), 1u);
}

TEST(RequestReaderErrors, UnbalancedQuotes) {
  for (const char* wire : {"ECHO \"a\r\n", "ECHO 'a\r\n", "ECHO \"a\"b\r\n", "ECHO 'a'b\r\n",
                           "ECHO \"\\\r\n", "ECHO a\"\r\n", "\"\n"}) {
    EXPECT_EQ(ErrorOf(wire), "unbalanced quotes in request") << wire;
  }
}

TEST(RequestReaderErrors, BeforeAuthentication) {
  EXPECT_EQ(Parse("*11\r\n", false).error, "Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(Parse("*10\r\n", false).error, "");
  EXPECT_EQ(Parse("*1\r\n$16385\r\n", false).error, "Protocol error: unauthenticated bulk length");
  EXPECT_EQ(Parse("*1\r\n$16384\r\n", false).error, "");
  EXPECT_EQ(Parse("*1\r\n$536870913\r\n", false).error, "Protocol error: invalid bulk length");
  const std::string complete = Multibulk({std::string(16385, 'x')});
  EXPECT_EQ(Parse(complete, false).error, "Protocol error: unauthenticated bulk length");
}

TEST(RequestReaderErrors, AuthenticationCountsFromTheNextRequestOn) {
  const Limits limits;
  RequestReader reader(&limits);
  reader.set_authenticated(false);
  std::vector<char> shared(1024);
  const std::string wire = "AUTH x\r\n" + Multibulk(Request(11, "a"));
  std::copy(wire.begin(), wire.end(), reader.Target(shared).data());
  reader.Feed(wire.size());
  ASSERT_EQ(reader.Next(), Status::kRequest);
  reader.set_authenticated(true);
  ASSERT_EQ(reader.Next(), Status::kRequest);
  EXPECT_EQ(reader.args().size(), 11u);
}

TEST(RequestReaderErrors, WhatCameBeforeIsDelivered) {
  const Parsed parsed = Parse("PING\r\n*1\r\n$4\r\nPING\r\n*1\r\n:4\r\nPING\r\n");
  EXPECT_EQ(parsed.requests, (std::vector<Request>{{"PING"}, {"PING"}}));
  EXPECT_EQ(parsed.error, "Protocol error: expected '$', got ':'");
}

TEST(RequestReaderErrors, AreFinal) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  EXPECT_FALSE(feeder.Receive("*x\r\nPING\r\n"));
  EXPECT_FALSE(feeder.Receive("PING\r\n"));
  EXPECT_EQ(feeder.requests().size(), 0u);
  EXPECT_EQ(reader.error(), "Protocol error: invalid multibulk length");
  EXPECT_EQ(reader.memory_bytes(), 0u);
}

TEST(RequestReaderErrors, FollowTheSettings) {
  Limits limits;
  limits.proto_max_bulk_len_bytes = 4;
  EXPECT_EQ(Parse("*1\r\n$5\r\nhello\r\n", true, limits).error,
            "Protocol error: invalid bulk length");
  EXPECT_EQ(Parse("*1\r\n$4\r\nPING\r\n", true, limits).requests.size(), 1u);
}

TEST(RequestReader, Multibulk) {
  EXPECT_EQ(Requests("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"), (std::vector<Request>{{"ECHO", "hi"}}));
  EXPECT_EQ(Requests("*2\r\n$0\r\n\r\n$1\r\nx\r\n"), (std::vector<Request>{{"", "x"}}));
}

TEST(RequestReader, ArgumentsAreBinary) {
  const std::string binary("\0\r\n$*\xff", 6);
  EXPECT_EQ(Requests(Multibulk({"SET", binary, binary})),
            (std::vector<Request>{{"SET", binary, binary}}));
}

TEST(RequestReader, BytesBehindAnArgumentAndBehindCarriageReturnAreNotLookedAt) {
  EXPECT_EQ(Requests("*1\rX$4\r\rPINGxxPING\r\n"), (std::vector<Request>{{"PING"}, {"PING"}}));
}

TEST(RequestReader, EmptyRequestsAreSkipped) {
  EXPECT_EQ(Requests("*0\r\n*-1\r\n*-5\r\n\r\n\n  \t \r\nPING\r\n"),
            (std::vector<Request>{{"PING"}}));
}

TEST(RequestReader, Inline) {
  EXPECT_EQ(Requests("PING\n  SET  a\tb \r\r\nx\r\n"),
            (std::vector<Request>{{"PING"}, {"SET", "a", "b"}, {"x"}}));
  EXPECT_EQ(Requests("\vPING a\vb\r\n"), (std::vector<Request>{{"PING", "a\vb"}}));
}

// A pipeline with everything that parses differently in it.
std::string VariedPipeline(std::vector<Request>* expected) {
  std::string binary;
  for (int i = 0; i < 256; ++i) binary += static_cast<char>(i);
  const std::string large(RequestReader::kLargeArgumentBytes + 8000, 'L');
  const std::vector<Request> requests = {
      {"PING"}, {"SET", "key", binary}, {"", "", ""}, {"MSET", "a", large, "b", "", "c", "1"}};
  std::string wire;
  for (const Request& request : requests) {
    wire += Multibulk(request);
    expected->push_back(request);
  }
  wire += "*0\r\n\r\nset \"a b\" 'c'\r\nECHO \"\\x00\"\n*-1\r\n" + Multibulk({"QUIT"});
  expected->push_back({"set", "a b", "c"});
  expected->push_back({"ECHO", std::string(1, '\0')});
  expected->push_back({"QUIT"});
  return wire;
}

TEST(RequestReaderSplits, EveryCutGivesTheSameRequests) {
  std::vector<Request> expected;
  const std::string wire = VariedPipeline(&expected);
  const Limits limits;
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    // Within the long run of one byte every cut is alike.
    if (cut > 1000 && cut + 1000 < wire.size() && cut % 509 != 0) continue;
    RequestReader reader(&limits);
    Feeder feeder(&reader);
    ASSERT_TRUE(feeder.Receive(std::string_view(wire).substr(0, cut)));
    ASSERT_TRUE(feeder.Receive(std::string_view(wire).substr(cut)));
    ASSERT_EQ(feeder.requests(), expected) << "cut at " << cut;
    EXPECT_EQ(reader.buffered_bytes(), 0u);
  }
}

TEST(RequestReaderSplits, EveryPieceSizeAndBufferSize) {
  std::vector<Request> expected;
  const std::string wire = VariedPipeline(&expected);
  const Limits limits;
  for (const size_t shared_size : {1u, 2u, 16u, 100u, 4096u, 65536u}) {
    for (const size_t piece : {1u, 2u, 3u, 7u, 64u, 1000u, 32768u, 65536u}) {
      RequestReader reader(&limits);
      Feeder feeder(&reader, shared_size);
      for (size_t at = 0; at < wire.size(); at += piece) {
        ASSERT_TRUE(feeder.Receive(std::string_view(wire).substr(at, piece)));
      }
      ASSERT_EQ(feeder.requests(), expected) << "pieces of " << piece << " into " << shared_size;
    }
  }
}

TEST(RequestReaderSplits, ErrorsComeAlikeByteByByte) {
  const Limits limits;
  for (const std::string wire :
       {"*abc\r\n", "*1\r\n$-1\r\n", "*1\r\nPING\r\n", "ECHO \"a\r\n", "*99999999999\r\n"}) {
    RequestReader reader(&limits);
    Feeder feeder(&reader);
    for (const char byte : wire) feeder.Receive({&byte, 1});
    EXPECT_EQ(reader.error(), Parse(wire).error) << wire;
  }
}

TEST(RequestReaderKeep, AReadThatBringsNothingLosesNothing) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  feeder.Receive("*2\r\n$4\r\nECHO\r\n$2\r");
  std::vector<char> shared(1024);
  reader.Target(shared);
  reader.Feed(0);
  reader.Target(shared);  // nothing is fed at all
  reader.Keep();
  feeder.Receive("\nhi\r\n");
  EXPECT_EQ(feeder.requests(), (std::vector<Request>{{"ECHO", "hi"}}));
}

TEST(RequestReaderKeep, ABlockedClientsRequestsWait) {
  const Limits limits;
  RequestReader reader(&limits);
  std::vector<char> shared(1 << 16);
  const std::string wire = Multibulk({"BLPOP", "q", "0"}) + "PING\r\n" + Multibulk({"GET", "a"});
  const std::string_view first = std::string_view(wire).substr(0, wire.size() - 3);
  std::copy(first.begin(), first.end(), reader.Target(shared).data());
  reader.Feed(first.size());
  ASSERT_EQ(reader.Next(), Status::kRequest);
  EXPECT_EQ(reader.args()[0], "BLPOP");
  reader.Keep();
  EXPECT_EQ(reader.buffered_bytes(), first.size() - Multibulk({"BLPOP", "q", "0"}).size());

  Feeder feeder(&reader);
  feeder.ReceiveBlocked(wire.substr(wire.size() - 3));
  feeder.ReceiveBlocked("ECHO 1\r\n");
  feeder.TakeAll();
  EXPECT_EQ(feeder.requests(), (std::vector<Request>{{"PING"}, {"GET", "a"}, {"ECHO", "1"}}));
}

TEST(RequestReaderKeep, ALongBacklogIsTakenOneByOneAndGivenBack) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  constexpr size_t kRequests = 100000;
  std::string wire;
  for (size_t i = 0; i < kRequests; ++i) wire += Multibulk({"GET", std::to_string(i)});
  feeder.ReceiveBlocked(wire);
  EXPECT_EQ(reader.buffered_bytes(), wire.size());
  EXPECT_LE(reader.memory_bytes(), 3 * wire.size());
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(reader.Next(), Status::kRequest);
    ASSERT_EQ(reader.args()[1], std::to_string(i));
    feeder.Pause();
    ASSERT_LE(reader.memory_bytes(), 2 * reader.buffered_bytes() + (size_t{64} << 10));
  }
  EXPECT_EQ(reader.Next(), Status::kNeedMore);
  feeder.Pause();
  EXPECT_LE(reader.memory_bytes(), 1024u);
}

TEST(RequestReaderKeep, AnIdleConnectionHoldsNoBuffer) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  EXPECT_EQ(reader.memory_bytes(), 0u);
  feeder.Receive(Multibulk(Request(100000, "x")) + Multibulk({std::string(1 << 20, 'y')}));
  EXPECT_EQ(feeder.requests().size(), 2u);
  EXPECT_EQ(reader.memory_bytes(), 0u);
  feeder.Receive("*1\r\n$4\r\nPI");
  EXPECT_EQ(reader.buffered_bytes(), 2u);
  EXPECT_LE(reader.memory_bytes(), 256u);
}

TEST(RequestReaderLarge, IsReadIntoABufferOfItsOwn) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  const std::string value(1 << 20, 'v');
  const std::string wire = Multibulk({"SET", "key", value, "PX", "5"});
  const size_t start = wire.find('v');
  ASSERT_TRUE(feeder.Receive(wire.substr(0, start + 10)));
  EXPECT_EQ(reader.buffered_bytes(), 10u);

  std::vector<char> shared(1 << 16);
  const std::span<char> target = reader.Target(shared);
  EXPECT_EQ(target.size(), value.size() - 10 + 2);  // to its end, CR LF included
  std::memcpy(target.data(), wire.data() + start + 10, 1000);
  reader.Feed(1000);
  EXPECT_EQ(reader.Next(), Status::kNeedMore);
  feeder.Pause();
  EXPECT_EQ(reader.Target(shared).data(), target.data() + 1000);
  EXPECT_EQ(reader.buffered_bytes(), 1010u);
  EXPECT_LT(reader.memory_bytes(), 4096u);  // only what has arrived

  ASSERT_TRUE(feeder.Receive(wire.substr(start + 1010, value.size() - 1010)));
  const std::string rest = wire.substr(start + value.size());
  const std::span<char> last = reader.Target(shared);
  ASSERT_EQ(last.size(), 2u);
  std::memcpy(last.data(), rest.data(), 2);
  reader.Feed(2);
  ASSERT_EQ(reader.Next(), Status::kNeedMore);
  std::memcpy(reader.Target(shared).data(), rest.data() + 2, rest.size() - 2);
  reader.Feed(rest.size() - 2);
  ASSERT_EQ(reader.Next(), Status::kRequest);
  ASSERT_EQ(reader.args().size(), 5u);
  EXPECT_EQ(reader.args()[1], "key");
  EXPECT_EQ(reader.args()[2], value);
  EXPECT_EQ(reader.args()[2].data() + 10, target.data());
  EXPECT_EQ(reader.args()[4], "5");
}

TEST(RequestReaderLarge, SeveralInOneRequest) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  Request request = {"MSET"};
  for (int i = 0; i < 20; ++i) {
    request.push_back("key" + std::to_string(i));
    request.emplace_back(RequestReader::kLargeArgumentBytes - 5 + static_cast<size_t>(i), 'a' + i);
  }
  const std::string wire = Multibulk(request) + Multibulk({"PING"});
  for (size_t at = 0; at < wire.size(); at += 1460) feeder.Receive(wire.substr(at, 1460));
  EXPECT_EQ(feeder.requests(), (std::vector<Request>{request, {"PING"}}));
}

TEST(RequestReaderLarge, AnnouncingCostsNoMemory) {
  const Limits limits;
  std::vector<std::unique_ptr<RequestReader>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(std::make_unique<RequestReader>(&limits));
    Feeder feeder(readers.back().get(), 1024);
    feeder.Receive("*2147483647\r\n$536870912\r\nx");
    EXPECT_LT(readers.back()->memory_bytes(), size_t{32} << 10);
  }
}

// Parsing again from the start with every piece would take hours.
TEST(RequestReaderCost, AMillionArgumentsInSmallPiecesAreLinear) {
  const Limits limits;
  RequestReader reader(&limits);
  Feeder feeder(&reader);
  constexpr size_t kArguments = 1000000;
  const std::string wire = Multibulk(Request(kArguments, "ab"));
  for (size_t at = 0; at < wire.size(); at += 100) {
    ASSERT_TRUE(feeder.Receive(std::string_view(wire).substr(at, 100)));
  }
  ASSERT_EQ(feeder.requests().size(), 1u);
  EXPECT_EQ(feeder.requests()[0].size(), kArguments);
  EXPECT_EQ(feeder.requests()[0].back(), "ab");
}

TEST(RequestReaderCost, AnEndlessLineByteByByteIsLinear) {
  const Limits limits;
  RequestReader reader(&limits);
  std::vector<char> shared(8192);
  size_t fed = 0;
  do {
    reader.Target(shared)[0] = 'x';
    reader.Feed(1);
    ++fed;
  } while (reader.Next() == Status::kNeedMore);
  EXPECT_EQ(fed, limits.max_line_bytes + 1);
  EXPECT_EQ(reader.error(), "Protocol error: too big inline request");
}

// The reader is fed in two pieces, cut at each byte; returns what BulksFrom(index) gave each time.
std::vector<std::string> BulksCutEverywhere(const std::string& wire, size_t index) {
  std::vector<std::string> bulks;
  for (size_t cut = 1; cut <= wire.size(); ++cut) {
    const Limits limits;
    RequestReader reader(&limits);
    std::vector<char> shared(size_t{1} << 16);
    for (const std::string& piece : {wire.substr(0, cut), wire.substr(cut)}) {
      if (piece.empty()) continue;
      std::memcpy(reader.Target(shared).data(), piece.data(), piece.size());
      reader.Feed(piece.size());
      if (reader.Next() == Status::kRequest) bulks.emplace_back(reader.BulksFrom(index));
      reader.Keep();
    }
  }
  return bulks;
}

TEST(RequestReaderBulks, AreTheArgumentsAsTheyWereSent) {
  const std::string head = "*5\r\n$4\r\nXADD\r\n$1\r\nt\r\n$1\r\n*\r\n";
  const std::string fields = "$5\r\nfield\r\n$12\r\nvalue\r\nvalue\r\n";
  const std::vector<std::string> bulks = BulksCutEverywhere(head + fields, 3);
  EXPECT_EQ(bulks, std::vector<std::string>(head.size() + fields.size(), fields));
}

TEST(RequestReaderBulks, AreNotThereWhereTheRequestWasWrittenOtherwise) {
  for (const std::string wire :
       {"XADD t * field value\r\n", "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\ncxx",
        "*3\r\n$1\r\na\r\n$1\r\nbxx$1\r\nc\r\n", "*3\r\n$1\r\na\r\n$1\rxb\r\n$1\r\nc\r\n",
        "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\rxc\r\n"}) {
    for (const std::string& bulks : BulksCutEverywhere(wire, 1)) EXPECT_EQ(bulks, "") << wire;
  }
}

TEST(RequestReaderBulks, AreNotThereForALargeArgumentOfItsOwn) {
  const Limits limits;
  RequestReader reader(&limits);
  const std::string large(RequestReader::kLargeArgumentBytes * 3, 'v');
  std::vector<char> shared(4096);
  const std::string wire = Multibulk({"SET", "k", large, "x"});
  for (size_t at = 0; at < wire.size();) {
    const std::span<char> room = reader.Target(shared);
    const size_t size = std::min(room.size(), wire.size() - at);
    std::memcpy(room.data(), wire.data() + at, size);
    reader.Feed(size);
    at += size;
    if (reader.Next() == Status::kRequest) break;
    reader.Keep();
  }
  ASSERT_EQ(reader.args().size(), 4u);
  EXPECT_EQ(reader.BulksFrom(1), "");
  EXPECT_EQ(reader.BulksFrom(3), "$1\r\nx\r\n");
}

}  // namespace
}  // namespace leat::resp
