// XREADGROUP: a consumer reads what its group has not read yet, what it has pending, or what
// others have had pending for too long (redis.io, "XREADGROUP").
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/pending_runs.h"
#include "server/commands/read_reply.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_read_args.h"
#include "server/data/group_lag.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::ConsumerGroup;
using data::StreamId;

struct GroupSource {
  std::string_view key;
  data::Topic* topic = nullptr;
  ConsumerGroup* group = nullptr;
  // The consumer's history behind this ID; nothing: ">", what is new.
  std::optional<StreamId> after;
};

// The stream and its group. Of a call that waited, the reply says that they are gone.
bool FindGroupSource(Call& call, const ReadOptions& options, GroupSource& source) {
  const bool waited = call.mode == Call::Mode::kRerun;
  const data::Entry* entry = call.FindForRead(source.key);
  if (entry != nullptr && entry->type() == data::Type::kStream) {
    source.topic = entry->topic();
    source.group = source.topic->FindGroup(options.group);
  }
  if (source.group != nullptr) return true;
  if (waited && source.topic == nullptr) {
    call.Error("UNBLOCKED the stream key no longer exists");
  } else if (waited) {
    call.Error("NOGROUP the consumer group this client was blocked on no longer exists");
  } else if (entry != nullptr && source.topic == nullptr) {
    call.Error(errors::kWrongType);
  } else {
    NoGroupError(call, source.key, options.group, " in XREADGROUP with GROUP option");
  }
  return false;
}

bool ReadStart(Call& call, std::string_view text, GroupSource& source) {
  if (text == ">") return true;
  if (text == "$" || text == "+") {
    const std::string id(text);
    call.Error(
        "ERR The " + id +
        " ID is meaningless in the context of XREADGROUP: you want to read the history of "
        "this consumer by specifying a proper ID, or use the > ID to get new messages. The " +
        id + " ID would just return an empty result set.");
    return false;
  }
  source.after = StreamIdArgument(call, text);
  return source.after.has_value();
}

bool FindSources(Call& call, const ReadOptions& options, std::vector<GroupSource>& sources) {
  for (size_t i = 0; i < options.keys; ++i) {
    GroupSource& source = sources.emplace_back();
    source.key = call[options.first_key + i];
    if (!FindGroupSource(call, options, source)) return false;
    if (!ReadStart(call, call[options.first_key + options.keys + i], source)) return false;
  }
  return true;
}

// What the consumer has pending, again; an entry that is gone shows as such.
void ReadHistory(Call& call, const data::Key& key, const GroupSource& source,
                 const ReadOptions& options, ReadReply& reply) {
  reply.set_with_delivery(false);
  const data::Consumer& consumer = UseConsumer(call, key, *source.group, options.consumer);
  const auto first = source.after->Next();
  std::optional<StreamId> last;
  const auto& ids = consumer.pending;
  bool redelivers = false;
  for (auto at = first ? ids.LowerBound(*first) : ids.end(); at != ids.end() && reply.Wanted() > 0;
       at = ids.Next(at)) {
    last = ids.IdAt(at);
    if (reply.AddEntry(*source.topic, *last)) {
      redelivers = true;
    } else {
      reply.AddMissing(*last);
    }
  }
  if (redelivers) {
    call.Commit(data::RedeliverEntries{call.database(), key, source.group->name(), consumer.name,
                                       *first, *last, call.now_ms});
  }
  reply.EndStream(source.key, true);
}

// Pending entries that `topic` still has, in the order in which they are claimed, as long as
// visit(id, delivery) returns true; none that was delivered after `latest_ms`.
template <typename Visit>
void ForEachByAge(const data::Topic& topic, const ConsumerGroup& group, int64_t latest_ms,
                  Visit visit) {
  const uint64_t none_owned = data::Delivery::RankOf(0) - 1;
  const uint64_t highest = latest_ms < 0 ? none_owned : data::Delivery::RankOf(latest_ms);
  const auto& pending = group.pending();
  size_t seen = 0;
  for (size_t limit = 16;; limit *= 4) {
    const auto found = pending.Lowest(highest, limit);
    for (; seen < found.size(); ++seen) {
      const StreamId id = found[seen].id;
      if (topic.Contains(id) && !visit(id, pending.ValueAt(pending.Find(id)))) return;
    }
    if (found.size() < limit) return;
  }
}

// Takes over what has been pending for long enough, the longest first.
void ClaimIdle(Call& call, const data::Key& key, const GroupSource& source,
               const ReadOptions& options, ReadReply& reply) {
  std::vector<StreamId> claimed;
  const int64_t latest_ms = call.now_ms - *options.min_idle_ms;
  ForEachByAge(
      *source.topic, *source.group, latest_ms, [&](StreamId id, const data::Delivery& delivery) {
        if (reply.Wanted() == 0) return false;
        reply.AddClaimed(*source.topic, id, call.now_ms - delivery.time_ms(), delivery.count());
        claimed.push_back(id);
        return true;
      });
  if (claimed.empty()) return;
  if (call.mode == Call::Mode::kRerun) UseConsumer(call, key, *source.group, options.consumer);
  PendingRuns runs(source.group->pending(), kAnyDelivery, [&](StreamId first, StreamId last) {
    call.Commit(data::ClaimPending{call.database(), key, source.group->name(), options.consumer,
                                   first, last, call.now_ms, data::kCountUp, call.now_ms});
  });
  for (const StreamId id : claimed) runs.Add(id);
  runs.Flush();
}

void ReadNew(Call& call, const data::Key& key, const GroupSource& source,
             const ReadOptions& options, ReadReply& reply) {
  const auto first = source.group->last_id().Next();
  if (!first) return;
  StreamId last;
  const uint64_t entries = reply.AddEntries(*source.topic, *first, last);
  if (entries == 0) return;
  if (call.mode == Call::Mode::kRerun) UseConsumer(call, key, *source.group, options.consumer);
  const int64_t entries_read =
      data::EntriesReadThrough(*source.topic, *source.group, *first, last, entries);
  call.Commit(data::DeliverEntries{call.database(), key, source.group->name(), options.consumer,
                                   *first, last, entries_read, call.now_ms,
                                   options.no_ack ? 1U : 0U});
}

// A call that waited has been seen when it came: it counts again only where it gets something.
void ReadSource(Call& call, const GroupSource& source, const ReadOptions& options,
                ReadReply& reply) {
  const data::Key key = Call::KeyOf(source.key);
  if (call.mode != Call::Mode::kRerun) UseConsumer(call, key, *source.group, options.consumer);
  if (source.after) return ReadHistory(call, key, source, options, reply);
  reply.set_with_delivery(options.min_idle_ms.has_value());
  if (options.min_idle_ms) ClaimIdle(call, key, source, options, reply);
  ReadNew(call, key, source, options, reply);
  reply.EndStream(source.key);
}

// When the entry that has been pending for longest can be claimed. Where there is none, entries may
// have become pending meanwhile: a delivery wakes nobody.
int64_t NextClaimMs(const Call& call, const GroupSource& source, int64_t min_idle_ms) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  int64_t idle_since_ms = call.now_ms;
  ForEachByAge(*source.topic, *source.group, kNever, [&](StreamId, const data::Delivery& delivery) {
    idle_since_ms = delivery.time_ms();
    return false;
  });
  if (min_idle_ms > kNever - idle_since_ms) return kNever;
  return std::max(idle_since_ms + min_idle_ms, call.now_ms + 1);
}

// Waits under all keys, each time in its group's lane: what one consumer cannot get, no other can,
// unless they ask for different ages.
void ParkReadGroup(Call& call, const ReadOptions& options,
                   const std::vector<GroupSource>& sources) {
  std::vector<KeyWait> waits;
  waits.reserve(sources.size());
  for (const GroupSource& source : sources) {
    KeyWait& wait = waits.emplace_back();
    wait.key = source.key;
    if (options.min_idle_ms) {
      wait.lane = std::to_string(*options.min_idle_ms);
      wait.retry_at_ms = NextClaimMs(call, source, *options.min_idle_ms);
    }
    wait.lane.append(":").append(options.group);
  }
  call.Park(waits, DeadlineMs(call, options), TimeoutReply::kNullArray,
            std::vector<std::string>(call.args.begin(), call.args.end()));
}

void XReadGroup(Call& call) {
  ReadOptions options;
  if (!ReadReadOptions(call, true, options)) return;
  std::vector<GroupSource> sources;
  sources.reserve(options.keys);
  if (!FindSources(call, options, sources)) return;
  ReadReply reply(call, options);
  for (const GroupSource& source : sources) {
    if (reply.Wanted() == 0) break;
    ReadSource(call, source, options, reply);
  }
  if (reply.empty() && options.block_ms) return ParkReadGroup(call, options, sources);
  reply.Write();
}

constexpr Command kCommands[] = {
    {.name = "XREADGROUP",
     .arity = -7,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kStreamCategory,
     .keys = {KeySpec{.begin = KeySpec::Begin::kKeyword,
                      .flags = kKeyReadOnly | kKeyAccess,
                      .first = 4,
                      .keyword = "STREAMS",
                      .last = -1,
                      .step = 1,
                      .limit = 2}},
     .group = "stream",
     .since = "5.0.0",
     .complexity =
         "For each stream mentioned: O(M) with M being the number of elements returned. "
         "If M is constant (e.g. always asking for the first 10 elements with COUNT), you "
         "can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay "
         "the O(N) time in order to serve the N clients blocked on the stream getting new "
         "data.",
     .summary = "Return new entries from a stream using a consumer group, or access the history of "
                "the pending entries for a given consumer. Can block.",
     .handler = XReadGroup},
};

}  // namespace

std::span<const Command> StreamReadGroupCommands() {
  return kCommands;
}

}  // namespace leat::commands
