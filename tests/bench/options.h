// The command line of leat-benchmark.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/bench/event_loop.h"

namespace leat::bench {

enum class Mode { kCommand, kPublish, kGroupCycle };

struct Options {
  Mode mode = Mode::kCommand;
  Endpoint endpoint;
  std::string command;     // --command
  std::string probe_file;  // --probe: no load, one request
  pid_t pid = 0;           // of the server; 0: its CPU is not measured
  bool json = false;

  uint64_t requests = 0;  // 0: run for `seconds`
  double seconds = 3;
  double warmup_s = 0;
  uint64_t clients = 50;
  uint64_t pipeline = 1;
  uint64_t keyspace = 100'000;
  uint64_t data_size_bytes = 100;

  std::string channel = "bench:channel";
  uint64_t publishers = 1;
  uint64_t subscribers = 1;
  uint64_t patterns = 0;

  std::string topic = "bench:topic";
  uint64_t entries = 100;  // in one group cycle
};

// Ends the program with a message about the first thing that is wrong, or with the usage text.
Options ParseOptions(int argc, char** argv);

}  // namespace leat::bench
