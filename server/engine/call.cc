#include "server/engine/call.h"

#include "server/engine/engine.h"
#include "server/engine/session.h"

namespace leat::engine {

Call::Call(Engine& call_engine, Session& call_session, resp::ReplyWriter& call_reply,
           CommandEntry& call_command, Args call_args, Mode call_mode)
    : engine(call_engine),
      session(call_session),
      store(call_engine.store),
      reply(call_reply),
      command(call_command),
      args(call_args),
      now_ms(call_engine.now_ms()),
      mode(call_mode),
      touches_(!call_session.no_touch || call_command.row->name == "TOUCH") {}

uint32_t Call::database() const {
  return session.database;
}

std::string_view Call::BulksFrom(size_t index) const {
  const resp::RequestReader& reader = session.reader;
  return args.data() == reader.args().data() ? reader.BulksFrom(index) : std::string_view();
}

data::Entry* Call::FindForRead(const data::Key& key) {
  data::Entry* entry = Find(key);
  ++(entry != nullptr ? engine.statistics.keyspace_hits : engine.statistics.keyspace_misses);
  return entry;
}

data::Entry* Call::FindNoTouch(const data::Key& key) {
  data::Entry* entry = store.FindNoTouch(database(), key, now_ms);
  ++(entry != nullptr ? engine.statistics.keyspace_hits : engine.statistics.keyspace_misses);
  return entry;
}

void Call::Error(std::string_view text) {
  failed_ = true;
  engine.CountError(text);
  reply.Error(text);
}

std::vector<std::string_view> Call::WithoutSecrets() const {
  std::vector<std::string_view> shown(args.begin(), args.end());
  for (const size_t index : secrets_) shown[index] = "(redacted)";
  return shown;
}

void Call::Park(std::span<const KeyWait> waits, int64_t deadline_ms, TimeoutReply timeout_reply,
                std::vector<std::string> arguments) {
  if (mode == Mode::kInTransaction) {
    return WriteTimeoutReply(reply, timeout_reply, engine.HasWritesOnDisk(session));
  }
  parked_ = true;
  if (mode == Mode::kRerun) return engine.blocking.ParkAgain(session, waits);
  session.parked = std::make_unique<ParkedCall>();
  ParkedCall& call = *session.parked;
  call.command = &command;
  call.args = std::move(arguments);
  call.database = database();
  call.deadline_ms = deadline_ms;
  call.timeout_reply = timeout_reply;
  engine.blocking.Park(session, waits);
}

void WriteTimeoutReply(resp::ReplyWriter& reply, TimeoutReply timeout_reply, bool durable) {
  switch (timeout_reply) {
    case TimeoutReply::kNullArray:
      return reply.NullArray();
    case TimeoutReply::kNull:
      return reply.Null();
    case TimeoutReply::kNoReplicas:
      return reply.Integer(0);
    case TimeoutReply::kCopies:
      return WriteCopies(reply, durable);
  }
}

void WriteCopies(resp::ReplyWriter& reply, bool durable) {
  reply.Array(2);
  reply.Integer(durable ? 1 : 0);
  reply.Integer(0);  // replicas
}

}  // namespace leat::engine
