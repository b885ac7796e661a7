#include "persistence/segment_keeper.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <utility>

namespace leat::persistence {
namespace {

// Besides the segment being written. One is next, and one may come back while it is taken.
constexpr size_t kMaxSpares = 2;
// Zeros are written and synced piece by piece, so that a sync of records never queues behind many.
constexpr size_t kZerosAtOnce = size_t{1} << 20;
constexpr std::array<char, size_t{64} << 10> kZeros = {};
// No spare is made where it would leave less than this many segments' room: a disk that is nearly
// full is left to the records themselves.
constexpr uint64_t kFreeSegments = 4;

bool IsUnfinished(std::string_view name) {
  if (!name.ends_with(kUnfinishedSuffix)) return false;
  name.remove_suffix(kUnfinishedSuffix.size());
  return ParseSegmentName(name) || ParseSpareName(name);
}

}  // namespace

Status SegmentKeeper::TidyUp() {
  const auto names = disk_.ListDirectory(directory_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const auto spare = ParseSpareName(name);
    if (spare) last_spare_number_ = std::max(last_spare_number_, *spare);
    if (spare && spares_.size() < kMaxSpares) {
      AddSpare(PathOf(name));
    } else if (spare || IsUnfinished(name)) {
      if (Status status = disk_.Remove(PathOf(name)); !status.ok()) return status;
    }
  }
  return Status();
}

void SegmentKeeper::StartThread() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "leat-segments");
}

void SegmentKeeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SegmentKeeper::Work() {
  Lock lock(mutex_);
  while (HasWork()) DoOne(lock);
}

void SegmentKeeper::Run() {
  Lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || HasWork(); });
    if (stop_) return;
    DoOne(lock);
  }
}

void SegmentKeeper::Found(const std::vector<SegmentFile>& segments) {
  const Lock lock(mutex_);
  segments_.insert(segments_.end(), segments.begin(), segments.end());
}

void SegmentKeeper::Began(Lsn first_lsn, uint64_t finished_bytes) {
  {
    const Lock lock(mutex_);
    if (!segments_.empty() && finished_bytes > 0) segments_.back().bytes = finished_bytes;
    // A segment of the same first LSN has been replaced.
    if (segments_.empty() || segments_.back().first_lsn != first_lsn) {
      segments_.push_back({first_lsn});
    }
    segments_.back().bytes = 0;
  }
  changed_.notify_all();
}

void SegmentKeeper::ReleaseThrough(Lsn lsn) {
  {
    const Lock lock(mutex_);
    released_lsn_ = std::max(released_lsn_, lsn);
    failed_ = false;
  }
  changed_.notify_all();
}

void SegmentKeeper::PrepareNext() {
  {
    const Lock lock(mutex_);
    prepare_wanted_ = true;
  }
  changed_.notify_all();
}

std::string SegmentKeeper::TakeSpare() {
  const Lock lock(mutex_);
  prepare_wanted_ = false;
  if (spares_.empty()) return "";
  std::string path = std::move(spares_.front());
  spares_.pop_front();
  has_spare_ = !spares_.empty();
  return path;
}

DiskUsage SegmentKeeper::usage() const {
  const Lock lock(mutex_);
  DiskUsage usage{.segments = segments_.size(), .bytes = spares_.size() * segment_bytes_};
  for (const SegmentFile& segment : segments_) usage.bytes += segment.bytes;
  return usage;
}

bool SegmentKeeper::HasWork() const {
  return MaySyncNames() || MayGiveUpOldest() || (prepare_wanted_ && spares_.empty());
}

void SegmentKeeper::DoOne(Lock& lock) {
  if (MaySyncNames()) return SyncNames(lock);
  if (MayGiveUpOldest()) return GiveUpOldest(lock);
  PrepareSpare(lock);
}

// The next one begins no later than what is still needed.
bool SegmentKeeper::MayGiveUpOldest() const {
  return !failed_ && !name_unsynced_ && segments_.size() > 1 &&
         segments_[1].first_lsn <= released_lsn_ + 1;
}

void SegmentKeeper::GiveUpOldest(Lock& lock) {
  const SegmentFile oldest = segments_.front();
  const bool recycle = spares_.size() < kMaxSpares && oldest.bytes >= segment_bytes_;
  const std::string path = PathOf(SegmentName(oldest.first_lsn));
  const std::string spare = PathOf(SpareName(last_spare_number_ + 1));
  lock.unlock();
  const Status status = recycle ? disk_.Rename(path, spare) : disk_.Remove(path);
  lock.lock();
  failed_ = !status.ok();
  if (failed_) return;
  segments_.pop_front();
  name_unsynced_ = true;
  if (!recycle) return;
  ++last_spare_number_;
  future_spare_ = spare;
}

// Only now may the file be written to: before, a crash could bring back its old name. When that
// fails it stays as it is, and is tried again with the next release.
void SegmentKeeper::SyncNames(Lock& lock) {
  lock.unlock();
  const Status status = disk_.SyncDirectory(directory_);
  lock.lock();
  failed_ = !status.ok();
  if (failed_) return;
  name_unsynced_ = false;
  if (!future_spare_.empty()) AddSpare(std::exchange(future_spare_, ""));
}

// A failure is nobody's trouble: the next segment will grow as it is written.
void SegmentKeeper::PrepareSpare(Lock& lock) {
  prepare_wanted_ = false;
  const std::string spare = PathOf(SpareName(++last_spare_number_));
  const std::string unfinished = spare + std::string(kUnfinishedSuffix);
  lock.unlock();
  Status status = FillWithZeros(unfinished);
  if (status.ok()) status = disk_.Rename(unfinished, spare);
  if (!status.ok()) (void)disk_.Remove(unfinished);
  lock.lock();
  if (status.ok()) AddSpare(spare);
}

Status SegmentKeeper::FillWithZeros(const std::string& path) {
  const auto free_bytes = disk_.FreeBytes(directory_);
  if (!free_bytes.ok()) return free_bytes.status();
  if (*free_bytes / kFreeSegments < segment_bytes_) return Status::Error("too little room");
  const auto file = disk_.CreateFile(path);
  if (!file.ok()) return file.status();
  std::vector<std::string_view> pieces;
  for (uint64_t filled = 0; filled < segment_bytes_;) {
    if (stop_) return Status::Error("stopped");
    const uint64_t end = std::min<uint64_t>(filled + kZerosAtOnce, segment_bytes_);
    for (pieces.clear(); filled < end; filled += pieces.back().size()) {
      pieces.emplace_back(kZeros.data(), std::min<uint64_t>(kZeros.size(), end - filled));
    }
    if (Status status = (*file)->Append(pieces); !status.ok()) return status;
    if (Status status = (*file)->Sync(); !status.ok()) return status;
  }
  return Status();
}

void SegmentKeeper::AddSpare(const std::string& path) {
  spares_.push_back(path);
  has_spare_ = true;
}

}  // namespace leat::persistence
