#include "persistence/sync_thread.h"

#include <pthread.h>

#include <cassert>
#include <utility>

namespace leat::persistence {

SyncThread::SyncThread(std::function<void()> on_done)
    : on_done_(std::move(on_done)), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "leat-sync");
}

SyncThread::~SyncThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SyncThread::Start(std::function<Status()> sync) {
  {
    const std::lock_guard lock(mutex_);
    assert(!sync_ && !result_);
    sync_ = std::move(sync);
  }
  changed_.notify_all();
}

std::optional<Status> SyncThread::TakeResult() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

Status SyncThread::WaitForResult() {
  std::unique_lock lock(mutex_);
  assert(sync_ || result_);
  changed_.wait(lock, [this] { return result_.has_value(); });
  return *std::exchange(result_, std::nullopt);
}

void SyncThread::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || sync_; });
    if (!sync_) return;
    lock.unlock();
    Status status = sync_();  // nobody sets it meanwhile
    lock.lock();
    sync_ = nullptr;
    result_ = std::move(status);
    lock.unlock();
    changed_.notify_all();
    on_done_();
    lock.lock();
  }
}

}  // namespace leat::persistence
