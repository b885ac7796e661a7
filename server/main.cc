// leat-server [conf.toml] [--setting value …]
//
// Wires the parts together: settings, data directory, journal, recovery, engine, loop.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "persistence/journal.h"
#include "persistence/posix_disk.h"
#include "server/commands/table.h"
#include "server/engine/config_file.h"
#include "server/engine/engine.h"
#include "server/engine/version.h"
#include "server/loop/server.h"
#include "server/store/store.h"

namespace {

using leat::engine::Config;

int Fail(const std::string& why) {
  std::fprintf(stderr, "leat-server: %s\n", why.c_str());
  return 1;
}

// True when the arguments only ask who this is or how it is called.
bool AnswerQuestion(std::span<const char* const> arguments) {
  if (arguments.size() != 1) return false;
  const std::string_view question = arguments[0];
  if (question == "--version" || question == "-v") {
    std::printf("Leat %s\n", leat::engine::kVersion);
    return true;
  }
  if (question != "--help" && question != "-h") return false;
  std::printf(
      "leat-server [conf.toml] [--setting value ...]\n"
      "  leat-server conf/leat.toml            every setting is listed there\n"
      "  leat-server --port 7000 --dir /data --appendfsync always\n");
  return true;
}

std::string LoadSettings(leat::persistence::Disk& disk, std::span<const char* const> arguments,
                         Config& config, std::string& config_file) {
  if (!arguments.empty() && arguments[0][0] != '-') {
    config_file = arguments[0];
    arguments = arguments.subspan(1);
    const std::string error = leat::engine::LoadConfigFile(disk, config_file, config);
    if (!error.empty()) return error;
  }
  return leat::engine::LoadArguments(arguments, config);
}

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) ^ device();
}

// What is held of the data directory while the server runs.
struct Persistence {
  std::unique_ptr<leat::persistence::DirectoryLock> lock;
  std::unique_ptr<leat::persistence::Journal> journal;
};

std::string OpenJournal(leat::persistence::Disk& disk, const Config& config, uint64_t seed,
                        leat::data::Dataset& dataset, Persistence& opened) {
  using leat::persistence::Journal;
  using leat::persistence::Status;
  if (const Status created = disk.CreateDirectory(config.directory); !created.ok()) {
    return created.message();
  }
  auto lock = disk.LockDirectory(config.directory);
  if (!lock.ok()) return lock.status().message();
  opened.lock = std::move(*lock);

  Journal::Options options;
  options.directory = config.directory + "/journal";
  options.policy = config.append_fsync;
  options.segment_bytes = static_cast<size_t>(config.journal_segment_bytes);
  options.max_backlog_bytes = static_cast<size_t>(config.journal_backlog_bytes);
  options.random_seed = seed;
  auto journal = Journal::Open(disk, options, [&](const leat::persistence::Record& record) {
    const std::string error = leat::store::ApplyEncoded(record.payload, dataset);
    return error.empty() ? Status() : Status::Error(error);
  });
  if (!journal.ok()) return journal.status().message();
  opened.journal = std::move(*journal);
  return "";
}

void Announce(const Config& config, const leat::persistence::Journal* journal) {
  std::printf("Leat %s, process %d\n", leat::engine::kVersion, static_cast<int>(getpid()));
  for (const std::string& address : config.bind) {
    if (config.port != 0) {
      std::printf("listening on %s:%lld\n", address.c_str(), static_cast<long long>(config.port));
    }
  }
  if (!config.unix_socket.empty()) std::printf("listening on %s\n", config.unix_socket.c_str());
  if (journal == nullptr) {
    std::printf("appendonly no: nothing is kept when the server stops\n");
  } else {
    using leat::persistence::SyncPolicy;
    const char* durability =
        config.append_fsync == SyncPolicy::kAlways
            ? "appendfsync always: a reply means that the write is on disk"
        : config.append_fsync == SyncPolicy::kEverySecond
            ? "appendfsync everysec: a power loss may cost the last second of writes"
            : "appendfsync no: the operating system decides when writes reach the disk";
    const auto& recovery = journal->recovery();
    std::printf("data in %s, %s\n", config.directory.c_str(), durability);
    std::printf("recovered %llu records (%llu bytes)\n",
                static_cast<unsigned long long>(recovery.records),
                static_cast<unsigned long long>(recovery.bytes));
    if (recovery.cut) {
      std::printf(
          "cut a torn tail: %llu bytes at offset %llu of %s, never acknowledged as durable\n",
          static_cast<unsigned long long>(recovery.cut->bytes),
          static_cast<unsigned long long>(recovery.cut->offset), recovery.cut->file.c_str());
    }
  }
  std::printf("try: redis-cli -p %lld XADD orders '*' item tea\n",
              static_cast<long long>(config.port));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  leat::persistence::PosixDisk disk;
  Config config;
  std::string config_file;
  const std::span<const char* const> arguments(argv + 1, static_cast<size_t>(argc - 1));
  if (AnswerQuestion(arguments)) return 0;
  if (const std::string error = LoadSettings(disk, arguments, config, config_file);
      !error.empty()) {
    return Fail(error);
  }

  const uint64_t seed = RandomSeed();
  leat::data::key_hash_seed = seed;
  leat::engine::SystemClock clock;
  leat::data::Dataset dataset(static_cast<size_t>(config.databases));
  dataset.access_clock = static_cast<uint32_t>(clock.UnixMicros() / 1'000'000);
  Persistence persistence;
  if (config.append_only) {
    if (const std::string error = OpenJournal(disk, config, seed, dataset, persistence);
        !error.empty()) {
      return Fail(error);
    }
  }

  leat::store::Store store(dataset, persistence.journal.get());
  leat::engine::Engine engine(config, store, clock, disk, seed);
  engine.config_file = config_file;
  leat::commands::AddAll(engine.commands);
  {
    leat::loop::Server server(engine);
    if (const std::string error = server.Listen(); !error.empty()) return Fail(error);
    Announce(config, persistence.journal.get());
    server.Run();
  }
  if (persistence.journal != nullptr) {
    if (const auto status = persistence.journal->Flush(); !status.ok()) {
      return Fail("not everything is on disk: " + status.message());
    }
  }
  std::printf("stopped\n");
  return 0;
}
