// The server itself: TIME, ROLE, SHUTDOWN, LOLWUT (redis.io, "Server management").
#include <string>

#include "server/commands/families.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/version.h"

namespace leat::commands {

using namespace engine;

namespace {

void Time(Call& call) {
  const int64_t micros = call.engine.clock.UnixMicros();
  call.reply.Array(2);
  call.reply.Bulk(std::to_string(micros / 1000000));
  call.reply.Bulk(std::to_string(micros % 1000000));
}

void Role(Call& call) {
  const persistence::Journal* journal = call.store.journal();
  call.reply.Array(3);
  call.reply.Bulk("master");
  call.reply.Integer(journal == nullptr ? 0 : static_cast<int64_t>(journal->appended_lsn()));
  call.reply.Array(0);
}

// The journal is flushed in any case. A checkpoint, which makes the next start shorter, is taken
// where it is asked for, or where `save` has it taken by time; NOW asks for what happens anyway.
void Shutdown(Call& call) {
  ArgReader args(call, 1);
  bool abort = false;
  bool save = false;
  bool no_save = false;
  bool force = false;
  while (args.HasMore()) {
    if (args.Match("ABORT")) {
      abort = true;
    } else if (args.Match("SAVE")) {
      save = true;
    } else if (args.Match("NOSAVE")) {
      no_save = true;
    } else if (args.Match("FORCE")) {
      force = true;
    } else if (!args.Match("NOW")) {
      args.Fail(errors::kSyntax);
    }
  }
  if ((save && no_save) || (abort && call.size() > 2)) args.Fail(errors::kSyntax);
  if (!args.Finish()) return;
  if (abort) return call.Error("ERR No shutdown in progress.");
  Engine& engine = call.engine;
  const bool saves = save || (!no_save && !engine.config.save.empty());
  if (saves && engine.checkpoints() != nullptr) {
    const persistence::Status status = engine.checkpoints()->SaveNow(call.now_ms);
    if (!status.ok()) {
      engine.log.Write(LogLevel::kWarning, call.now_ms, "cannot save: " + status.message());
      if (!force) return call.Error("ERR Errors trying to SHUTDOWN. Check logs.");
    }
  }
  engine.Shutdown();
}

// A leat in section: water finds its way down through random ground.
std::string DrawLeat(uint64_t random) {
  constexpr int kWidth = 60;
  constexpr int kRows = 10;
  std::string drawing;
  int bed = 4 + static_cast<int>(random % 12);
  for (int row = 0; row < kRows; ++row) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    const int next = std::min(bed + static_cast<int>((random >> 33) % 7), kWidth - 6);
    std::string line(static_cast<size_t>(bed), '.');
    line.append(static_cast<size_t>(next - bed) + 3, '~');
    line.append(static_cast<size_t>(kWidth) - line.size(), row % 2 == 0 ? '.' : ' ');
    drawing.append(line).append("\n");
    bed = next;
  }
  return drawing;
}

void Lolwut(Call& call) {
  std::string text = DrawLeat(call.engine.Random());
  text.append("\nA leat is a channel cut to carry a stream.\nLeat ver. ").append(kVersion);
  text.append("\n");
  call.reply.Verbatim("txt", text);
}

constexpr Command kCommands[] = {
    {.name = "TIME",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .group = "server",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Return the current server time",
     .tips = "nondeterministic_output",
     .handler = Time},
    {.name = "ROLE",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .categories = kAdminCategory | kDangerousCategory,
     .group = "server",
     .since = "2.8.12",
     .complexity = "O(1)",
     .summary = "Return the role of the instance in the context of replication",
     .handler = Role},
    {.name = "SHUTDOWN",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .summary = "Synchronously save the dataset to disk and then shut down the server",
     .handler = Shutdown},
    {.name = "LOLWUT",
     .arity = -1,
     .flags = kReadOnly | kFast,
     .group = "server",
     .since = "5.0.0",
     .summary = "Display some computer art and the Redis version",
     .handler = Lolwut},
};

}  // namespace

std::span<const Command> ServerCommands() {
  return kCommands;
}

}  // namespace leat::commands
