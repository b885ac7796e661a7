#include "server/loop/server.h"

#include <netinet/in.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "server/loop/connection.h"

namespace leat::loop {

namespace {

// Files and sockets of the server's own, beside its clients.
constexpr rlim_t kReservedFiles = 32;

uv_handle_t* Handle(void* handle) {
  return static_cast<uv_handle_t*>(handle);
}

}  // namespace

Server::Server(engine::Engine& engine, store::DataDirectory* directory)
    : engine_(engine), directory_(directory) {
  uv_loop_init(&loop_);
  uv_prepare_init(&loop_, &prepare_);
  uv_check_init(&loop_, &check_);
  uv_timer_init(&loop_, &timer_);
  uv_signal_init(&loop_, &terminate_);
  uv_signal_init(&loop_, &interrupt_);
  uv_async_init(&loop_, &journal_advanced_, [](uv_async_t* async) {
    auto& server = *static_cast<Server*>(async->data);
    server.engine_.BeginTurn();
    server.engine_.JournalAdvanced();
  });
  uv_async_init(&loop_, &blocks_came_, [](uv_async_t* async) {
    auto& server = *static_cast<Server*>(async->data);
    server.engine_.BeginTurn();
    server.engine_.PagesArrived();
  });
  for (void* handle :
       {static_cast<void*>(&prepare_), static_cast<void*>(&check_), static_cast<void*>(&timer_),
        static_cast<void*>(&terminate_), static_cast<void*>(&interrupt_),
        static_cast<void*>(&journal_advanced_), static_cast<void*>(&blocks_came_)}) {
    Handle(handle)->data = this;
  }
}

Server::~Server() {
  if (directory_ != nullptr) directory_->SetNotify(nullptr, nullptr);
  for (const auto& [id, session] : engine_.sessions()) {
    engine_.Close(*session, true, "the server shuts down");
  }
  EndTurn();
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
      },
      nullptr);
  // A stop that was asked for ends the first run before its handles are closed.
  while (uv_loop_close(&loop_) == UV_EBUSY) uv_run(&loop_, UV_RUN_DEFAULT);
}

std::string Server::Listen() {
  RaiseFileLimit();
  const engine::Config& config = engine_.config;
  if (config.port != 0) {
    for (const std::string& address : config.bind) {
      const bool optional = address.starts_with('-');
      const std::string error = ListenTcp(optional ? address.substr(1) : address, optional);
      if (!error.empty()) return error;
    }
  }
  if (!config.unix_socket.empty()) {
    const std::string error = ListenUnix(config.unix_socket);
    if (!error.empty()) return error;
  }
  if (tcp_listeners_.empty() && unix_listener_ == nullptr) {
    return "nothing to listen on: set port and bind, or unixsocket";
  }
  return "";
}

std::string Server::ListenTcp(const std::string& address, bool optional) {
  const int port = static_cast<int>(engine_.config.port);
  const std::string where = address + ":" + std::to_string(port);
  sockaddr_storage parsed{};
  const std::string host = address == "*" ? "0.0.0.0" : address;
  if (uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&parsed)) != 0 &&
      uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&parsed)) != 0) {
    return "cannot listen on " + where + ": not an IP address";
  }
  auto listener = std::make_unique<uv_tcp_t>();
  uv_tcp_init(&loop_, listener.get());
  listener->data = this;
  const unsigned flags = parsed.ss_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
  int error = uv_tcp_bind(listener.get(), reinterpret_cast<sockaddr*>(&parsed), flags);
  if (error == 0) {
    error = uv_listen(reinterpret_cast<uv_stream_t*>(listener.get()),
                      static_cast<int>(engine_.config.tcp_backlog), OnConnection);
  }
  tcp_listeners_.push_back(std::move(listener));
  const bool not_there = error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT;
  if (error == 0 || (optional && not_there)) return "";
  return "cannot listen on " + where + ": " + uv_strerror(error);
}

std::string Server::ListenUnix(const std::string& path) {
  uv_fs_t request;
  uv_fs_unlink(&loop_, &request, path.c_str(), nullptr);  // one that a dead server left behind
  uv_fs_req_cleanup(&request);
  unix_listener_ = std::make_unique<uv_pipe_t>();
  uv_pipe_init(&loop_, unix_listener_.get(), 0);
  unix_listener_->data = this;
  int error = uv_pipe_bind(unix_listener_.get(), path.c_str());
  const auto permissions = static_cast<int>(engine_.config.unix_socket_permissions);
  if (error == 0 && permissions != 0) {
    error = uv_fs_chmod(&loop_, &request, path.c_str(), permissions, nullptr);
    uv_fs_req_cleanup(&request);
  }
  if (error == 0) {
    error = uv_listen(reinterpret_cast<uv_stream_t*>(unix_listener_.get()),
                      static_cast<int>(engine_.config.tcp_backlog), OnConnection);
  }
  return error == 0 ? "" : "cannot listen on " + path + ": " + uv_strerror(error);
}

void Server::RaiseFileLimit() {
  const auto wanted = static_cast<rlim_t>(engine_.config.max_clients) + kReservedFiles;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  const rlimit raised{.rlim_cur = wanted, .rlim_max = std::max(limit.rlim_max, wanted)};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    engine_.config.max_clients = static_cast<int64_t>(limit.rlim_cur - kReservedFiles);
    std::fprintf(stderr, "leat-server: the limit of open files allows %lld clients (maxclients)\n",
                 static_cast<long long>(engine_.config.max_clients));
  }
}

void Server::Run() {
  uv_prepare_start(&prepare_,
                   [](uv_prepare_t* prepare) { static_cast<Server*>(prepare->data)->EndTurn(); });
  uv_check_start(&check_, [](uv_check_t* check) { static_cast<Server*>(check->data)->EndTurn(); });
  uv_signal_start(&terminate_, OnSignal, SIGTERM);
  uv_signal_start(&interrupt_, OnSignal, SIGINT);
  if (directory_ != nullptr) {
    directory_->SetNotify([this] { uv_async_send(&journal_advanced_); },
                          [this] { uv_async_send(&blocks_came_); });
    uv_async_send(&blocks_came_);  // what came during the recovery
  }
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void Server::EndTurn() {
  for (engine::Session* session : engine_.EndTurn()) {
    static_cast<Connection*>(session->connection)->Flush();
  }
  if (engine_.shutdown_requested()) return uv_stop(&loop_);
  ArmTimer();
}

void Server::ArmTimer() {
  const int64_t next_ms = engine_.NextTimerMs();
  // An armed timer is late when the wall clock has been set forward since.
  if (next_ms == timer_armed_for_ms_ && next_ms > engine_.now_ms()) return;
  timer_armed_for_ms_ = next_ms;
  const int64_t now_ms = engine_.clock.UnixMicros() / 1000;
  const auto delay_ms = static_cast<uint64_t>(std::max<int64_t>(next_ms - now_ms, 0));
  uv_update_time(&loop_);
  uv_timer_start(
      &timer_,
      [](uv_timer_t* timer) {
        auto& server = *static_cast<Server*>(timer->data);
        server.timer_armed_for_ms_ = 0;
        server.engine_.RunTimers();
      },
      delay_ms, 0);
}

void Server::OnConnection(uv_stream_t* listener, int status) {
  if (status != 0) return;
  auto& server = *static_cast<Server*>(listener->data);
  server.engine_.BeginTurn();
  Connection::Accept(server, listener);
}

void Server::OnSignal(uv_signal_t* signal, int) {
  static_cast<Server*>(signal->data)->engine_.Shutdown();
}

void Server::Forget(engine::Session& session) {
  engine_.Disconnect(session);
}

}  // namespace leat::loop
