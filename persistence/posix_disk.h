// The machine's disk. Stateless: any number of these may exist, on any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "persistence/disk.h"

namespace leat::persistence {

class PosixDisk final : public Disk {
 public:
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
  // Held by flock on the file `lock` inside the directory, which also names the process.
  Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) override;
};

}  // namespace leat::persistence
