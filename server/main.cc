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

#include "persistence/posix_disk.h"
#include "server/commands/table.h"
#include "server/engine/config_file.h"
#include "server/engine/engine.h"
#include "server/engine/version.h"
#include "server/loop/server.h"
#include "server/store/data_directory.h"
#include "server/store/store.h"

namespace {

using leat::engine::Config;
using leat::store::DataDirectory;

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

leat::store::DataDirectory::Options DirectoryOptions(const Config& config, uint64_t seed) {
  leat::store::DataDirectory::Options options;
  options.directory = config.directory;
  options.policy = config.append_fsync;
  options.journal_segment_bytes = static_cast<size_t>(config.journal_segment_bytes);
  options.journal_backlog_bytes = static_cast<size_t>(config.journal_backlog_bytes);
  options.block_segment_bytes = static_cast<size_t>(config.block_segment_bytes);
  options.topic_memory_bytes = static_cast<size_t>(config.topic_memory_bytes);
  options.random_seed = seed;
  return options;
}

void Announce(const Config& config, leat::store::DataDirectory* directory) {
  std::printf("Leat %s, process %d\n", leat::engine::kVersion, static_cast<int>(getpid()));
  for (const std::string& address : config.bind) {
    if (config.port != 0) {
      std::printf("listening on %s:%lld\n", address.c_str(), static_cast<long long>(config.port));
    }
  }
  if (!config.unix_socket.empty()) std::printf("listening on %s\n", config.unix_socket.c_str());
  if (directory == nullptr) {
    std::printf("appendonly no: nothing is kept when the server stops\n");
  } else {
    using leat::persistence::SyncPolicy;
    const char* durability =
        config.append_fsync == SyncPolicy::kAlways
            ? "appendfsync always: a reply means that the write is on disk"
        : config.append_fsync == SyncPolicy::kEverySecond
            ? "appendfsync everysec: a power loss may cost the last second of writes"
            : "appendfsync no: the operating system decides when writes reach the disk";
    const auto& recovery = directory->journal().recovery();
    std::printf("data in %s, %s\n", config.directory.c_str(), durability);
    if (directory->checkpoint().lsn > 0) {
      std::printf("read a checkpoint of %llu bytes\n",
                  static_cast<unsigned long long>(directory->checkpoint().bytes));
    }
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
  std::unique_ptr<DataDirectory> directory;
  if (config.append_only) {
    auto opened = DataDirectory::Open(disk, DirectoryOptions(config, seed));
    if (!opened.ok()) return Fail(opened.status().message());
    directory = std::move(*opened);
  }
  leat::data::Dataset dataset(static_cast<size_t>(config.databases));
  dataset.access_clock = static_cast<uint32_t>(clock.UnixMicros() / 1'000'000);
  if (directory != nullptr) {
    if (const auto status = directory->Recover(dataset); !status.ok()) {
      return Fail(status.message());
    }
  }

  leat::store::Store store(dataset, directory == nullptr ? nullptr : &directory->journal(),
                           directory == nullptr ? nullptr : &directory->pager());
  leat::engine::Engine engine(config, store, clock, disk, seed);
  std::unique_ptr<leat::store::Checkpointer> checkpointer;
  if (directory != nullptr) {
    checkpointer = directory->MakeCheckpointer(store, clock.UnixMicros() / 1000);
    engine.set_checkpoints(checkpointer.get());
  }
  engine.config_file = config_file;
  leat::commands::AddAll(engine.commands);
  {
    leat::loop::Server server(engine, directory.get());
    if (const std::string error = server.Listen(); !error.empty()) return Fail(error);
    Announce(config, directory.get());
    server.Run();
  }
  if (directory != nullptr) {
    if (!config.save.empty() && !engine.shutdown_requested()) {
      (void)checkpointer->SaveNow(clock.UnixMicros() / 1000);  // the journal has everything anyway
    }
    if (const auto status = directory->journal().Flush(); !status.ok()) {
      return Fail("not everything is on disk: " + status.message());
    }
  }
  std::printf("stopped\n");
  return 0;
}
