#include "server/engine/config.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>

#include "server/base/number.h"
#include "server/engine/policy_options.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

constexpr bool kAtStartOnly = true;
constexpr bool kAnyTime = false;

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::string RangeError(int64_t min, int64_t max) {
  return "argument must be between " + std::to_string(min) + " and " + std::to_string(max) +
         " inclusive";
}

Setting Bool(std::string_view name, bool at_start_only, bool Config::*member) {
  return {name, at_start_only,
          [member](const Config& config) { return config.*member ? "yes" : "no"; },
          [member](Config& config, std::string_view text) -> std::string {
            const bool yes = EqualsIgnoringCase(text, "yes");
            if (!yes && !EqualsIgnoringCase(text, "no")) return "argument must be 'yes' or 'no'";
            config.*member = yes;
            return "";
          }};
}

// A number within bounds; `access` is a member of Config, or finds one in it.
template <typename Access>
Setting Number(std::string_view name, bool at_start_only, int64_t min, int64_t max, Access access) {
  return {name, at_start_only,
          [access](const Config& config) { return std::to_string(std::invoke(access, config)); },
          [=](Config& config, std::string_view text) -> std::string {
            const auto value = base::ParseInt64(text);
            if (!value) return "argument couldn't be parsed into an integer";
            if (*value < min || *value > max) return RangeError(min, max);
            std::invoke(access, config) =
                static_cast<std::remove_reference_t<decltype(std::invoke(access, config))>>(*value);
            return "";
          }};
}

// A size in bytes, with redis.conf's units.
template <typename Access>
Setting Memory(std::string_view name, bool at_start_only, int64_t min, int64_t max, Access access) {
  return {name, at_start_only,
          [access](const Config& config) { return std::to_string(std::invoke(access, config)); },
          [=](Config& config, std::string_view text) -> std::string {
            int64_t bytes = 0;
            if (!ParseMemory(text, &bytes)) return "argument must be a memory value";
            if (bytes < min || bytes > max) return RangeError(min, max);
            std::invoke(access, config) =
                static_cast<std::remove_reference_t<decltype(std::invoke(access, config))>>(bytes);
            return "";
          }};
}

Setting Text(std::string_view name, bool at_start_only, std::string Config::*member) {
  return {name, at_start_only, [member](const Config& config) { return config.*member; },
          [member](Config& config, std::string_view text) -> std::string {
            config.*member = text;
            return "";
          }};
}

template <typename Value>
Setting Choice(std::string_view name, bool at_start_only, Value Config::*member,
               std::vector<std::pair<std::string_view, Value>> choices) {
  return {name, at_start_only,
          [=](const Config& config) {
            for (const auto& [word, value] : choices) {
              if (config.*member == value) return std::string(word);
            }
            return std::string();
          },
          [=](Config& config, std::string_view text) -> std::string {
            std::string error = "argument(s) must be one of the following: ";
            for (const auto& [word, value] : choices) {
              if (EqualsIgnoringCase(text, word)) {
                config.*member = value;
                return "";
              }
              error.append(word).append(", ");
            }
            error.resize(error.size() - 2);
            return error;
          }};
}

Setting Bind() {
  return {"bind", kAtStartOnly,
          [](const Config& config) {
            std::string text;
            for (const std::string& address : config.bind) {
              text.append(text.empty() ? "" : " ").append(address);
            }
            return text;
          },
          [](Config& config, std::string_view text) -> std::string {
            config.bind.clear();
            for (const std::string_view word : SplitWords(text)) config.bind.emplace_back(word);
            return "";
          }};
}

Setting UnixSocketPermissions() {
  return {"unixsocketperm", kAtStartOnly,
          [](const Config& config) {
            char octal[24];
            std::snprintf(octal, sizeof(octal), "%llo",
                          static_cast<unsigned long long>(config.unix_socket_permissions));
            return std::string(octal);
          },
          [](Config& config, std::string_view text) -> std::string {
            unsigned value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value, 8);
            if (error != std::errc() || end != text.data() + text.size() || value > 0777) {
              return "argument must be an octal number up to 777";
            }
            config.unix_socket_permissions = value;
            return "";
          }};
}

constexpr std::string_view kLimitClasses[] = {"normal", "slave", "pubsub"};

std::string ShowOutputLimits(const Config& config) {
  std::string text;
  for (size_t i = 0; i < std::size(kLimitClasses); ++i) {
    const OutputLimit& limit = config.output_limits[i];
    text.append(i == 0 ? "" : " ").append(kLimitClasses[i]);
    for (const uint64_t value :
         {limit.hard_bytes, limit.soft_bytes, static_cast<uint64_t>(limit.soft_seconds)}) {
      text.append(" ").append(std::to_string(value));
    }
  }
  return text;
}

std::string SetOutputLimits(Config& config, std::string_view text) {
  const auto words = SplitWords(text);
  if (words.empty() || words.size() % 4 != 0)
    return "Wrong number of arguments in buffer limit configuration.";
  for (size_t i = 0; i < words.size(); i += 4) {
    const std::string_view name = EqualsIgnoringCase(words[i], "replica") ? "slave" : words[i];
    const auto* found = std::find_if(std::begin(kLimitClasses), std::end(kLimitClasses),
                                     [&](auto known) { return EqualsIgnoringCase(known, name); });
    int64_t hard = 0;
    int64_t soft = 0;
    const auto seconds = base::ParseInt64(words[i + 3]);
    if (found == std::end(kLimitClasses))
      return "Invalid client class specified in buffer limit configuration.";
    if (!ParseMemory(words[i + 1], &hard) || !ParseMemory(words[i + 2], &soft) || !seconds ||
        *seconds < 0) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    config.output_limits[static_cast<size_t>(found - kLimitClasses)] = {
        static_cast<uint64_t>(hard), static_cast<uint64_t>(soft), *seconds};
  }
  return "";
}

std::string ShowSavePoints(const Config& config) {
  std::string text;
  for (const SavePoint& point : config.save) {
    text.append(text.empty() ? "" : " ");
    text.append(std::to_string(point.seconds)).append(" ").append(std::to_string(point.changes));
  }
  return text;
}

std::string SetSavePoints(Config& config, std::string_view text) {
  const auto words = SplitWords(text);
  if (words.size() % 2 != 0) return "Invalid save parameters";
  std::vector<SavePoint> points;
  for (size_t i = 0; i < words.size(); i += 2) {
    const auto seconds = base::ParseInt64(words[i]);
    const auto changes = base::ParseInt64(words[i + 1]);
    if (!seconds || !changes || *seconds < 1 || *changes < 0) return "Invalid save parameters";
    points.push_back({*seconds, *changes});
  }
  config.save = std::move(points);
  return "";
}

std::string ShowTopicDefaults(const Config& config) {
  std::string text;
  for (const TopicDefault& topic_default : config.topic_defaults) {
    text.append(text.empty() ? "" : " ").append(topic_default.pattern);
    text.append(PolicyOptions(topic_default.policy));
  }
  return text;
}

// A pattern is followed by its options; the next word that is none of them is the next pattern.
std::string SetTopicDefaults(Config& config, std::string_view text) {
  const auto words = SplitWords(text);
  std::vector<TopicDefault> defaults;
  for (size_t i = 0; i < words.size();) {
    std::string error;
    const std::string_view value = i + 1 < words.size() ? words[i + 1] : std::string_view();
    data::TopicPolicy none;
    data::TopicPolicy& policy = defaults.empty() ? none : defaults.back().policy;
    if (!ReadPolicyOption(words[i], value, policy, error)) {
      if (!defaults.empty() && !policy.IsSet()) break;
      defaults.push_back({std::string(words[i++]), {}});
      continue;
    }
    if (defaults.empty()) return "must begin with a pattern, not '" + std::string(words[i]) + "'";
    if (i + 1 == words.size()) return "'" + std::string(words[i]) + "' needs a value";
    if (!error.empty()) return error;
    i += 2;
  }
  if (!defaults.empty() && !defaults.back().policy.IsSet()) {
    return "pattern '" + defaults.back().pattern +
           "' needs options: retention-ms, "
           "retention-bytes, retention-entries, retention-refs or compact, each with its value";
  }
  config.topic_defaults = std::move(defaults);
  return "";
}

Setting LatencyPercentiles() {
  return {"latency-tracking-info-percentiles", kAnyTime,
          [](const Config& config) {
            std::string text;
            for (const double percentile : config.latency_percentiles) {
              char number[32];
              std::snprintf(number, sizeof(number), "%g", percentile);
              text.append(text.empty() ? "" : " ").append(number);
            }
            return text;
          },
          [](Config& config, std::string_view text) -> std::string {
            std::vector<double> percentiles;
            for (const std::string_view word : SplitWords(text)) {
              const auto value = base::ParseDouble(word);
              if (!value || *value < 0 || *value > 100) {
                return "latency-tracking-info-percentiles should contain a list of numbers between "
                       "0.0 and 100.0";
              }
              percentiles.push_back(*value);
            }
            config.latency_percentiles = std::move(percentiles);
            return "";
          }};
}

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

std::vector<Setting> NetworkSettings() {
  return {
      Bind(),
      Number("port", kAtStartOnly, 0, 65535, &Config::port),
      Text("unixsocket", kAtStartOnly, &Config::unix_socket),
      UnixSocketPermissions(),
      Number("tcp-backlog", kAtStartOnly, 0, kIntMax, &Config::tcp_backlog),
      Number("tcp-keepalive", kAnyTime, 0, kIntMax, &Config::tcp_keepalive_seconds),
      Number("timeout", kAnyTime, 0, kIntMax, &Config::timeout_seconds),
      Number("maxclients", kAnyTime, 1, std::numeric_limits<uint32_t>::max(), &Config::max_clients),
      Text("requirepass", kAnyTime, &Config::require_pass),
      Memory(
          "proto-max-bulk-len", kAnyTime, 1 << 20, kMax,
          [](auto& config) -> auto& { return config.limits.proto_max_bulk_len_bytes; }),
      Memory(
          "client-query-buffer-limit", kAnyTime, 1 << 20, kMax,
          [](auto& config) -> auto& { return config.limits.client_query_buffer_limit_bytes; }),
      {"client-output-buffer-limit", kAnyTime, ShowOutputLimits, SetOutputLimits},
  };
}

std::vector<Setting> DataSettings() {
  using data::Idempotency;
  using persistence::SyncPolicy;
  return {
      Number("databases", kAtStartOnly, 1, 1 << 16, &Config::databases),
      Text("dir", kAtStartOnly, &Config::directory),
      Bool("appendonly", kAtStartOnly, &Config::append_only),
      Choice("appendfsync", kAnyTime, &Config::append_fsync,
             {{"everysec", SyncPolicy::kEverySecond},
              {"always", SyncPolicy::kAlways},
              {"no", SyncPolicy::kNo}}),
      Memory("journal-segment-size", kAtStartOnly, 1 << 16, int64_t{1} << 40,
             &Config::journal_segment_bytes),
      Memory("journal-backlog", kAnyTime, 1 << 16, int64_t{1} << 40,
             &Config::journal_backlog_bytes),
      Number("auto-aof-rewrite-percentage", kAnyTime, 0, kIntMax,
             &Config::checkpoint_growth_percentage),
      Memory("auto-aof-rewrite-min-size", kAnyTime, 0, kMax, &Config::checkpoint_min_bytes),
      Memory("topic-memory", kAnyTime, 1 << 20, kMax, &Config::topic_memory_bytes),
      Memory("block-segment-size", kAtStartOnly, 1 << 16, uint32_t{1} << 31,
             &Config::block_segment_bytes),
      Number("stream-node-max-entries", kAnyTime, 0, kMax, &Config::stream_node_max_entries),
      Number(
          "stream-idmp-duration", kAnyTime, 1, Idempotency::Settings::kMostSeconds,
          [](auto& config) -> auto& { return config.stream_idempotency.duration_seconds; }),
      Number(
          "stream-idmp-maxsize", kAnyTime, 1, Idempotency::Settings::kMostEntries,
          [](auto& config) -> auto& { return config.stream_idempotency.max_entries; }),
      Memory("maxmemory", kAnyTime, 0, 0, &Config::max_memory),
      Choice<std::string>("maxmemory-policy", kAnyTime, &Config::max_memory_policy,
                          {{"noeviction", "noeviction"}}),
      {"save", kAnyTime, ShowSavePoints, SetSavePoints},
      {"topic-defaults", kAnyTime, ShowTopicDefaults, SetTopicDefaults},
      Number("compaction-min-dirty-percentage", kAnyTime, 1, 100,
             &Config::compaction_min_dirty_percentage),
      Memory("compaction-memory", kAnyTime, 1 << 16, int64_t{1} << 32,
             &Config::compaction_memory_bytes),
  };
}

std::vector<Setting> ObservationSettings() {
  return {
      Choice<std::string>("enable-debug-command", kAtStartOnly, &Config::enable_debug_command,
                          {{"no", "no"}, {"local", "local"}, {"yes", "yes"}}),
      Choice<LogLevel>("loglevel", kAnyTime, &Config::log_level,
                       {{"debug", LogLevel::kDebug},
                        {"verbose", LogLevel::kVerbose},
                        {"notice", LogLevel::kNotice},
                        {"warning", LogLevel::kWarning},
                        {"nothing", LogLevel::kNothing}}),
      Number("slowlog-log-slower-than", kAnyTime, -1, kMax, &Config::slow_log_slower_than_micros),
      Number("slowlog-max-len", kAnyTime, 0, kMax, &Config::slow_log_max_length),
      Number("latency-monitor-threshold", kAnyTime, 0, kMax, &Config::latency_monitor_threshold_ms),
      Bool("latency-tracking", kAnyTime, &Config::latency_tracking),
      LatencyPercentiles(),
  };
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = [] {
    std::vector<Setting> all = NetworkSettings();
    for (auto* more : {DataSettings, ObservationSettings}) {
      for (const Setting& setting : more()) all.push_back(setting);
    }
    return all;
  }();
  return settings;
}

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : Settings()) {
    if (EqualsIgnoringCase(setting.name, name)) return &setting;
  }
  return nullptr;
}

bool ParseMemory(std::string_view text, int64_t* bytes) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {{"", 1},
                                                                    {"b", 1},
                                                                    {"k", 1000},
                                                                    {"kb", 1 << 10},
                                                                    {"m", 1000000},
                                                                    {"mb", 1 << 20},
                                                                    {"g", 1000000000},
                                                                    {"gb", 1 << 30},
                                                                    {"t", 1000000000000},
                                                                    {"tb", int64_t{1} << 40}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = base::ParseInt64(text.substr(0, digits));
  if (!value) return false;
  for (const auto& [unit, factor] : kUnits) {
    if (EqualsIgnoringCase(text.substr(digits), unit)) {
      if (*value > std::numeric_limits<int64_t>::max() / factor) return false;
      *bytes = *value * factor;
      return true;
    }
  }
  return false;
}

}  // namespace leat::engine
