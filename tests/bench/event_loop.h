// The client side's event loop: non-blocking sockets on one epoll, one shared read buffer.
//
// A Connection's owner keeps it alive while the loop runs. What Send is given is not copied and
// must stay as it is until it has gone out, which the replies to it prove.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat::bench {

struct Endpoint {
  std::string host = "127.0.0.1";
  int port = 0;
};

// Monotonic.
uint64_t NowNs();

// A connected socket with TCP_NODELAY, still blocking; ends the program when nobody answers.
int Connect(const Endpoint& endpoint);

class EventLoop;

class Connection {
 public:
  Connection(EventLoop& loop, const Endpoint& endpoint);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  // `now_ns` is when the read returned.
  virtual void OnBytes(std::string_view bytes, uint64_t now_ns) = 0;

 protected:
  // Only when everything sent before has gone out.
  void Send(std::string_view bytes);

 private:
  friend class EventLoop;
  void Flush();
  void WatchWritable(bool writable);

  EventLoop& loop_;
  int fd_;
  bool watches_writable_ = false;
  std::string_view unsent_;
};

class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Serves the connections until `done()` is true or `deadline_ns` has passed.
  template <typename Done>
  void RunUntil(uint64_t deadline_ns, Done&& done) {
    while (!done() && NowNs() < deadline_ns) Turn();
  }

 private:
  friend class Connection;
  void Turn();

  static constexpr size_t kReadBytes = 256 * 1024;
  int epoll_fd_;
  std::vector<char> buffer_;
};

// A connection for one request at a time, for preparing a run.
class BlockingClient {
 public:
  explicit BlockingClient(const Endpoint& endpoint);
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;
  ~BlockingClient();

  // Sends `request` and returns the bytes of the `replies` that follow; ends the program when one
  // of them is an error.
  std::string Call(std::string_view request, size_t replies = 1);

 private:
  int fd_;
};

}  // namespace leat::bench
