// BlockReader: reads blocks on threads of its own, so that neither the loop waits for them nor they
// for a sync.
//
//   BlockReader reader(files, 2, [](const BlockReader::Job& job, Result<base::SharedBytes> bytes) {
//     …  // on one of its threads
//   });
//   reader.Add({ticket, place});
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "persistence/block_files.h"
#include "persistence/block_format.h"
#include "persistence/status.h"
#include "server/base/shared_bytes.h"

namespace leat::persistence {

class BlockReader {
 public:
  struct Job {
    uint64_t ticket = 0;
    BlockPlace place;
  };
  // The bytes have one reference, which the callee passes on or drops on its own thread.
  using DoneFn = std::function<void(const Job& job, Result<base::SharedBytes> bytes)>;

  // With no threads, nothing is read but by RunAll.
  BlockReader(BlockFiles& files, size_t threads, DoneFn done);
  ~BlockReader();  // what is not begun is dropped
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  void Add(const Job& job);
  // Everything that waits, on this thread.
  void RunAll();

 private:
  void Run();

  BlockFiles& files_;
  const DoneFn done_;
  BlockBuffer buffer_;  // RunAll's

  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_;
  std::deque<Job> jobs_;
  bool stop_ = false;

  std::vector<std::thread> threads_;  // behind what they use
};

}  // namespace leat::persistence
