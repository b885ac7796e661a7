// COMMAND: the table of commands, as clients and redis-cli ask for it (redis.io, "COMMAND").
// Everything here is read from the rows.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/data/glob.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

using resp::ReplyWriter;

void WriteSet(ReplyWriter& reply, const std::vector<std::string_view>& words) {
  reply.Set(words.size());
  for (const std::string_view word : words) reply.Simple(word);
}

void WriteTips(ReplyWriter& reply, std::string_view tips) {
  const auto count = tips.empty() ? 0 : 1 + std::count(tips.begin(), tips.end(), ',');
  reply.Set(static_cast<size_t>(count));
  while (!tips.empty()) {
    const size_t end = std::min(tips.find(','), tips.size());
    reply.Bulk(tips.substr(0, end));
    tips.remove_prefix(std::min(end + 1, tips.size()));
  }
}

std::vector<const KeySpec*> KeySpecsOf(const Command& row) {
  std::vector<const KeySpec*> specs;
  for (const KeySpec& spec : row.keys) {
    if (spec.begin != KeySpec::Begin::kNone) specs.push_back(&spec);
  }
  return specs;
}

void WriteField(ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteKeySpec(ReplyWriter& reply, const KeySpec& spec) {
  reply.Map(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) {
    reply.Bulk("notes");
    reply.Bulk(spec.notes);
  }
  reply.Bulk("flags");
  WriteSet(reply, KeyFlagNames(spec.flags));

  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  const bool by_keyword = spec.begin == KeySpec::Begin::kKeyword;
  reply.Bulk(by_keyword ? "keyword" : "index");
  reply.Bulk("spec");
  reply.Map(by_keyword ? 2 : 1);
  if (by_keyword) {
    reply.Bulk("keyword");
    reply.Bulk(spec.keyword);
  }
  WriteField(reply, by_keyword ? "startfrom" : "index", spec.first);

  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  const bool counted = spec.find == KeySpec::Find::kKeyCount;
  reply.Bulk(counted ? "keynum" : "range");
  reply.Bulk("spec");
  reply.Map(3);
  WriteField(reply, counted ? "keynumidx" : "lastkey", counted ? 0 : spec.last);
  WriteField(reply, counted ? "firstkey" : "keystep", counted ? 1 : spec.step);
  WriteField(reply, counted ? "keystep" : "limit", counted ? spec.step : spec.limit);
}

// First key, last key and step, as COMMAND INFO told of keys before there were key specs: what all
// specs together cover, where that is one range.
struct KeyBounds {
  int64_t first = 0, last = 0, step = 0;
};

KeyBounds BoundsOf(const Command& row) {
  KeyBounds bounds;
  const auto specs = KeySpecsOf(row);
  for (const KeySpec* spec : specs) {
    if (spec->begin != KeySpec::Begin::kIndex || spec->find != KeySpec::Find::kRange) continue;
    const int64_t last = spec->last < 0 ? spec->last : spec->first + spec->last;
    if (bounds.first == 0) {
      bounds = {spec->first, last, spec->step};
    } else if (spec->step != 1 || bounds.last != spec->first - 1) {
      return {};
    } else {
      bounds.last = last;
    }
  }
  return bounds;
}

void WriteInfo(ReplyWriter& reply, const CommandEntry& entry) {
  const Command& row = *entry.row;
  const KeyBounds bounds = BoundsOf(row);
  const auto specs = KeySpecsOf(row);
  reply.Array(10);
  reply.Bulk(entry.full_name);
  reply.Integer(row.arity);
  WriteSet(reply, FlagNames(row));
  reply.Integer(bounds.first);
  reply.Integer(bounds.last);
  reply.Integer(bounds.step);
  WriteSet(reply, CategoryNames(row));
  WriteTips(reply, row.tips);
  reply.Set(specs.size());
  for (const KeySpec* spec : specs) WriteKeySpec(reply, *spec);
  if (entry.subcommands.empty()) return reply.Set(0);
  reply.Array(entry.subcommands.size());
  for (const CommandEntry* subcommand : entry.subcommands) WriteInfo(reply, *subcommand);
}

void WriteDocs(ReplyWriter& reply, const CommandEntry& entry) {
  const Command& row = *entry.row;
  const bool deprecated = !row.deprecated_since.empty();
  std::vector<std::pair<std::string_view, std::string_view>> texts;
  const auto add = [&texts](std::string_view name, std::string_view text) {
    if (!text.empty()) texts.emplace_back(name, text);
  };
  add("summary", row.summary);
  add("since", row.since);
  add("group", row.group);
  add("complexity", row.complexity);
  const size_t before_flags = texts.size();
  add("deprecated_since", row.deprecated_since);
  add("replaced_by", row.replaced_by);

  reply.Bulk(entry.full_name);
  reply.Map(texts.size() + (deprecated ? 1 : 0) + (entry.subcommands.empty() ? 0 : 1));
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i == before_flags) {
      reply.Bulk("doc_flags");
      WriteSet(reply, {"deprecated"});
    }
    reply.Bulk(texts[i].first);
    reply.Bulk(texts[i].second);
  }
  if (entry.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.Map(entry.subcommands.size());
  for (const CommandEntry* subcommand : entry.subcommands) WriteDocs(reply, *subcommand);
}

void CommandAll(Call& call) {
  const auto commands = call.engine.commands.Sorted();
  call.reply.Array(commands.size());
  for (const CommandEntry* entry : commands) WriteInfo(call.reply, *entry);
}

void CommandCount(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.engine.commands.Sorted().size()));
}

void CommandInfo(Call& call) {
  if (call.size() == 2) return CommandAll(call);
  call.reply.Array(call.size() - 2);
  for (const std::string_view name : call.args.subspan(2)) {
    const CommandEntry* entry = call.engine.commands.FindByFullName(name);
    if (entry == nullptr) {
      call.reply.Null();
    } else {
      WriteInfo(call.reply, *entry);
    }
  }
}

void CommandDocs(Call& call) {
  std::vector<CommandEntry*> entries;
  if (call.size() == 2) {
    entries = call.engine.commands.Sorted();
  } else {
    for (const std::string_view name : call.args.subspan(2)) {
      CommandEntry* entry = call.engine.commands.FindByFullName(name);
      if (entry != nullptr) entries.push_back(entry);
    }
  }
  call.reply.Map(entries.size());
  for (const CommandEntry* entry : entries) WriteDocs(call.reply, *entry);
}

// Which names COMMAND LIST shows.
struct ListFilter {
  enum class By : uint8_t { kNothing, kModule, kCategory, kPattern };
  By by = By::kNothing;
  std::string_view word;

  bool Matches(const CommandEntry& entry) const {
    switch (by) {
      case By::kNothing:
        return true;
      case By::kModule:
        return false;  // there are none
      case By::kPattern:
        return data::GlobMatch(word, entry.full_name, true);
      case By::kCategory:
        break;
    }
    const auto categories = CategoryNames(*entry.row);
    return std::any_of(categories.begin(), categories.end(), [this](std::string_view category) {
      return EqualsIgnoringCase(category.substr(1), word);
    });
  }
};

void CommandList(Call& call) {
  ListFilter filter;
  ArgReader options(call, 2);
  while (options.HasMore()) {
    const bool filtered = options.Remaining() == 3 && options.Match("FILTERBY");
    if (filtered && options.Match("MODULE")) {
      filter.by = ListFilter::By::kModule;
    } else if (filtered && options.Match("ACLCAT")) {
      filter.by = ListFilter::By::kCategory;
    } else if (filtered && options.Match("PATTERN")) {
      filter.by = ListFilter::By::kPattern;
    } else {
      options.Fail(errors::kSyntax);
    }
    filter.word = options.Next();
  }
  if (!options.Finish()) return;
  std::vector<std::string_view> names;
  for (const CommandEntry* entry : call.engine.commands.Sorted()) {
    if (filter.Matches(*entry)) names.push_back(entry->full_name);
    for (const CommandEntry* subcommand : entry->subcommands) {
      if (filter.Matches(*subcommand)) names.push_back(subcommand->full_name);
    }
  }
  call.reply.Array(names.size());
  for (const std::string_view name : names) call.reply.Bulk(name);
}

// The command that a call would run, or null.
const CommandEntry* Look(const CommandTable& commands, Args args) {
  const CommandEntry* entry = commands.Find(args[0]);
  if (entry == nullptr || entry->subcommands.empty() || args.size() == 1) return entry;
  return commands.FindSubcommand(*entry, args[1]);
}

bool HasKeys(const Command& row) {
  const auto specs = KeySpecsOf(row);
  return std::any_of(specs.begin(), specs.end(),
                     [](const KeySpec* spec) { return (spec->flags & kKeyNotKey) == 0; });
}

// Where a key's flags depend on the options: SET reads only with GET.
uint16_t FlagsOf(uint16_t flags, Args args) {
  if ((flags & kKeyVariable) == 0) return flags;
  const bool reads = std::any_of(args.begin() + 3, args.end(), [](std::string_view option) {
    return EqualsIgnoringCase(option, "GET");
  });
  return reads ? kKeyReadWrite | kKeyAccess | kKeyUpdate : kKeyOverwrite | kKeyUpdate;
}

void ReplyKeys(Call& call, bool with_flags) {
  const Args args = call.args.subspan(2);
  const CommandEntry* entry = Look(call.engine.commands, args);
  if (entry == nullptr) return call.Error("ERR Invalid command specified");
  if (!HasKeys(*entry->row)) return call.Error("ERR The command has no key arguments");
  if (!entry->ArityFits(args.size())) {
    return call.Error("ERR Invalid number of arguments specified for command");
  }
  std::vector<KeyPosition> keys;
  if (!FindKeys(*entry->row, args, keys)) {
    return call.Error("ERR Invalid arguments specified for command");
  }
  call.reply.Array(keys.size());
  for (const KeyPosition& key : keys) {
    if (with_flags) call.reply.Array(2);
    call.reply.Bulk(args[key.index]);
    if (with_flags) WriteSet(call.reply, KeyFlagNames(FlagsOf(key.flags, args)));
  }
}

void CommandGetKeys(Call& call) {
  ReplyKeys(call, false);
}

void CommandGetKeysAndFlags(Call& call) {
  ReplyKeys(call, true);
}

void CommandHelp(Call& call) {
  WriteHelp(call, {
                      "(no subcommand)",
                      "    Return details about all Redis commands.",
                      "COUNT",
                      "    Return the total number of commands in this Redis server.",
                      "LIST",
                      "    Return a list of all commands in this Redis server.",
                      "INFO [<command-name> ...]",
                      "    Return details about multiple Redis commands.",
                      "    If no command names are given, documentation details for all",
                      "    commands are returned.",
                      "DOCS [<command-name> ...]",
                      "    Return documentation details about multiple Redis commands.",
                      "    If no command names are given, documentation details for all",
                      "    commands are returned.",
                      "GETKEYS <full-command>",
                      "    Return the keys from a full Redis command.",
                      "GETKEYSANDFLAGS <full-command>",
                      "    Return the keys and the access flags from a full Redis command.",
                  });
}

constexpr uint32_t kFlags = kLoading | kStale;

constexpr Command kSubcommands[] = {
    {.name = "COUNT",
     .arity = 2,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Get total number of Redis commands",
     .handler = CommandCount},
    {.name = "DOCS",
     .arity = -2,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of commands to look up",
     .summary = "Get array of specific Redis command documentation",
     .tips = "nondeterministic_output_order",
     .handler = CommandDocs},
    {.name = "GETKEYS",
     .arity = -4,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of arguments to the command",
     .summary = "Extract keys given a full Redis command",
     .handler = CommandGetKeys},
    {.name = "GETKEYSANDFLAGS",
     .arity = -4,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of arguments to the command",
     .summary = "Extract keys and access flags given a full Redis command",
     .handler = CommandGetKeysAndFlags},
    {.name = "HELP",
     .arity = 2,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = CommandHelp},
    {.name = "INFO",
     .arity = -2,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of commands to look up",
     .summary = "Get array of specific Redis command details, or all when no argument is given.",
     .tips = "nondeterministic_output_order",
     .handler = CommandInfo},
    {.name = "LIST",
     .arity = -2,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "7.0.0",
     .complexity = "O(N) where N is the total number of Redis commands",
     .summary = "Get an array of Redis command names",
     .tips = "nondeterministic_output_order",
     .handler = CommandList},
};

constexpr Command kCommands[] = {
    {.name = "COMMAND",
     .arity = -1,
     .flags = kFlags,
     .categories = kConnectionCategory,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(N) where N is the total number of Redis commands",
     .summary = "Get array of Redis command details",
     .tips = "nondeterministic_output_order",
     .handler = CommandAll,
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const Command> CommandCommands() {
  return kCommands;
}

}  // namespace leat::commands
