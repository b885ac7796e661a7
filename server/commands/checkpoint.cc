// Checkpoints: SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE (redis.io, "Server management"). Leat's journal
// and its checkpoints are one thing, so both background commands begin the same one.
#include <string>

#include "server/commands/families.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

// Null where nothing is kept on disk, which was replied.
store::Checkpointer* Checkpoints(Call& call) {
  store::Checkpointer* checkpoints = call.engine.checkpoints();
  if (checkpoints == nullptr) call.Error("ERR nothing is kept on disk: appendonly is no");
  return checkpoints;
}

void Save(Call& call) {
  store::Checkpointer* checkpoints = Checkpoints(call);
  if (checkpoints == nullptr) return;
  if (checkpoints->in_progress()) return call.Error("ERR Background save already in progress");
  const persistence::Status status = checkpoints->SaveNow(call.now_ms);
  if (!status.ok()) return call.Error("ERR " + status.message());
  call.reply.Ok();
}

void Begin(Call& call, std::string_view begun, std::string_view busy) {
  store::Checkpointer* checkpoints = Checkpoints(call);
  if (checkpoints == nullptr) return;
  if (!checkpoints->Request()) return call.Error(busy);
  call.reply.Simple(begun);
}

void BgSave(Call& call) {
  ArgReader args(call, 1);
  while (args.HasMore()) {
    if (!args.Match("SCHEDULE") || call.size() > 2) args.Fail(errors::kSyntax);
  }
  if (!args.Finish()) return;
  Begin(call, "Background saving started", "ERR Background save already in progress");
}

void BgRewriteAof(Call& call) {
  Begin(call, "Background append only file rewriting started",
        "ERR Background append only file rewriting already in progress");
}

void LastSave(Call& call) {
  const store::Checkpointer* checkpoints = call.engine.checkpoints();
  const int64_t last_ms =
      checkpoints == nullptr ? call.engine.started_ms : checkpoints->report().last_save_ms;
  call.reply.Integer(last_ms / 1000);
}

constexpr Command kCommands[] = {
    {.name = "SAVE",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N) where N is the total number of keys in all databases",
     .summary = "Synchronously save the dataset to disk",
     .handler = Save},
    {.name = "BGSAVE",
     .arity = -1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Asynchronously save the dataset to disk",
     .handler = BgSave},
    {.name = "BGREWRITEAOF",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Asynchronously rewrite the append-only file",
     .handler = BgRewriteAof},
    {.name = "LASTSAVE",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = kAdminCategory | kDangerousCategory,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Get the UNIX time stamp of the last successful save to disk",
     .tips = "nondeterministic_output",
     .handler = LastSave},
};

}  // namespace

std::span<const Command> CheckpointCommands() {
  return kCommands;
}

}  // namespace leat::commands
