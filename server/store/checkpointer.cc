#include "server/store/checkpointer.h"

#include <algorithm>
#include <utility>

namespace leat::store {

namespace {

using persistence::CheckpointWriter;
using persistence::Status;

// What the walk may be ahead of the disk.
constexpr size_t kMaxQueuedBytes = size_t{8} << 20;
constexpr int64_t kRetryMs = 5000;
constexpr size_t kStepsAtOnce = 100'000;  // of one that is taken in place

}  // namespace

Checkpointer::Checkpointer(persistence::Disk& disk, Store& store, TopicPager* pager,
                           Options options, const Found& found)
    : disk_(disk),
      store_(store),
      pager_(pager),
      options_(std::move(options)),
      replayed_bytes_(found.replayed_bytes) {
  report_.last_bytes = found.bytes;
  report_.last_save_ms = found.now_ms;
}

Checkpointer::~Checkpointer() {
  store_.set_checkpoint(nullptr);
}

uint64_t Checkpointer::journal_bytes() const {
  return store_.journal()->appended_bytes() - journal_base_bytes_ + replayed_bytes_;
}

bool Checkpointer::Due() const {
  if (growth_percentage_ <= 0) return false;
  const auto least = static_cast<uint64_t>(min_journal_bytes_);
  const uint64_t grown = report_.last_bytes / 100 * static_cast<uint64_t>(growth_percentage_);
  return journal_bytes() >= std::max(least, grown);
}

void Checkpointer::Start(int64_t now_ms) {
  requested_ = false;
  CheckpointWriter::Options options;
  options.directory = options_.directory;
  options.lsn = lsn_ = store_.journal()->appended_lsn();
  options.random_seed = options_.random_seed;
  options.threaded = options_.threaded;
  walk_ = std::make_unique<CheckpointWalk>(store_.dataset(),
                                           std::make_unique<CheckpointWriter>(disk_, options));
  store_.set_checkpoint(walk_.get());
  walked_ = finishing_ = false;
  begun_at_journal_bytes_ = store_.journal()->appended_bytes();
  changes_at_start_ = store_.changes();
  report_.started_ms = now_ms;
}

bool Checkpointer::Step(int64_t now_ms, size_t budget) {
  if (walk_ == nullptr) {
    if (!requested_ && (now_ms < retry_at_ms_ || !Due())) return false;
    Start(now_ms);
  }
  CheckpointWriter* writer = walk_->writer();
  if (writer != nullptr && writer->state() == CheckpointWriter::State::kFailed) {
    report_.last_status = writer->status();
    retry_at_ms_ = now_ms + kRetryMs;
    walk_->Abandon();
    writer = nullptr;
  }
  if (writer != nullptr && !options_.threaded) writer->Step();
  if (!walked_) {
    if (writer != nullptr && writer->queued_bytes() > kMaxQueuedBytes) return false;
    walked_ = !walk_->Step(budget);
    return true;
  }
  if (writer == nullptr) {
    store_.set_checkpoint(nullptr);
    walk_.reset();
    return false;
  }
  if (!finishing_) {
    // What the image shows must not be ahead of the journal, or a crash would leave a gap in it.
    if (store_.journal()->durable_lsn() < lsn_) {
      store_.journal()->RequestSync();
      return false;
    }
    finishing_ = true;
    writer->Finish();
    return !options_.threaded;
  }
  if (writer->state() == CheckpointWriter::State::kDone) Finish(now_ms);
  return false;
}

void Checkpointer::Finish(int64_t now_ms) {
  const uint64_t bytes = walk_->writer()->written_bytes();
  store_.set_checkpoint(nullptr);
  store_.journal()->ReleaseThrough(lsn_);
  if (pager_ != nullptr) pager_->Checkpointed(walk_->segments());
  walk_.reset();
  replayed_bytes_ = 0;
  journal_base_bytes_ = begun_at_journal_bytes_;
  report_.last_status = Status();
  report_.last_bytes = bytes;
  report_.last_save_ms = now_ms;
  report_.last_duration_ms = now_ms - report_.started_ms;
  report_.changes_at_last = changes_at_start_;
  ++report_.completed;
}

Status Checkpointer::SaveNow(int64_t now_ms) {
  if (walk_ != nullptr) (void)Complete(now_ms);
  Start(now_ms);
  return Complete(now_ms);
}

// Takes the one under way to its end.
Status Checkpointer::Complete(int64_t now_ms) {
  while (!walked_) {
    Step(now_ms, kStepsAtOnce);
    if (walk_->writer() != nullptr) walk_->writer()->WaitForRoom(kMaxQueuedBytes);
  }
  if (Status status = store_.journal()->Flush(); !status.ok()) {
    report_.last_status = status;
    walk_->Abandon();
  }
  while (walk_ != nullptr) {
    Step(now_ms, kStepsAtOnce);
    if (walk_ != nullptr && finishing_ && walk_->writer() != nullptr) walk_->writer()->Wait();
  }
  return report_.last_status;
}

Checkpointer::Report Checkpointer::report() const {
  Report report = report_;
  if (walk_ != nullptr) report.progress = walk_->progress();
  return report;
}

}  // namespace leat::store
