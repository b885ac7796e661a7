#include "server/loop/connection.h"

#include <arpa/inet.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "server/loop/server.h"

namespace leat::loop {

namespace {

// One client's share of a turn's writing, so that a large reply does not keep the others waiting.
constexpr size_t kBytesPerFlush = size_t{4} << 20;
constexpr char kMaxClientsError[] = "-ERR max number of clients reached\r\n";

std::string AddressOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    uv_ip4_name(&v4, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  uv_ip6_name(&v6, text, sizeof(text));
  return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

}  // namespace

Connection* Connection::Accept(Server& server, uv_stream_t* listener) {
  auto* connection = new Connection(server);
  if (listener->type == UV_NAMED_PIPE) {
    uv_pipe_init(listener->loop, &connection->socket_.pipe, 0);
  } else {
    uv_tcp_init(listener->loop, &connection->socket_.tcp);
  }
  connection->socket_.handle.data = connection;
  if (connection->Open(listener)) return connection;
  connection->Close();
  return nullptr;
}

bool Connection::Open(uv_stream_t* listener) {
  if (uv_accept(listener, stream()) != 0) return false;
  session_ = server_.engine().Connect();
  if (session_ == nullptr) {
    TurnAway();
    return false;
  }
  session_->connection = this;
  Describe();
  if (!unix_socket()) {
    uv_tcp_nodelay(&socket_.tcp, 1);
    const int64_t keepalive = server_.engine().config.tcp_keepalive_seconds;
    if (keepalive > 0) uv_tcp_keepalive(&socket_.tcp, 1, static_cast<unsigned>(keepalive));
  }
  return uv_read_start(stream(), OnAlloc, OnRead) == 0;
}

void Connection::Describe() {
  uv_os_fd_t fd = -1;
  uv_fileno(&socket_.handle, &fd);
  session_->file_descriptor = fd;
  session_->unix_socket = unix_socket();
  if (unix_socket()) {
    session_->address = session_->local_address = server_.engine().config.unix_socket + ":0";
    return;
  }
  sockaddr_storage address;
  int size = sizeof(address);
  if (uv_tcp_getpeername(&socket_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    session_->address = AddressOf(address);
  }
  size = sizeof(address);
  if (uv_tcp_getsockname(&socket_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    session_->local_address = AddressOf(address);
  }
}

void Connection::TurnAway() {
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(kMaxClientsError), sizeof(kMaxClientsError) - 1);
  uv_try_write(stream(), &buffer, 1);
}

void Connection::OnAlloc(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  auto* connection = static_cast<Connection*>(handle->data);
  const std::span<char> target =
      connection->session_->reader.Target(connection->server_.shared_buffer());
  *buffer =
      uv_buf_init(target.data(), static_cast<unsigned>(std::min<size_t>(target.size(), 1u << 30)));
}

void Connection::OnRead(uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
  static_cast<Connection*>(stream->data)->ReadDone(size);
}

void Connection::ReadDone(ssize_t size) {
  if (size == 0) return;  // would have blocked
  engine::Engine& engine = server_.engine();
  engine.BeginTurn();
  if (size > 0) {
    engine.statistics.input_bytes += static_cast<uint64_t>(size);
    session_->reader.Feed(static_cast<size_t>(size));
    engine.Process(*session_);
    return;
  }
  // The client will send no more. What it is still owed is sent, unless it waits for something.
  uv_read_stop(stream());
  const bool owed = size == UV_EOF && session_->parked == nullptr && !session_->IsSubscribed();
  engine.Close(*session_, !owed, "the client closed the connection");
  // Its place is free now, also for a client that is accepted in this turn.
  if (!owed || session_->output.empty()) Close();
}

void Connection::Flush() {
  if (session_ == nullptr) return;
  if (session_->closing_at_once) return Close();
  const size_t sendable = session_->SendableBytes(server_.engine().store.durable_lsn());
  if (writing_bytes_ == 0 && sendable > 0) Write(sendable);
  if (session_ == nullptr) return;
  if (session_->closing && session_->output.empty()) Close();
}

size_t Connection::Gather(size_t sendable, Buffers& buffers) const {
  std::array<resp::Output::Slice, kSlicesPerWrite> slices;
  buffers.count = session_->output.Peek(slices, std::min(sendable, kBytesPerFlush));
  size_t size = 0;
  for (size_t i = 0; i < buffers.count; ++i) {
    buffers.all[i] =
        uv_buf_init(const_cast<char*>(slices[i].data), static_cast<unsigned>(slices[i].size));
    size += slices[i].size;
  }
  return size;
}

void Connection::Write(size_t sendable) {
  Buffers buffers;
  for (size_t written = 0; sendable > 0 && written < kBytesPerFlush;) {
    const size_t size = Gather(sendable, buffers);
    const int sent =
        uv_try_write(stream(), buffers.all.data(), static_cast<unsigned>(buffers.count));
    if (sent < 0 && sent != UV_EAGAIN) return Close();
    if (sent <= 0) break;
    Sent(static_cast<size_t>(sent));
    written += static_cast<size_t>(sent);
    sendable -= static_cast<size_t>(sent);
    if (static_cast<size_t>(sent) < size) break;
  }
  if (sendable == 0) return;
  writing_bytes_ = Gather(sendable, buffers);
  write_request_.data = this;
  uv_write(&write_request_, stream(), buffers.all.data(), static_cast<unsigned>(buffers.count),
           OnWritten);
}

void Connection::Sent(size_t size) {
  session_->output.Consume(size);
  server_.engine().statistics.output_bytes += size;
}

void Connection::OnWritten(uv_write_t* request, int status) {
  auto* connection = static_cast<Connection*>(request->data);
  const size_t size = std::exchange(connection->writing_bytes_, 0);
  if (connection->session_ == nullptr) return;  // closing: the output went with the session
  if (status != 0) return connection->Close();
  connection->Sent(size);
  connection->server_.engine().outbox.Add(*connection->session_);
}

void Connection::Close() {
  if (session_ != nullptr) {
    engine::Session* session = std::exchange(session_, nullptr);
    server_.Forget(*session);
  }
  if (uv_is_closing(&socket_.handle) == 0) {
    uv_close(&socket_.handle,
             [](uv_handle_t* handle) { delete static_cast<Connection*>(handle->data); });
  }
}

}  // namespace leat::loop
