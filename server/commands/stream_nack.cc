// XNACK: pending entries that their consumers give back (redis.io, "XNACK").
#include <algorithm>
#include <limits>
#include <string>

#include "server/commands/families.h"
#include "server/commands/pending_runs.h"
#include "server/commands/stream_args.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::Delivery;
using data::StreamId;

struct NackOptions {
  int64_t count = data::kKeepCount;  // what happens to the count of deliveries
  bool force = false;
  IdBlock ids;
};

// What each mode does to the count of deliveries.
bool ReadMode(Call& call, std::string_view mode, int64_t& count) {
  if (EqualsIgnoringCase(mode, "SILENT")) {
    count = data::kCountDown;  // as if it had not been delivered
  } else if (EqualsIgnoringCase(mode, "FAIL")) {
    count = data::kKeepCount;
  } else if (EqualsIgnoringCase(mode, "FATAL")) {
    count = Delivery::kMaxCount;
  } else {
    call.Error("ERR mode must be SILENT, FAIL, or FATAL");
    return false;
  }
  return true;
}

bool ReadNackOptions(Call& call, NackOptions& options) {
  if (!ReadMode(call, call[3], options.count)) return false;
  ArgReader args(call, 4);
  bool ids_read = false;
  while (args.HasMore()) {
    if (args.Match("IDS", 1)) {
      options.ids = ReadIdBlock(args, std::numeric_limits<int32_t>::max(),
                                "ERR numids must be a positive integer",
                                "ERR number of IDs doesn't match numids");
      ids_read = true;
    } else if (args.Match("RETRYCOUNT", 1)) {
      options.count = args.Integer();
      if (options.count < 0) args.Fail("ERR Invalid RETRYCOUNT value, must be >= 0");
    } else if (args.Match("FORCE")) {
      options.force = true;
    } else {
      args.Fail("ERR Unrecognized XNACK option '" + std::string(args.Next()) + "'");
    }
  }
  if (!ids_read) args.Fail("ERR syntax error, expected IDS keyword");
  return args.Finish();
}

void XNack(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const GroupRef ref = FindGroup(call, key, call[2]);
  if (call.failed()) return;
  if (ref.group == nullptr) return NoGroupError(call, call[1], call[2]);
  NackOptions options;
  if (!ReadNackOptions(call, options)) return;
  const auto ids = ReadIds(call, options.ids.first, options.ids.count);
  if (!ids) return;
  PendingRuns runs(ref.group->pending(), kAnyDelivery, [&](StreamId first, StreamId last) {
    call.Commit(data::ReleasePending{call.database(), key, call[2], first, last, options.count});
  });
  // An entry that was never delivered has been so 0 times, whether or not that is kept or lowered.
  const int64_t forced_count = std::max<int64_t>(options.count, 0);
  int64_t released = 0;
  for (const StreamId id : *ids) {
    if (runs.Add(id)) {
      ++released;
    } else if (options.force && ref.topic->Contains(id)) {
      // The released keep the order in which they were named.
      runs.Flush();
      call.Commit(
          data::AddPending{call.database(), key, call[2], {}, 1, id, 0, forced_count, call.now_ms});
      ++released;
    }
  }
  runs.Flush();
  call.reply.Integer(released);
}

constexpr Command kCommands[] = {
    {.name = "XNACK",
     .arity = -7,
     .flags = kWrite | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "8.8.0",
     .complexity = "O(1) for each message ID processed.",
     .summary = "Gives pending entries of a consumer group back unacknowledged, so that any "
                "consumer can claim them at once.",
     .handler = XNack},
};

}  // namespace

std::span<const Command> StreamNackCommands() {
  return kCommands;
}

}  // namespace leat::commands
