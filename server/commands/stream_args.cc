#include "server/commands/stream_args.h"

#include <algorithm>

#include "server/commands/value.h"
#include "server/engine/engine.h"
#include "server/engine/policy_options.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

// LIMIT when an approximate trim names none (stream-node-max-entries in redis.conf).
uint64_t DefaultLimit(int64_t node_entries) {
  constexpr int64_t kNodes = 100;
  constexpr int64_t kMost = 1000000;
  if (node_entries <= 0) return 10000;
  return static_cast<uint64_t>(node_entries > kMost / kNodes ? kMost : node_entries * kNodes);
}

// One option, if the next argument is one.
bool ReadTrimOption(ArgReader& args, TrimOptions& options, bool& limit_given) {
  using Strategy = TrimOptions::Strategy;
  const bool max_length = args.Match("MAXLEN", 1);
  if (max_length || args.Match("MINID", 1)) {
    if (options.strategy != Strategy::kNone) {
      args.Fail("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
      return true;
    }
    options.approximate = args.Match("~", 1);
    if (!options.approximate) args.Match("=", 1);
    if (max_length) {
      options.strategy = Strategy::kMaxLength;
      const int64_t length = args.Integer();
      if (length < 0) args.Fail("ERR The MAXLEN argument must be >= 0.");
      options.max_length = static_cast<uint64_t>(length);
    } else {
      options.strategy = Strategy::kMinId;
      const auto id = data::ParseStreamId(args.Next(), 0);
      if (!id) args.Fail(kInvalidStreamId);
      options.min_id = id.value_or(data::kMinStreamId);
    }
    return true;
  }
  if (args.Match("LIMIT", 1)) {
    const int64_t limit = args.Integer();
    if (limit < 0) args.Fail("ERR The LIMIT argument must be >= 0.");
    options.limit = limit == 0 ? data::Topic::kNoLimit : static_cast<uint64_t>(limit);
    limit_given = true;
    return true;
  }
  return MatchReferences(args, options.references);
}

void CheckLimit(const Call& call, ArgReader& args, TrimOptions& options, bool limit_given) {
  const bool positive = limit_given && options.limit != data::Topic::kNoLimit;
  if (positive && options.strategy == TrimOptions::Strategy::kNone) {
    args.Fail("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  } else if (limit_given && !options.approximate) {
    args.Fail("ERR syntax error, LIMIT cannot be used without the special ~ option");
  } else if (!limit_given && options.approximate) {
    options.limit = DefaultLimit(call.engine.config.stream_node_max_entries);
  }
}

// One option, if the next argument is one.
bool ReadIdempotentOption(ArgReader& args, IdempotentOptions& options) {
  const bool is_automatic = args.Match("IDMPAUTO", 1);
  if (!is_automatic && !args.Match("IDMP", 2)) return false;
  if (!options.producer.empty()) {
    args.Fail("ERR syntax error, IDMP/IDMPAUTO specified multiple times");
  }
  options.producer = args.Next();
  if (options.producer.empty()) {
    args.Fail(is_automatic ? "ERR syntax error, IDMPAUTO requires a non-empty producer ID"
                           : "ERR syntax error, IDMP requires a non-empty producer ID");
  }
  if (is_automatic) return true;
  options.iid = args.Next();
  if (options.iid.empty()) {
    args.Fail("ERR syntax error, IDMP requires a non-empty idempotent ID");
  }
  return true;
}

// "*", "ms-*" or an ID.
void ReadNewId(ArgReader& args, AppendOptions& options) {
  std::string_view text = args.Next();
  if (text == "*") {
    options.automatic_id = true;
    return;
  }
  options.automatic_seq = text.ends_with("-*");
  if (options.automatic_seq) text.remove_suffix(2);
  const auto parsed = data::ParseStreamId(text);
  if (!parsed || (options.automatic_seq && parsed->has_seq)) return args.Fail(kInvalidStreamId);
  options.id = parsed->id;
  if (!options.idempotent.producer.empty()) {
    args.Fail("ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs");
  }
}

}  // namespace

std::optional<data::StreamId> StreamIdArgument(Call& call, std::string_view text,
                                               uint64_t default_seq) {
  const auto id = data::ParseStreamId(text, default_seq);
  if (!id) call.Error(kInvalidStreamId);
  return id;
}

std::optional<data::StreamId> RangeStart(Call& call, std::string_view text) {
  if (text == "-") return data::kMinStreamId;
  if (text == "+") return data::kMaxStreamId;
  const bool exclusive = text.size() > 1 && text.front() == '(';
  auto id = StreamIdArgument(call, text.substr(exclusive ? 1 : 0), 0);
  if (!id || !exclusive) return id;
  id = id->Next();
  if (!id) call.Error("ERR invalid start ID for the interval");
  return id;
}

std::optional<data::StreamId> RangeEnd(Call& call, std::string_view text) {
  if (text == "-") return data::kMinStreamId;
  if (text == "+") return data::kMaxStreamId;
  const bool exclusive = text.size() > 1 && text.front() == '(';
  constexpr uint64_t kLastSeq = data::kMaxStreamId.seq;
  auto id = StreamIdArgument(call, text.substr(exclusive ? 1 : 0), kLastSeq);
  if (!id || !exclusive) return id;
  id = id->Previous();
  if (!id) call.Error("ERR invalid end ID for the interval");
  return id;
}

bool MatchReferences(ArgReader& args, std::optional<References>& references) {
  if (references) return false;
  References word{};
  if (!args.HasMore() || !ReadReferences(args.Peek(), word)) return false;
  args.Skip(1);
  references = word;
  return true;
}

bool ReadTrimOptions(Call& call, TrimOptions& options) {
  ArgReader args(call, 2);
  bool limit_given = false;
  while (args.HasMore()) {
    if (!ReadTrimOption(args, options, limit_given)) args.Fail(errors::kSyntax);
  }
  const bool positive = limit_given && options.limit != data::Topic::kNoLimit;
  if (options.strategy == TrimOptions::Strategy::kNone && !positive) {
    args.Fail("ERR syntax error, XTRIM must be called with a trimming strategy");
  }
  CheckLimit(call, args, options, limit_given);
  return args.Finish();
}

bool ReadAppendOptions(Call& call, AppendOptions& options) {
  ArgReader args(call, 2);
  bool limit_given = false;
  bool id_read = false;
  while (args.HasMore() && !id_read) {
    // An ID does not begin with a letter, an option does.
    const bool is_id = args.Peek().empty() || args.Peek()[0] < 'A';
    if (is_id) {
      ReadNewId(args, options);
      break;
    }
    if (ReadTrimOption(args, options.trim, limit_given)) continue;
    if (ReadIdempotentOption(args, options.idempotent)) continue;
    if (args.Match("NOMKSTREAM")) {
      options.no_make_stream = true;
    } else {
      ReadNewId(args, options);
      id_read = true;
    }
  }
  CheckLimit(call, args, options.trim, limit_given);
  if (!args.Finish()) return false;
  options.first_field = args.position();
  const size_t fields = call.size() - options.first_field;
  if (fields >= 2 && fields % 2 == 0) return true;
  call.Error("ERR wrong number of arguments for 'xadd' command");
  return false;
}

data::Topic* FindTopic(Call& call, const data::Key& key) {
  const data::Entry* entry = call.Find(key);
  if (entry == nullptr || !CheckType(call, entry, data::Type::kStream)) return nullptr;
  return entry->topic();
}

GroupRef FindGroup(Call& call, const data::Key& key, std::string_view group) {
  data::Topic* topic = FindTopic(call, key);
  data::ConsumerGroup* found = topic == nullptr ? nullptr : topic->FindGroup(group);
  return found == nullptr ? GroupRef{} : GroupRef{topic, found};
}

void NoGroupError(Call& call, std::string_view key, std::string_view group,
                  std::string_view suffix) {
  std::string text = "NOGROUP No such key '";
  text.append(UpToNul(key)).append("' or consumer group '").append(UpToNul(group)).append("'");
  text.append(suffix);
  call.Error(text);
}

void NoSuchGroupError(Call& call, std::string_view key, std::string_view group) {
  std::string text = "NOGROUP No such consumer group '";
  text.append(UpToNul(group)).append("' for key name '").append(UpToNul(key)).append("'");
  call.Error(text);
}

data::Consumer& UseConsumer(Call& call, const data::Key& key, data::ConsumerGroup& group,
                            std::string_view name) {
  data::Consumer* consumer = group.FindConsumer(name);
  if (consumer == nullptr) {
    call.Commit(data::CreateConsumer{call.database(), key, group.name(), name, call.now_ms});
    consumer = group.FindConsumer(name);
  }
  consumer->seen_ms = call.now_ms;
  return *consumer;
}

IdBlock ReadIdBlock(ArgReader& args, int64_t most, std::string_view bad_number,
                    std::string_view too_few) {
  const auto count = static_cast<size_t>(args.IntegerIn(1, most, bad_number));
  if (count > args.Remaining()) args.Fail(too_few);
  const IdBlock ids{args.position(), count};
  if (!args.failed()) args.Skip(count);
  return ids;
}

std::optional<std::vector<data::StreamId>> ReadIds(Call& call, size_t first, size_t count) {
  std::vector<data::StreamId> ids;
  ids.reserve(count);
  for (const std::string_view text : call.args.subspan(first, count)) {
    const auto id = StreamIdArgument(call, text);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace leat::commands
