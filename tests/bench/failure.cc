#include "tests/bench/failure.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace leat::bench {

void Fail(ExitCode code, std::string_view message) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
  std::exit(static_cast<int>(code));
}

void FailOnErrorReply(std::string_view error) {
  if (error.starts_with("ERR unknown command") || error.starts_with("ERR unknown subcommand")) {
    Fail(ExitCode::kUnsupported, "skipped: the server answered: " + std::string(error));
  }
  Fail(ExitCode::kFailed, "unexpected error reply: " + std::string(error));
}

}  // namespace leat::bench
