#include "server/store/data_directory.h"

#include <set>
#include <utility>

#include "persistence/checkpoint_format.h"
#include "server/store/mutation_codec.h"

namespace leat::store {

namespace {

using persistence::Result;
using persistence::Status;

// How many records are replayed between two looks at what can leave memory.
constexpr uint64_t kRecordsAtOnce = 256;

Status ApplyAll(std::string_view payload, data::Dataset& dataset) {
  try {
    const std::string error = ApplyEncoded(payload, dataset);
    return error.empty() ? Status() : Status::Error(error);
  } catch (const data::PageUnreadable& unreadable) {
    return Status::Error(unreadable.reason);
  }
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::Open(persistence::Disk& disk,
                                                           Options options) {
  std::unique_ptr<DataDirectory> opened(new DataDirectory(disk, std::move(options)));
  DataDirectory& self = *opened;
  if (Status status = disk.CreateDirectory(self.options_.directory); !status.ok()) return status;
  auto lock = disk.LockDirectory(self.options_.directory);
  if (!lock.ok()) return lock.status();
  self.lock_ = std::move(*lock);
  const std::string checkpoints = self.PathOf("checkpoint");
  if (Status status = disk.CreateDirectory(checkpoints); !status.ok()) return status;
  Status status = RemoveUnfinishedSegments(disk, checkpoints, persistence::kCheckpoints);
  if (!status.ok()) return status;

  persistence::BlockStore::Options block_options;
  block_options.directory = self.PathOf("blocks");
  block_options.segment_bytes = self.options_.block_segment_bytes;
  block_options.random_seed = self.options_.random_seed;
  block_options.threaded = self.options_.threaded;
  auto blocks = persistence::BlockStore::Open(disk, block_options);
  if (!blocks.ok()) return blocks.status();
  self.blocks_ = std::move(*blocks);
  self.pager_ = std::make_unique<TopicPager>(*self.blocks_, self.options_.topic_memory_bytes);
  return opened;
}

Status DataDirectory::Recover(data::Dataset& dataset) {
  dataset.pager = pager_.get();
  if (Status status = ReadImage(dataset); !status.ok()) return status;
  if (Status status = ReplayJournal(dataset); !status.ok()) return status;
  return blocks_->RemoveUnused();
}

Status DataDirectory::ReadImage(data::Dataset& dataset) {
  auto report =
      persistence::ReadCheckpoint(disk_, PathOf("checkpoint"), [&](std::string_view payload) {
        Status status = ApplyAll(payload, dataset);
        if (status.ok() && !pager_->restore_error().empty()) {
          status = Status::Error(pager_->restore_error());
        }
        return status;
      });
  // A block that is missing is no damage to the checkpoint.
  if (!pager_->restore_error().empty()) return Status::Error(pager_->restore_error());
  if (!report.ok()) return report.status();
  checkpoint_ = std::move(*report);
  pager_->KeepRestored();
  return Status();
}

Status DataDirectory::ReplayJournal(data::Dataset& dataset) {
  persistence::Journal::Options options;
  options.directory = PathOf("journal");
  options.policy = options_.policy;
  options.segment_bytes = options_.journal_segment_bytes;
  options.max_backlog_bytes = options_.journal_backlog_bytes;
  options.random_seed = options_.random_seed;
  options.checkpoint_lsn = checkpoint_.lsn;
  options.threaded = options_.threaded;
  uint64_t replayed = 0;
  auto journal = persistence::Journal::Open(disk_, options, [&](const persistence::Record& record) {
    if (++replayed % kRecordsAtOnce == 0) {
      pager_->TakeAnswers();
      pager_->Evict();
    }
    return ApplyAll(record.payload, dataset);
  });
  if (!journal.ok()) return journal.status();
  journal_ = std::move(*journal);
  return Status();
}

std::unique_ptr<Checkpointer> DataDirectory::MakeCheckpointer(Store& store, int64_t now_ms) {
  Checkpointer::Options options;
  options.directory = PathOf("checkpoint");
  options.random_seed = options_.random_seed;
  options.threaded = options_.threaded;
  const Checkpointer::Found found{checkpoint_.bytes, journal_->recovery().bytes, now_ms};
  return std::make_unique<Checkpointer>(disk_, store, pager_.get(), options, found);
}

void DataDirectory::SetNotify(std::function<void()> journal_advanced,
                              std::function<void()> blocks_came) {
  journal_->SetNotify(std::move(journal_advanced));
  blocks_->SetNotify(std::move(blocks_came));
}

void DataDirectory::Step(int64_t now_ms) {
  blocks_->Step(now_ms);
  (void)journal_->Step(now_ms);
}

}  // namespace leat::store
