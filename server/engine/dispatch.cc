// One request from its arguments to its reply: which command, whether it may run now, and the run.
#include <algorithm>

#include "server/base/number.h"
#include "server/engine/engine.h"
#include "server/engine/errors.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

constexpr size_t kMaxEcho = 128;  // of what a client sent, in an error

std::string_view Echoed(std::string_view text, size_t max) {
  return UpToNul(text).substr(0, max);
}

std::string UnknownCommandError(Args args) {
  std::string echo;
  for (size_t i = 1; i < args.size() && echo.size() < kMaxEcho; ++i) {
    const size_t room = kMaxEcho - echo.size();
    echo.append("'").append(Echoed(args[i], room)).append("' ");
  }
  return "ERR unknown command '" + std::string(Echoed(args[0], kMaxEcho)) +
         "', with args beginning with: " + echo;
}

std::string UnknownSubcommandError(const CommandEntry& container, std::string_view name) {
  return "ERR unknown subcommand '" + std::string(Echoed(name, kMaxEcho)) + "'. Try " +
         std::string(container.row->name) + " HELP.";
}

std::string ArityError(const CommandEntry& command) {
  return "ERR wrong number of arguments for '" + command.full_name + "' command";
}

// The first words of an HTTP request: a browser was lured into sending commands to this port.
bool IsHttp(std::string_view word) {
  return (word.size() == 4 || word.size() == 5) &&
         (EqualsIgnoringCase(word, "POST") || EqualsIgnoringCase(word, "Host:"));
}

bool IsExec(const CommandEntry& command) {
  return command.row->name == "EXEC";
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

// Whether running it now does what `flags` say, also by what was queued before it.
bool MayDo(const Session& session, const CommandEntry& command, uint32_t flags) {
  if (session.transaction == nullptr || !IsExec(command)) return command.Is(flags);
  const std::vector<QueuedCall>& calls = session.transaction->calls;
  return std::any_of(calls.begin(), calls.end(),
                     [flags](const QueuedCall& call) { return call.command->Is(flags); });
}

}  // namespace

// The order of the checks decides which error a client sees: it is redis-server's.
void Engine::Execute(Session& session, Args args) {
  session.last_request_ms = now_ms();
  if (IsHttp(args[0])) return Close(session, true, "it speaks HTTP");
  CommandEntry* command = Resolve(session, args);
  if (command == nullptr) return;
  if (const std::string refusal = Refusal(session, *command); !refusal.empty()) {
    return Reject(session, command, args, refusal);
  }
  if (Waits(session, *command, args)) return;
  if (Queues(session, *command)) return Queue(session, *command, args);
  RunAndReply(session, *command, args, Call::Mode::kDirect);
  if (blocking.HasReady()) ServeReady();
}

CommandEntry* Engine::Resolve(Session& session, Args args) {
  CommandEntry* command = session.last_command;
  if (command == nullptr || !EqualsIgnoringCase(command->row->name, args[0]) ||
      command->container != nullptr) {
    command = commands.Find(args[0]);
  }
  session.last_command = nullptr;
  if (command == nullptr) {
    Reject(session, nullptr, args, UnknownCommandError(args));
    return nullptr;
  }
  if (!command->subcommands.empty() && args.size() > 1) {
    const CommandEntry& container = *command;
    command = commands.FindSubcommand(container, args[1]);
    if (command == nullptr) {
      Reject(session, nullptr, args, UnknownSubcommandError(container, args[1]));
      return nullptr;
    }
  }
  session.last_command = command;
  if (!command->ArityFits(args.size())) {
    Reject(session, command, args, ArityError(*command));
    return nullptr;
  }
  return command;
}

std::string Engine::Refusal(const Session& session, const CommandEntry& command) const {
  if (command.Is(kProtected) && !DebugAllowed(session)) {
    return "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
           "you can run it from a local connection, otherwise you need to set this option in the "
           "configuration file, and then restart the server.";
  }
  if (!session.authenticated && !command.Is(kNoAuth)) return std::string(errors::kNoAuth);
  if (session.transaction != nullptr && command.Is(kNoMulti)) {
    return "ERR Command not allowed inside a transaction";
  }
  if (!journal_error_.empty() && MayDo(session, command, kWrite)) [[unlikely]] {
    return journal_error_;
  }
  if (session.InSubscribedMode() && !AllowedWhileSubscribed(*command.row)) {
    return "ERR Can't execute '" + command.full_name +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
           "context";
  }
  if (session.monitor && command.Is(kWrite | kReadOnly | kMayReplicate)) {
    return "ERR Replica can't interact with the keyspace";
  }
  return {};
}

bool Engine::DebugAllowed(const Session& session) const {
  if (config.enable_debug_command != "local") return config.enable_debug_command == "yes";
  return session.unix_socket || session.address.starts_with("127.") ||
         session.address.starts_with("[::1]");
}

void Engine::Reject(Session& session, CommandEntry* command, Args args, std::string_view error) {
  if (command != nullptr) ++command->rejected_calls;
  std::string text(error);
  if (command != nullptr && IsExec(*command)) {
    session.transaction.reset();
    watches.UnwatchAll(session);
    text = "EXECABORT Transaction discarded because of: " +
           text.substr(text.starts_with("ERR ") ? 4 : 0);
  } else if (session.transaction != nullptr) {
    session.transaction->failed = true;
  }
  CountError(text);
  if (WantsReply(session)) {
    session.reply.Error(text);
    outbox.Add(session);
  }
  // What monitors saw of the transaction has an end.
  if (command != nullptr && IsExec(*command)) FeedMonitors(session, args);
}

bool Engine::Queues(const Session& session, const CommandEntry& command) const {
  return session.transaction != nullptr && !RunsInsideMulti(*command.row);
}

void Engine::Queue(Session& session, CommandEntry& command, Args args) {
  // What cannot be executed any more is not kept.
  const bool doomed =
      session.transaction->failed || (session.watched != nullptr && session.watched->changed);
  if (!doomed) session.transaction->Queue(command, args);
  if (!WantsReply(session)) return;
  session.reply.Simple("QUEUED");
  outbox.Add(session);
}

bool Engine::DiskIsBehind() const {
  const persistence::Journal* journal = store.journal();
  if (journal == nullptr) return false;
  return journal->backlog_bytes() > static_cast<size_t>(config.journal_backlog_bytes) ||
         (store.pager() != nullptr && store.pager()->behind());
}

// CLIENT PAUSE, or a disk that cannot keep up: the call is put aside.
bool Engine::Waits(Session& session, CommandEntry& command, Args args) {
  const bool writes = MayDo(session, command, kWrite | kMayReplicate);
  auto reason = ParkedCall::Reason::kPause;
  if (pause_.until_ms <= now_ms() || session.monitor || (!pause_.all && !writes)) {
    if (!writes || Queues(session, command) || !DiskIsBehind()) return false;
    reason = ParkedCall::Reason::kBacklog;
  }
  Postpone(session, command, args, reason);
  return true;
}

void Engine::Postpone(Session& session, CommandEntry& command, Args args,
                      ParkedCall::Reason reason) {
  session.parked = std::make_unique<ParkedCall>();
  session.parked->reason = reason;
  session.parked->command = &command;
  session.parked->database = session.database;
  session.parked->args.assign(args.begin(), args.end());
  postponed_.push_back(&session);
}

bool Engine::WantsReply(Session& session) {
  if (session.reply_mode == ReplyMode::kOn) return true;
  if (session.reply_mode != ReplyMode::kOff) session.reply_mode = ReplyMode::kOn;
  return false;
}

bool Engine::RunAndReply(Session& session, CommandEntry& command, Args args, Call::Mode mode) {
  if (session.reply_mode != ReplyMode::kOn) [[unlikely]] {
    return RunMuted(session, command, args, mode);
  }
  return Run(session, session.reply, command, args, mode);
}

// CLIENT REPLY OFF and SKIP: the call runs, its reply goes nowhere.
bool Engine::RunMuted(Session& session, CommandEntry& command, Args args, Call::Mode mode) {
  resp::Output nowhere;
  resp::ReplyWriter reply(nowhere, session.reply.version());
  if (session.reply_mode == ReplyMode::kSkipNext) session.reply_mode = ReplyMode::kSkip;
  if (!Run(session, reply, command, args, mode)) return false;
  if (session.reply_mode == ReplyMode::kSkip) {
    session.reply_mode = ReplyMode::kOn;
  } else if (session.reply_mode == ReplyMode::kOn) {
    session.output.Splice(std::move(nowhere));  // what turns replies on is itself answered
    outbox.Add(session);
  }
  return true;
}

bool Engine::Run(Session& session, resp::ReplyWriter& reply, CommandEntry& command, Args args,
                 Call::Mode mode) {
  const bool outermost = mode != Call::Mode::kInTransaction;
  const uint64_t position = session.output.appended_bytes();
  if (outermost) store.ResetSeen();
  if (pause_.until_ms != 0) [[unlikely]]
    store.set_keeps_due(!command.Is(kWrite));
  store.BeginBatch();
  Call call(*this, session, reply, command, args, mode);
  const bool handled = Handle(call, reply.output().appended_bytes());
  const store::Lsn written = store.EndBatch();
  if (written != 0) session.last_written_lsn = written;
  if (!handled || call.parked()) return false;

  const uint64_t now_nanos = clock.MonotonicNanos();
  Record(call, now_nanos - call_started_nanos_);
  call_started_nanos_ = now_nanos;
  if (!outermost) return true;

  outbox.Add(session);
  if (store.hold_unsynced()) {
    const store::Lsn needed = std::max(written, store.seen_lsn());
    if (needed > store.durable_lsn()) session.AddGate(position, needed);
  }
  return true;
}

bool Engine::Handle(Call& call, uint64_t position) {
  const bool outermost = call.mode != Call::Mode::kInTransaction;
  if (outermost) {
    running_ = &call;
    running_position_ = position;
  }
  try {
    call.command.row->handler(call);
  } catch (const data::PageFault& fault) {
    AwaitPages(call.session, call.command, call.args, fault);
    return false;
  } catch (const data::PageUnreadable& unreadable) {
    store.CheckUnchanged(unreadable.reason);
    call.Error("ERR " + unreadable.reason);
  }
  if (outermost) running_ = nullptr;
  return true;
}

bool Engine::CallCanWait() const {
  return running_ != nullptr && running_->mode == Call::Mode::kDirect && store.BatchIsClean() &&
         !IsExec(running_->command) &&
         running_->reply.output().appended_bytes() == running_position_;
}

void Engine::AwaitPages(Session& session, CommandEntry& command, Args args,
                        const data::PageFault& fault) {
  running_ = nullptr;
  Postpone(session, command, args, ParkedCall::Reason::kPages);
  session.parked->page_wait = store.pager()->Await(fault);
}

void Engine::Record(const Call& call, uint64_t nanos) {
  CommandEntry& command = call.command;
  ++statistics.commands_processed;
  ++command.calls;
  command.nanos += nanos;
  if (call.failed()) ++command.failed_calls;
  if (config.latency_tracking) {
    if (command.latency == nullptr) command.latency = std::make_unique<LatencyHistogram>();
    command.latency->Add(nanos);
  }
  const auto micros = static_cast<int64_t>(nanos / 1000);
  if (config.slow_log_slower_than_micros >= 0 && micros >= config.slow_log_slower_than_micros &&
      !command.Is(kSkipSlowLog)) [[unlikely]] {
    slow_log.Add(call.WithoutSecrets(), call.session, now_ms(), micros,
                 static_cast<size_t>(config.slow_log_max_length));
  }
  const int64_t threshold = config.latency_monitor_threshold_ms;
  if (threshold > 0 && micros / 1000 >= threshold) [[unlikely]] {
    latency.Add(command.Is(kFast) ? "fast-command" : "command", now_ms(), micros / 1000);
  }
  if (!monitors_.empty() && !command.Is(kSkipMonitor | kAdmin)) [[unlikely]] {
    FeedMonitors(call.session, call.WithoutSecrets());
  }
}

void Engine::FeedMonitors(const Session& session, Args args) {
  if (monitors_.empty()) return;
  char head[64];
  std::snprintf(head, sizeof(head), "%lld.%06lld [%u ",
                static_cast<long long>(now_micros_ / 1000000),
                static_cast<long long>(now_micros_ % 1000000), session.database);
  std::string line =
      head + (session.unix_socket ? "unix:" + config.unix_socket : session.address) + "]";
  for (const std::string_view arg : args) line.append(" ").append(Quote(arg));
  for (Session* monitor : monitors_) {
    if (monitor->reply_mode != ReplyMode::kOn) continue;
    monitor->reply.Simple(line);
    outbox.Add(*monitor);
    outbox.WithinLimit(*monitor, now_ms());
  }
}

}  // namespace leat::engine
