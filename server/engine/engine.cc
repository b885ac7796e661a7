#include "server/engine/engine.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "server/engine/errors.h"

namespace leat::engine {

using store::TopicPager;

namespace {

// Due keys reclaimed in one slice of a turn: well below a millisecond.
constexpr size_t kExpiriesPerSlice = 1000;
// Of a checkpoint's walk in one slice: half a millisecond, or so.
constexpr size_t kCheckpointSteps = 4000;
constexpr int64_t kCheckpointPollMs = 10;

}  // namespace

Engine::Engine(Config& engine_config, store::Store& engine_store, Clock& engine_clock,
               persistence::Disk& engine_disk, uint64_t seed)
    : config(engine_config),
      store(engine_store),
      clock(engine_clock),
      log(engine_config.log_level),
      disk(engine_disk),
      outbox(config),
      pubsub(seed, outbox),
      keeper(store),
      random_state_(seed) {
  store.set_observer(this);
  if (store.pager() != nullptr) store.pager()->set_can_wait([this] { return CallCanWait(); });
  BeginTurn();
  turn_started_ = false;
  started_ms = now_ms();
  next_second_ms_ = started_ms + 1000;
  for (int i = 0; i < 40; ++i) run_id_.push_back("0123456789abcdef"[Random() % 16]);
  ApplyConfig();
}

Engine::~Engine() {
  store.set_observer(nullptr);
  if (store.pager() != nullptr) store.pager()->set_can_wait(nullptr);
}

void Engine::ApplyConfig() {
  if (persistence::Journal* journal = store.journal()) journal->SetPolicy(config.append_fsync);
  if (store.pager() != nullptr) {
    store.pager()->set_budget(static_cast<size_t>(config.topic_memory_bytes));
  }
  if (checkpoints_ != nullptr) {
    checkpoints_->set_growth(config.checkpoint_growth_percentage, config.checkpoint_min_bytes);
  }
  keeper.set_min_dirty_percentage(config.compaction_min_dirty_percentage);
  keeper.compactor.set_memory_bytes(static_cast<size_t>(config.compaction_memory_bytes));
  store.set_hold_unsynced(config.append_fsync == persistence::SyncPolicy::kAlways);
}

void Engine::set_checkpoints(store::Checkpointer* checkpoints) {
  checkpoints_ = checkpoints;
  ApplyConfig();
}

Session* Engine::Connect() {
  if (sessions_.size() >= static_cast<size_t>(config.max_clients)) {
    ++statistics.connections_rejected;
    return nullptr;
  }
  ++statistics.connections_received;
  auto session = std::make_unique<Session>(next_session_id_++, &config.limits);
  session->created_ms = session->last_request_ms = now_ms();
  session->authenticated = config.require_pass.empty();
  session->reader.set_authenticated(session->authenticated);
  Session* borrowed = session.get();
  sessions_.emplace(borrowed->id, std::move(session));
  return borrowed;
}

void Engine::Disconnect(Session& session) {
  if (session.parked != nullptr && session.parked->reason != ParkedCall::Reason::kEvent) {
    std::erase(postponed_, &session);
    if (session.parked->page_wait != 0) store.pager()->End(session.parked->page_wait);
  }
  StopWaiting(session);
  pubsub.UnsubscribeAll(session);
  watches.UnwatchAll(session);
  StopMonitoring(session);
  outbox.Forget(session);
  std::erase(resumed_, &session);
  if (session.held) std::erase(held_, &session);
  sessions_.erase(session.id);
}

Session* Engine::FindSession(uint64_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Engine::Close(Session& session, bool at_once, std::string_view reason) {
  if (session.closing_reason.empty()) session.closing_reason = reason;
  if (log.Writes(LogLevel::kVerbose)) {
    log.Write(LogLevel::kVerbose, now_ms(),
              "closing client " + session.address + ": " + session.closing_reason);
  }
  session.closing = true;
  outbox.Add(session);
  if (!at_once) return;
  session.closing_at_once = true;
  pubsub.UnsubscribeAll(session);
  watches.UnwatchAll(session);
  StopWaiting(session);
  StopMonitoring(session);
}

void Engine::Monitor(Session& session) {
  if (session.monitor) return;
  session.monitor = true;
  monitors_.push_back(&session);
}

void Engine::StopMonitoring(Session& session) {
  if (!session.monitor) return;
  session.monitor = false;
  std::erase(monitors_, &session);
}

char* Engine::Scratch(size_t size) {
  constexpr size_t kKept = size_t{64} << 10;  // what is larger is for one call
  if (size > scratch_size_ || (scratch_size_ > kKept && size <= kKept)) {
    scratch_size_ = std::max(size, kKept);
    scratch_ = std::make_unique_for_overwrite<char[]>(scratch_size_);
  }
  return scratch_.get();
}

uint64_t Engine::Random() {  // splitmix64
  uint64_t z = (random_state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void Engine::BeginTurn() {
  if (turn_started_) return;
  turn_started_ = true;
  now_micros_ = clock.UnixMicros();
  store.dataset().access_clock = static_cast<uint32_t>(now_micros_ / 1'000'000);
}

void Engine::Process(Session& session) {
  call_started_nanos_ = clock.MonotonicNanos();
  while (session.parked == nullptr && !session.IsClosing()) {
    const auto status = session.reader.Next();
    if (status == resp::RequestReader::Status::kNeedMore) break;
    if (status == resp::RequestReader::Status::kError) {
      const std::string error = "ERR " + std::string(session.reader.error());
      statistics.CountError(error);
      if (WantsReply(session)) session.reply.Error(error);
      Close(session, false, "protocol error");
      break;
    }
    Execute(session, session.reader.args());
  }
  session.reader.Keep();
  // Arguments of a request that never ends, and of a transaction, count like what is not parsed
  // yet.
  const size_t queued = session.transaction == nullptr ? 0 : session.transaction->memory_bytes;
  if (session.reader.memory_bytes() + queued > config.limits.client_query_buffer_limit_bytes) {
    Close(session, true, "its requests passed client-query-buffer-limit");
  }
}

std::vector<Session*> Engine::EndTurn() {
  // A call that ended its wait may have left requests behind it, and those may end other waits.
  while (!resumed_.empty()) {
    BeginTurn();
    for (Session* session : std::exchange(resumed_, {})) Process(*session);
  }
  turn_started_ = false;
  if (store.pager() != nullptr) store.pager()->Evict();
  if (persistence::Journal* journal = store.journal()) journal->Submit();
  std::vector<Session*> sessions = outbox.Take();
  for (Session* session : sessions) {
    if (session->gates.empty() || session->held) continue;
    session->held = true;
    held_.push_back(session);
  }
  return sessions;
}

void Engine::JournalAdvanced() {
  store.ForgetDurable();
  NoteJournalStatus();
  for (Session* session : std::exchange(held_, {})) {
    session->held = false;
    outbox.Add(*session);
  }
  ServeDurable();
  ResumePostponed(ParkedCall::Reason::kBacklog);
}

void Engine::PagesArrived() {
  TopicPager& pager = *store.pager();
  pager.TakeAnswers();
  for (const TopicPager::Finished& finished : pager.TakeFinished()) {
    if (keeper.PageArrived(finished)) continue;
    const auto waits = [&finished](const Session* session) {
      return session->parked->page_wait == finished.id;
    };
    const auto found = std::find_if(postponed_.begin(), postponed_.end(), waits);
    if (found == postponed_.end()) continue;  // its client is gone
    Session& session = **found;
    postponed_.erase(found);
    if (finished.error.empty()) {
      Resume(session);
    } else {
      session.parked.reset();
      CountError("ERR " + finished.error);
      if (WantsReply(session)) session.reply.Error("ERR " + finished.error);
      outbox.Add(session);
      resumed_.push_back(&session);
    }
    const ParkedCall* const again = session.parked.get();
    if (again != nullptr && again->page_wait != 0) {
      pager.Continue(again->page_wait, finished.id);
    } else {
      pager.End(finished.id);
    }
  }
  if (!DiskIsBehind()) ResumePostponed(ParkedCall::Reason::kBacklog);
}

void Engine::NoteJournalStatus() {
  const persistence::Status status = store.journal()->status();
  std::string error =
      status.ok() ? "" : "MISCONF Errors writing to the journal: " + status.message();
  if (error == journal_error_) return;
  journal_error_ = std::move(error);
  if (status.ok()) {
    log.Write(LogLevel::kNotice, now_ms(), "the journal is whole again: writes go on");
  } else {
    log.Write(LogLevel::kWarning, now_ms(), "writes are refused: " + status.message());
  }
}

void Engine::RunTimers() {
  BeginTurn();
  if (pause_.until_ms != 0 && pause_.until_ms <= now_ms()) EndPause();
  if (pause_.until_ms == 0 && active_expire_) store.ExpireDue(now_ms(), kExpiriesPerSlice);
  if (!HoldsWrites()) {
    blocking.RetryDue(now_ms());
    keeper.Step(now_ms());
  }
  if (blocking.HasReady()) ServeReady();
  TimeOutBlocked();  // only those that got nothing
  if (now_ms() >= next_second_ms_) {
    next_second_ms_ = now_ms() + 1000;
    SampleRates();
    CheckClients();
    if (store.pager() != nullptr) store.pager()->Reclaim();
  }
  if (checkpoints_ != nullptr && now_ms() >= next_checkpoint_ms_) RunCheckpoint();
}

// `save`: by time and changes.
bool Engine::SavePointReached() const {
  const store::Checkpointer::Report report = checkpoints_->report();
  const auto changes = static_cast<int64_t>(store.changes() - report.changes_at_last);
  return changes > 0 && std::any_of(config.save.begin(), config.save.end(), [&](SavePoint point) {
           return changes >= point.changes &&
                  now_ms() - report.last_save_ms >= point.seconds * 1000;
         });
}

void Engine::RunCheckpoint() {
  if (!checkpoints_->in_progress() && SavePointReached()) checkpoints_->Request();
  const std::string error_before = checkpoints_->report().last_status.message();
  const uint64_t begin_nanos = clock.MonotonicNanos();
  const bool more = checkpoints_->Step(now_ms(), kCheckpointSteps);
  next_checkpoint_ms_ = now_ms() + (more ? 1 : kCheckpointPollMs);
  const uint64_t micros = (clock.MonotonicNanos() - begin_nanos) / 1000;
  statistics.longest_checkpoint_slice_micros =
      std::max(statistics.longest_checkpoint_slice_micros, micros);
  const std::string error = checkpoints_->report().last_status.message();
  if (error == error_before) return;
  if (error.empty()) {
    log.Write(LogLevel::kNotice, now_ms(), "checkpoints succeed again");
  } else {
    log.Write(LogLevel::kWarning, now_ms(), "a checkpoint failed: " + error);
  }
}

int64_t Engine::NextTimerMs() const {
  int64_t next = std::min(blocking.NextDeadlineMs(), next_second_ms_);
  if (checkpoints_ != nullptr && checkpoints_->in_progress()) {
    next = std::min(next, next_checkpoint_ms_);
  }
  const int64_t next_write = std::min(blocking.NextRetryMs(), keeper.NextMs());
  if (next_write < next && !HoldsWrites()) next = next_write;
  if (pause_.until_ms != 0) return std::min(next, pause_.until_ms);
  if (!active_expire_) return next;
  return std::min(next, store.NextExpiryMs());
}

bool Engine::HoldsWrites() const {
  return pause_.until_ms != 0 || !journal_error_.empty() || DiskIsBehind();
}

void Engine::SetPause(Pause pause) {
  if (pause_.until_ms <= now_ms()) pause_ = {};
  pause_.until_ms = std::max(pause_.until_ms, pause.until_ms);
  pause_.all |= pause.all;
}

void Engine::EndPause() {
  pause_ = {};
  store.set_keeps_due(false);
  ResumePostponed(ParkedCall::Reason::kPause);
}

void Engine::Unpark(Session& session) {
  StopWaiting(session);
  session.parked.reset();
  resumed_.push_back(&session);
}

void Engine::StopWaiting(Session& session) {
  if (session.parked != nullptr && session.parked->durable_lsn != 0) {
    durable_waits_.erase({session.parked->durable_lsn, &session});
  }
  blocking.Unpark(session);
}

bool Engine::HasWritesOnDisk(const Session& session) const {
  return store.journal() != nullptr && store.durable_lsn() >= session.last_written_lsn;
}

void Engine::WakeWhenDurable(Session& session) {
  session.parked->durable_lsn = session.last_written_lsn;
  durable_waits_.emplace(session.last_written_lsn, &session);
}

// In the order in which they wrote.
void Engine::ServeDurable() {
  const store::Lsn durable = store.durable_lsn();
  while (!durable_waits_.empty() && durable_waits_.begin()->first <= durable) {
    Session& session = *durable_waits_.begin()->second;
    durable_waits_.erase(durable_waits_.begin());
    session.parked->durable_lsn = 0;
    if (!session.IsClosing()) Rerun(session);
  }
}

void Engine::Unblock(Session& session, std::string_view error) {
  const TimeoutReply timeout_reply = session.parked->timeout_reply;
  Unpark(session);
  if (!error.empty()) CountError(error);
  if (!WantsReply(session)) return;
  outbox.Add(session);
  if (error.empty()) {
    return WriteTimeoutReply(session.reply, timeout_reply, HasWritesOnDisk(session));
  }
  session.reply.Error(error);
}

// First come, first served: a call that has to wait again goes behind those that wait already.
void Engine::ResumePostponed(ParkedCall::Reason reason) {
  for (Session* session : std::exchange(postponed_, {})) {
    if (session->parked->reason != reason) {
      postponed_.push_back(session);
      continue;
    }
    Resume(*session);
  }
}

void Engine::Resume(Session& session) {
  assert(session.parked != nullptr);
  const std::unique_ptr<ParkedCall> parked = std::move(session.parked);
  if (session.IsClosing()) return;
  const std::vector<std::string_view> args(parked->args.begin(), parked->args.end());
  call_started_nanos_ = clock.MonotonicNanos();
  Execute(session, args);
  resumed_.push_back(&session);
}

void Engine::TimeOutBlocked() {
  while (Session* session = blocking.Overdue(now_ms())) Unblock(*session, {});
}

// What a client that is being closed could be given is left to those behind it.
void Engine::ServeReady() {
  while (Session* session = blocking.NextReady()) {
    session->IsClosing() ? StopWaiting(*session) : Rerun(*session);
  }
}

void Engine::Rerun(Session& session) {
  const ParkedCall& parked = *session.parked;
  const std::vector<std::string_view> args(parked.args.begin(), parked.args.end());
  call_started_nanos_ = clock.MonotonicNanos();
  std::swap(session.database, session.parked->database);
  const bool finished = RunAndReply(session, *parked.command, args, Call::Mode::kRerun);
  std::swap(session.database, session.parked->database);
  if (finished) Unpark(session);
}

void Engine::CheckClients() {
  for (const auto& [id, session] : sessions_) {
    if (!outbox.WithinLimit(*session, now_ms())) continue;
    const bool waits = session->parked != nullptr || session->IsSubscribed() || session->monitor;
    if (config.timeout_seconds > 0 && !waits &&
        now_ms() - session->last_request_ms > config.timeout_seconds * 1000) {
      Close(*session, true, "idle for longer than timeout");
    }
  }
}

void Engine::SampleRates() {
  const auto since = [](uint64_t now, uint64_t& last) {
    const uint64_t difference = now - std::min(now, last);
    last = now;
    return difference;
  };
  statistics.commands_per_second = since(statistics.commands_processed, last_commands_);
  statistics.input_kib_per_second =
      static_cast<double>(since(statistics.input_bytes, last_input_bytes_)) / 1024;
  statistics.output_kib_per_second =
      static_cast<double>(since(statistics.output_bytes, last_output_bytes_)) / 1024;
}

void Engine::KeyChanged(uint32_t database, const data::Key& key) {
  watches.KeyChanged(database, key);
}

void Engine::KeyFed(uint32_t database, const data::Key& key) {
  blocking.KeyFed(database, key);
}

void Engine::DatabaseChanged(uint32_t database) {
  data::Keyspace& keyspace = store.database(database);
  watches.DatabaseChanged(database, [&keyspace](std::string_view name) {
    return keyspace.Find(data::MakeKey(name)) != nullptr;
  });
  blocking.DatabaseChanged(database);
}

}  // namespace leat::engine
