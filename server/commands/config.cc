// CONFIG: the settings at run time (redis.io, "CONFIG GET" and its neighbours).
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/data/glob.h"
#include "server/engine/call.h"
#include "server/engine/config_file.h"
#include "server/engine/engine.h"
#include "server/engine/text.h"

namespace leat::commands {

using namespace engine;

namespace {

void ConfigGet(Call& call) {
  // A name without wildcards is shown as it was asked for.
  std::vector<std::pair<std::string_view, const Setting*>> found;
  const Args patterns = call.args.subspan(2);
  for (const Setting& setting : Settings()) {
    const auto pattern = std::find_if(patterns.begin(), patterns.end(), [&](auto candidate) {
      return data::GlobMatch(candidate, setting.name, true);
    });
    if (pattern == patterns.end()) continue;
    const bool plain = EqualsIgnoringCase(*pattern, setting.name);
    found.emplace_back(plain ? *pattern : setting.name, &setting);
  }
  call.reply.Map(found.size());
  for (const auto& [name, setting] : found) {
    call.reply.Bulk(name);
    call.reply.Bulk(setting->get(call.engine.config));
  }
}

// All settings are changed or, where one cannot be, none.
void ConfigSet(Call& call) {
  if (call.size() % 2 != 0) {
    return call.Error("ERR wrong number of arguments for 'config|set' command");
  }
  Config changed = call.engine.config;
  std::vector<const Setting*> seen;
  for (size_t i = 2; i < call.size(); i += 2) {
    const Setting* setting = FindSetting(call[i]);
    if (setting == nullptr) {
      return call.Error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                        std::string(call[i]) + "'");
    }
    std::string error;
    if (setting->at_start_only) {
      error = "can't set immutable config";
    } else if (std::find(seen.begin(), seen.end(), setting) != seen.end()) {
      error = "duplicate parameter";
    } else {
      error = setting->set(changed, call[i + 1]);
    }
    if (!error.empty()) {
      return call.Error("ERR CONFIG SET failed (possibly related to argument '" +
                        std::string(call[i]) + "') - " + error);
    }
    seen.push_back(setting);
  }
  call.engine.config = std::move(changed);
  call.engine.ApplyConfig();
  call.reply.Ok();
}

void ConfigResetStat(Call& call) {
  call.engine.statistics = {};
  call.engine.commands.ResetStatistics();
  call.store.ResetStatistics();
  call.reply.Ok();
}

void ConfigRewrite(Call& call) {
  Engine& engine = call.engine;
  if (engine.config_file.empty()) {
    return call.Error("ERR The server is running without a config file");
  }
  const std::string error = RewriteConfigFile(engine.disk, engine.config_file, engine.config);
  if (!error.empty()) return call.Error("ERR Rewriting config file: " + error);
  call.reply.Ok();
}

void ConfigHelp(Call& call) {
  WriteHelp(call, {"GET <pattern>",
                   "    Return parameters matching the glob-like <pattern> and their values.",
                   "SET <directive> <value>", "    Set the configuration <directive> to <value>.",
                   "RESETSTAT", "    Reset statistics reported by the INFO command.", "REWRITE",
                   "    Rewrite the configuration file."});
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;

constexpr Command kConfigSubcommands[] = {
    {.name = "GET",
     .arity = -3,
     .flags = kFlags,
     .group = "server",
     .since = "2.0.0",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .summary = "Get the values of configuration parameters",
     .handler = ConfigGet},
    {.name = "SET",
     .arity = -4,
     .flags = kFlags,
     .group = "server",
     .since = "2.0.0",
     .complexity = "O(N) when N is the number of configuration parameters provided",
     .summary = "Set configuration parameters to the given values",
     .tips = "request_policy:all_nodes,response_policy:all_succeeded",
     .handler = ConfigSet},
    {.name = "RESETSTAT",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Reset the stats returned by INFO",
     .handler = ConfigResetStat},
    {.name = "REWRITE",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.0",
     .complexity = "O(1)",
     .summary = "Rewrite the configuration file with the in memory configuration",
     .handler = ConfigRewrite},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = ConfigHelp},
};

constexpr Command kCommands[] = {
    {.name = "CONFIG",
     .arity = -2,
     .group = "server",
     .since = "2.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for server configuration commands",
     .subcommands = kConfigSubcommands},
};

}  // namespace

std::span<const Command> ConfigCommands() {
  return kCommands;
}

}  // namespace leat::commands
