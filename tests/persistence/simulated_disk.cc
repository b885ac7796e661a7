#include "tests/persistence/simulated_disk.h"

#include <algorithm>
#include <utility>

namespace leat::persistence {
namespace {

constexpr size_t kSectorBytes = 512;

void Put(std::string& content, size_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
  content.replace(offset, bytes.size(), bytes);
}

}  // namespace

class SimulatedDisk::WritableFile final : public File {
 public:
  WritableFile(SimulatedDisk& disk, std::shared_ptr<Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  Status Append(std::span<const std::string_view> pieces) override {
    const std::lock_guard lock(disk_.mutex_);
    return disk_.Append(*inode_, position_, pieces);
  }
  Status Sync() override {
    const std::lock_guard lock(disk_.mutex_);
    return disk_.Sync(*inode_);
  }

 private:
  SimulatedDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  size_t position_ = 0;
};

class SimulatedDisk::OpenedFile final : public ReadableFile {
 public:
  // Under the disk's lock.
  OpenedFile(SimulatedDisk& disk, std::shared_ptr<Inode> inode)
      : disk_(disk), inode_(std::move(inode)), size_bytes_(inode_->visible.size()) {}

  Result<size_t> Read(uint64_t offset, std::span<char> into) const override {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.reads_fail_) return Status::Error("cannot read: Input/output error");
    const std::string& bytes = inode_->visible;
    return offset < bytes.size() ? bytes.copy(into.data(), into.size(), offset) : 0;
  }
  uint64_t size_bytes() const override { return size_bytes_; }

 private:
  SimulatedDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  const uint64_t size_bytes_;
};

class SimulatedDisk::Lock final : public DirectoryLock {
 public:
  Lock(SimulatedDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {
    disk_.locks_.insert(path_);
  }
  ~Lock() override {
    const std::lock_guard lock(disk_.mutex_);
    disk_.locks_.erase(path_);
  }

 private:
  SimulatedDisk& disk_;
  const std::string path_;
};

// Counts an operation and says how it fails, if it does; `partly`: after having been done in part.
Status SimulatedDisk::Begin(const char* attempt, bool* partly, const std::string& path) {
  const std::string what = (path.empty() ? "" : path + ": ") + "cannot " + attempt + ": ";
  *partly = false;
  const uint64_t operation = operations_++;
  if (stopped_) return Status::Error(what + "stopped");
  const auto fault = faults_.find(operation);
  if (fault == faults_.end()) return Status();
  const Fault kind = fault->second;
  faults_.erase(fault);
  *partly = kind != Fault::kIoError;
  stopped_ = kind == Fault::kPowerLoss;
  return Status::Error(
      what + (kind == Fault::kNoSpace ? "No space left on device" : "Input/output error"));
}

Result<std::unique_ptr<File>> SimulatedDisk::CreateFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  if (Status status = Begin("create", &partly, path); !status.ok()) return status;
  auto inode = std::make_shared<Inode>();
  Change({"", path, inode});
  return std::unique_ptr<File>(std::make_unique<WritableFile>(*this, inode));
}

Result<std::unique_ptr<ReadableFile>> SimulatedDisk::OpenFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto entry = names_.find(path);
  if (entry == names_.end()) return Status::Error(path + ": cannot open: No such file");
  return std::unique_ptr<ReadableFile>(std::make_unique<OpenedFile>(*this, entry->second));
}

Result<std::unique_ptr<File>> SimulatedDisk::ReuseFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  if (Status status = Begin("open", &partly, path); !status.ok()) return status;
  const auto entry = names_.find(path);
  if (entry == names_.end()) return Status::Error(path + ": cannot open: No such file");
  return std::unique_ptr<File>(std::make_unique<WritableFile>(*this, entry->second));
}

Result<std::string> SimulatedDisk::ReadFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto entry = names_.find(path);
  if (entry == names_.end()) return Status::Error(path + ": cannot open: No such file");
  if (reads_fail_) return Status::Error(path + ": cannot read: Input/output error");
  return entry->second->visible;
}

Status SimulatedDisk::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  Status status = Begin("rename", &partly, from);
  const auto entry = names_.find(from);
  if (status.ok() && entry == names_.end()) return Status::Error(from + ": cannot rename: no file");
  if (status.ok() || (partly && stopped_ && Coin())) Change({from, to, entry->second});
  return status;
}

Status SimulatedDisk::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  if (Status status = Begin("remove", &partly, path); !status.ok()) return status;
  if (!names_.contains(path)) return Status::Error(path + ": cannot remove: no file");
  Change({path, "", nullptr});
  return Status();
}

Status SimulatedDisk::Truncate(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  if (Status status = Begin("truncate", &partly, path); !status.ok()) return status;
  const auto entry = names_.find(path);
  if (entry == names_.end()) return Status::Error(path + ": cannot truncate: no file");
  Inode& inode = *entry->second;
  inode.unsynced.push_back({bytes, "", true});
  inode.visible.resize(bytes, '\0');
  return Status();
}

Result<uint64_t> SimulatedDisk::FreeBytes(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Status::Error(path + ": cannot ask for the free space: stopped");
  return full_ ? 0 : uint64_t{1} << 40;
}

Status SimulatedDisk::CreateDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  return Begin("create the directory", &partly, path);
}

Result<std::vector<std::string>> SimulatedDisk::ListDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [name, inode] : names_) {
    if (!name.starts_with(path + "/")) continue;
    const std::string rest = name.substr(path.size() + 1);
    const std::string first = rest.substr(0, rest.find('/'));  // a directory is there once
    if (found.empty() || found.back() != first) found.push_back(first);
  }
  std::shuffle(found.begin(), found.end(), random_);
  return found;
}

Status SimulatedDisk::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  bool partly = false;
  if (Status status = Begin("sync the directory", &partly, path); !status.ok()) return status;
  for (const NameChange& change : unsynced_names_) ApplyChange(durable_names_, change);
  unsynced_names_.clear();
  return Status();
}

Result<std::unique_ptr<DirectoryLock>> SimulatedDisk::LockDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (locks_.contains(path)) return Status::Error(path + ": the directory is in use");
  return std::unique_ptr<DirectoryLock>(std::make_unique<Lock>(*this, path));
}

Status SimulatedDisk::Append(Inode& inode, size_t& position,
                             std::span<const std::string_view> pieces) {
  std::string bytes;
  for (const std::string_view piece : pieces) bytes += piece;
  bool partly = false;
  Status status = Begin("write", &partly);
  // What overwrites needs no space.
  if (status.ok() && full_ && position + bytes.size() > inode.visible.size()) {
    status = Status::Error("cannot write: No space left on device");
    partly = true;
  }
  if (!status.ok()) bytes.resize(partly && !bytes.empty() ? random_() % bytes.size() : 0);
  if (bytes.empty()) return status;
  Put(inode.visible, position, bytes);
  const size_t size = bytes.size();
  position += size;
  inode.unsynced.push_back({position - size, std::move(bytes), false});
  return status;
}

Status SimulatedDisk::Sync(Inode& inode) {
  bool partly = false;
  ++syncs_;
  Status status = Begin("sync", &partly);
  if (stopped_) return status;  // Crash decides what arrived
  if (status.ok()) {
    for (const Write& write : inode.unsynced) {
      if (write.truncate) inode.durable.resize(write.offset, '\0');
      Put(inode.durable, write.offset, write.bytes);
    }
  } else {
    LandInPart(inode);
  }
  inode.unsynced.clear();
  return status;
}

// Of the unsynced writes, in one of the ways that disks have: nothing, all, the sectors up to one,
// or any of them.
void SimulatedDisk::LandInPart(Inode& inode) {
  const uint64_t way = random_() % 4;
  if (way == 0) return;
  const size_t end = random_() % (inode.visible.size() + 1) / kSectorBytes * kSectorBytes;
  for (const Write& write : inode.unsynced) {
    if (write.truncate && Coin()) inode.durable.resize(write.offset, '\0');
    for (size_t offset = write.offset; offset < write.offset + write.bytes.size();) {
      const size_t next =
          std::min((offset / kSectorBytes + 1) * kSectorBytes, write.offset + write.bytes.size());
      if (way == 1 || (way == 2 && next <= end) || (way == 3 && Coin())) {
        const auto sector =
            std::string_view(write.bytes).substr(offset - write.offset, next - offset);
        Put(inode.durable, offset, sector);
      }
      offset = next;
    }
  }
  // The length may arrive without the data.
  if (Coin()) inode.durable.resize(std::max(inode.durable.size(), inode.visible.size()), '\0');
}

void SimulatedDisk::ApplyChange(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

void SimulatedDisk::Change(NameChange change) {
  ApplyChange(names_, change);
  unsynced_names_.push_back(std::move(change));
}

void SimulatedDisk::SetFull(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void SimulatedDisk::FailReads(bool fail) {
  const std::lock_guard lock(mutex_);
  reads_fail_ = fail;
}

void SimulatedDisk::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void SimulatedDisk::Crash() {
  const std::lock_guard lock(mutex_);
  for (const NameChange& change : unsynced_names_) {
    if (Coin()) ApplyChange(durable_names_, change);
  }
  unsynced_names_.clear();
  for (auto& [name, inode] : durable_names_) {
    LandInPart(*inode);
    inode->unsynced.clear();
    inode->visible = inode->durable;
  }
  names_ = durable_names_;
  stopped_ = false;
}

void SimulatedDisk::Kill() {
  const std::lock_guard lock(mutex_);
  stopped_ = false;
}

std::map<std::string, std::string> SimulatedDisk::Snapshot() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> files;
  for (const auto& [name, inode] : names_) files[name] = inode->visible;
  return files;
}

void SimulatedDisk::Restore(const std::map<std::string, std::string>& files) {
  const std::lock_guard lock(mutex_);
  names_.clear();
  unsynced_names_.clear();
  for (const auto& [name, bytes] : files) {
    names_[name] = std::make_shared<Inode>(Inode{bytes, bytes, {}});
  }
  durable_names_ = names_;
}

}  // namespace leat::persistence
