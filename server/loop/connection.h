// Connection: a socket on the loop. It moves bytes between the socket and its session and knows
// nothing of what they mean.
//
// Reads land where the session's reader wants them. Output is written at once, as far as the socket
// takes it, straight from the session's slices; only what is left waits for the socket, in a write
// request whose slices stay untouched in the session's output until it is done.
//
// It lives from accept until libuv has closed its handle; the session goes when closing begins.
#pragma once

#include <uv.h>

#include <array>
#include <cstddef>

#include "server/engine/engine.h"

namespace leat::loop {

class Server;

class Connection {
 public:
  // Accepts a client that waits at `listener`. Null when it was turned away.
  static Connection* Accept(Server& server, uv_stream_t* listener);

  // Sends what the session has and may send; closes if the session is to close.
  void Flush();
  void Close();

 private:
  static constexpr size_t kSlicesPerWrite = 64;
  struct Buffers {
    std::array<uv_buf_t, kSlicesPerWrite> all;
    size_t count = 0;
  };

  explicit Connection(Server& server) : server_(server) {}
  ~Connection() = default;

  bool Open(uv_stream_t* listener);
  void Describe();
  void TurnAway();
  // Writes what the socket takes now; what remains is left to a write request.
  void Write(size_t sendable);
  // The next slices of at most `sendable` bytes; returns their size.
  size_t Gather(size_t sendable, Buffers& buffers) const;
  void Sent(size_t size);
  void ReadDone(ssize_t size);

  static void OnAlloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void OnRead(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);
  static void OnWritten(uv_write_t* request, int status);

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&socket_); }
  bool unix_socket() const { return socket_.handle.type == UV_NAMED_PIPE; }

  Server& server_;
  engine::Session* session_ = nullptr;  // null once closing has begun
  union {
    uv_handle_t handle;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } socket_;
  uv_write_t write_request_;
  size_t writing_bytes_ = 0;  // in the write request; 0: there is none
};

}  // namespace leat::loop
