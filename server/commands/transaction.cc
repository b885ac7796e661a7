// Transactions: MULTI, EXEC, DISCARD, WATCH and UNWATCH (redis.io, "Transactions").
#include <memory>
#include <utility>
#include <vector>

#include "server/commands/families.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/session.h"

namespace leat::commands {

using namespace engine;

namespace {

void Multi(Call& call) {
  if (call.session.transaction != nullptr) return call.Error("ERR MULTI calls can not be nested");
  call.session.transaction = std::make_unique<Transaction>();
  call.reply.Ok();
}

void Discard(Call& call) {
  if (call.session.transaction == nullptr) return call.Error("ERR DISCARD without MULTI");
  call.session.transaction.reset();
  call.engine.watches.UnwatchAll(call.session);
  call.reply.Ok();
}

// A watched key that is due expires now, and so counts as changed.
bool WatchedKeysChanged(Call& call) {
  if (call.session.watched == nullptr) return false;
  for (const DatabaseKey& key : call.session.watched->keys) {
    call.store.Find(key.database, Call::KeyOf(key.name), call.now_ms);
  }
  return call.session.watched->changed;
}

void Exec(Call& call) {
  Session& session = call.session;
  if (session.transaction == nullptr) return call.Error("ERR EXEC without MULTI");
  const bool changed = WatchedKeysChanged(call);
  const std::unique_ptr<Transaction> transaction = std::move(session.transaction);
  call.engine.watches.UnwatchAll(session);
  if (transaction->failed) {
    return call.Error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (changed) return call.reply.NullArray();

  // Replies are gathered apart: a message that the transaction publishes to its own client goes
  // before them, not between them.
  const ReplyMode mode = session.reply_mode;
  resp::Output gathered;
  resp::ReplyWriter reply(gathered, call.reply.version());
  reply.Array(transaction->calls.size());
  std::vector<std::string_view> args;
  for (const QueuedCall& queued : transaction->calls) {
    args.assign(queued.args.begin(), queued.args.end());
    reply.set_version(session.reply.version());  // HELLO may have changed it
    call.engine.Run(session, reply, *queued.command, args, Call::Mode::kInTransaction);
  }
  // One that turned replies off is not answered: some of its replies are missing.
  if (session.reply_mode == mode) call.reply.output().Splice(std::move(gathered));
}

void Watch(Call& call) {
  if (call.session.transaction != nullptr) {
    return call.Error("ERR WATCH inside MULTI is not allowed");
  }
  for (const std::string_view key : call.args.subspan(1)) {
    call.Find(key);  // one that is due expires before it is watched
    call.engine.watches.Watch(call.session, call.database(), key);
  }
  call.reply.Ok();
}

void Unwatch(Call& call) {
  call.engine.watches.UnwatchAll(call.session);
  call.reply.Ok();
}

constexpr uint32_t kFlags = kNoScript | kLoading | kStale | kFast | kAllowBusy;

constexpr Command kCommands[] = {
    {.name = "MULTI",
     .arity = 1,
     .flags = kFlags,
     .categories = kTransactionCategory,
     .group = "transactions",
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Mark the start of a transaction block",
     .handler = Multi},
    {.name = "EXEC",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowLog,
     .categories = kTransactionCategory,
     .group = "transactions",
     .since = "1.2.0",
     .complexity = "Depends on commands in the transaction",
     .summary = "Execute all commands issued after MULTI",
     .handler = Exec},
    {.name = "DISCARD",
     .arity = 1,
     .flags = kFlags,
     .categories = kTransactionCategory,
     .group = "transactions",
     .since = "2.0.0",
     .complexity = "O(N), when N is the number of queued commands",
     .summary = "Discard all commands issued after MULTI",
     .handler = Discard},
    {.name = "WATCH",
     .arity = -2,
     .flags = kFlags,
     .categories = kTransactionCategory,
     .keys = {KeyRange(kKeyReadOnly, 1, -1)},
     .group = "transactions",
     .since = "2.2.0",
     .complexity = "O(1) for every key.",
     .summary = "Watch the given keys to determine execution of the MULTI/EXEC block",
     .handler = Watch},
    {.name = "UNWATCH",
     .arity = 1,
     .flags = kFlags,
     .categories = kTransactionCategory,
     .group = "transactions",
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Forget about all watched keys",
     .handler = Unwatch},
};

}  // namespace

std::span<const Command> TransactionCommands() {
  return kCommands;
}

}  // namespace leat::commands
