// A disk in memory that does what real ones do at their worst. It keeps apart what has been synced
// and what has not:
//
//   - Crash loses power: of every write that was not synced, each 512-byte sector may have arrived
//     or not (what did not is as it was: zeros, or in a file that is reused what it held), and so
//     may each name created, renamed or removed, and each truncation.
//   - Kill ends the process only: what was written stays readable, synced or not.
//   - After a failed sync, part of what was unsynced is lost although it can still be read, and
//     later syncs of the same file succeed without it, as on Linux.
//
// Every call but reads counts as one operation; a fault is scheduled at an operation's number.
// Reads see what was written, synced or not, and fail while they are told to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "persistence/disk.h"

namespace leat::persistence {

enum class Fault {
  kNoSpace,    // ENOSPC, and a part of a write arrives
  kIoError,    // EIO: nothing of a write arrives; a sync loses part of what was unsynced
  kPowerLoss,  // this operation is done in part, and all later ones fail, as after Stop
};

class SimulatedDisk final : public Disk {
 public:
  explicit SimulatedDisk(uint64_t seed = 0) : random_(seed) {}

  Result<std::unique_ptr<File>> CreateFile(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override;
  Result<std::unique_ptr<File>> ReuseFile(const std::string& path) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status Truncate(const std::string& path, uint64_t bytes) override;
  Result<uint64_t> FreeBytes(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Result<std::vector<std::string>> ListDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) override;

  // At operation number `operation`, counted from 0, and never again.
  void FailAt(uint64_t operation, Fault fault) { faults_[operation] = fault; }
  // From now on, every write fails for want of space, until turned off.
  void SetFull(bool full);
  // From now on, every read fails with EIO, until turned off. Files can still be opened.
  void FailReads(bool fail);
  void ClearFaults() { faults_.clear(); }
  uint64_t operations() const { return operations_; }
  uint64_t syncs() const { return syncs_; }

  // Every operation fails from now on: what is destroyed after this leaves no trace on the disk.
  void Stop();
  // The end of the process, of which all objects must be gone, and a new beginning.
  void Crash();
  void Kill();

  // The files as a process sees them, for tests that damage them: complete and synced.
  std::map<std::string, std::string> Snapshot() const;
  void Restore(const std::map<std::string, std::string>& files);

 private:
  struct Write {
    size_t offset = 0;
    std::string bytes;
    bool truncate = false;  // at `offset`
  };
  struct Inode {
    std::string visible;          // what a read returns
    std::string durable;          // what survives
    std::vector<Write> unsynced;  // in order
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct NameChange {
    std::string from;  // empty: created
    std::string to;    // empty: removed
    std::shared_ptr<Inode> inode;
  };
  class WritableFile;
  class OpenedFile;
  class Lock;

  Status Begin(const char* attempt, bool* partly, const std::string& path = "");
  Status Append(Inode& inode, size_t& position, std::span<const std::string_view> pieces);
  Status Sync(Inode& inode);
  void LandInPart(Inode& inode);
  void ApplyChange(Names& names, const NameChange& change);
  void Change(NameChange change);
  bool Coin() { return random_() % 2 == 0; }

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> locks_;
  std::map<uint64_t, Fault> faults_;
  uint64_t operations_ = 0;
  uint64_t syncs_ = 0;
  bool full_ = false;
  bool reads_fail_ = false;
  bool stopped_ = false;
};

}  // namespace leat::persistence
