// Server: the loop that drives the engine. It listens, holds the connections, wakes the engine when
// something is due or the journal has advanced, and ends every turn by flushing what was produced.
//
//   poll ─▶ read callbacks (Process) ─▶ check: EndTurn, flush ─▶ timers ─▶ prepare: EndTurn, flush
//   ─▶ poll
//
// Everything runs on the thread that calls Run. Only the notifications of the disk's threads come
// from others, each through a uv_async_t.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/engine/engine.h"
#include "server/store/data_directory.h"

namespace leat::loop {

class Server {
 public:
  // Both outlive the server; `directory` is null where nothing is kept on disk.
  Server(engine::Engine& engine, store::DataDirectory* directory);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Binds everything the settings name. Empty, or what failed.
  std::string Listen();
  // Serves until SIGTERM, SIGINT or SHUTDOWN.
  void Run();

  engine::Engine& engine() { return engine_; }
  // Where sockets are read into, one after the other.
  std::span<char> shared_buffer() { return {shared_buffer_.get(), kSharedBufferBytes}; }
  // A connection is closing: its session goes.
  void Forget(engine::Session& session);

 private:
  static constexpr size_t kSharedBufferBytes = size_t{64} << 10;

  std::string ListenTcp(const std::string& address, bool optional);
  std::string ListenUnix(const std::string& path);
  void RaiseFileLimit();
  void EndTurn();
  void ArmTimer();

  static void OnConnection(uv_stream_t* listener, int status);
  static void OnSignal(uv_signal_t* signal, int number);

  engine::Engine& engine_;
  store::DataDirectory* const directory_;
  uv_loop_t loop_;
  uv_prepare_t prepare_;
  uv_check_t check_;
  uv_timer_t timer_;
  uv_async_t journal_advanced_;
  uv_async_t blocks_came_;
  uv_signal_t terminate_;
  uv_signal_t interrupt_;
  std::vector<std::unique_ptr<uv_tcp_t>> tcp_listeners_;
  std::unique_ptr<uv_pipe_t> unix_listener_;
  std::unique_ptr<char[]> shared_buffer_ = std::make_unique<char[]>(kSharedBufferBytes);
  int64_t timer_armed_for_ms_ = 0;
};

}  // namespace leat::loop
