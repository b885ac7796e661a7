// DataDirectory: all that a server keeps on disk, as one thing that is opened, recovered and
// closed.
//
//   dir/lock            one process a directory
//   dir/checkpoint/     an image of everything at one LSN (persistence/checkpoint_writer.h)
//   dir/journal/        the changes since (persistence/journal.h)
//   dir/blocks/         sealed blocks of topics, to which the checkpoint refers (block_store.h)
//
//   auto directory = DataDirectory::Open(disk, options);      // outlives the dataset
//   data::Dataset dataset(16);
//   if (Status status = (*directory)->Recover(dataset); !status.ok()) …
//   Store store(dataset, &(*directory)->journal(), &(*directory)->pager());
//   auto checkpointer = (*directory)->MakeCheckpointer(store, now_ms);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "persistence/block_store.h"
#include "persistence/checkpoint_reader.h"
#include "persistence/disk.h"
#include "persistence/journal.h"
#include "server/data/dataset.h"
#include "server/store/checkpointer.h"
#include "server/store/store.h"
#include "server/store/topic_pager.h"

namespace leat::store {

class DataDirectory {
 public:
  struct Options {
    std::string directory;  // created where it is missing
    persistence::SyncPolicy policy = persistence::SyncPolicy::kEverySecond;
    size_t journal_segment_bytes = size_t{64} << 20;
    size_t journal_backlog_bytes = size_t{256} << 20;
    size_t block_segment_bytes = size_t{64} << 20;
    size_t topic_memory_bytes = size_t{512} << 20;
    uint64_t random_seed = 0;  // as Journal::Options
    bool threaded = true;      // false: Step does what the threads would do
  };

  static persistence::Result<std::unique_ptr<DataDirectory>> Open(persistence::Disk& disk,
                                                                  Options options);
  // Fills `dataset`, which is empty, from the checkpoint and the journal, and makes both go on from
  // there. Refuses what is damaged; nothing on disk has been changed then.
  persistence::Status Recover(data::Dataset& dataset);

  // After Recover.
  persistence::Journal& journal() { return *journal_; }
  TopicPager& pager() { return *pager_; }
  persistence::BlockStore& blocks() { return *blocks_; }
  const persistence::CheckpointReport& checkpoint() const { return checkpoint_; }
  std::unique_ptr<Checkpointer> MakeCheckpointer(Store& store, int64_t now_ms);

  // Called on other threads when the journal has advanced, and when blocks have come.
  void SetNotify(std::function<void()> journal_advanced, std::function<void()> blocks_came);

  // With `threaded` false.
  void Step(int64_t now_ms);

 private:
  DataDirectory(persistence::Disk& disk, Options options)
      : disk_(disk), options_(std::move(options)) {}
  std::string PathOf(const char* part) const { return options_.directory + "/" + part; }
  persistence::Status ReadImage(data::Dataset& dataset);
  persistence::Status ReplayJournal(data::Dataset& dataset);

  persistence::Disk& disk_;
  const Options options_;
  std::unique_ptr<persistence::DirectoryLock> lock_;
  std::unique_ptr<persistence::BlockStore> blocks_;
  std::unique_ptr<TopicPager> pager_;
  std::unique_ptr<persistence::Journal> journal_;
  persistence::CheckpointReport checkpoint_;
};

}  // namespace leat::store
