#include "server/engine/command_table.h"

#include <algorithm>
#include <utility>

#include "server/base/number.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

struct FlagName {
  uint32_t flag;
  std::string_view name;
};

// In the order in which redis-server lists them. kMayReplicate and kProtected are not shown.
constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},
    {kReadOnly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowLog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr FlagName kKeyFlagNames[] = {
    {kKeyReadOnly, "RO"},
    {kKeyReadWrite, "RW"},
    {kKeyOverwrite, "OW"},
    {kKeyRemove, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariable, "variable_flags"},
};

std::vector<std::string_view> NamesOf(std::span<const FlagName> names, uint32_t flags) {
  std::vector<std::string_view> found;
  for (const FlagName& candidate : names) {
    if ((flags & candidate.flag) != 0) found.push_back(candidate.name);
  }
  return found;
}

// The first key of a spec, or 0 where the arguments have none.
size_t FirstKey(const KeySpec& spec, Args args) {
  if (spec.begin == KeySpec::Begin::kIndex) return static_cast<size_t>(spec.first);
  const auto start = static_cast<size_t>(spec.first);
  for (size_t i = start; i + 1 < args.size(); ++i) {
    if (EqualsIgnoringCase(args[i], spec.keyword)) return i + 1;
  }
  return 0;
}

bool FindKeysOfSpec(const KeySpec& spec, Args args, std::vector<KeyPosition>& keys) {
  size_t first = FirstKey(spec, args);
  if (first == 0 || first >= args.size()) return false;
  size_t count = 0;
  const auto step = static_cast<size_t>(spec.step);
  if (spec.find == KeySpec::Find::kKeyCount) {
    const auto announced = base::ParseInt64(args[first]);
    if (!announced || *announced < 0) return false;
    count = static_cast<size_t>(*announced);
    ++first;
  } else if (spec.last >= 0) {
    count = static_cast<size_t>(spec.last) / step + 1;
  } else {
    const size_t left_out = static_cast<size_t>(-1 - spec.last);
    size_t rest = args.size() - first;
    if (spec.limit > 1) rest /= static_cast<size_t>(spec.limit);
    count = rest > left_out ? (rest - left_out + step - 1) / step : 0;
  }
  if (count > 0 && first + (count - 1) * step >= args.size()) return false;
  for (size_t i = 0; i < count; ++i) keys.push_back({first + i * step, spec.flags});
  return true;
}

}  // namespace

bool CommandEntry::ArityFits(size_t arguments) const {
  const int arity = row->arity;
  return arity >= 0 ? arguments == static_cast<size_t>(arity)
                    : arguments >= static_cast<size_t>(-arity);
}

CommandEntry* CommandTable::AddEntry(const Command& row, const CommandEntry* container) {
  CommandEntry& entry = entries_.emplace_back();
  entry.row = &row;
  entry.container = container;
  entry.full_name = (container == nullptr ? "" : container->full_name + "|") + ToLower(row.name);
  entry.has_keys = row.keys[0].begin != KeySpec::Begin::kNone;
  by_name_.emplace(entry.full_name, &entry);
  return &entry;
}

void CommandTable::Add(std::span<const Command> family) {
  for (const Command& row : family) {
    CommandEntry* entry = AddEntry(row, nullptr);
    for (const Command& subcommand : row.subcommands) {
      entry->subcommands.push_back(AddEntry(subcommand, entry));
    }
  }
}

CommandEntry* CommandTable::Find(std::string_view name) const {
  if (name.find('|') != std::string_view::npos) return nullptr;
  return FindByFullName(name);
}

CommandEntry* CommandTable::FindSubcommand(const CommandEntry& container,
                                           std::string_view name) const {
  for (CommandEntry* subcommand : container.subcommands) {
    if (EqualsIgnoringCase(subcommand->row->name, name)) return subcommand;
  }
  return nullptr;
}

CommandEntry* CommandTable::FindByFullName(std::string_view name) const {
  constexpr size_t kLongestName = 64;
  if (name.size() > kLongestName) return nullptr;
  const auto found = by_name_.find(ToLower(name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<CommandEntry*> CommandTable::Sorted() const {
  std::vector<CommandEntry*> commands;
  for (const auto& [name, entry] : by_name_) {
    if (entry->container == nullptr) commands.push_back(entry);
  }
  std::sort(commands.begin(), commands.end(),
            [](const auto* a, const auto* b) { return a->full_name < b->full_name; });
  return commands;
}

void CommandTable::ResetStatistics() {
  for (CommandEntry& entry : entries_) {
    entry.calls = entry.nanos = entry.rejected_calls = entry.failed_calls = 0;
    entry.latency.reset();
  }
}

bool FindKeys(const Command& command, Args args, std::vector<KeyPosition>& keys) {
  keys.clear();
  for (const KeySpec& spec : command.keys) {
    if (spec.begin != KeySpec::Begin::kNone && !FindKeysOfSpec(spec, args, keys)) return false;
  }
  return true;
}

std::vector<std::string_view> FlagNames(const Command& command) {
  return NamesOf(kFlagNames, command.flags);
}

std::vector<std::string_view> CategoryNames(const Command& command) {
  const auto is = [&command](uint32_t flags, uint32_t categories = 0) {
    return (command.flags & flags) != 0 || (command.categories & categories) != 0;
  };
  const std::pair<bool, std::string_view> all[] = {
      {is(0, kKeyspaceCategory), "@keyspace"},
      {is(kReadOnly), "@read"},
      {is(kWrite), "@write"},
      {is(0, kStringCategory), "@string"},
      {is(0, kBitmapCategory), "@bitmap"},
      {is(0, kStreamCategory), "@stream"},
      {is(kPubSub), "@pubsub"},
      {is(kAdmin, kAdminCategory), "@admin"},
      {is(kFast), "@fast"},
      {!is(kFast), "@slow"},
      {is(kBlocking), "@blocking"},
      {is(kAdmin, kDangerousCategory), "@dangerous"},
      {is(0, kConnectionCategory), "@connection"},
      {is(0, kTransactionCategory), "@transaction"},
  };
  std::vector<std::string_view> names;
  for (const auto& [applies, name] : all) {
    if (applies) names.push_back(name);
  }
  return names;
}

std::vector<std::string_view> KeyFlagNames(uint16_t flags) {
  return NamesOf(kKeyFlagNames, flags);
}

}  // namespace leat::engine
