#include "persistence/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

namespace leat::persistence {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr size_t kPiecesPerWrite = 64;

Status SystemError(const char* attempt) {
  return Status::Error(std::string("cannot ") + attempt + ": " +
                       std::generic_category().message(errno));
}

Status SystemError(const std::string& path, const char* attempt) {
  return Status::Error(path + ": " + SystemError(attempt).message());
}

template <typename Call>
auto RetryInterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

// A descriptor and its end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Descriptor Open(const std::string& path, int flags) {
  return Descriptor(
      RetryInterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
}

class PosixFile final : public File {
 public:
  explicit PosixFile(Descriptor fd) : fd_(std::move(fd)) {}

  Status Append(std::span<const std::string_view> pieces) override {
    size_t first = 0;   // the first piece not written in full
    size_t offset = 0;  // what of it is written
    while (first < pieces.size()) {
      std::array<iovec, kPiecesPerWrite> vectors;
      const size_t count = std::min(pieces.size() - first, kPiecesPerWrite);
      for (size_t i = 0; i < count; ++i) {
        std::string_view piece = pieces[first + i];
        if (i == 0) piece.remove_prefix(offset);
        vectors[i] = {const_cast<char*>(piece.data()), piece.size()};
      }
      const ssize_t written = RetryInterrupted(
          [&] { return writev(fd_.get(), vectors.data(), static_cast<int>(count)); });
      if (written < 0) return SystemError("write");
      offset += static_cast<size_t>(written);
      while (first < pieces.size() && offset >= pieces[first].size()) {
        offset -= pieces[first++].size();
      }
    }
    return Status();
  }

  Status Sync() override {
    if (RetryInterrupted([&] { return fdatasync(fd_.get()); }) < 0) {
      return SystemError("sync");
    }
    return Status();
  }

 private:
  const Descriptor fd_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor fd, uint64_t size_bytes)
      : fd_(std::move(fd)), size_bytes_(size_bytes) {}

  Result<size_t> Read(uint64_t offset, std::span<char> into) const override {
    // Beyond what a file can have, and for pread an error instead of the end.
    if (offset > static_cast<uint64_t>(std::numeric_limits<off_t>::max()) - into.size()) return 0;
    size_t filled = 0;
    while (filled < into.size()) {
      const ssize_t got = RetryInterrupted([&] {
        return pread(fd_.get(), into.data() + filled, into.size() - filled,
                     static_cast<off_t>(offset + filled));
      });
      if (got < 0) return SystemError("read");
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    return filled;
  }

  uint64_t size_bytes() const override { return size_bytes_; }

 private:
  const Descriptor fd_;
  const uint64_t size_bytes_;
};

class PosixDirectoryLock final : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;  // the lock goes with it
};

std::string ReadHolder(int fd) {
  std::array<char, 32> text;
  const ssize_t size = RetryInterrupted([&] { return pread(fd, text.data(), text.size(), 0); });
  std::string holder(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::CreateFile(const std::string& path) {
  Descriptor fd = Open(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd.valid()) return SystemError(path, "create");
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd)));
}

Result<std::unique_ptr<ReadableFile>> PosixDisk::OpenFile(const std::string& path) {
  Descriptor fd = Open(path, O_RDONLY);
  if (!fd.valid()) return SystemError(path, "open");
  struct stat info;
  if (fstat(fd.get(), &info) < 0) return SystemError(path, "read the size of");
  return std::unique_ptr<ReadableFile>(
      std::make_unique<PosixReadableFile>(std::move(fd), static_cast<uint64_t>(info.st_size)));
}

Result<std::unique_ptr<File>> PosixDisk::ReuseFile(const std::string& path) {
  Descriptor fd = Open(path, O_WRONLY);
  if (!fd.valid()) return SystemError(path, "open");
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd)));
}

Result<std::string> PosixDisk::ReadFile(const std::string& path) {
  const Descriptor fd = Open(path, O_RDONLY);
  if (!fd.valid()) return SystemError(path, "open");
  struct stat info;
  if (fstat(fd.get(), &info) < 0) return SystemError(path, "read the size of");
  // A byte more than it has, to see its end; and some, as files that the kernel makes up show no
  // size.
  constexpr size_t kLeast = 4096;
  std::string bytes(std::max(static_cast<size_t>(info.st_size) + 1, kLeast), '\0');
  size_t filled = 0;
  for (;;) {
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = RetryInterrupted(
        [&] { return read(fd.get(), bytes.data() + filled, bytes.size() - filled); });
    if (got < 0) return SystemError(path, "read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Status PosixDisk::Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) < 0) return SystemError(from, "rename");
  return Status();
}

Status PosixDisk::Remove(const std::string& path) {
  if (unlink(path.c_str()) < 0) return SystemError(path, "remove");
  return Status();
}

Status PosixDisk::Truncate(const std::string& path, uint64_t bytes) {
  if (RetryInterrupted([&] { return truncate(path.c_str(), static_cast<off_t>(bytes)); }) < 0) {
    return SystemError(path, "truncate");
  }
  return Status();
}

Result<uint64_t> PosixDisk::FreeBytes(const std::string& path) {
  struct statvfs info;
  if (RetryInterrupted([&] { return statvfs(path.c_str(), &info); }) < 0) {
    return SystemError(path, "ask for the free space of");
  }
  return uint64_t{info.f_bavail} * info.f_frsize;
}

Status PosixDisk::CreateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kDirectoryMode) == 0) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    return SyncDirectory(parent.empty() ? "." : parent.string());
  }
  if (errno != EEXIST) return SystemError(path, "create the directory");
  struct stat info;
  if (stat(path.c_str(), &info) < 0) return SystemError(path, "look at");
  if (!S_ISDIR(info.st_mode)) return Status::Error(path + ": is there, but is not a directory");
  return Status();
}

Result<std::vector<std::string>> PosixDisk::ListDirectory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return SystemError(path, "open the directory");
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const bool failed = errno != 0;
  Status status = failed ? SystemError(path, "list the directory") : Status();
  closedir(directory);
  if (failed) return status;
  return names;
}

Status PosixDisk::SyncDirectory(const std::string& path) {
  const Descriptor fd = Open(path, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return SystemError(path, "open the directory");
  if (RetryInterrupted([&] { return fsync(fd.get()); }) < 0) {
    return SystemError(path, "sync the directory");
  }
  return Status();
}

Result<std::unique_ptr<DirectoryLock>> PosixDisk::LockDirectory(const std::string& path) {
  const std::string file = path + "/lock";
  Descriptor fd = Open(file, O_RDWR | O_CREAT);
  if (!fd.valid()) return SystemError(file, "open");
  if (RetryInterrupted([&] { return flock(fd.get(), LOCK_EX | LOCK_NB); }) < 0) {
    if (errno != EWOULDBLOCK) return SystemError(file, "lock");
    return Status::Error(path + ": the directory is in use by " + ReadHolder(fd.get()) +
                         "; stop it, or choose another directory");
  }
  // Only for the message above: the lock holds without it, so that a full disk is no obstacle.
  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) == 0) {
    (void)!RetryInterrupted([&] { return pwrite(fd.get(), holder.data(), holder.size(), 0); });
  }
  return std::unique_ptr<DirectoryLock>(std::make_unique<PosixDirectoryLock>(std::move(fd)));
}

}  // namespace leat::persistence
