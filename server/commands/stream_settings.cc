// XCFGSET: what one topic remembers of idempotent appends (redis.io, "XCFGSET"), and what the
// server removes from it by itself (data/topic_policy.h).
#include "server/commands/stream_settings.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/stream_args.h"
#include "server/data/glob.h"
#include "server/engine/args.h"
#include "server/engine/engine.h"
#include "server/engine/policy_options.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

using data::Idempotency;
using data::TopicPolicy;

struct Settings {
  Idempotency::Settings idempotency;
  TopicPolicy policy;

  bool operator==(const Settings&) const = default;
};

// The options of one XCFGSET, each of which may be there once.
class SettingsReader {
 public:
  explicit SettingsReader(Call& call) : args_(call, 2) {}

  // False where an option is wrong: the error was replied.
  bool Read(Settings& settings) {
    if (!args_.HasMore()) args_.Fail("ERR At least one parameter must be specified");
    while (args_.HasMore()) {
      const std::string_view name = args_.Next();
      if (!args_.HasMore()) {
        args_.Fail(errors::kSyntax);
        break;
      }
      NoteSeen(name);
      if (!ReadIdempotency(name, settings.idempotency) && !ReadPolicy(name, settings.policy)) {
        args_.Fail(errors::kSyntax);
      }
    }
    return args_.Finish();
  }

 private:
  void NoteSeen(std::string_view name) {
    const auto same = [name](std::string_view other) { return EqualsIgnoringCase(name, other); };
    if (std::any_of(seen_.begin(), seen_.end(), same)) {
      std::string upper(name);
      for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      args_.Fail("ERR " + upper + " specified multiple times");
    }
    seen_.push_back(name);
  }

  bool ReadIdempotency(std::string_view name, Idempotency::Settings& settings) {
    if (EqualsIgnoringCase(name, "IDMP-DURATION")) {
      ReadNumber(Idempotency::Settings::kMostSeconds,
                 "ERR IDMP-DURATION must be between 1 and 86400 seconds",
                 settings.duration_seconds);
    } else if (EqualsIgnoringCase(name, "IDMP-MAXSIZE")) {
      ReadNumber(Idempotency::Settings::kMostEntries,
                 "ERR IDMP-MAXSIZE must be between 1 and 10000 entries", settings.max_entries);
    } else {
      return false;
    }
    return true;
  }

  void ReadNumber(uint32_t most, std::string_view out_of_range, uint32_t& value) {
    const int64_t number = args_.Integer();
    if (number < 1 || number > int64_t{most}) args_.Fail(out_of_range);
    value = static_cast<uint32_t>(number);
  }

  bool ReadPolicy(std::string_view name, TopicPolicy& policy) {
    std::string error;
    if (!ReadPolicyOption(name, args_.Next(), policy, error)) return false;
    if (!error.empty()) args_.Fail("ERR " + error);
    return true;
  }

  ArgReader args_;
  std::vector<std::string_view> seen_;
};

void Configure(Call& call, const data::Key& key, const Idempotency::Settings& settings) {
  call.Commit(data::ConfigureIdempotency{call.database(), key, settings.duration_seconds,
                                         settings.max_entries});
}

void XCfgSet(Call& call) {
  const data::Key key = Call::KeyOf(call[1]);
  const data::Topic* topic = FindTopic(call, key);
  if (call.failed()) return;
  if (topic == nullptr) return call.Error(errors::kNoSuchKey);
  const data::TopicPolicyState* state = topic->policy_state();
  Settings before{topic->idempotency().settings(), {}};
  if (state != nullptr) before.policy = state->policy;
  Settings settings = before;
  if (!SettingsReader(call).Read(settings)) return;
  if (settings.idempotency != before.idempotency) Configure(call, key, settings.idempotency);
  if (settings.policy != before.policy) {
    const bool compacts_on = settings.policy.compact_field == before.policy.compact_field;
    const data::StreamId through =
        state != nullptr && compacts_on ? state->compacted_through : data::StreamId{};
    call.Commit(data::MakeConfigureTopic(call.database(), key, settings.policy, through));
  }
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
     .summary = "Sets what a stream remembers of idempotent appends, and what the server removes "
                "from it by itself",
     .handler = XCfgSet},
};

}  // namespace

void ConfigureNewTopic(Call& call, const data::Key& key) {
  const Config& config = call.engine.config;
  // What is built in needs no record, and no memory in the topic.
  const Idempotency::Settings& settings = config.stream_idempotency;
  if (settings != Idempotency::Settings()) Configure(call, key, settings);
  for (const TopicDefault& topic_default : config.topic_defaults) {
    if (!data::GlobMatch(topic_default.pattern, key.name, false)) continue;
    call.Commit(data::MakeConfigureTopic(call.database(), key, topic_default.policy));
    return;
  }
}

std::span<const Command> StreamSettingsCommands() {
  return kCommands;
}

}  // namespace leat::commands
