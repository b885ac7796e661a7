#include "persistence/segment_keeper.h"

#include <pthread.h>

#include <algorithm>

namespace leat::persistence {

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
  std::unique_lock lock(mutex_);
  while (HasWork()) DoOne(lock);
}

void SegmentKeeper::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || HasWork(); });
    if (stop_) return;
    DoOne(lock);
  }
}

void SegmentKeeper::Found(const std::vector<SegmentFile>& segments) {
  const std::lock_guard lock(mutex_);
  segments_.insert(segments_.end(), segments.begin(), segments.end());
}

void SegmentKeeper::Began(Lsn first_lsn, uint64_t finished_bytes) {
  {
    const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
    released_lsn_ = std::max(released_lsn_, lsn);
    failed_ = false;
  }
  changed_.notify_all();
}

DiskUsage SegmentKeeper::usage() const {
  const std::lock_guard lock(mutex_);
  DiskUsage usage{.segments = segments_.size()};
  for (const SegmentFile& segment : segments_) usage.bytes += segment.bytes;
  return usage;
}

// The next one begins no later than what is still needed.
bool SegmentKeeper::MayRemoveOldest() const {
  return segments_.size() > 1 && segments_[1].first_lsn <= released_lsn_ + 1;
}

bool SegmentKeeper::HasWork() const {
  return !failed_ && (name_unsynced_ || MayRemoveOldest());
}

void SegmentKeeper::DoOne(std::unique_lock<std::mutex>& lock) {
  const bool sync = name_unsynced_;
  const Lsn oldest = segments_.front().first_lsn;
  lock.unlock();
  const Status status =
      sync ? disk_.SyncDirectory(directory_) : disk_.Remove(directory_ + "/" + SegmentName(oldest));
  lock.lock();
  failed_ = !status.ok();
  if (failed_) return;
  if (!sync) segments_.pop_front();
  name_unsynced_ = !sync;
}

}  // namespace leat::persistence
