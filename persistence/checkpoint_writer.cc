#include "persistence/checkpoint_writer.h"

#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace leat::persistence {
namespace {

// Synced as it grows, so that the last sync is short and other files' syncs do not wait for it.
constexpr uint64_t kSyncEveryBytes = uint64_t{16} << 20;

}  // namespace

CheckpointWriter::CheckpointWriter(Disk& disk, Options options)
    : disk_(disk), options_(std::move(options)) {
  if (!options_.threaded) return;
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "leat-checkpoint");
}

CheckpointWriter::~CheckpointWriter() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

char* CheckpointWriter::Reserve(size_t bytes) {
  if (capacity_ - filled_ < bytes) {
    if (filled_ > 0) HandOver(false);
    capacity_ = std::max(bytes, kCheckpointRecordBytes);
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
    filled_ = 0;
  }
  return buffer_.get() + filled_;
}

void CheckpointWriter::Finish() {
  HandOver(true);
}

void CheckpointWriter::HandOver(bool last) {
  queued_bytes_.fetch_add(filled_, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(buffer_), filled_, last});
  }
  changed_.notify_all();
  capacity_ = filled_ = 0;
}

void CheckpointWriter::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const Items items = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Handle(items);
    lock.lock();
  }
}

void CheckpointWriter::Step() {
  assert(!thread_.joinable());
  for (; !queue_.empty(); queue_.pop_front()) Handle(queue_.front());
}

void CheckpointWriter::WaitForRoom(size_t max_queued_bytes) {
  if (!thread_.joinable()) return Step();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queued_bytes() <= max_queued_bytes; });
}

void CheckpointWriter::Wait() {
  if (!thread_.joinable()) return Step();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state() != State::kWriting; });
}

// After a failure the rest is dropped.
void CheckpointWriter::Handle(const Items& items) {
  {
    const std::lock_guard lock(mutex_);
    queued_bytes_.fetch_sub(items.size, std::memory_order_relaxed);
  }
  changed_.notify_all();
  if (state() != State::kWriting) return;
  Status status = file_ == nullptr ? Begin() : Status();
  if (status.ok() && items.size > 0) status = WriteRecord({items.bytes.get(), items.size});
  if (status.ok() && items.last) status = PutInForce();
  if (!status.ok() || items.last) End(status);
}

void CheckpointWriter::End(const Status& status) {
  file_.reset();
  if (!status.ok()) (void)disk_.Remove(UnfinishedPath());
  {
    const std::lock_guard lock(mutex_);
    status_ = status;
    state_.store(status.ok() ? State::kDone : State::kFailed, std::memory_order_release);
  }
  changed_.notify_all();
}

Status CheckpointWriter::Begin() {
  constexpr uint64_t kOnlyOne = 0;
  salt_ = MakeSalt(options_.lsn, kOnlyOne, options_.random_seed);
  auto file = disk_.CreateFile(UnfinishedPath());
  if (!file.ok()) return file.status();
  file_ = std::move(*file);
  const std::string header = kCheckpoints.EncodeHeader({options_.lsn, salt_});
  const std::string_view piece = header;
  written_bytes_ = header.size();
  return NamedError(Path(), file_->Append({&piece, 1}));
}

Status CheckpointWriter::WriteRecord(std::string_view items) {
  if (items.size() > kMaxBlockBytes) {
    return Status::Error("a value of " + std::to_string(items.size()) +
                         " bytes is too large for a checkpoint");
  }
  const uint64_t offset = written_bytes();
  const std::string_view record = EncodeBlock(items, offset, salt_, encoded_);
  if (Status status = file_->Append({&record, 1}); !status.ok()) return NamedError(Path(), status);
  written_bytes_.store(offset + record.size(), std::memory_order_relaxed);
  if (written_bytes() - synced_bytes_ < kSyncEveryBytes) return Status();
  synced_bytes_ = written_bytes();
  return NamedError(Path(), file_->Sync());
}

Status CheckpointWriter::PutInForce() {
  Status status = WriteRecord("");
  if (status.ok()) status = NamedError(Path(), file_->Sync());
  if (status.ok()) status = disk_.Rename(UnfinishedPath(), Path());
  if (status.ok()) status = disk_.SyncDirectory(options_.directory);
  if (status.ok()) (void)RemoveOthers();  // what stays is removed after the next one
  return status;
}

Status CheckpointWriter::RemoveOthers() {
  const auto names = disk_.ListDirectory(options_.directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const auto lsn = kCheckpoints.ParseName(name);
    if (!lsn || *lsn == options_.lsn) continue;
    const std::string path = std::string(options_.directory).append("/").append(name);
    if (Status status = disk_.Remove(path); !status.ok()) return status;
  }
  return Status();
}

}  // namespace leat::persistence
