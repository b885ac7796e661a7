// Engine: the server without its sockets. It owns the sessions and everything they share; a turn of
// the loop drives it:
//
//   engine.BeginTurn();                 samples the time
//   engine.Process(session);            runs what a session's reader was fed, for each that was
//   read engine.RunTimers();                 what has fallen due for (Session* s :
//   engine.EndTurn()) hands the journal over; these have output to send or are closing
//
// The parts (PubSub, Blocking, WatchTable …) know nothing of each other; what joins them is here
// and in dispatch.cc, which runs one call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/disk.h"
#include "server/engine/blocking.h"
#include "server/engine/call.h"
#include "server/engine/clock.h"
#include "server/engine/command_table.h"
#include "server/engine/config.h"
#include "server/engine/latency_monitor.h"
#include "server/engine/outbox.h"
#include "server/engine/pubsub.h"
#include "server/engine/session.h"
#include "server/engine/slow_log.h"
#include "server/engine/statistics.h"
#include "server/engine/transaction.h"
#include "server/store/checkpointer.h"
#include "server/store/store.h"
#include "server/store/topic_keeper.h"
#include "server/store/topic_pager.h"

namespace leat::engine {

// CLIENT PAUSE: calls of all clients, or only those that write, wait until it ends.
struct Pause {
  int64_t until_ms = 0;
  bool all = false;
};

class Engine final : private store::KeyObserver {
 public:
  // All are borrowed and outlive the engine. `seed` makes hash tables unpredictable.
  Engine(Config& config, store::Store& store, Clock& clock, persistence::Disk& disk, uint64_t seed);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() override;

  // A new client; null where `maxclients` is reached.
  Session* Connect();
  // The client is gone: its subscriptions, watches and waits end.
  void Disconnect(Session& session);
  const std::map<uint64_t, std::unique_ptr<Session>>& sessions() const { return sessions_; }
  Session* FindSession(uint64_t id) const;

  void BeginTurn();
  void Process(Session& session);
  void RunTimers();
  std::vector<Session*> EndTurn();
  // When RunTimers is wanted next, in Unix milliseconds.
  int64_t NextTimerMs() const;
  // The block store has answers: calls that waited for blocks may run.
  void PagesArrived();
  // The journal announced a new durable LSN, so replies that waited may go; or trouble with the
  // disk, or its end: while it lasts, calls that write are refused.
  void JournalAdvanced();

  int64_t now_ms() const { return now_micros_ / 1000; }
  int64_t now_micros() const { return now_micros_; }

  // Runs one call and all that goes with it: counters, the slow log, monitors.
  // False when it waits (Call::Park).
  bool Run(Session& session, resp::ReplyWriter& reply, CommandEntry& command, Args args,
           Call::Mode mode);
  // What the session's calls have written is in the journal and synced; never without a journal.
  bool HasWritesOnDisk(const Session& session) const;
  // The session's parked call is to run again when that has come true.
  void WakeWhenDurable(Session& session);
  // Ends the wait of a session for an event with `error`, or, where that is empty, as its timeout
  // does. What it has sent since is executed at the end of the turn.
  void Unblock(Session& session, std::string_view error);
  // Closes a session at the end of the turn: after its output was sent, or dropping it. One that
  // is closed at once receives nothing more and waits for nothing.
  void Close(Session& session, bool at_once, std::string_view reason);
  // Begins a pause, or makes the present one longer or stricter.
  void SetPause(Pause pause);
  void EndPause();
  const Pause& pause() const { return pause_; }
  void Shutdown() { shutdown_requested_ = true; }
  bool shutdown_requested() const { return shutdown_requested_; }
  // After the settings changed.
  void ApplyConfig();
  void CountError(std::string_view text) { statistics.CountError(text); }
  void Monitor(Session& session);
  size_t monitor_count() const { return monitors_.size(); }
  void StopMonitoring(Session& session);
  // Borrowed; null: nothing is kept on disk.
  void set_checkpoints(store::Checkpointer* checkpoints);
  store::Checkpointer* checkpoints() const { return checkpoints_; }
  // 40 hexadecimal digits that no other process has (INFO run_id).
  const std::string& run_id() const { return run_id_; }
  // DEBUG SET-ACTIVE-EXPIRE: whether due keys are reclaimed without anyone asking for them.
  void set_active_expire(bool active) { active_expire_ = active; }
  // Memory for what a handler encodes, of at least this size, until the next call of Scratch.
  char* Scratch(size_t size);
  // Uniform random bits, not for secrets.
  uint64_t Random();

  Config& config;
  store::Store& store;
  Clock& clock;
  Log log;
  persistence::Disk& disk;  // of the configuration file
  CommandTable commands;
  Statistics statistics;
  SlowLog slow_log;
  LatencyMonitor latency;
  Outbox outbox;
  PubSub pubsub;
  Blocking blocking;
  WatchTable watches;
  store::TopicKeeper keeper;
  std::string config_file;  // where CONFIG REWRITE writes; empty: started without one
  int64_t started_ms = 0;
  uint64_t peak_memory_bytes = 0;  // as last seen

 private:
  void KeyChanged(uint32_t database, const data::Key& key) override;
  void KeyFed(uint32_t database, const data::Key& key) override;
  void DatabaseChanged(uint32_t database) override;

  void Execute(Session& session, Args args);
  CommandEntry* Resolve(Session& session, Args args);
  void Reject(Session& session, CommandEntry* command, Args args, std::string_view error);
  // Why the call may not run now, or empty.
  std::string Refusal(const Session& session, const CommandEntry& command) const;
  bool DebugAllowed(const Session& session) const;
  bool Queues(const Session& session, const CommandEntry& command) const;
  bool Waits(Session& session, CommandEntry& command, Args args);
  void Queue(Session& session, CommandEntry& command, Args args);
  // Whether the session wants the reply that it is due now; where it skips one, this was it.
  bool WantsReply(Session& session);
  // As Run, with the reply going where CLIENT REPLY says.
  bool RunAndReply(Session& session, CommandEntry& command, Args args, Call::Mode mode);
  bool RunMuted(Session& session, CommandEntry& command, Args args, Call::Mode mode);
  // The disk cannot keep up with the journal, or with sealed blocks.
  bool DiskIsBehind() const;
  // Puts the call aside until what it waits for has come.
  void Postpone(Session& session, CommandEntry& command, Args args, ParkedCall::Reason reason);
  // Whether the call that runs has neither changed nor replied anything, and may run again later.
  bool CallCanWait() const;
  void AwaitPages(Session& session, CommandEntry& command, Args args, const data::PageFault& fault);
  // Runs the handler; false when the call waits for pages.
  bool Handle(Call& call, uint64_t position);
  // Whether calls that write are put aside or refused. What waits for a retry may write: it goes on
  // waiting.
  bool HoldsWrites() const;
  void Record(const Call& call, uint64_t nanos);
  void FeedMonitors(const Session& session, Args args);
  void ServeReady();
  void Rerun(Session& session);
  void NoteJournalStatus();
  void Unpark(Session& session);
  void StopWaiting(Session& session);
  void ServeDurable();
  void ResumePostponed(ParkedCall::Reason reason);
  void Resume(Session& session);
  void RunCheckpoint();
  bool SavePointReached() const;
  void TimeOutBlocked();
  void CheckClients();
  void SampleRates();

  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  std::vector<Session*> monitors_;
  std::vector<Session*> resumed_;    // may have unread requests
  std::vector<Session*> postponed_;  // calls put aside (not for an event), in order of arrival
  std::set<std::pair<store::Lsn, Session*>> durable_waits_;
  std::vector<Session*> held_;  // output waits for the journal
  uint64_t next_session_id_ = 1;
  int64_t now_micros_ = 0;
  uint64_t call_started_nanos_ = 0;
  store::Checkpointer* checkpoints_ = nullptr;
  const Call* running_ = nullptr;   // the outermost call
  uint64_t running_position_ = 0;   // of its reply's output, before it
  int64_t next_checkpoint_ms_ = 0;  // when the next slice of one is wanted
  std::unique_ptr<char[]> scratch_;
  size_t scratch_size_ = 0;
  uint64_t random_state_;
  std::string run_id_;
  bool active_expire_ = true;
  Pause pause_;
  std::string journal_error_;  // MISCONF …, or empty
  bool shutdown_requested_ = false;
  bool turn_started_ = false;
  int64_t next_second_ms_ = 0;
  uint64_t last_commands_ = 0, last_input_bytes_ = 0, last_output_bytes_ = 0;
};

}  // namespace leat::engine
