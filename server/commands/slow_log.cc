// SLOWLOG (redis.io, "SLOWLOG GET" and its neighbours).
#include <algorithm>
#include <limits>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

void SlowLogGet(Call& call) {
  const auto& records = call.engine.slow_log.records();
  constexpr int64_t kDefaultCount = 10;
  int64_t count = kDefaultCount;
  if (call.size() == 3) {
    ArgReader args(call, 2);
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    count = args.IntegerIn(-1, kMost, "ERR count should be greater than or equal to -1");
    if (!args.Finish()) return;
  }
  const size_t shown =
      count == -1 ? records.size() : std::min(records.size(), static_cast<size_t>(count));
  call.reply.Array(shown);
  for (size_t i = 0; i < shown; ++i) {
    const SlowLog::Record& record = records[i];
    call.reply.Array(6);
    call.reply.Integer(record.id);
    call.reply.Integer(record.unix_seconds);
    call.reply.Integer(record.micros);
    call.reply.Array(record.args.size());
    for (const std::string& arg : record.args) call.reply.Bulk(arg);
    call.reply.Bulk(record.address);
    call.reply.Bulk(record.client_name);
  }
}

void SlowLogLen(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.engine.slow_log.records().size()));
}

void SlowLogReset(Call& call) {
  call.engine.slow_log.Clear();
  call.reply.Ok();
}

void SlowLogHelp(Call& call) {
  WriteHelp(call, {"GET [<count>]",
                   "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
                   "    Entries are made of:",
                   "    id, timestamp, time in microseconds, arguments array, client IP and port,",
                   "    client name", "LEN", "    Return the length of the slowlog.", "RESET",
                   "    Reset the slowlog."});
}

constexpr uint32_t kFlags = kAdmin | kLoading | kStale;

constexpr Command kSlowLogSubcommands[] = {
    {.name = "GET",
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .complexity = "O(N) where N is the number of entries returned",
     .summary = "Get the slow log's entries",
     .tips = "request_policy:all_nodes,nondeterministic_output",
     .handler = SlowLogGet},
    {.name = "LEN",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .complexity = "O(1)",
     .summary = "Get the slow log's length",
     .tips = "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output",
     .handler = SlowLogLen},
    {.name = "RESET",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.2.12",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .summary = "Clear all entries from the slow log",
     .tips = "request_policy:all_nodes,response_policy:all_succeeded",
     .handler = SlowLogReset},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = SlowLogHelp},
};

constexpr Command kCommands[] = {
    {.name = "SLOWLOG",
     .arity = -2,
     .group = "server",
     .since = "2.2.12",
     .complexity = "Depends on subcommand.",
     .summary = "A container for slow log commands",
     .subcommands = kSlowLogSubcommands},
};

}  // namespace

std::span<const Command> SlowLogCommands() {
  return kCommands;
}

}  // namespace leat::commands
