// Streams, the commands that change them: XADD, XTRIM, XSETID (redis.io, "Streams").
#include <string>

#include "server/base/number.h"
#include "server/base/wire.h"
#include "server/commands/families.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_idempotency.h"
#include "server/commands/stream_settings.h"
#include "server/commands/stream_trim.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::StreamId;

// An entry may have this many bytes in all (STREAM_LISTPACK_MAX_SIZE in Redis).
constexpr size_t kMaxEntryBytes = size_t{1} << 30;

// The ID that the entry gets, or nothing when it would not be greater than the last one.
std::optional<StreamId> NewId(const AppendOptions& options, StreamId last, int64_t now_ms) {
  if (options.automatic_id) {
    const auto now = static_cast<uint64_t>(now_ms);
    return now > last.ms ? StreamId{now, 0} : last.Next();
  }
  StreamId id = options.id;
  if (options.automatic_seq && id.ms == last.ms) {
    if (last.seq == data::kMaxStreamId.seq) return std::nullopt;
    id.seq = last.seq + 1;
  }
  return id > last ? std::optional(id) : std::nullopt;
}

// The fields and values in wire form: as they stand in the request, or in the engine's scratch.
// Empty when there are too many bytes.
std::string_view EncodeFields(Call& call, size_t first) {
  std::string_view bulks = call.BulksFrom(first);
  if (bulks.empty()) {
    const Args fields = call.args.subspan(first);
    size_t size = 0;
    for (const std::string_view field : fields) size += base::BulkSize(field.size());
    if (size > kMaxEntryBytes) return {};
    char* const start = call.engine.Scratch(size);
    char* out = start;
    for (const std::string_view field : fields) out = base::WriteBulk(out, field);
    bulks = {start, size};
  }
  return bulks.size() > kMaxEntryBytes ? std::string_view() : bulks;
}

void XAdd(Call& call) {
  AppendOptions options;
  if (!ReadAppendOptions(call, options)) return;
  const bool zero = !options.automatic_id && !options.automatic_seq && options.id == StreamId{};
  if (zero) return call.Error("ERR The ID specified in XADD must be greater than 0-0");

  const data::Key key = Call::KeyOf(call[1]);
  data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr && options.no_make_stream) return call.reply.Null();
  const auto attempt = AttemptOf(call, options);
  if (attempt && topic != nullptr && AnswerDuplicate(call, key, *topic, *attempt)) return;
  const StreamId last = topic == nullptr ? StreamId{} : topic->last_id();
  if (last == data::kMaxStreamId) {
    return call.Error(
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const auto id = NewId(options, last, call.now_ms);
  if (!id) {
    return call.Error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  const std::string_view fields = EncodeFields(call, options.first_field);
  if (fields.empty()) return call.Error("ERR Elements are too large to be stored");
  const bool trims = options.trim.strategy != TrimOptions::Strategy::kNone;
  if (trims && topic != nullptr) topic->NeedOldest();

  call.Commit(
      data::AppendEntry{call.database(), key, *id, call.size() - options.first_field, fields});
  if (topic == nullptr) {
    ConfigureNewTopic(call, key);
    topic = FindTopic(call, key);
  }
  if (attempt) RecordAttempt(call, key, *attempt, *id);
  call.reply.Raw(topic->last_entry_id_bulk());
  if (trims) TrimTopic(call, key, *topic, options.trim);
}

void XTrim(Call& call) {
  TrimOptions options;
  if (!ReadTrimOptions(call, options)) return;
  const data::Key key = Call::KeyOf(call[1]);
  data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.reply.Integer(0);
  call.reply.Integer(static_cast<int64_t>(TrimTopic(call, key, *topic, options)));
}

struct SetIdOptions {
  std::optional<uint64_t> entries_added;
  StreamId max_deleted_id;
};

bool ReadSetIdOptions(Call& call, StreamId last_id, SetIdOptions& options) {
  ArgReader args(call, 3);
  while (args.HasMore()) {
    if (args.Match("ENTRIESADDED", 1)) {
      const int64_t added = args.Integer();
      if (added < 0) args.Fail("ERR entries_added must be positive");
      options.entries_added = static_cast<uint64_t>(added);
    } else if (args.Match("MAXDELETEDID", 1)) {
      const auto id = data::ParseStreamId(args.Next(), 0);
      if (!id) args.Fail(kInvalidStreamId);
      options.max_deleted_id = id.value_or(StreamId{});
      if (last_id < options.max_deleted_id) {
        args.Fail(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      args.Fail(errors::kSyntax);
    }
  }
  return args.Finish();
}

// Why the topic cannot take these, or empty.
std::string_view SetIdConflict(const data::Topic& topic, StreamId last_id,
                               const SetIdOptions& options) {
  if (topic.length() > 0 && last_id < topic.last_entry_id()) {
    return "ERR The ID specified in XSETID is smaller than the target stream top item";
  }
  if (last_id < topic.max_deleted_id()) {
    return "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
  }
  if (options.entries_added && *options.entries_added < topic.length()) {
    return "ERR The entries_added specified in XSETID is smaller than the target stream length";
  }
  return {};
}

void XSetId(Call& call) {
  const auto last_id = StreamIdArgument(call, call[2]);
  if (!last_id) return;
  SetIdOptions options;
  if (!ReadSetIdOptions(call, *last_id, options)) return;
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  if (const auto conflict = SetIdConflict(*topic, *last_id, options); !conflict.empty()) {
    return call.Error(conflict);
  }
  const StreamId max_deleted =
      options.max_deleted_id == StreamId{} ? topic->max_deleted_id() : options.max_deleted_id;
  call.Commit(data::SetTopicId{call.database(), key, *last_id,
                               options.entries_added.value_or(topic->entries_added()),
                               max_deleted});
  call.reply.Ok();
}

constexpr Command kCommands[] = {
    {.name = "XADD",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1) when adding a new entry, O(N) when trimming where N being the number of "
                   "entries evicted.",
     .summary = "Appends a new entry to a stream",
     .tips = "nondeterministic_output",
     .handler = XAdd},
    {.name = "XTRIM",
     .arity = -4,
     .flags = kWrite,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyDelete)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(N), with N being the number of evicted entries. Constant times are very "
                   "small however, since entries are organized in macro nodes containing multiple "
                   "entries that can be released with a single deallocation.",
     .summary = "Trims the stream to (approximately if '~' is passed) a certain size",
     .tips = "nondeterministic_output",
     .handler = XTrim},
    {.name = "XSETID",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "An internal command for replicating stream values",
     .handler = XSetId},
};

}  // namespace

std::span<const Command> StreamWriteCommands() {
  return kCommands;
}

}  // namespace leat::commands
