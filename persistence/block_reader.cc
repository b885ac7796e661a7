#include "persistence/block_reader.h"

#include <pthread.h>

#include <utility>

namespace leat::persistence {

BlockReader::BlockReader(BlockFiles& files, size_t threads, DoneFn done)
    : files_(files), done_(std::move(done)) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    pthread_setname_np(threads_.back().native_handle(), "leat-read");
  }
}

BlockReader::~BlockReader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BlockReader::Add(const Job& job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
  }
  woken_.notify_one();
}

void BlockReader::RunAll() {
  std::deque<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  for (const Job& job : jobs) done_(job, files_.ReadBlock(job.place, buffer_));
}

void BlockReader::Run() {
  BlockBuffer buffer;
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const Job job = jobs_.front();
    jobs_.pop_front();
    lock.unlock();
    done_(job, files_.ReadBlock(job.place, buffer));
    lock.lock();
  }
}

}  // namespace leat::persistence
