#include "server/commands/stream_read_args.h"

#include <limits>
#include <string>

#include "server/engine/args.h"

namespace leat::commands {

using namespace engine;

namespace {

int64_t BlockTimeout(const Call& call, ArgReader& args) {
  const int64_t timeout = args.Integer(errors::kTimeoutNotInteger);
  if (timeout < 0) args.Fail(errors::kTimeoutNegative);
  if (timeout > std::numeric_limits<int64_t>::max() - call.now_ms) {
    args.Fail("ERR timeout is out of range");
  }
  return timeout;
}

uint64_t PositiveCap(ArgReader& args, std::string_view error) {
  return static_cast<uint64_t>(args.IntegerIn(1, std::numeric_limits<int64_t>::max(), error));
}

// One option that only XREADGROUP has, if the next argument is one.
bool ReadGroupOption(ArgReader& args, bool of_group, ReadOptions& options) {
  std::string_view name;
  if (args.Match("GROUP", 2)) {
    name = "GROUP";
    options.group = args.Next();
    options.consumer = args.Next();
  } else if (args.Match("NOACK")) {
    name = "NOACK";
    options.no_ack = true;
  } else if (args.Match("CLAIM", 1)) {
    name = "CLAIM";
    if (of_group) {
      options.min_idle_ms = args.Integer("ERR min-idle-time is not an integer or out of range");
      if (*options.min_idle_ms < 0) args.Fail("ERR min-idle-time must be a positive integer");
    }
  } else {
    return false;
  }
  if (!of_group) {
    args.Fail("ERR The " + std::string(name) +
              " option is only supported by XREADGROUP. You called XREAD instead.");
  }
  return true;
}

// One option that both have, if the next argument is one.
bool ReadCommonOption(const Call& call, ArgReader& args, ReadOptions& options) {
  if (args.Match("BLOCK", 1)) {
    options.block_ms = BlockTimeout(call, args);
  } else if (args.Match("COUNT", 1)) {
    const int64_t count = args.Integer();
    options.count = count <= 0 ? data::Topic::kNoLimit : static_cast<uint64_t>(count);
  } else if (args.Match("MAXCOUNT", 1)) {
    options.max_count = PositiveCap(args, "ERR MAXCOUNT must be a positive integer");
  } else if (args.Match("MAXSIZE", 1)) {
    options.max_bytes = PositiveCap(args, "ERR MAXSIZE must be a positive integer");
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool ReadReadOptions(Call& call, bool of_group, ReadOptions& options) {
  ArgReader args(call, 1);
  while (args.HasMore() && options.first_key == 0) {
    if (ReadCommonOption(call, args, options) || ReadGroupOption(args, of_group, options)) continue;
    if (args.Match("STREAMS", 1)) {
      options.first_key = args.position();
      options.keys = args.Remaining() / 2;
      if (args.Remaining() % 2 != 0) {
        args.Fail(
            "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
            "specified.");
      }
    } else {
      args.Fail(errors::kSyntax);
    }
  }
  if (options.first_key == 0) args.Fail(errors::kSyntax);
  if (of_group && options.group.data() == nullptr) {
    args.Fail("ERR Missing GROUP option for XREADGROUP");
  }
  const bool counted = options.count != data::Topic::kNoLimit;
  if (counted && options.max_count < options.count) {
    args.Fail("ERR MAXCOUNT must be greater than or equal to COUNT");
  }
  return args.Finish();
}

int64_t DeadlineMs(const Call& call, const ReadOptions& options) {
  return *options.block_ms == 0 ? 0 : call.now_ms + *options.block_ms;
}

}  // namespace leat::commands
