// What the stream commands have in common in their arguments: entry IDs and trimming options.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/data/consumer_group.h"
#include "server/data/stream_id.h"
#include "server/data/topic.h"
#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

inline constexpr std::string_view kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";

// The entry ID of a command that takes no "-" and "+". Nothing when it is malformed: the error was
// replied.
std::optional<data::StreamId> StreamIdArgument(engine::Call& call, std::string_view text,
                                               uint64_t default_seq = 0);

// [start, end] of XRANGE: "-", "+", an incomplete ID, or "(" before an ID that is left out. Nothing
// when it is malformed: the error was replied.
std::optional<data::StreamId> RangeStart(engine::Call& call, std::string_view text);
std::optional<data::StreamId> RangeEnd(engine::Call& call, std::string_view text);

using data::References;

// The next argument is one of KEEPREF, DELREF and ACKED, and the first: it is taken.
bool MatchReferences(engine::ArgReader& args, std::optional<References>& references);

// MAXLEN and MINID of XADD and XTRIM.
struct TrimOptions {
  enum class Strategy : uint8_t { kNone, kMaxLength, kMinId };

  Strategy strategy = Strategy::kNone;
  bool approximate = false;
  uint64_t max_length = 0;
  data::StreamId min_id;
  uint64_t limit = data::Topic::kNoLimit;
  std::optional<References> references;
};

// IDMP and IDMPAUTO of XADD: the append has an idempotent id (data/idempotency.h).
struct IdempotentOptions {
  std::string_view producer;  // empty: it has none
  std::string_view iid;       // empty: it is made of the fields
};

// What stands before the fields of an XADD: NOMKSTREAM, idempotency, trimming, the ID.
struct AppendOptions {
  TrimOptions trim;
  IdempotentOptions idempotent;
  bool no_make_stream = false;
  bool automatic_id = false;   // "*"
  bool automatic_seq = false;  // "ms-*"
  data::StreamId id;
  size_t first_field = 0;
};

// False when an option is wrong: the error was replied.
bool ReadTrimOptions(engine::Call& call, TrimOptions& options);
bool ReadAppendOptions(engine::Call& call, AppendOptions& options);

// The live topic under a key, or null: then there is none, or another type's error was replied.
data::Topic* FindTopic(engine::Call& call, const data::Key& key);

// A consumer group with its topic; both null where the key or the group is missing.
struct GroupRef {
  data::Topic* topic = nullptr;
  data::ConsumerGroup* group = nullptr;
};
GroupRef FindGroup(engine::Call& call, const data::Key& key, std::string_view group);
// "No such key … or consumer group …", and what follows it.
void NoGroupError(engine::Call& call, std::string_view key, std::string_view group,
                  std::string_view suffix = {});
// "No such consumer group …", where the key is there.
void NoSuchGroupError(engine::Call& call, std::string_view key, std::string_view group);

// The consumer of that name, created by a mutation where it is missing. It counts as seen.
data::Consumer& UseConsumer(engine::Call& call, const data::Key& key, data::ConsumerGroup& group,
                            std::string_view name);

// "IDS numids id …" behind its first word: where the IDs are, which are passed over unread. A
// number that is not in 1 … `most`, or of more than there are, is an error of that text.
struct IdBlock {
  size_t first = 0;
  size_t count = 0;
};
IdBlock ReadIdBlock(engine::ArgReader& args, int64_t most, std::string_view bad_number,
                    std::string_view too_few);

// `count` arguments from `first` on as entry IDs; nothing when one is malformed: the error was
// replied.
std::optional<std::vector<data::StreamId>> ReadIds(engine::Call& call, size_t first, size_t count);

}  // namespace leat::commands
