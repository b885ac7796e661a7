// The settings: one struct that holds their values, and one table that knows each by name — how it
// is read and shown as text, what it may be, and whether it can change while the server runs. The
// configuration file, the command line, CONFIG GET, SET and REWRITE all go through the table.
// Names, units and defaults are Redis' where it has the setting; conf/leat.toml lists them all.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/journal.h"
#include "resp/limits.h"
#include "server/data/idempotency.h"
#include "server/data/topic_policy.h"
#include "server/engine/log.h"

namespace leat::engine {

// `client-output-buffer-limit`: beyond `hard_bytes`, or for `soft_seconds` beyond `soft_bytes`, a
// client is closed; 0: no limit.
struct OutputLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

// `save`: a checkpoint is taken when so many changes are older than so many seconds.
struct SavePoint {
  int64_t seconds = 0;
  int64_t changes = 0;
};

// `topic-defaults`: a topic that is created under a matching name gets this policy.
struct TopicDefault {
  std::string pattern;
  data::TopicPolicy policy;
};

struct Config {
  // Network.
  std::vector<std::string> bind = {"127.0.0.1"};
  int64_t port = 6379;
  std::string unix_socket;
  int64_t unix_socket_permissions = 0;
  int64_t tcp_backlog = 511;
  int64_t tcp_keepalive_seconds = 300;
  int64_t timeout_seconds = 0;
  int64_t max_clients = 10000;
  std::string require_pass;
  resp::Limits limits;
  // Normal, replica and pubsub, as Redis orders them; `replica` has no clients yet.
  std::array<OutputLimit, 3> output_limits = {
      {{0, 0, 0}, {256 << 20, 64 << 20, 60}, {32 << 20, 8 << 20, 60}}};

  // Data.
  std::vector<SavePoint> save;
  int64_t databases = 16;
  std::string directory = "./data";
  int64_t max_memory = 0;  // nothing is evicted
  std::string max_memory_policy = "noeviction";
  bool append_only = true;
  persistence::SyncPolicy append_fsync = persistence::SyncPolicy::kEverySecond;
  int64_t journal_segment_bytes = 64 << 20;
  int64_t journal_backlog_bytes = 256 << 20;
  int64_t checkpoint_growth_percentage = 100;  // auto-aof-rewrite-percentage
  int64_t checkpoint_min_bytes = 64 << 20;     // auto-aof-rewrite-min-size
  int64_t topic_memory_bytes = 512 << 20;
  int64_t block_segment_bytes = 64 << 20;
  int64_t stream_node_max_entries = 100;
  data::Idempotency::Settings stream_idempotency;  // of topics that are created
  std::vector<TopicDefault> topic_defaults;        // the first that matches
  int64_t compaction_min_dirty_percentage = 50;
  int64_t compaction_memory_bytes = 32 << 20;

  // Observation.
  std::string enable_debug_command = "local";
  LogLevel log_level = LogLevel::kNotice;
  int64_t slow_log_slower_than_micros = 10000;
  int64_t slow_log_max_length = 128;
  int64_t latency_monitor_threshold_ms = 0;
  bool latency_tracking = true;
  std::vector<double> latency_percentiles = {50, 99, 99.9};
};

struct Setting {
  std::string_view name;
  bool at_start_only;
  std::function<std::string(const Config&)> get;
  // Sets it, or returns what is wrong with the text (and what is allowed).
  std::function<std::string(Config&, std::string_view)> set;
};

const std::vector<Setting>& Settings();
// Any case. Null: no such setting.
const Setting* FindSetting(std::string_view name);

// "1kb" is 1024, "1k" 1000 (redis.conf's units).
bool ParseMemory(std::string_view text, int64_t* bytes);

}  // namespace leat::engine
