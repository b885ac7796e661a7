// One request from its arguments to its reply: which command, whether it may run now, and the run.
#include <algorithm>

#include "server/base/number.h"
#include "server/engine/engine.h"
#include "server/engine/errors.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

// The arguments as the error of an unknown command echoes them: up to 128 bytes in all.
std::string UnknownCommandError(Args args) {
  constexpr size_t kMaxEcho = 128;
  std::string echo;
  for (size_t i = 1; i < args.size() && echo.size() < kMaxEcho; ++i) {
    echo.append("'").append(args[i].substr(0, kMaxEcho - echo.size())).append("' ");
  }
  return "ERR unknown command '" + std::string(args[0].substr(0, kMaxEcho)) +
         "', with args beginning with: " + echo;
}

std::string UnknownSubcommandError(const CommandEntry& container, std::string_view name) {
  std::string upper(container.row->name);
  return "ERR unknown subcommand '" + std::string(name.substr(0, 128)) + "'. Try " + upper +
         " HELP.";
}

std::string ArityError(const CommandEntry& command) {
  return "ERR wrong number of arguments for '" + command.full_name + "' command";
}

bool AllowedWhileSubscribed(const Command& row) {
  static constexpr std::string_view kAllowed[] = {"SUBSCRIBE",   "SSUBSCRIBE", "SUNSUBSCRIBE",
                                                  "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE",
                                                  "PING",        "QUIT",       "RESET"};
  return std::find(std::begin(kAllowed), std::end(kAllowed), row.name) != std::end(kAllowed);
}

bool RunsInsideMulti(const Command& row) {
  static constexpr std::string_view kNotQueued[] = {"EXEC",  "DISCARD", "MULTI",
                                                    "WATCH", "QUIT",    "RESET"};
  return std::find(std::begin(kNotQueued), std::end(kNotQueued), row.name) != std::end(kNotQueued);
}

}  // namespace

void Engine::Execute(Session& session, Args args) {
  session.last_request_ms = now_ms();
  CommandEntry* command = Resolve(session, args);
  if (command == nullptr) return;
  session.last_command = command;
  if (session.InSubscribedMode() && !AllowedWhileSubscribed(*command->row)) {
    const std::string error =
        "ERR Can't execute '" + command->full_name +
        "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
        "context";
    return Reject(session, command, error);
  }
  if (const std::string_view refusal = Refusal(session, *command); !refusal.empty()) {
    return Reject(session, command, refusal);
  }
  if (Waits(session, *command, args)) return;
  if (Queues(session, *command)) return Queue(session, *command, args);
  if (session.reply_mode == ReplyMode::kOn) {
    Run(session, session.reply, *command, args, Call::Mode::kDirect);
  } else {
    RunMuted(session, *command, args);
  }
}

CommandEntry* Engine::Resolve(Session& session, Args args) {
  CommandEntry* command = session.last_command;
  if (command == nullptr || !EqualsIgnoringCase(command->row->name, args[0]) ||
      command->container != nullptr) {
    command = commands.Find(args[0]);
  }
  if (command == nullptr) {
    Reject(session, nullptr, UnknownCommandError(args));
    return nullptr;
  }
  if (!command->subcommands.empty() && args.size() > 1) {
    CommandEntry* subcommand = commands.FindSubcommand(*command, args[1]);
    if (subcommand == nullptr && command->row->handler == nullptr) {
      Reject(session, nullptr, UnknownSubcommandError(*command, args[1]));
      return nullptr;
    }
    if (subcommand != nullptr) command = subcommand;
  }
  if (!command->ArityFits(args.size())) {
    Reject(session, command, ArityError(*command));
    return nullptr;
  }
  return command;
}

std::string_view Engine::Refusal(const Session& session, const CommandEntry& command) const {
  if (!session.authenticated && !command.Is(kNoAuth)) return errors::kNoAuth;
  if (command.Is(kProtected) && !DebugAllowed(session)) {
    return "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
           "you can run it from a local connection, otherwise you need to set this option in the "
           "configuration file, and then restart the server.";
  }
  if (!journal_error_.empty() && command.Is(kWrite)) [[unlikely]] {
    return journal_error_;
  }
  if (command.Is(kNoMulti) && session.transaction != nullptr) {
    return "ERR Command not allowed inside a transaction";
  }
  return {};
}

bool Engine::DebugAllowed(const Session& session) const {
  if (config.enable_debug_command != "local") return config.enable_debug_command == "yes";
  return session.unix_socket || session.address.starts_with("127.") ||
         session.address.starts_with("[::1]");
}

void Engine::Reject(Session& session, CommandEntry* command, std::string_view error) {
  if (command != nullptr) ++command->rejected_calls;
  statistics.CountError(error);
  const bool muted = session.reply_mode != ReplyMode::kOn;
  if (session.reply_mode == ReplyMode::kSkipNext) session.reply_mode = ReplyMode::kOn;
  std::string text(error);
  if (session.transaction != nullptr) {
    session.transaction->failed = true;
    if (command != nullptr && command->row->name == "EXEC") {
      session.transaction.reset();
      watches.UnwatchAll(session);
      text = "EXECABORT Transaction discarded because of: " +
             text.substr(text.starts_with("ERR ") ? 4 : 0);
    }
  }
  if (muted) return;
  session.reply.Error(text);
  outbox.Add(session);
}

bool Engine::Queues(const Session& session, const CommandEntry& command) const {
  return session.transaction != nullptr && !RunsInsideMulti(*command.row);
}

void Engine::Queue(Session& session, CommandEntry& command, Args args) {
  QueuedCall& queued =
      session.transaction->calls.emplace_back(&command, std::vector<std::string>());
  for (const std::string_view arg : args) {
    queued.args.emplace_back(arg);
    session.transaction->memory_bytes += arg.size() + sizeof(std::string);
  }
  if (session.reply_mode == ReplyMode::kOn) {
    session.reply.Simple("QUEUED");
    outbox.Add(session);
  }
}

// CLIENT PAUSE, or a journal that the disk cannot keep up with: the call is put aside.
bool Engine::Waits(Session& session, CommandEntry& command, Args args) {
  const bool in_exec = session.transaction != nullptr && command.row->name == "EXEC";
  const bool writes =
      command.Is(kWrite) || command.Is(kMayReplicate) ||
      (in_exec && std::any_of(session.transaction->calls.begin(), session.transaction->calls.end(),
                              [](const QueuedCall& call) {
                                return call.command->Is(kWrite) || call.command->Is(kMayReplicate);
                              }));
  const bool queued = Queues(session, command);
  auto reason = ParkedCall::Reason::kPause;
  const bool paused = pause_.until_ms > now_ms() && (pause_.all || (writes && !queued));
  if (!paused) {
    const persistence::Journal* journal = store.journal();
    if (!writes || queued || journal == nullptr ||
        journal->backlog_bytes() <= static_cast<size_t>(config.journal_backlog_bytes)) {
      return false;
    }
    reason = ParkedCall::Reason::kBacklog;
    ++backlog_waiters_;
  }
  session.parked = std::make_unique<ParkedCall>();
  session.parked->reason = reason;
  session.parked->command = &command;
  session.parked->database = session.database;
  for (const std::string_view arg : args) session.parked->args.emplace_back(arg);
  return true;
}

// CLIENT REPLY OFF and SKIP: the call runs, its reply goes nowhere.
void Engine::RunMuted(Session& session, CommandEntry& command, Args args) {
  resp::Output nowhere;
  resp::ReplyWriter reply(nowhere, session.reply.version());
  const ReplyMode before = session.reply_mode;
  Run(session, reply, command, args, Call::Mode::kDirect);
  if (before == ReplyMode::kSkipNext && session.reply_mode == before) {
    session.reply_mode = ReplyMode::kOn;
  } else if (session.reply_mode == ReplyMode::kOn) {
    session.output.Splice(std::move(nowhere));  // CLIENT REPLY ON itself is answered
    outbox.Add(session);
  }
}

bool Engine::Run(Session& session, resp::ReplyWriter& reply, CommandEntry& command, Args args,
                 Call::Mode mode) {
  const bool outermost = mode != Call::Mode::kInTransaction;
  const uint64_t position = session.output.appended_bytes();
  if (outermost) store.ResetSeen();
  store.BeginBatch();
  Call call(*this, session, reply, command, args, mode);
  command.row->handler(call);
  const store::Lsn written = store.EndBatch();
  if (call.parked()) return false;

  const uint64_t now_nanos = clock.MonotonicNanos();
  Record(session, command, args, now_nanos - call_started_nanos_, call.failed());
  call_started_nanos_ = now_nanos;
  if (!outermost) return true;

  outbox.Add(session);
  if (store.hold_unsynced()) {
    const store::Lsn needed = std::max(written, store.seen_lsn());
    if (needed > store.durable_lsn()) session.AddGate(position, needed);
  }
  if (blocking.HasReady() && mode == Call::Mode::kDirect) ServeReady();
  return true;
}

void Engine::Record(Session& session, CommandEntry& command, Args args, uint64_t nanos,
                    bool failed) {
  ++statistics.commands_processed;
  ++command.calls;
  command.nanos += nanos;
  if (failed) ++command.failed_calls;
  if (config.latency_tracking) {
    if (command.latency == nullptr) command.latency = std::make_unique<LatencyHistogram>();
    command.latency->Add(nanos);
  }
  const auto micros = static_cast<int64_t>(nanos / 1000);
  if (config.slow_log_slower_than_micros >= 0 && micros >= config.slow_log_slower_than_micros &&
      !command.Is(kSkipSlowLog)) [[unlikely]] {
    slow_log.Add(args, session, now_ms(), micros, static_cast<size_t>(config.slow_log_max_length));
  }
  const int64_t threshold = config.latency_monitor_threshold_ms;
  if (threshold > 0 && micros / 1000 >= threshold) [[unlikely]] {
    latency.Add(command.Is(kFast) ? "fast-command" : "command", now_ms(), micros / 1000);
  }
  if (!monitors_.empty() && !command.Is(kSkipMonitor | kAdmin)) [[unlikely]] {
    FeedMonitors(session, args);
  }
}

void Engine::FeedMonitors(const Session& session, Args args) {
  char head[64];
  std::snprintf(head, sizeof(head), "%lld.%06lld [%u ",
                static_cast<long long>(now_micros_ / 1000000),
                static_cast<long long>(now_micros_ % 1000000), session.database);
  std::string line =
      head + (session.unix_socket ? "unix:" + session.address : session.address) + "]";
  for (const std::string_view arg : args) line.append(" ").append(Quote(arg));
  for (Session* monitor : monitors_) {
    monitor->reply.Simple(line);
    outbox.Add(*monitor);
    outbox.WithinLimit(*monitor, now_ms());
  }
}

}  // namespace leat::engine
