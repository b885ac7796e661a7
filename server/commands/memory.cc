// MEMORY: what keys and the server use (redis.io, "MEMORY USAGE" and its neighbours).
#include <algorithm>
#include <string>

#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/human.h"
#include "server/data/topic.h"
#include "server/engine/args.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/process_info.h"

namespace leat::commands {

using namespace engine;

namespace {

// Everything is counted: there is nothing to sample, SAMPLES is read and has no effect on the sum.
void MemoryUsage(Call& call) {
  ArgReader args(call, 3);
  while (args.HasMore()) {
    const bool samples = args.Match("SAMPLES", 1);
    if (!samples || args.Integer() < 0) args.Fail(errors::kSyntax);
  }
  if (!args.Finish()) return;
  const data::Entry* entry = call.FindForRead(call[2]);
  if (entry == nullptr) return call.reply.Null();
  size_t bytes = entry->memory_bytes();
  if (entry->type() == data::Type::kStream) bytes += entry->topic()->memory_bytes();
  call.reply.Integer(static_cast<int64_t>(bytes));
}

void MemoryStats(Call& call) {
  const MemoryUse use = ReadMemoryUse(call.engine.disk);
  Engine& engine = call.engine;
  engine.peak_memory_bytes = std::max(engine.peak_memory_bytes, use.allocated_bytes);
  size_t keys = 0;
  size_t keyspace_bytes = 0;
  for (const data::Keyspace& keyspace : call.store.dataset().databases) {
    keys += keyspace.size();
    keyspace_bytes += keyspace.memory_bytes();
  }
  size_t client_bytes = 0;
  for (const auto& [id, session] : engine.sessions()) {
    client_bytes +=
        sizeof(Session) + session->reader.memory_bytes() + session->output.memory_bytes();
  }
  const std::pair<std::string_view, uint64_t> fields[] = {
      {"peak.allocated", engine.peak_memory_bytes},
      {"total.allocated", use.allocated_bytes},
      {"clients.normal", client_bytes},
      {"keys.count", keys},
      {"dataset.bytes", keyspace_bytes},
      {"keys.bytes-per-key", keys == 0 ? 0 : keyspace_bytes / keys},
      {"allocator.allocated", use.allocated_bytes},
      {"allocator.resident", use.resident_bytes}};
  call.reply.Map(std::size(fields));
  for (const auto& [name, value] : fields) {
    call.reply.Bulk(name);
    call.reply.Integer(static_cast<int64_t>(value));
  }
}

void MemoryDoctor(Call& call) {
  const MemoryUse use = ReadMemoryUse(call.engine.disk);
  constexpr uint64_t kTooSmallToJudge = 5 << 20;
  std::string report;
  if (use.allocated_bytes < kTooSmallToJudge) {
    report = "This instance is almost empty: there is nothing to judge.\n";
  } else if (use.resident_bytes > use.allocated_bytes * 14 / 10) {
    report = "The process holds " + HumanBytes(use.resident_bytes) + " for " +
             HumanBytes(use.allocated_bytes) +
             " in use: memory is fragmented, or was freed lately. MEMORY PURGE gives back what it "
             "can.\n";
  } else {
    report = "No memory issue was found.\n";
  }
  call.reply.Verbatim("txt", report);
}

void MemoryMallocStats(Call& call) {
  call.reply.Verbatim("txt", AllocatorReport());
}

void MemoryPurge(Call& call) {
  PurgeAllocator();
  call.reply.Ok();
}

void MemoryHelp(Call& call) {
  WriteHelp(call, {"DOCTOR", "    Return memory problems reports.", "MALLOC-STATS",
                   "    Return internal statistics report from the memory allocator.", "PURGE",
                   "    Attempt to purge dirty pages for reclamation by the allocator.", "STATS",
                   "    Return information about the memory usage of the server.",
                   "USAGE <key> [SAMPLES <count>]",
                   "    Return memory in bytes used by <key> and its value."});
}

constexpr Command kMemorySubcommands[] = {
    {.name = "USAGE",
     .arity = -3,
     .flags = kReadOnly,
     .keys = {OneKey(kKeyReadOnly, 2)},
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(N) where N is the number of samples.",
     .summary = "Estimate the memory usage of a key",
     .handler = MemoryUsage},
    {.name = "STATS",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Show memory usage details",
     .tips = "nondeterministic_output,request_policy:all_shards,response_policy:special",
     .handler = MemoryStats},
    {.name = "DOCTOR",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Outputs memory problems report",
     .tips = "nondeterministic_output,request_policy:all_shards,response_policy:special",
     .handler = MemoryDoctor},
    {.name = "MALLOC-STATS",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .summary = "Show allocator internal stats",
     .tips = "nondeterministic_output,request_policy:all_shards,response_policy:special",
     .handler = MemoryMallocStats},
    {.name = "PURGE",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .summary = "Ask the allocator to release memory",
     .tips = "request_policy:all_shards,response_policy:all_succeeded",
     .handler = MemoryPurge},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = MemoryHelp},
};

constexpr Command kCommands[] = {
    {.name = "MEMORY",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for memory diagnostics commands",
     .subcommands = kMemorySubcommands},
};

}  // namespace

std::span<const Command> MemoryCommands() {
  return kCommands;
}

}  // namespace leat::commands
