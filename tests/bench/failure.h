// How the programs of this folder end when they cannot go on: one line on stderr and an exit code
// that tests/bench/run tells apart.
#pragma once

#include <string_view>

namespace leat::bench {

enum class ExitCode : int {
  kFailed = 1,       // the server or the connection misbehaved
  kUsage = 2,        // the command line was wrong
  kUnsupported = 3,  // the server does not know a command of this workload
};

[[noreturn]] void Fail(ExitCode code, std::string_view message);

// Ends the program over an error reply: kUnsupported where the command is not known, else kFailed.
[[noreturn]] void FailOnErrorReply(std::string_view error);

}  // namespace leat::bench
