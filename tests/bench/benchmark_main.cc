// leat-benchmark: see options.cc for its usage and README.md for what its figures mean.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

#include "tests/bench/failure.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/process_cpu.h"
#include "tests/bench/request.h"

namespace leat::bench {
namespace {

struct Sample {
  uint64_t now_ns = 0;
  CpuTime server;
  CpuTime generator;
};

Sample TakeSample(const Options& options) {
  Sample sample;
  if (options.pid != 0) {
    const auto cpu = ReadCpuTime(options.pid);
    if (!cpu) Fail(ExitCode::kFailed, "no process " + std::to_string(options.pid));
    sample.server = *cpu;
  }
  sample.generator = ReadCpuTime(getpid()).value_or(CpuTime{});
  sample.now_ns = NowNs();
  return sample;
}

struct Result {
  Counts counts;
  Sample start;
  Sample end;

  double Seconds() const { return static_cast<double>(end.now_ns - start.now_ns) / 1e9; }
  double PerSecond(uint64_t count) const { return static_cast<double>(count) / Seconds(); }
  double MicrosecondsPerOperation(uint64_t ns) const {
    return static_cast<double>(ns) / 1e3 / static_cast<double>(counts.operations);
  }
  double LatencyUs(double fraction) const {
    return static_cast<double>(counts.latencies_ns.Percentile(fraction)) / 1e3;
  }
};

Result Measure(EventLoop& loop, Load& load, const Options& options) {
  const auto after = [](double seconds) { return NowNs() + static_cast<uint64_t>(seconds * 1e9); };
  const auto never = [] { return false; };
  constexpr double kDrainSeconds = 10;

  Result result;
  if (options.warmup_s > 0) {
    load.Start();
    loop.RunUntil(after(options.warmup_s), never);
    load.counts() = Counts{};
    result.start = TakeSample(options);
  } else {
    result.start = TakeSample(options);
    load.Start();
  }
  if (options.requests != 0) {
    loop.RunUntil(std::numeric_limits<uint64_t>::max(), [&] { return load.Finished(); });
  } else {
    loop.RunUntil(after(options.seconds), never);
  }
  result.end = TakeSample(options);
  result.counts = load.counts();

  // What is under way is still waited for: an error in it must not go unseen.
  load.Stop();
  loop.RunUntil(after(kDrainSeconds), [&] { return load.Idle(); });
  if (!load.Idle()) Fail(ExitCode::kFailed, "replies are missing 10 s after the last request");
  load.Verify();
  if (result.counts.operations == 0) {
    Fail(ExitCode::kFailed, "not one operation was completed in the time given");
  }
  return result;
}

void PrintJson(const Result& result, const Options& options) {
  const Counts& counts = result.counts;
  std::printf(
      "{\"operations\": %llu, \"seconds\": %.6f, \"ops_per_s\": %.1f, \"deliveries_per_s\": %.1f, "
      "\"nulls\": %llu, \"reply_bytes_per_op\": %.1f, \"p50_us\": %.1f, \"p95_us\": %.1f, "
      "\"p99_us\": %.1f, \"p999_us\": %.1f, "
      "\"max_us\": %.1f, \"generator_cpu_us_per_op\": %.4f",
      static_cast<unsigned long long>(counts.operations), result.Seconds(),
      result.PerSecond(counts.operations), result.PerSecond(counts.deliveries),
      static_cast<unsigned long long>(counts.nulls),
      static_cast<double>(counts.reply_bytes) / static_cast<double>(counts.operations),
      result.LatencyUs(0.5), result.LatencyUs(0.95), result.LatencyUs(0.99),
      result.LatencyUs(0.999), static_cast<double>(counts.latencies_ns.max()) / 1e3,
      result.MicrosecondsPerOperation(result.end.generator.total_ns -
                                      result.start.generator.total_ns));
  if (options.pid != 0) {
    const CpuTime& start = result.start.server;
    const CpuTime& end = result.end.server;
    std::printf(
        ", \"cpu_us_per_op\": %.4f, \"cpu_s\": %.6f, \"cpu_user_s\": %.2f, \"cpu_system_s\": %.2f",
        result.MicrosecondsPerOperation(end.total_ns - start.total_ns),
        static_cast<double>(end.total_ns - start.total_ns) / 1e9,
        static_cast<double>(end.user_ns - start.user_ns) / 1e9,
        static_cast<double>(end.system_ns - start.system_ns) / 1e9);
  }
  std::printf("}\n");
}

void PrintText(const Result& result, const Options& options) {
  const Counts& counts = result.counts;
  std::printf("operations     %llu in %.2f s\n", static_cast<unsigned long long>(counts.operations),
              result.Seconds());
  std::printf("throughput     %.0f operations/s\n", result.PerSecond(counts.operations));
  if (options.mode == Mode::kPublish) {
    std::printf("delivered      %llu messages, %.0f/s\n",
                static_cast<unsigned long long>(counts.deliveries),
                result.PerSecond(counts.deliveries));
  }
  if (counts.nulls != 0) {
    std::printf("null replies   %llu\n", static_cast<unsigned long long>(counts.nulls));
  }
  std::printf("latency (us)   p50 %.1f  p95 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
              result.LatencyUs(0.5), result.LatencyUs(0.95), result.LatencyUs(0.99),
              result.LatencyUs(0.999), static_cast<double>(counts.latencies_ns.max()) / 1e3);
  if (options.pid != 0) {
    const CpuTime& start = result.start.server;
    const CpuTime& end = result.end.server;
    std::printf(
        "server CPU     %.3f us/operation, %.0f %% of a core (user %.2f s, system %.2f s)\n",
        result.MicrosecondsPerOperation(end.total_ns - start.total_ns),
        static_cast<double>(end.total_ns - start.total_ns) / 1e7 / result.Seconds(),
        static_cast<double>(end.user_ns - start.user_ns) / 1e9,
        static_cast<double>(end.system_ns - start.system_ns) / 1e9);
  }
  std::printf("generator CPU  %.3f us/operation\n",
              result.MicrosecondsPerOperation(result.end.generator.total_ns -
                                              result.start.generator.total_ns));
}

// Sends the command once and keeps the reply, for a floor server to answer with.
void Probe(const Options& options) {
  const auto words = SplitWords(options.command);
  if (!words) Fail(ExitCode::kUsage, "--command is empty or leaves a quote open");
  KeySource keys;
  keys.keyspace = options.keyspace;
  RequestBatch batch(*words, 1, MakePayload(options.data_size_bytes));
  BlockingClient client(options.endpoint);
  const std::string reply = client.Call(batch.Next(1, keys));
  std::ofstream file(options.probe_file, std::ios::binary | std::ios::trunc);
  file << reply;
  file.close();
  if (!file) Fail(ExitCode::kFailed, "cannot write " + options.probe_file);
  std::printf("{\"request_bytes\": %zu, \"reply_bytes\": %zu}\n", batch.request_bytes(),
              reply.size());
}

std::unique_ptr<Load> MakeLoad(EventLoop& loop, const Options& options) {
  switch (options.mode) {
    case Mode::kPublish:
      return MakePublishLoad(loop, options);
    case Mode::kGroupCycle:
      return MakeGroupLoad(loop, options);
    case Mode::kCommand:
      break;
  }
  return MakeCommandLoad(loop, options);
}

}  // namespace
}  // namespace leat::bench

int main(int argc, char** argv) {
  using namespace leat::bench;
  const Options options = ParseOptions(argc, argv);
  if (!options.probe_file.empty()) {
    Probe(options);
    return 0;
  }
  EventLoop loop;
  const std::unique_ptr<Load> load = MakeLoad(loop, options);
  const Result result = Measure(loop, *load, options);
  if (options.json) {
    PrintJson(result, options);
  } else {
    PrintText(result, options);
  }
  return 0;
}
