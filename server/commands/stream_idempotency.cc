// Idempotent appends: what XADD does with IDMP and IDMPAUTO, and XCFGSET and XIDMPRECORD.
#include "server/commands/stream_idempotency.h"

#include <bit>

#include "server/commands/families.h"
#include "server/commands/stream_reply.h"
#include "server/engine/args.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

using base::Hash128;
using base::HashBytes128;
using data::Idempotency;

template <typename Value>
std::string_view BytesOf(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// The iid of IDMPAUTO, the 16 bytes of this: it does not depend on the order of the pairs, but on
// how often each is there. redis-server 8.6 makes the same bytes on a machine of the same byte
// order.
Hash128 IidOfFields(Args fields) {
  Hash128 sum;
  Hash128 parity;
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    // The size keeps ("ab", "c") apart from ("a", "bc").
    const uint64_t name_size = fields[i].size();
    const Hash128 pair = HashBytes128({fields[i], BytesOf(name_size), fields[i + 1]});
    sum.low += pair.low;
    sum.high += pair.high;
    parity.low ^= pair.low;
    parity.high ^= pair.high;
  }
  return {sum.low ^ std::rotl(parity.high, 1), sum.high ^ std::rotl(parity.low, 1)};
}

void Record(Call& call, const data::Key& key, const data::Topic& topic,
            const AppendAttempt& attempt, data::StreamId id) {
  const uint64_t keep_from_ms = topic.idempotency().KeepFromMs(call.now_ms);
  call.Commit(data::RecordIdempotent{call.database(), key, attempt.producer, attempt.iid.low,
                                     attempt.iid.high, id, keep_from_ms});
}

std::optional<data::StreamId> FindRecorded(const Call& call, const data::Topic& topic,
                                           const AppendAttempt& attempt) {
  const Idempotency& idempotency = topic.idempotency();
  return idempotency.Find(attempt.producer, attempt.iid, idempotency.KeepFromMs(call.now_ms));
}

// One setting of XCFGSET, if the next argument names one.
bool ReadSetting(ArgReader& args, std::string_view name, uint32_t most, std::string_view repeated,
                 std::string_view out_of_range, std::optional<uint32_t>& value) {
  if (!args.Match(name, 1)) return false;
  if (value) args.Fail(repeated);
  const int64_t number = args.Integer();
  if (number < 1 || number > int64_t{most}) args.Fail(out_of_range);
  value = static_cast<uint32_t>(number);
  return true;
}

// What the topic's settings become; nothing where an option is wrong: the error was replied.
std::optional<Idempotency::Settings> ReadSettings(Call& call, Idempotency::Settings settings) {
  std::optional<uint32_t> duration;
  std::optional<uint32_t> max_entries;
  ArgReader args(call, 2);
  while (args.HasMore()) {
    if (ReadSetting(args, "IDMP-DURATION", Idempotency::Settings::kMostSeconds,
                    "ERR IDMP-DURATION specified multiple times",
                    "ERR IDMP-DURATION must be between 1 and 86400 seconds", duration)) {
      continue;
    }
    if (ReadSetting(args, "IDMP-MAXSIZE", Idempotency::Settings::kMostEntries,
                    "ERR IDMP-MAXSIZE specified multiple times",
                    "ERR IDMP-MAXSIZE must be between 1 and 10000 entries", max_entries)) {
      continue;
    }
    args.Fail(errors::kSyntax);
  }
  if (!duration && !max_entries) args.Fail("ERR At least one parameter must be specified");
  if (!args.Finish()) return std::nullopt;
  settings.duration_seconds = duration.value_or(settings.duration_seconds);
  settings.max_entries = max_entries.value_or(settings.max_entries);
  return settings;
}

void Configure(Call& call, const data::Key& key, const Idempotency::Settings& settings) {
  call.Commit(data::ConfigureIdempotency{call.database(), key, settings.duration_seconds,
                                         settings.max_entries});
}

void XCfgSet(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  const Idempotency::Settings before = topic->idempotency().settings();
  const auto settings = ReadSettings(call, before);
  if (!settings) return;
  if (*settings != before) Configure(call, key, *settings);
  call.reply.Ok();
}

void XIdmpRecord(Call& call) {
  const auto id = StreamIdArgument(call, call[4]);
  if (!id) return;
  if (call[2].empty()) return call.Error("ERR producer ID must be non-empty");
  if (call[3].empty()) return call.Error("ERR idempotent ID must be non-empty");
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  if (!topic->Contains(*id)) return call.Error("ERR No such message in stream");
  const AppendAttempt attempt{call[2], HashBytes128({call[3]})};
  const auto known = FindRecorded(call, *topic, attempt);
  if (known && *known != *id) {
    return call.Error("ERR IID already exists for this producer with a different stream ID");
  }
  if (!known) Record(call, key, *topic, attempt, *id);
  call.reply.Ok();
}

constexpr Command kCommands[] = {
    {.name = "XCFGSET",
     .arity = -2,
     .flags = kWrite,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "8.6.0",
     .complexity = "O(1), and O(N) where a value changes, N being the iids that are remembered.",
     .summary = "Sets for how long, and how many of each producer, a stream remembers idempotent "
                "appends",
     .handler = XCfgSet},
    {.name = "XIDMPRECORD",
     .arity = 5,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kStreamCategory,
     .keys = {OneKey(kKeyReadWrite | kKeyUpdate)},
     .group = "stream",
     .since = "8.6.2",
     .complexity = "O(1)",
     .summary = "An internal command that records which entry an idempotent append became",
     .handler = XIdmpRecord},
};

}  // namespace

std::optional<AppendAttempt> AttemptOf(const Call& call, const AppendOptions& options) {
  const auto& [producer, iid] = options.idempotent;
  if (producer.empty()) return std::nullopt;
  if (!iid.empty()) return AppendAttempt{producer, HashBytes128({iid})};
  const Hash128 made = IidOfFields(call.args.subspan(options.first_field));
  return AppendAttempt{producer, HashBytes128({BytesOf(made)})};
}

bool AnswerDuplicate(Call& call, const data::Key& key, const data::Topic& topic,
                     const AppendAttempt& attempt) {
  const auto known = FindRecorded(call, topic, attempt);
  if (!known) return false;
  call.Commit(data::CountDuplicate{call.database(), key});
  WriteId(call.reply, *known);
  return true;
}

void RecordAttempt(Call& call, const data::Key& key, const AppendAttempt& attempt,
                   data::StreamId id) {
  Record(call, key, *FindTopic(call, key), attempt, id);
}

void ConfigureNewTopic(Call& call, const data::Key& key) {
  // What is built in needs no record, and no memory in the topic.
  const Idempotency::Settings& settings = call.engine.config.stream_idempotency;
  if (settings != Idempotency::Settings()) Configure(call, key, settings);
}

std::span<const Command> StreamIdempotencyCommands() {
  return kCommands;
}

}  // namespace leat::commands
