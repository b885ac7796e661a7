// INFO: the server's state as text, in the sections and fields that clients and dashboards read
// (redis.io, "INFO"). What Leat adds begins with "leat_" or "journal_".
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <type_traits>
#include <utility>

#include "server/commands/families.h"
#include "server/commands/human.h"
#include "server/engine/call.h"
#include "server/engine/engine.h"
#include "server/engine/process_info.h"
#include "server/engine/text.h"
#include "server/engine/version.h"

namespace leat::commands {

using namespace engine;

namespace {

class Report {
 public:
  void Section(std::string_view title) {
    text_.append(text_.empty() ? "# " : "\r\n# ").append(title).append("\r\n");
  }
  void Field(std::string_view name, std::string_view value) {
    text_.append(name).append(":").append(value).append("\r\n");
  }
  void Field(std::string_view name, const char* value) { Field(name, std::string_view(value)); }
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void Field(std::string_view name, Number number) {
    Field(name, std::string_view(std::to_string(number)));
  }
  void Fixed(std::string_view name, double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.*f", decimals, value);
    Field(name, text);
  }
  void Bytes(std::string_view name, uint64_t bytes) {
    Field(name, bytes);
    Field(std::string(name) + "_human", HumanBytes(bytes));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void WriteServer(Call& call, Report& report) {
  const Engine& engine = call.engine;
  utsname system{};
  uname(&system);
  const int64_t uptime_seconds = (call.now_ms - engine.started_ms) / 1000;
  report.Section("Server");
  report.Field("redis_version", kRedisVersion);
  report.Field("leat_version", kVersion);
  report.Field("redis_mode", "standalone");
  report.Field("os", std::string(system.sysname) + " " + system.release + " " + system.machine);
  report.Field("arch_bits", sizeof(void*) * 8);
  report.Field("multiplexing_api", "epoll");
  report.Field("gcc_version", __VERSION__);
  report.Field("process_id", ProcessId());
  report.Field("run_id", engine.run_id());
  report.Field("tcp_port", engine.config.port);
  report.Field("server_time_usec", engine.now_micros());
  report.Field("uptime_in_seconds", uptime_seconds);
  report.Field("uptime_in_days", uptime_seconds / 86400);
  report.Field("config_file", engine.config_file);
}

void WriteClients(Call& call, Report& report) {
  const Engine& engine = call.engine;
  size_t input = 0;
  size_t output = 0;
  size_t subscribers = 0;
  for (const auto& [id, session] : engine.sessions()) {
    input = std::max(input, session->reader.memory_bytes());
    output = std::max(output, session->output.size_bytes());
    subscribers += session->IsSubscribed() ? 1 : 0;
  }
  report.Section("Clients");
  report.Field("connected_clients", engine.sessions().size());
  report.Field("maxclients", engine.config.max_clients);
  report.Field("client_recent_max_input_buffer", input);
  report.Field("client_recent_max_output_buffer", output);
  report.Field("blocked_clients", engine.blocking.waiting());
  report.Field("pubsub_clients", subscribers);
  report.Field("tracking_clients", 0);
}

void WriteMemory(Call& call, Report& report) {
  const MemoryUse use = ReadMemoryUse(call.engine.disk);
  call.engine.peak_memory_bytes = std::max(call.engine.peak_memory_bytes, use.allocated_bytes);
  const uint64_t peak = call.engine.peak_memory_bytes;
  uint64_t dataset = 0;
  for (const data::Keyspace& keyspace : call.store.dataset().databases) {
    dataset += keyspace.memory_bytes();
  }
  const auto ratio = [](uint64_t a, uint64_t b) {
    return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
  };
  report.Section("Memory");
  report.Bytes("used_memory", use.allocated_bytes);
  report.Bytes("used_memory_rss", use.resident_bytes);
  report.Bytes("used_memory_peak", peak);
  char percent[32];
  std::snprintf(percent, sizeof(percent), "%.2f%%", 100 * ratio(use.allocated_bytes, peak));
  report.Field("used_memory_peak_perc", percent);
  report.Field("used_memory_keyspace", dataset);
  report.Bytes("total_system_memory", TotalSystemMemory());
  report.Bytes("maxmemory", 0);
  report.Field("maxmemory_policy", "noeviction");
  report.Fixed("mem_fragmentation_ratio", ratio(use.resident_bytes, use.allocated_bytes), 2);
  report.Field("mem_allocator", AllocatorName());
}

// Under the names of both of Redis' forms of persistence, of which a checkpoint is either.
void WriteCheckpoints(Call& call, const store::Checkpointer& checkpoints, Report& report) {
  const store::Checkpointer::Report now = checkpoints.report();
  const int in_progress = checkpoints.in_progress() ? 1 : 0;
  const int64_t running =
      in_progress == 0 ? -1 : std::max<int64_t>(call.now_ms - now.started_ms, 0) / 1000;
  const int64_t last_seconds = now.last_duration_ms < 0 ? -1 : now.last_duration_ms / 1000;
  const std::string_view status = now.last_status.ok() ? "ok" : "err";
  report.Field("rdb_changes_since_last_save", call.store.changes() - now.changes_at_last);
  report.Field("rdb_bgsave_in_progress", in_progress);
  report.Field("rdb_last_save_time", now.last_save_ms / 1000);
  report.Field("rdb_last_bgsave_status", status);
  report.Field("rdb_last_bgsave_time_sec", last_seconds);
  report.Field("rdb_current_bgsave_time_sec", running);
  report.Field("rdb_saves", now.completed);
  report.Field("aof_enabled", 1);
  report.Field("aof_rewrite_in_progress", in_progress);
  report.Field("aof_rewrite_scheduled", 0);
  report.Field("aof_last_rewrite_time_sec", last_seconds);
  report.Field("aof_current_rewrite_time_sec", running);
  report.Field("aof_last_bgrewrite_status", status);
  report.Field("aof_base_size", now.last_bytes);
  report.Field("aof_current_size", now.last_bytes + checkpoints.journal_bytes());
  report.Field("checkpoint_error", now.last_status.message());
  report.Fixed("checkpoint_progress_perc", 100 * now.progress, 2);
  report.Field("checkpoint_longest_slice_usec",
               call.engine.statistics.longest_checkpoint_slice_micros);
}

void WriteTopicMemory(const store::TopicPager& pager, Report& report) {
  const persistence::BlockStore::Usage usage = pager.blocks().usage();
  report.Field("topic_memory_bytes", pager.resident_bytes());
  report.Field("topic_memory_budget_bytes", pager.budget());
  report.Field("topic_unstored_bytes", pager.unstored_bytes());
  report.Field("topic_blocks_fetched", pager.fetches());
  report.Field("topic_blocks_evicted", pager.evictions());
  report.Field("topic_calls_waited", pager.waits());
  report.Field("block_segments", usage.segments);
  report.Field("block_live_bytes", usage.live_bytes);
  report.Field("block_dead_bytes", usage.dead_bytes);
  report.Field("block_error", pager.blocks().status().message());
}

void WritePersistence(Call& call, Report& report) {
  report.Section("Persistence");
  report.Field("loading", 0);
  report.Field("async_loading", 0);
  const persistence::Journal* journal = call.store.journal();
  const store::Checkpointer* checkpoints = call.engine.checkpoints();
  if (checkpoints == nullptr) {
    report.Field("rdb_changes_since_last_save", call.store.changes());
    report.Field("rdb_bgsave_in_progress", 0);
    report.Field("aof_enabled", 0);
    return;
  }
  WriteCheckpoints(call, *checkpoints, report);
  const persistence::Status status = journal->status();
  report.Field("aof_last_write_status", status.ok() ? "ok" : "err");
  report.Field("journal_appended_lsn", journal->appended_lsn());
  report.Field("journal_written_lsn", journal->written_lsn());
  report.Field("journal_durable_lsn", journal->durable_lsn());
  report.Field("journal_backlog_bytes", journal->backlog_bytes());
  report.Field("journal_appended_bytes", journal->appended_bytes());
  const persistence::DiskUsage usage = journal->disk_usage();
  report.Field("journal_segments", usage.segments);
  report.Field("journal_segment_bytes", usage.bytes);
  report.Field("journal_error", status.message());
  if (call.store.pager() != nullptr) WriteTopicMemory(*call.store.pager(), report);
}

void WriteStats(Call& call, Report& report) {
  const Engine& engine = call.engine;
  const Statistics& statistics = engine.statistics;
  report.Section("Stats");
  report.Field("total_connections_received", statistics.connections_received);
  report.Field("total_commands_processed", statistics.commands_processed);
  report.Field("instantaneous_ops_per_sec", statistics.commands_per_second);
  report.Field("total_net_input_bytes", statistics.input_bytes);
  report.Field("total_net_output_bytes", statistics.output_bytes);
  report.Fixed("instantaneous_input_kbps", statistics.input_kib_per_second, 2);
  report.Fixed("instantaneous_output_kbps", statistics.output_kib_per_second, 2);
  report.Field("rejected_connections", statistics.connections_rejected);
  report.Field("client_output_buffer_limit_disconnections", engine.outbox.sessions_closed());
  report.Field("expired_keys", call.store.expired_keys());
  report.Field("evicted_keys", 0);
  const store::TopicCompactor& compactor = engine.keeper.compactor;
  report.Field("topics_scheduled", call.store.dataset().schedule.size());
  report.Field("retention_removed_entries", engine.keeper.removed_entries());
  report.Field("compaction_in_progress", compactor.busy() ? 1 : 0);
  report.Field("compaction_rounds", compactor.rounds());
  report.Field("compaction_removed_entries", compactor.removed_entries());
  report.Field("keyspace_hits", statistics.keyspace_hits);
  report.Field("keyspace_misses", statistics.keyspace_misses);
  report.Field("pubsub_channels", engine.pubsub.channels().size());
  report.Field("pubsub_patterns", engine.pubsub.pattern_count());
  report.Field("pubsubshard_channels", engine.pubsub.shard_channels().size());
  report.Field("latest_fork_usec", 0);
  report.Field("total_forks", 0);
  report.Field("total_error_replies", statistics.error_replies);
}

void WriteReplication(Call& call, Report& report) {
  report.Section("Replication");
  report.Field("role", "master");
  report.Field("connected_slaves", 0);
  report.Field("master_replid", call.engine.run_id());
  const persistence::Journal* journal = call.store.journal();
  report.Field("master_repl_offset", journal == nullptr ? 0 : journal->appended_lsn());
}

void WriteCpu(Call&, Report& report) {
  report.Section("CPU");
  const std::pair<std::string, CpuScope> scopes[] = {{"", CpuScope::kProcess},
                                                     {"_children", CpuScope::kChildren},
                                                     {"_main_thread", CpuScope::kMainThread}};
  for (const auto& [suffix, scope] : scopes) {
    const CpuUse use = ReadCpuUse(scope);
    report.Fixed("used_cpu_sys" + suffix, use.system_seconds, 6);
    report.Fixed("used_cpu_user" + suffix, use.user_seconds, 6);
  }
}

void WriteErrorStats(Call& call, Report& report) {
  report.Section("Errorstats");
  for (const auto& [prefix, count] : call.engine.statistics.errors) {
    report.Field("errorstat_" + prefix, "count=" + std::to_string(count));
  }
}

void WriteCommandStats(Call& call, Report& report) {
  report.Section("Commandstats");
  for (const CommandEntry& entry : call.engine.commands.entries()) {
    if (entry.calls + entry.failed_calls + entry.rejected_calls == 0) continue;
    const uint64_t micros = entry.nanos / 1000;
    char text[160];
    std::snprintf(
        text, sizeof(text),
        "calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu",
        static_cast<unsigned long long>(entry.calls), static_cast<unsigned long long>(micros),
        entry.calls == 0
            ? 0.0
            : static_cast<double>(entry.nanos) / 1000.0 / static_cast<double>(entry.calls),
        static_cast<unsigned long long>(entry.rejected_calls),
        static_cast<unsigned long long>(entry.failed_calls));
    report.Field("cmdstat_" + entry.full_name, text);
  }
}

void WriteLatencyStats(Call& call, Report& report) {
  report.Section("Latencystats");
  for (const CommandEntry& entry : call.engine.commands.entries()) {
    if (entry.latency == nullptr) continue;
    std::string text;
    for (const double percentile : call.engine.config.latency_percentiles) {
      char part[64];
      std::snprintf(part, sizeof(part), "%sp%g=%.3f", text.empty() ? "" : ",", percentile,
                    static_cast<double>(entry.latency->QuantileNanos(percentile / 100)) / 1000);
      text += part;
    }
    report.Field("latency_percentiles_usec_" + entry.full_name, text);
  }
}

void WriteCluster(Call&, Report& report) {
  report.Section("Cluster");
  report.Field("cluster_enabled", 0);
}

void WriteKeyspace(Call& call, Report& report) {
  report.Section("Keyspace");
  const auto& databases = call.store.dataset().databases;
  for (size_t i = 0; i < databases.size(); ++i) {
    const data::Keyspace& keyspace = databases[i];
    if (keyspace.size() == 0) continue;
    report.Field("db" + std::to_string(i),
                 "keys=" + std::to_string(keyspace.size()) +
                     ",expires=" + std::to_string(keyspace.expiring()) +
                     ",avg_ttl=" + std::to_string(keyspace.MeanTtlMs(call.now_ms)));
  }
}

struct Section {
  std::string_view name;
  bool by_default;
  void (*write)(Call&, Report&);
};

constexpr Section kSections[] = {
    {"server", true, WriteServer},
    {"clients", true, WriteClients},
    {"memory", true, WriteMemory},
    {"persistence", true, WritePersistence},
    {"stats", true, WriteStats},
    {"replication", true, WriteReplication},
    {"cpu", true, WriteCpu},
    {"errorstats", true, WriteErrorStats},
    {"commandstats", false, WriteCommandStats},
    {"latencystats", false, WriteLatencyStats},
    {"cluster", true, WriteCluster},
    {"keyspace", true, WriteKeyspace},
};

void Info(Call& call) {
  const Args named = call.args.subspan(1);
  const auto names = [named](std::string_view word) {
    return std::any_of(named.begin(), named.end(),
                       [word](std::string_view name) { return EqualsIgnoringCase(name, word); });
  };
  const bool everything = names("all") || names("everything");
  const bool defaults = named.empty() || names("default");
  Report report;
  for (const Section& section : kSections) {
    if (everything || (defaults && section.by_default) || names(section.name)) {
      section.write(call, report);
    }
  }
  call.reply.Verbatim("txt", report.text());
}

constexpr Command kCommands[] = {
    {.name = "INFO",
     .arity = -1,
     .flags = kLoading | kStale,
     .categories = kDangerousCategory,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Get information and statistics about the server",
     .tips = "nondeterministic_output,request_policy:all_shards,response_policy:special",
     .handler = Info},
};

}  // namespace

std::span<const Command> InfoCommands() {
  return kCommands;
}

}  // namespace leat::commands
