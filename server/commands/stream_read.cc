// Streams, the commands that read them: XLEN, XRANGE, XREVRANGE, XREAD (redis.io, "Streams").
//
// A reply refers to the bytes of the topic's blocks; only its headers are written here.
#include <string>
#include <vector>

#include "server/base/number.h"
#include "server/commands/families.h"
#include "server/commands/read_reply.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_read_args.h"
#include "server/commands/stream_reply.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::StreamId;

void XLen(Call& call) {
  const data::Topic* topic = FindTopic(call, Call::KeyOf(call[1]));
  if (call.failed()) return;
  call.reply.Integer(topic == nullptr ? 0 : static_cast<int64_t>(topic->length()));
}

// COUNT of XRANGE: nothing when it is missing; a negative one counts as 0.
bool ReadCount(Call& call, std::optional<uint64_t>& count) {
  ArgReader args(call, 4);
  while (args.HasMore()) {
    if (args.Match("COUNT", 1)) {
      count = static_cast<uint64_t>(std::max<int64_t>(args.Integer(), 0));
    } else {
      args.Fail(errors::kSyntax);
    }
  }
  return args.Finish();
}

void Range(Call& call, std::string_view start, std::string_view end, bool reverse) {
  const auto first = RangeStart(call, start);
  if (!first) return;
  const auto last = RangeEnd(call, end);
  if (!last) return;
  std::optional<uint64_t> count;
  if (!ReadCount(call, count)) return;
  const data::Topic* topic = FindTopic(call, Call::KeyOf(call[1]));
  if (call.failed()) return;
  if (topic == nullptr) return call.reply.Array(0);
  if (count == 0) return call.reply.NullArray();
  std::vector<data::Topic::Run> runs;
  const uint64_t limit = count.value_or(data::Topic::kNoLimit);
  const uint64_t entries = reverse ? topic->ReadReverse(*first, *last, limit, runs)
                                   : topic->Read(*first, *last, limit, runs);
  WriteEntries(call.reply, entries, runs);
}

void XRange(Call& call) {
  Range(call, call[2], call[3], false);
}
void XRevRange(Call& call) {
  Range(call, call[3], call[2], true);
}

// One stream of an XREAD: what comes behind `after`.
struct Source {
  std::string_view key;
  StreamId after;
};

// The ID behind which a stream is read: "$" is its last one, "+" the one before its last entry.
bool ResolveStart(Call& call, std::string_view text, const data::Topic* topic, StreamId& after) {
  if (text == "$") {
    after = topic == nullptr ? StreamId{} : topic->last_id();
    return true;
  }
  if (text == "+") {
    if (topic == nullptr) {
      after = {};
    } else {
      after = topic->length() == 0 ? topic->last_id()
                                   : topic->last_entry_id().Previous().value_or(data::kMinStreamId);
    }
    return true;
  }
  if (text == ">") {
    call.Error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
    return false;
  }
  const auto id = StreamIdArgument(call, text);
  after = id.value_or(StreamId{});
  return id.has_value();
}

// The topic under a key; one of another type counts as missing to a call that waits: it goes on
// waiting for a stream.
const data::Topic* FindSource(Call& call, std::string_view name) {
  const data::Entry* entry = call.FindForRead(name);
  if (entry == nullptr) return nullptr;
  if (entry->type() == data::Type::kStream) return entry->topic();
  if (call.mode != Call::Mode::kRerun) call.Error(errors::kWrongType);
  return nullptr;
}

// Reads what is there; false when an argument is wrong, which was replied.
bool ReadSources(Call& call, const ReadOptions& options, std::vector<Source>& sources,
                 ReadReply& reply) {
  for (size_t i = 0; i < options.keys; ++i) {
    Source& source = sources.emplace_back();
    source.key = call[options.first_key + i];
    const data::Topic* topic = FindSource(call, source.key);
    const std::string_view start = call[options.first_key + options.keys + i];
    if (call.failed() || !ResolveStart(call, start, topic, source.after)) return false;
    const auto first = source.after.Next();
    if (topic == nullptr || !first) continue;
    StreamId last;
    reply.AddEntries(*topic, *first, last);
    reply.EndStream(source.key);
  }
  return true;
}

// Waits under all keys. "$" becomes the ID that it means at this moment; "+" stays, for it means
// the last entry whenever it is asked. Those who wait behind one ID of a stream find the same; who
// waits for the last entry finds one in a stream that begins anew, where they find nothing.
void ParkRead(Call& call, const ReadOptions& options, const std::vector<Source>& sources) {
  std::vector<std::string> arguments(call.args.begin(), call.args.end());
  std::vector<KeyWait> waits;
  waits.reserve(options.keys);
  for (size_t i = 0; i < options.keys; ++i) {
    std::string after = sources[i].after.ToString();
    std::string& start = arguments[options.first_key + options.keys + i];
    if (start == "$") start = after;
    waits.push_back({.key = sources[i].key, .lane = start == "+" ? start : std::move(after)});
  }
  call.Park(waits, DeadlineMs(call, options), TimeoutReply::kNullArray, std::move(arguments));
}

void XRead(Call& call) {
  ReadOptions options;
  if (!ReadReadOptions(call, false, options)) return;
  std::vector<Source> sources;
  sources.reserve(options.keys);
  ReadReply reply(call, options);
  if (!ReadSources(call, options, sources, reply)) return;
  if (reply.empty() && options.block_ms) return ParkRead(call, options, sources);
  reply.Write();
}

constexpr Command kCommands[] = {
    {.name = "XLEN",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Return the number of entries in a stream",
     .handler = XLen},
    {.name = "XRANGE",
     .arity = -4,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(N) with N being the number of elements being returned. If N is constant "
                   "(e.g. always asking for the first 10 elements with COUNT), you can consider it "
                   "O(1).",
     .summary = "Return a range of elements in a stream, with IDs matching the specified IDs "
                "interval",
     .handler = XRange},
    {.name = "XREVRANGE",
     .arity = -4,
     .flags = kReadOnly,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadOnly | kKeyAccess)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(N) with N being the number of elements returned. If N is constant (e.g. "
                   "always asking for the first 10 elements with COUNT), you can consider it O(1).",
     .summary = "Return a range of elements in a stream, with IDs matching the specified IDs "
                "interval, in reverse order (from greater to smaller IDs) compared to XRANGE",
     .handler = XRevRange},
    {.name = "XREAD",
     .arity = -4,
     .flags = kReadOnly | kBlocking | kMovableKeys,
     .categories = kStreamCategory,
     .keys = {KeySpec{.begin = KeySpec::Begin::kKeyword,
                      .flags = kKeyReadOnly | kKeyAccess,
                      .first = 1,
                      .keyword = "STREAMS",
                      .last = -1,
                      .step = 1,
                      .limit = 2}},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "For each stream mentioned: O(N) with N being the number of elements being "
                   "returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when "
                   "the BLOCK option is used, XADD will pay O(M) time in order to serve the M "
                   "clients blocked on the stream getting new data.",
     .summary = "Return never seen elements in multiple streams, with IDs greater than the ones "
                "reported by the caller for each stream. Can block.",
     .handler = XRead},
};

}  // namespace

std::span<const Command> StreamReadCommands() {
  return kCommands;
}

}  // namespace leat::commands
