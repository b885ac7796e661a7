// SyncThread: one File::Sync at a time on a thread of its own, so that writing goes on meanwhile.
//
// Used from one thread (the writer's). The file must stay open until the result has been taken.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "persistence/disk.h"

namespace leat::persistence {

class SyncThread {
 public:
  // `on_done` is called on this thread each time a result can be taken.
  explicit SyncThread(std::function<void()> on_done);
  ~SyncThread();  // waits for a sync under way
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  void Start(File& file);  // not while one is under way or its result not taken
  std::optional<Status> TakeResult();
  Status WaitForResult();

 private:
  void Run();

  const std::function<void()> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  File* file_ = nullptr;  // to be synced
  std::optional<Status> result_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace leat::persistence
