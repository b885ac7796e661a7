// The commands of this server by name, each with what was counted of it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/engine/command.h"
#include "server/engine/latency_histogram.h"

namespace leat::engine {

using Args = std::span<const std::string_view>;

// A row with its counters (INFO commandstats and latencystats, LATENCY HISTOGRAM).
struct CommandEntry {
  const Command* row = nullptr;
  const CommandEntry* container = nullptr;  // of a subcommand
  std::string full_name;                    // "get", "client|id"
  bool has_keys = false;
  uint64_t calls = 0;
  uint64_t nanos = 0;
  uint64_t rejected_calls = 0;
  uint64_t failed_calls = 0;
  std::unique_ptr<LatencyHistogram> latency;
  std::vector<CommandEntry*> subcommands;

  bool Is(uint32_t flag) const { return (row->flags & flag) != 0; }
  bool ArityFits(size_t arguments) const;
};

// Positions of keys among a call's arguments, with the flags of their key spec.
struct KeyPosition {
  size_t index;
  uint16_t flags;
};

class CommandTable {
 public:
  void Add(std::span<const Command> family);

  // Any case. Null: no such command.
  CommandEntry* Find(std::string_view name) const;
  CommandEntry* FindSubcommand(const CommandEntry& container, std::string_view name) const;
  // "client|list" as well as "get".
  CommandEntry* FindByFullName(std::string_view name) const;
  // Top-level commands in order of their names.
  std::vector<CommandEntry*> Sorted() const;
  size_t size() const { return by_name_.size(); }
  std::deque<CommandEntry>& entries() { return entries_; }

  void ResetStatistics();

 private:
  CommandEntry* AddEntry(const Command& row, const CommandEntry* container);

  std::deque<CommandEntry> entries_;                        // addresses are stable
  std::unordered_map<std::string, CommandEntry*> by_name_;  // lower case, "client|id" included
};

// The keys of a call: false where the arguments do not fit the command's key specs.
bool FindKeys(const Command& command, Args args, std::vector<KeyPosition>& keys);

std::vector<std::string_view> FlagNames(const Command& command);
std::vector<std::string_view> CategoryNames(const Command& command);
std::vector<std::string_view> KeyFlagNames(uint16_t flags);

}  // namespace leat::engine
