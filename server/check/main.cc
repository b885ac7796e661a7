// leat-check DIR [--repair] [--yes] [--quiet]
//
// Verifies a data directory whose server is stopped, and prints what is in it; repairs it when
// told.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "persistence/posix_disk.h"
#include "server/check/inspection.h"
#include "server/check/repair.h"
#include "server/check/summary.h"

namespace leat::check {
namespace {

constexpr int kIntact = 0;
constexpr int kDamaged = 1;
constexpr int kCannotLook = 2;
// Of one kind of trouble there may be very many.
constexpr size_t kMostProblems = 50;

constexpr const char* kUsage =
    "leat-check DIR [--repair] [--yes] [--quiet]\n"
    "  verifies the data directory of a server that is stopped: every checksum, every reference,\n"
    "  every change; prints what is in it, and changes nothing\n"
    "  --repair  shows what is lost to the damage, asks, and cuts the directory down to the rest;\n"
    "            what is replaced or given up goes to DIR/damaged-<time>, nothing is deleted\n"
    "  --yes     does not ask\n"
    "  --quiet   prints only what is wrong\n"
    "exit status: 0 intact or repaired, 1 damaged, 2 cannot look\n";

struct Arguments {
  std::string directory;
  bool quiet = false;
  bool repair = false;
  bool yes = false;
  bool help = false;
  std::string error;
};

Arguments Parse(std::span<const char* const> words) {
  Arguments arguments;
  for (const std::string_view word : words) {
    if (word == "--quiet") {
      arguments.quiet = true;
    } else if (word == "--repair") {
      arguments.repair = true;
    } else if (word == "--yes") {
      arguments.yes = true;
    } else if (word == "--help" || word == "-h") {
      arguments.help = true;
    } else if (word.starts_with("-")) {
      arguments.error = "unknown option " + std::string(word);
    } else if (!arguments.directory.empty()) {
      arguments.error = "one directory at a time";
    } else {
      arguments.directory = word;
    }
  }
  if (arguments.directory.empty() && arguments.error.empty()) arguments.error = "which directory?";
  while (arguments.directory.size() > 1 && arguments.directory.ends_with("/")) {
    arguments.directory.pop_back();
  }
  return arguments;
}

// A line on standard error once the work takes more than a second: rewritten on a terminal, else
// a new one every ten seconds.
class ProgressLine {
 public:
  ~ProgressLine() { Clear(); }
  // Before something else is printed.
  void Clear() {
    if (shown_ && terminal_) std::fprintf(stderr, "\r\033[K");
    shown_ = false;
  }
  void Show(std::string_view what, uint64_t done, uint64_t all) {
    using std::chrono::milliseconds;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + milliseconds(terminal_ ? 200 : 10'000);
    shown_ = true;
    const std::string of = all == 0 ? " bytes" : " of " + std::to_string(all);
    std::fprintf(stderr, "%s%.*s: %llu%s%s", terminal_ ? "\r\033[K" : "",
                 static_cast<int>(what.size()), what.data(), static_cast<unsigned long long>(done),
                 of.c_str(), terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

int Fail(const std::string& why) {
  std::fprintf(stderr, "leat-check: %s\n", why.c_str());
  return kCannotLook;
}

void PrintProblems(const Findings& findings) {
  const auto& problems = findings.problems;
  for (size_t i = 0; i < problems.size() && i < kMostProblems; ++i) {
    std::printf("damaged: %s\n", problems[i].c_str());
  }
  if (problems.size() > kMostProblems) {
    std::printf("and %zu more\n", problems.size() - kMostProblems);
  }
}

// Whether to go on; only a plain yes counts.
bool Ask(const std::string& question) {
  std::printf("%s [yes/no] ", question.c_str());
  std::fflush(stdout);
  std::array<char, 16> answer{};
  return std::fgets(answer.data(), answer.size(), stdin) != nullptr &&
         std::string_view(answer.data()) == "yes\n";
}

std::string AsideName() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "damaged-%Y%m%dT%H%M%SZ", &utc);
  return text.data();
}

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) ^ device();
}

int RunRepair(persistence::Disk& disk, const Inspection& found, ProgressLine& progress, bool yes) {
  Repair repair(disk, found);
  const auto losses = repair.Plan();
  progress.Clear();
  if (!losses.ok()) {
    std::printf("%s\n", losses.status().message().c_str());
    return kDamaged;
  }
  std::printf("%s", losses->c_str());
  if (!yes && !Ask("Give this up, so that a server starts with the rest?")) return kDamaged;
  const std::string aside = AsideName();
  if (const auto status = repair.Run(aside, RandomSeed()); !status.ok()) {
    std::printf("not repaired: %s; what was moved is in %s\n", status.message().c_str(),
                found.PathOf(aside).c_str());
    return kDamaged;
  }
  Inspection repaired(disk, found.options());
  const auto status = repaired.Run();
  progress.Clear();
  PrintProblems(repaired.findings());
  if (!status.ok() || !repaired.findings().problems.empty()) return kDamaged;
  std::printf("repaired; what was replaced or given up is in %s\n", found.PathOf(aside).c_str());
  return kIntact;
}

// A directory that never had a lock, a copy perhaps, is no server's, and gets none for being read.
persistence::Result<std::unique_ptr<persistence::DirectoryLock>> Lock(persistence::Disk& disk,
                                                                      const std::string& directory,
                                                                      bool repair) {
  const auto names = disk.ListDirectory(directory);
  if (!names.ok()) return names.status();
  const auto has = [&names](const char* name) { return std::ranges::count(*names, name) > 0; };
  if (has("lock") || (repair && has("journal"))) return disk.LockDirectory(directory);
  return std::unique_ptr<persistence::DirectoryLock>();
}

int Run(const Arguments& arguments) {
  persistence::PosixDisk disk;
  const auto lock = Lock(disk, arguments.directory, arguments.repair);
  if (!lock.ok()) return Fail(lock.status().message());
  Inspection::Options options;
  options.directory = arguments.directory;
  ProgressLine progress;
  options.progress = [&progress](std::string_view what, uint64_t done, uint64_t all) {
    progress.Show(what, done, all);
  };
  Inspection inspection(disk, options);
  if (const auto status = inspection.Run(); !status.ok()) return Fail(status.message());
  progress.Clear();
  const bool intact = inspection.findings().problems.empty();
  if (!arguments.quiet) std::printf("%s", Summarize(inspection).c_str());
  PrintProblems(inspection.findings());
  if (intact && !arguments.quiet) std::printf("intact\n");
  if (intact) return kIntact;
  return arguments.repair ? RunRepair(disk, inspection, progress, arguments.yes) : kDamaged;
}

}  // namespace
}  // namespace leat::check

int main(int argc, char** argv) {
  using namespace leat::check;
  const Arguments arguments = Parse({argv + 1, static_cast<size_t>(argc - 1)});
  if (arguments.help) {
    std::printf("%s", kUsage);
    return kIntact;
  }
  if (!arguments.error.empty()) return Fail(arguments.error + "\n" + kUsage);
  return Run(arguments);
}
