#include "tests/bench/event_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "tests/bench/failure.h"
#include "tests/bench/reply_skipper.h"

namespace leat::bench {
namespace {

[[noreturn]] void FailOnSocket(std::string_view what) {
  Fail(ExitCode::kFailed, std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

uint64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

int Connect(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(endpoint.port));
  if (inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    Fail(ExitCode::kUsage, "not an IPv4 address: " + endpoint.host);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) FailOnSocket("socket");
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    FailOnSocket("connect to " + endpoint.host + ":" + std::to_string(endpoint.port));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

Connection::Connection(EventLoop& loop, const Endpoint& endpoint)
    : loop_(loop), fd_(Connect(endpoint)) {
  if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) FailOnSocket("fcntl");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this;
  if (epoll_ctl(loop_.epoll_fd_, EPOLL_CTL_ADD, fd_, &event) != 0) FailOnSocket("epoll_ctl");
}

Connection::~Connection() {
  close(fd_);
}

void Connection::Send(std::string_view bytes) {
  if (!unsent_.empty()) Fail(ExitCode::kFailed, "a request was sent before the last had gone out");
  unsent_ = bytes;
  Flush();
}

void Connection::Flush() {
  while (!unsent_.empty()) {
    const ssize_t sent = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) FailOnSocket("send");
      break;
    }
    unsent_.remove_prefix(static_cast<size_t>(sent));
  }
  WatchWritable(!unsent_.empty());
}

void Connection::WatchWritable(bool writable) {
  if (writable == watches_writable_) return;
  epoll_event event{};
  event.events = EPOLLIN;
  if (writable) event.events |= EPOLLOUT;
  event.data.ptr = this;
  if (epoll_ctl(loop_.epoll_fd_, EPOLL_CTL_MOD, fd_, &event) != 0) FailOnSocket("epoll_ctl");
  watches_writable_ = writable;
}

EventLoop::EventLoop() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes) {
  if (epoll_fd_ < 0) FailOnSocket("epoll_create1");
}

EventLoop::~EventLoop() {
  close(epoll_fd_);
}

void EventLoop::Turn() {
  // Short enough that a run ends on time even when the server has gone quiet.
  constexpr int kWaitMs = 10;
  std::array<epoll_event, 256> events;
  const int ready = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), kWaitMs);
  if (ready < 0 && errno != EINTR) FailOnSocket("epoll_wait");
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    auto* connection = static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0) connection->Flush();
    if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) continue;
    const ssize_t got = recv(connection->fd_, buffer_.data(), buffer_.size(), 0);
    if (got > 0) {
      connection->OnBytes({buffer_.data(), static_cast<size_t>(got)}, NowNs());
    } else if (got == 0) {
      Fail(ExitCode::kFailed, "the server closed a connection");
    } else if (errno != EAGAIN && errno != EINTR) {
      FailOnSocket("recv");
    }
  }
}

BlockingClient::BlockingClient(const Endpoint& endpoint) : fd_(Connect(endpoint)) {}

BlockingClient::~BlockingClient() {
  close(fd_);
}

std::string BlockingClient::Call(std::string_view request, size_t replies) {
  // Replies are read only when all is sent: for requests whose replies fit the socket's buffers.
  while (!request.empty()) {
    const ssize_t sent = send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) FailOnSocket("send");
    request.remove_prefix(static_cast<size_t>(sent));
  }
  std::string received;
  ReplySkipper skipper;
  std::array<char, 16 * 1024> buffer;
  while (replies > 0) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) FailOnSocket("recv");
    if (got == 0) Fail(ExitCode::kFailed, "the server closed a connection");
    const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
    received += bytes;
    const bool valid = skipper.Consume(bytes, [&](const ReplySkipper::Reply& reply) {
      if (!reply.error.empty()) FailOnErrorReply(reply.error);
      --replies;
    });
    if (!valid) Fail(ExitCode::kFailed, "the reply is not RESP");
  }
  return received;
}

}  // namespace leat::bench
