// Call: one invocation of a command, and all that its handler may touch. A handler looks at the
// data, decides, commits mutations and writes exactly one reply.
//
//   void Strlen(Call& call) {
//     const data::Entry* entry = call.FindForRead(call[1]);
//     if (entry == nullptr) return call.reply.Integer(0);
//     if (entry->type() != data::Type::kString) return call.Error(errors::kWrongType);
//     call.reply.Integer(static_cast<int64_t>(entry->string().size()));
//   }
//
// The arguments are views into the client's request: they are gone when the handler returns.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "resp/reply_writer.h"
#include "server/data/keyspace.h"
#include "server/engine/command.h"
#include "server/engine/command_table.h"
#include "server/engine/errors.h"
#include "server/engine/parked_call.h"
#include "server/store/store.h"

namespace leat::engine {

class Engine;
struct Session;

class Call {
 public:
  // Whether the call may wait for a key, and whether it already has.
  enum class Mode : uint8_t { kDirect, kRerun, kInTransaction };

  Call(Engine& call_engine, Session& call_session, resp::ReplyWriter& call_reply,
       CommandEntry& call_command, Args call_args, Mode call_mode);

  Engine& engine;
  Session& session;
  store::Store& store;
  resp::ReplyWriter& reply;
  CommandEntry& command;
  const Args args;  // the command's name first
  const int64_t now_ms;
  const Mode mode;

  size_t size() const { return args.size(); }
  std::string_view operator[](size_t index) const { return args[index]; }
  // The arguments from `index` on as bulk strings in wire form, where the client sent them so and
  // the call runs at once; else empty.
  std::string_view BulksFrom(size_t index) const;
  uint32_t database() const;

  static data::Key KeyOf(std::string_view name) { return data::MakeKey(name); }
  // The live entry of a key in the session's database, or null.
  data::Entry* Find(const data::Key& key) {
    return touches_ ? store.Find(database(), key, now_ms)
                    : store.FindNoTouch(database(), key, now_ms);
  }
  data::Entry* Find(std::string_view name) { return Find(KeyOf(name)); }
  // The same, counted as a hit or a miss (INFO keyspace_hits).
  data::Entry* FindForRead(const data::Key& key);
  data::Entry* FindForRead(std::string_view name) { return FindForRead(KeyOf(name)); }
  // The same for a call that asks about the key and does not use its value (OBJECT IDLETIME).
  data::Entry* FindNoTouch(const data::Key& key);

  template <typename Mutation>
  void Commit(const Mutation& mutation) {
    store.Commit(mutation);
  }

  // "ERR …": counted, and written as the reply.
  void Error(std::string_view text);
  bool failed() const { return failed_; }

  // The argument is a password: it is not shown in the slow log, nor to monitors.
  void Redact(size_t index) { secrets_.push_back(index); }
  // The arguments with "(redacted)" for each that is; valid while the arguments are.
  std::vector<std::string_view> WithoutSecrets() const;

  // The call can answer nothing yet: it waits for a change of the keys of `waits` (in the session's
  // database) or their retry times, until `deadline_ms` (Unix time, 0: for ever), and runs again
  // with `arguments`, in which what is relative to now was made absolute. Without keys it waits for
  // the deadline, or until it is woken otherwise (Engine::WakeWhenDurable). In a re-run it keeps
  // its place, its arguments and its deadline; `waits` are then those of the first time with new
  // retry times. In a transaction nothing can wait: the timeout's reply is written at once.
  void Park(std::span<const KeyWait> waits, int64_t deadline_ms, TimeoutReply timeout_reply,
            std::vector<std::string> arguments);
  bool parked() const { return parked_; }

 private:
  bool failed_ = false;
  bool parked_ = false;
  const bool touches_;  // whether keys count as used: not under CLIENT NO-TOUCH
  std::vector<size_t> secrets_;
};

// `durable`: what the session has written is on disk.
void WriteTimeoutReply(resp::ReplyWriter& reply, TimeoutReply timeout_reply, bool durable);
// On how many disks the session's writes are, here and at replicas.
void WriteCopies(resp::ReplyWriter& reply, bool durable);

}  // namespace leat::engine
