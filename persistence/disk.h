// The port through which everything in this folder reaches the disk. PosixDisk is the real one;
// tests use a simulated one that loses, tears and refuses what a disk may lose, tear and refuse.
//
// What a caller may rely on, and no more:
//   - Bytes appended to a file survive a power loss once its Sync() has succeeded.
//   - A created, renamed or removed name survives one once SyncDirectory() has succeeded.
//   - Until then each may survive or not, in any order, and a write may survive in part.
//   - After a failed Append or Sync nothing is known about what that file holds beyond the last
//     successful Sync, and a later successful Sync says nothing about it either.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/status.h"

namespace leat::persistence {

// A file being written, from its beginning on. Closed by its destructor. One thread may
// call Sync while another calls Append. Errors say what was attempted and the reason, not the name:
// the file may have been renamed since.
class File {
 public:
  virtual ~File() = default;
  // Appends all pieces in order, or fails with any part of them written.
  virtual Status Append(std::span<const std::string_view> pieces) = 0;
  virtual Status Sync() = 0;
};

// A file being read at any place, on any threads at once. Closed by its destructor; the bytes stay
// readable until then, though the file be renamed or removed. Errors as with File.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Fills `into` from `offset` on and says how many bytes there were: fewer only at the end of the
  // file.
  virtual Result<size_t> Read(uint64_t offset, std::span<char> into) const = 0;
  // When it was opened. A file that is still being written has more by now, which can be read.
  virtual uint64_t size_bytes() const = 0;
};

// A directory that is held by this process alone, until destroyed.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // A new, empty file; one that exists under this name is emptied.
  virtual Result<std::unique_ptr<File>> CreateFile(const std::string& path) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) = 0;
  // One that exists, to be overwritten from its beginning. What it held stays behind what is
  // appended, and where an append that was not synced did not arrive.
  virtual Result<std::unique_ptr<File>> ReuseFile(const std::string& path) = 0;
  virtual Result<std::string> ReadFile(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Status Remove(const std::string& path) = 0;
  // Cuts off what is behind the first `bytes` bytes, now, and after a power loss perhaps.
  virtual Status Truncate(const std::string& path, uint64_t bytes) = 0;
  // What the file system that `path` is on has left.
  virtual Result<uint64_t> FreeBytes(const std::string& path) = 0;

  // Creates the directory, durably, unless it exists. Its parent must exist.
  virtual Status CreateDirectory(const std::string& path) = 0;
  // The names in it, without path, in no particular order.
  virtual Result<std::vector<std::string>> ListDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;
  // One process a directory: fails when another holds it, and names that process. The lock goes
  // with the process, however it ends.
  virtual Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& path) = 0;
};

}  // namespace leat::persistence
