// LATENCY: where time went (redis.io, "Latency monitoring" and "LATENCY HISTOGRAM").
#include <algorithm>
#include <string>
#include <vector>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"

namespace leat::commands {

using namespace engine;

namespace {

void LatencyLatest(Call& call) {
  const auto& events = call.engine.latency.events();
  call.reply.Array(events.size());
  for (const auto& [name, event] : events) {
    call.reply.Array(4);
    call.reply.Bulk(name);
    call.reply.Integer(event.samples.back().unix_seconds);
    call.reply.Integer(event.samples.back().ms);
    call.reply.Integer(event.worst_ms);
  }
}

void LatencyHistory(Call& call) {
  const auto& events = call.engine.latency.events();
  const auto found = events.find(call[2]);
  if (found == events.end()) return call.reply.Array(0);
  call.reply.Array(found->second.samples.size());
  for (const LatencyMonitor::Sample& sample : found->second.samples) {
    call.reply.Array(2);
    call.reply.Integer(sample.unix_seconds);
    call.reply.Integer(sample.ms);
  }
}

void LatencyReset(Call& call) {
  LatencyMonitor& latency = call.engine.latency;
  if (call.size() == 2) return call.reply.Integer(static_cast<int64_t>(latency.ResetAll()));
  int64_t reset = 0;
  for (const std::string_view event : call.args.subspan(2)) reset += latency.Reset(event) ? 1 : 0;
  call.reply.Integer(reset);
}

// A bar a sample, oldest first, with how long ago it was.
void LatencyGraph(Call& call) {
  const auto& events = call.engine.latency.events();
  const auto found = events.find(call[2]);
  if (found == events.end()) {
    return call.Error("ERR No samples available for event '" + std::string(call[2]) + "'");
  }
  const LatencyMonitor::Event& event = found->second;
  constexpr int64_t kWidth = 50;
  std::string graph = found->first + " - worst ever " + std::to_string(event.worst_ms) + " ms\n";
  for (const LatencyMonitor::Sample& sample : event.samples) {
    const int64_t width = sample.ms * kWidth / std::max<int64_t>(event.worst_ms, 1);
    graph.append(std::to_string(call.now_ms / 1000 - sample.unix_seconds) + "s ago ")
        .append(static_cast<size_t>(width), '#')
        .append(" " + std::to_string(sample.ms) + " ms\n");
  }
  call.reply.Verbatim("txt", graph);
}

void LatencyDoctor(Call& call) {
  const Engine& engine = call.engine;
  std::string report;
  if (engine.config.latency_monitor_threshold_ms == 0) {
    report =
        "Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> turns it "
        "on.\n";
  } else if (engine.latency.events().empty()) {
    report = "No latency spike was seen since the start or the last LATENCY RESET.\n";
  }
  for (const auto& [name, event] : engine.latency.events()) {
    report.append(name + ": " + std::to_string(event.samples.size()) + " spikes, worst " +
                  std::to_string(event.worst_ms) + " ms\n");
  }
  if (!engine.latency.events().empty()) {
    report.append("SLOWLOG GET shows the calls; LATENCY HISTOGRAM how they are spread.\n");
  }
  call.reply.Verbatim("txt", report);
}

// Powers of two up to the slowest call, with how many calls took at most that long.
void WriteHistogram(Call& call, const LatencyHistogram& histogram) {
  std::vector<std::pair<uint64_t, uint64_t>> buckets;
  uint64_t before = 0;
  for (uint64_t micros = 1; before < histogram.count() && micros < uint64_t{1} << 40; micros *= 2) {
    const uint64_t count = histogram.CountUpTo(micros * 1000);
    if (count > before) buckets.emplace_back(micros, count);
    before = count;
  }
  call.reply.Map(buckets.size());
  for (const auto& [micros, count] : buckets) {
    call.reply.Integer(static_cast<int64_t>(micros));
    call.reply.Integer(static_cast<int64_t>(count));
  }
}

void LatencyHistogramOf(Call& call) {
  std::vector<const CommandEntry*> shown;
  if (call.size() == 2) {
    for (const CommandEntry& entry : call.engine.commands.entries()) {
      if (entry.latency != nullptr) shown.push_back(&entry);
    }
  }
  for (size_t i = 2; i < call.size(); ++i) {
    const CommandEntry* entry = call.engine.commands.FindByFullName(call[i]);
    if (entry == nullptr) continue;
    if (entry->latency != nullptr) shown.push_back(entry);
    for (const CommandEntry* subcommand : entry->subcommands) {
      if (subcommand->latency != nullptr) shown.push_back(subcommand);
    }
  }
  call.reply.Map(shown.size());
  for (const CommandEntry* entry : shown) {
    call.reply.Bulk(entry->full_name);
    call.reply.Map(2);
    call.reply.Bulk("calls");
    call.reply.Integer(static_cast<int64_t>(entry->latency->count()));
    call.reply.Bulk("histogram_usec");
    WriteHistogram(call, *entry->latency);
  }
}

void LatencyHelp(Call& call) {
  WriteHelp(call,
            {"DOCTOR", "    Return a human readable latency analysis report.", "GRAPH <event>",
             "    Return an ASCII latency graph for the <event> class.", "HISTORY <event>",
             "    Return time-latency samples for the <event> class.", "LATEST",
             "    Return the latest latency samples for all events.", "RESET [<event> ...]",
             "    Reset latency data of one or more <event> classes.",
             "    (default: reset all data for all event classes)", "HISTOGRAM [COMMAND ...]",
             ("    Return a cumulative distribution of latencies in the format of a histogram "
              "for the specified command names."),
             "    If no commands are specified then all histograms are replied."});
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;
constexpr std::string_view kTips =
    "nondeterministic_output,request_policy:all_nodes,response_policy:special";

constexpr Command kLatencySubcommands[] = {
    {.name = "LATEST",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Return the latest latency samples for all events.",
     .tips = kTips,
     .handler = LatencyLatest},
    {.name = "HISTORY",
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Return timestamp-latency samples for the event.",
     .tips = kTips,
     .handler = LatencyHistory},
    {.name = "RESET",
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Reset latency data for one or more events.",
     .tips = "request_policy:all_nodes,response_policy:all_succeeded",
     .handler = LatencyReset},
    {.name = "GRAPH",
     .arity = 3,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Return a latency graph for the event.",
     .tips = kTips,
     .handler = LatencyGraph},
    {.name = "DOCTOR",
     .arity = 2,
     .flags = kFlags,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Return a human readable latency analysis report.",
     .tips = kTips,
     .handler = LatencyDoctor},
    {.name = "HISTOGRAM",
     .arity = -2,
     .flags = kFlags,
     .group = "server",
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of commands with latency information being "
                   "retrieved.",
     .summary = "Return the cumulative distribution of latencies of a subset of commands or all.",
     .tips = kTips,
     .handler = LatencyHistogramOf},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands.",
     .handler = LatencyHelp},
};

constexpr Command kCommands[] = {
    {.name = "LATENCY",
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .complexity = "Depends on subcommand.",
     .summary = "A container for latency diagnostics commands",
     .subcommands = kLatencySubcommands},
};

}  // namespace

std::span<const Command> LatencyCommands() {
  return kCommands;
}

}  // namespace leat::commands
