// A whole server in the test's own process: bytes in, bytes out, time moved by hand. No sockets, no
// threads, no sleeps.
//
//   TestServer server;
//   TestClient client(server);
//   EXPECT_EQ(client.Run("SET greeting hello"), "OK");
//   EXPECT_EQ(client.Run("GET greeting"), "\"hello\"");
//   server.Advance(1000);                               // a second passes, timers run
//   EXPECT_EQ(client.Received(), ">[\"message\" \"news\" \"1\"]");
//
// Replies are shown as text: OK (simple), -ERR … (error), 7 (integer), "x" (bulk), nil, [a b]
// (array), {k: v} (map), ~[a b] (set), >[a b] (push), ,1.5 (double), #t (boolean), =txt:x
// (verbatim), (123 (big number). In RESP2 maps, sets and pushes arrive as arrays.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/posix_disk.h"
#include "server/engine/clock.h"
#include "server/engine/config.h"
#include "server/engine/engine.h"
#include "server/store/data_directory.h"
#include "server/store/store.h"

namespace leat::testing {

class ManualClock final : public engine::Clock {
 public:
  int64_t UnixMicros() override { return micros_; }
  uint64_t MonotonicNanos() override { return static_cast<uint64_t>(micros_) * 1000; }
  void Sleep(double seconds) override { micros_ += static_cast<int64_t>(seconds * 1e6); }
  void Advance(int64_t ms) { micros_ += ms * 1000; }

 private:
  int64_t micros_ = 1'700'000'000'000'000;
};

class TestServer {
 public:
  // `journal` and `pager` may be null; they outlive the server.
  explicit TestServer(engine::Config config = {}, persistence::Journal* journal = nullptr,
                      store::TopicPager* pager = nullptr);
  // With what is in `directory`, which outlives the server; `recovery` says how that went.
  TestServer(engine::Config config, store::DataDirectory& directory);

  // Lets time pass and what falls due happen.
  void Advance(int64_t ms);
  // Ends the turn: what is due to clients is in their output.
  void EndTurn();
  int64_t now_ms() { return clock.UnixMicros() / 1000; }

  engine::Config config;
  ManualClock clock;
  data::Dataset dataset;
  persistence::Status recovery;
  store::Store store;
  persistence::PosixDisk disk;  // of CONFIG REWRITE
  engine::Engine engine;
};

class TestClient {
 public:
  explicit TestClient(TestServer& server);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // One call, split into words at spaces ("a b" in double quotes is one word), and what came back:
  // the replies (and pushes) separated by " | ", or "" when nothing did.
  std::string Run(std::string_view line);
  // The same with the arguments as they are.
  std::string Call(const std::vector<std::string>& args);
  // Raw bytes in.
  void Send(std::string_view bytes);
  // What arrived since, as text; and as bytes.
  std::string Received();
  std::string ReceivedBytes();

  // False once the server has closed the client.
  bool connected() const { return session_ != nullptr; }
  engine::Session& session() { return *session_; }

 private:
  void Collect();

  TestServer& server_;
  engine::Session* session_;
  std::string received_;
};

// RESP bytes as the text described above.
std::string Readable(std::string_view bytes);
// A call as a client library sends it.
std::string Encode(const std::vector<std::string>& args);

}  // namespace leat::testing
