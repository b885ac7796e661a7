#include "tests/server/engine/test_server.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>

#include "server/commands/table.h"

namespace leat::testing {

namespace {

constexpr uint64_t kSeed = 42;

std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      if (!quoted) words.emplace_back();
      quoted = !quoted;
      inside = quoted;
    } else if (c == ' ' && !quoted) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back().push_back(c);
    }
  }
  return words;
}

class ReplyReader {
 public:
  explicit ReplyReader(std::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }

  std::string Next() {
    const char marker = rest_.front();
    const std::string line(TakeLine().substr(1));
    switch (marker) {
      case '+':
        return line;
      case '-':
        return "-" + line;
      case ':':
        return line;
      case ',':
      case '#':
      case '(':
        return marker + line;
      case '_':
        return "nil";
      case '$':
        return line == "-1" ? "nil" : "\"" + TakeBulk(line) + "\"";
      case '=':
        return "=" + TakeBulk(line);
      case '*':
        return line == "-1" ? "nil" : "[" + TakeElements(line) + "]";
      case '~':
      case '>':
        return marker + ("[" + TakeElements(line) + "]");
      case '%':
        return "{" + TakePairs(line) + "}";
      default:
        std::fprintf(stderr, "not a reply: %.*s\n", static_cast<int>(rest_.size()), rest_.data());
        std::abort();
    }
  }

 private:
  std::string_view TakeLine() {
    const size_t end = rest_.find("\r\n");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return line;
  }
  std::string TakeBulk(const std::string& size) {
    const auto length = std::strtoull(size.c_str(), nullptr, 10);
    std::string bytes(rest_.substr(0, length));
    rest_.remove_prefix(length + 2);
    return bytes;
  }
  std::string TakeElements(const std::string& count) {
    std::string text;
    for (auto left = std::strtoull(count.c_str(), nullptr, 10); left > 0; --left) {
      text.append(text.empty() ? "" : " ").append(Next());
    }
    return text;
  }
  std::string TakePairs(const std::string& count) {
    std::string text;
    for (auto left = std::strtoull(count.c_str(), nullptr, 10); left > 0; --left) {
      const std::string key = Next();
      text.append(text.empty() ? "" : ", ").append(key).append(": ").append(Next());
    }
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::string Readable(std::string_view bytes) {
  std::string text;
  for (ReplyReader reader(bytes); !reader.AtEnd();) {
    text.append(text.empty() ? "" : " | ").append(reader.Next());
  }
  return text;
}

std::string Encode(const std::vector<std::string>& args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    bytes.append("$" + std::to_string(arg.size()) + "\r\n").append(arg).append("\r\n");
  }
  return bytes;
}

TestServer::TestServer(engine::Config server_config, persistence::Journal* journal,
                       store::TopicPager* pager)
    : config(std::move(server_config)),
      dataset(static_cast<size_t>(config.databases)),
      store(dataset, journal, pager),
      engine(config, store, clock, disk, kSeed) {
  dataset.pager = pager;
  commands::AddAll(engine.commands);
}

TestServer::TestServer(engine::Config server_config, store::DataDirectory& directory)
    : config(std::move(server_config)),
      dataset(static_cast<size_t>(config.databases)),
      recovery(directory.Recover(dataset)),
      store(dataset, recovery.ok() ? &directory.journal() : nullptr, &directory.pager()),
      engine(config, store, clock, disk, kSeed) {
  commands::AddAll(engine.commands);
}

void TestServer::Advance(int64_t ms) {
  EndTurn();
  clock.Advance(ms);
  engine.BeginTurn();
  do {
    engine.RunTimers();
  } while (engine.NextTimerMs() <= now_ms());
  EndTurn();
}

void TestServer::EndTurn() {
  engine.BeginTurn();
  engine.EndTurn();
}

TestClient::TestClient(TestServer& server) : server_(server) {
  server_.engine.BeginTurn();
  session_ = server_.engine.Connect();
  if (session_ != nullptr) session_->address = "127.0.0.1:" + std::to_string(50000 + session_->id);
}

TestClient::~TestClient() {
  if (session_ != nullptr) server_.engine.Disconnect(*session_);
}

std::string TestClient::Run(std::string_view line) {
  return Call(SplitWords(line));
}

std::string TestClient::Call(const std::vector<std::string>& args) {
  Send(Encode(args));
  return Received();
}

void TestClient::Send(std::string_view bytes) {
  std::vector<char> shared(size_t{64} << 10);
  server_.engine.BeginTurn();
  while (!bytes.empty() && session_ != nullptr) {
    const std::span<char> target = session_->reader.Target(shared);
    const size_t size = std::min(target.size(), bytes.size());
    std::memcpy(target.data(), bytes.data(), size);
    session_->reader.Feed(size);
    bytes.remove_prefix(size);
    server_.engine.Process(*session_);
  }
  server_.EndTurn();
}

void TestClient::Collect() {
  if (session_ == nullptr) return;
  for (;;) {
    resp::Output::Slice slice{};
    const size_t sendable = session_->SendableBytes(server_.store.durable_lsn());
    if (sendable == 0 || session_->output.Peek({&slice, 1}, sendable) == 0) break;
    received_.append(slice.data, slice.size);
    session_->output.Consume(slice.size);
  }
  const bool sent = session_->closing && session_->output.empty();
  if (sent || session_->closing_at_once) {
    server_.engine.Disconnect(*session_);
    session_ = nullptr;
  }
}

std::string TestClient::ReceivedBytes() {
  Collect();
  return std::exchange(received_, {});
}

std::string TestClient::Received() {
  return Readable(ReceivedBytes());
}

}  // namespace leat::testing
