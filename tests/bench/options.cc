#include "tests/bench/options.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "server/base/number.h"
#include "tests/bench/failure.h"

namespace leat::bench {
namespace {

constexpr const char* kUsage =
    R"(leat-benchmark: load for a Redis-protocol server

  leat-benchmark --port P --command "SET key:__rand__ __data__" [options]
  leat-benchmark --port P --publish [options]
  leat-benchmark --port P --group-cycle [options]

Every mode
  --host ADDRESS     IPv4 address (127.0.0.1)
  --port P           required
  --pid PID          the server's process: measures its CPU time for each operation
  --seconds S        how long to measure (3)
  --requests N       measure N operations instead
  --warmup S         load before the measurement begins (0; not with --requests)
  --pipeline N       requests sent together on one connection (1)
  --data-size N      bytes of payload (100)
  --json             one line of JSON instead of text

--command TEMPLATE   __rand__ and __seq__ become 12-digit numbers below the key space, __data__ the
                     payload; "double quotes" keep spaces in a word
  --clients N        connections (50)
  --keyspace N       (100000)
  --probe FILE       no load: sends one request, writes its reply to FILE, prints both sizes

--publish            an operation is one PUBLISH, delivered to every subscriber
  --publishers N     (1)
  --subscribers N    (1)
  --patterns N       pattern subscriptions that do not match the channel (0)
  --channel NAME     (bench:channel)

--group-cycle        an operation is one entry added, read by a group's consumer and acknowledged
  --clients N        pairs of a producer and a consumer (50)
  --entries N        entries in one cycle, and the COUNT of XREADGROUP (100)
  --topic NAME       deleted first (bench:topic)

Exit code: 0 done, 1 an error reply or a lost connection, 2 usage, 3 the server does not know a
command of the workload
)";

[[noreturn]] void FailUsage(const std::string& message) {
  Fail(ExitCode::kUsage, "leat-benchmark: " + message + " (see --help)");
}

class Parser {
 public:
  Parser(int argc, char** argv) : argc_(argc), argv_(argv) {}

  Options Parse() {
    while (++at_ < argc_) {
      const std::string name = argv_[at_];
      if (name == "--help") {
        std::fputs(kUsage, stdout);
        std::exit(0);
      }
      const auto row = rows_.find(name);
      if (row == rows_.end()) FailUsage("unknown option " + name);
      row->second();
    }
    Check();
    return options_;
  }

 private:
  std::string Text() {
    if (at_ + 1 >= argc_) FailUsage(std::string(argv_[at_]) + " needs a value");
    return argv_[++at_];
  }
  uint64_t Number(uint64_t min, uint64_t max) {
    const std::string name = argv_[at_];
    const std::optional<uint64_t> value = base::ParseUint64(Text());
    if (!value || *value < min || *value > max) {
      FailUsage(name + " takes a number from " + std::to_string(min) + " to " +
                std::to_string(max));
    }
    return *value;
  }
  double Seconds() {
    const std::string name = argv_[at_];
    const std::optional<double> value = base::ParseDouble(Text());
    if (!value || !(*value >= 0 && *value <= 86'400)) {
      FailUsage(name + " takes seconds from 0 to 86400");
    }
    return *value;
  }
  void SetMode(Mode mode) {
    ++modes_;
    options_.mode = mode;
  }

  void Check() {
    if (modes_ != 1) FailUsage("give one of --command, --publish and --group-cycle");
    if (options_.endpoint.port == 0) FailUsage("--port is required");
    if (options_.requests != 0 && options_.warmup_s > 0) {
      FailUsage("--warmup does not go with --requests");
    }
    if (options_.requests == 0 && options_.seconds <= 0) FailUsage("--seconds must be above 0");
    if (!options_.probe_file.empty() && options_.mode != Mode::kCommand) {
      FailUsage("--probe goes with --command");
    }
    // A published message carries the time at which it was sent.
    if (options_.mode == Mode::kPublish && options_.data_size_bytes < sizeof(uint64_t)) {
      FailUsage("--publish needs a --data-size of 8 or more");
    }
  }

  int argc_;
  char** argv_;
  int at_ = 0;
  int modes_ = 0;
  Options options_;
  const std::map<std::string, std::function<void()>, std::less<>> rows_ = {
      {"--host", [this] { options_.endpoint.host = Text(); }},
      {"--port", [this] { options_.endpoint.port = static_cast<int>(Number(1, 65535)); }},
      {"--pid", [this] { options_.pid = static_cast<pid_t>(Number(1, 1U << 30)); }},
      {"--seconds", [this] { options_.seconds = Seconds(); }},
      {"--requests", [this] { options_.requests = Number(1, uint64_t{1} << 48); }},
      {"--warmup", [this] { options_.warmup_s = Seconds(); }},
      {"--pipeline", [this] { options_.pipeline = Number(1, 100'000); }},
      {"--data-size", [this] { options_.data_size_bytes = Number(0, uint64_t{64} << 20); }},
      {"--json", [this] { options_.json = true; }},
      {"--command",
       [this] {
         SetMode(Mode::kCommand);
         options_.command = Text();
       }},
      {"--clients", [this] { options_.clients = Number(1, 50'000); }},
      {"--keyspace", [this] { options_.keyspace = Number(1, 999'999'999'999); }},
      {"--probe", [this] { options_.probe_file = Text(); }},
      {"--publish", [this] { SetMode(Mode::kPublish); }},
      {"--publishers", [this] { options_.publishers = Number(1, 10'000); }},
      {"--subscribers", [this] { options_.subscribers = Number(0, 50'000); }},
      {"--patterns", [this] { options_.patterns = Number(0, 10'000'000); }},
      {"--channel", [this] { options_.channel = Text(); }},
      {"--group-cycle", [this] { SetMode(Mode::kGroupCycle); }},
      {"--entries", [this] { options_.entries = Number(1, 100'000); }},
      {"--topic", [this] { options_.topic = Text(); }},
  };
};

}  // namespace

Options ParseOptions(int argc, char** argv) {
  return Parser(argc, argv).Parse();
}

}  // namespace leat::bench
