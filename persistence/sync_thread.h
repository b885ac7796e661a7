// SyncThread: one sync at a time on a thread of its own, so that writing goes on meanwhile.
//
// Used from one thread (the writer's), which keeps the file open until it has taken the result.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "persistence/status.h"

namespace leat::persistence {

class SyncThread {
 public:
  // `on_done` is called on this thread each time a result can be taken.
  explicit SyncThread(std::function<void()> on_done);
  ~SyncThread();  // waits for a sync under way
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  void Start(std::function<Status()> sync);  // not while one is under way or its result not taken
  std::optional<Status> TakeResult();
  Status WaitForResult();

 private:
  void Run();

  const std::function<void()> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<Status()> sync_;  // to be done or under way
  std::optional<Status> result_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace leat::persistence
