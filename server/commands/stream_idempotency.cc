// Idempotent appends: what XADD does with IDMP and IDMPAUTO, and XIDMPRECORD.
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

std::span<const Command> StreamIdempotencyCommands() {
  return kCommands;
}

}  // namespace leat::commands
