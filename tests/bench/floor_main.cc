// leat-floor: a server that does the reads and writes of a workload and nothing else, on bare
// libuv. What it costs is the price of the sockets, which no server of this design gets below.
//
//   leat-floor --port P --request-bytes N --reply "+OK\r\n"        (\r and \n are understood)
//   leat-floor --port P --request-bytes N --reply-file FILE
//   leat-floor --port P --publish CHANNEL --payload-bytes N
//
// What makes it honest, and what does not:
// - It reads every byte of every request into one shared buffer, and answers every request with the
//   full bytes of a real reply: one read and one write for all that has arrived on a connection, on
//   the same event loop as Leat's. Connections, batches and packets are those of a real server.
// - It knows how long a request is, and counts instead of parsing. It looks at no argument, hashes
//   no key, stores nothing: the reply is a constant. So it is not a server, and 1.0 times its cost
//   is not a goal that can be reached; it shows how much of a server's time is the kernel's.
// - With --publish it copies each payload into a message and writes one read's messages to every
//   subscriber at once. It keeps one list of all subscribers and looks up no channel.
// - Only the first read of a connection is looked into, with --publish, to tell a subscriber from a
//   publisher. That read must hold the whole SUBSCRIBE, as leat-benchmark sends it.
#include <uv.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/number.h"
#include "tests/bench/failure.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

struct FloorOptions {
  int port = 0;
  size_t request_bytes = 0;
  std::string reply;
  std::string channel;  // not empty: fan-out
  size_t payload_bytes = 0;
};

class Floor;

struct Peer {
  uv_tcp_t handle{};
  Floor* floor = nullptr;
  size_t partial_bytes = 0;  // received of a request that is not complete
  bool first_read = true;
  bool subscriber = false;
  std::string partial;  // those bytes, where they are needed: with --publish
};

// The part of a write that the socket did not take.
struct PendingWrite {
  uv_write_t request{};
  std::string bytes;
};

class Floor {
 public:
  explicit Floor(FloorOptions options) : options_(std::move(options)), read_buffer_(kReadBytes) {
    if (!options_.channel.empty()) {
      const std::string payload(options_.payload_bytes, 'x');
      const std::vector<std::string> request = {"PUBLISH", options_.channel, payload};
      const std::vector<std::string> message = {"message", options_.channel, payload};
      options_.request_bytes = EncodeRequest(request).size();
      message_head_ = EncodeRequest(message);
      message_head_.resize(message_head_.size() - payload.size() - 2);
    } else {
      MakeReplies();
    }
  }

  int Run();

 private:
  static constexpr size_t kReadBytes = 64 * 1024;

  static void OnConnection(uv_stream_t* listener, int status);
  static void OnAllocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer);
  static void OnRead(uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer);
  static void OnClosed(uv_handle_t* handle);

  void MakeReplies();
  void Serve(Peer& peer, std::string_view bytes);
  void Subscribe(Peer& peer);
  void Publish(Peer& peer, std::string_view bytes);
  void Write(Peer& peer, std::string_view bytes);
  void Close(Peer& peer);

  FloorOptions options_;
  std::vector<char> read_buffer_;
  std::string replies_;       // the reply, as often as one read can ask for it
  std::string message_head_;  // what a subscriber gets, up to the payload
  std::string messages_;      // of one read
  std::vector<Peer*> subscribers_;
};

void Floor::MakeReplies() {
  // One read ends at most this many requests: one that was begun before, and those within it.
  const size_t most = kReadBytes / options_.request_bytes + 1;
  replies_.reserve(most * options_.reply.size());
  for (size_t i = 0; i < most; ++i) replies_ += options_.reply;
}

void Floor::Serve(Peer& peer, std::string_view bytes) {
  if (!options_.channel.empty()) {
    if (peer.first_read && bytes.find("\r\nSUBSCRIBE\r\n") != std::string_view::npos) {
      Subscribe(peer);
    } else {
      Publish(peer, bytes);
    }
    peer.first_read = false;
    return;
  }
  const size_t received = peer.partial_bytes + bytes.size();
  const size_t requests = received / options_.request_bytes;
  peer.partial_bytes = received % options_.request_bytes;
  Write(peer, std::string_view(replies_).substr(0, requests * options_.reply.size()));
}

void Floor::Subscribe(Peer& peer) {
  peer.subscriber = true;
  subscribers_.push_back(&peer);
  const std::vector<std::string> words = {"subscribe", options_.channel};
  std::string confirmation = EncodeRequest(words);
  confirmation[1] = '3';
  Write(peer, confirmation + ":1\r\n");
}

void Floor::Publish(Peer& peer, std::string_view bytes) {
  const size_t tail_bytes = options_.payload_bytes + 2;  // the payload and its CRLF end a request
  messages_.clear();
  size_t requests = 0;
  const auto add = [&](std::string_view request) {
    ++requests;
    messages_ += message_head_;
    messages_ += request.substr(request.size() - tail_bytes);
  };
  if (!peer.partial.empty()) {
    const std::string_view rest = bytes.substr(0, options_.request_bytes - peer.partial.size());
    peer.partial += rest;
    bytes.remove_prefix(rest.size());
    if (peer.partial.size() < options_.request_bytes) return;
    add(peer.partial);
    peer.partial.clear();
  }
  while (bytes.size() >= options_.request_bytes) {
    add(bytes.substr(0, options_.request_bytes));
    bytes.remove_prefix(options_.request_bytes);
  }
  peer.partial = bytes;
  if (requests == 0) return;
  for (Peer* subscriber : subscribers_) Write(*subscriber, messages_);
  const std::string reply = ":" + std::to_string(subscribers_.size()) + "\r\n";
  std::string replies;
  for (size_t i = 0; i < requests; ++i) replies += reply;
  Write(peer, replies);
}

void Floor::Write(Peer& peer, std::string_view bytes) {
  if (bytes.empty()) return;
  auto* stream = reinterpret_cast<uv_stream_t*>(&peer.handle);
  if (uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) != 0) return;
  uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned int>(bytes.size()));
  const int written = uv_try_write(stream, &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) {
    Close(peer);
    return;
  }
  if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  if (bytes.empty()) return;
  auto pending = std::make_unique<PendingWrite>();
  pending->bytes = bytes;
  pending->request.data = pending.get();
  buffer = uv_buf_init(pending->bytes.data(), static_cast<unsigned int>(pending->bytes.size()));
  const int error = uv_write(&pending->request, stream, &buffer, 1, [](uv_write_t* request, int) {
    delete static_cast<PendingWrite*>(request->data);
  });
  if (error != 0) {
    Close(peer);
    return;
  }
  (void)pending.release();  // the callback deletes it
}

void Floor::Close(Peer& peer) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&peer.handle);
  if (uv_is_closing(handle) != 0) return;
  std::erase(subscribers_, &peer);
  uv_close(handle, OnClosed);
}

void Floor::OnClosed(uv_handle_t* handle) {
  delete static_cast<Peer*>(handle->data);
}

void Floor::OnAllocate(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  std::vector<char>& shared = static_cast<Peer*>(handle->data)->floor->read_buffer_;
  *buffer = uv_buf_init(shared.data(), static_cast<unsigned int>(shared.size()));
}

void Floor::OnRead(uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer) {
  auto& peer = *static_cast<Peer*>(stream->data);
  if (got < 0) {
    peer.floor->Close(peer);
  } else if (got > 0) {
    peer.floor->Serve(peer, {buffer->base, static_cast<size_t>(got)});
  }
}

void Floor::OnConnection(uv_stream_t* listener, int status) {
  if (status != 0) return;
  auto* peer = new Peer;
  peer->floor = static_cast<Floor*>(listener->data);
  peer->handle.data = peer;
  uv_tcp_init(listener->loop, &peer->handle);
  peer->handle.data = peer;
  auto* stream = reinterpret_cast<uv_stream_t*>(&peer->handle);
  if (uv_accept(listener, stream) != 0) {
    peer->floor->Close(*peer);
    return;
  }
  uv_tcp_nodelay(&peer->handle, 1);
  uv_read_start(stream, OnAllocate, OnRead);
}

int Floor::Run() {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  listener.data = this;
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", options_.port, &address);
  constexpr int kBacklog = 511;
  int error = uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0);
  if (error == 0) {
    error = uv_listen(reinterpret_cast<uv_stream_t*>(&listener), kBacklog, OnConnection);
  }
  if (error != 0) {
    Fail(ExitCode::kFailed,
         "cannot listen on port " + std::to_string(options_.port) + ": " + uv_strerror(error));
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}

[[noreturn]] void FailUsage(const std::string& message) {
  Fail(ExitCode::kUsage, "leat-floor: " + message +
                             "\nusage: leat-floor --port P (--request-bytes N (--reply TEXT | "
                             "--reply-file FILE) | --publish CHANNEL --payload-bytes N)");
}

// "\r" and "\n" written as two characters become the bytes that they stand for.
std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && (text[i + 1] == 'r' || text[i + 1] == 'n')) {
      out += text[++i] == 'r' ? '\r' : '\n';
    } else {
      out += text[i];
    }
  }
  return out;
}

FloorOptions ParseFloorOptions(int argc, char** argv) {
  FloorOptions options;
  const auto number = [](const std::string& name, std::string_view text, uint64_t max) {
    const std::optional<uint64_t> value = base::ParseUint64(text);
    if (!value || *value == 0 || *value > max) FailUsage(name + " takes a number from 1 on");
    return *value;
  };
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) FailUsage(name + " needs a value");
    const std::string_view value = argv[i + 1];
    if (name == "--port") {
      options.port = static_cast<int>(number(name, value, 65535));
    } else if (name == "--request-bytes") {
      options.request_bytes = number(name, value, 1U << 30);
    } else if (name == "--payload-bytes") {
      options.payload_bytes = number(name, value, 1U << 30);
    } else if (name == "--reply") {
      options.reply = Unescape(value);
    } else if (name == "--reply-file") {
      std::ifstream file(argv[i + 1], std::ios::binary);
      if (!file) FailUsage("cannot read " + std::string(value));
      options.reply.assign(std::istreambuf_iterator<char>(file), {});
    } else if (name == "--publish") {
      options.channel = value;
    } else {
      FailUsage("unknown option " + name);
    }
  }
  if (options.port == 0) FailUsage("--port is required");
  if (options.channel.empty() ? options.request_bytes == 0 || options.reply.empty()
                              : options.payload_bytes == 0) {
    FailUsage("the size of a request, or what to answer, is missing");
  }
  return options;
}

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  leat::bench::Floor floor(leat::bench::ParseFloorOptions(argc, argv));
  return floor.Run();
}
