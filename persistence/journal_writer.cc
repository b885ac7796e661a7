#include "persistence/journal_writer.h"

#include <algorithm>
#include <cassert>

namespace leat::persistence {
namespace {

// At most one second is to be at risk: the rest is for the sync itself.
constexpr int64_t kSyncAfterMs = 900;
// How long a busy server's records are gathered for one write. A killed process loses no more.
constexpr int64_t kGatherMs = 2;
// A mark costs nothing in front of records; when none have come for so long it goes by itself.
constexpr int64_t kIdleAfterMs = 10;
constexpr int64_t kRetryMs = 1000;
// A journal that is hardly written to has no file made ready for it.
constexpr size_t kPrepareAfterBytes = size_t{1} << 20;

}  // namespace

Status JournalWriter::Start(Lsn first_lsn) {
  durable_ = written_ = queue_.front();
  durable_lsn_ = first_lsn - 1;
  return StartSegment();
}

JournalWriter::Plan JournalWriter::Step(int64_t now_ms, SyncPolicy policy) {
  changed_ = false;
  TakeSyncResult(now_ms);
  if (in_trouble_ && now_ms >= retry_at_ms_) {
    if (const Status status = StartSegment(); !status.ok()) Fail(status, now_ms);
  }
  const uint64_t before = written_.stream_bytes();
  if (!in_trouble_) WriteNew(now_ms);
  if (!in_trouble_) SyncIfDue(now_ms, policy);
  if (!in_trouble_) TidyWhenIdle(now_ms);
  return MakePlan(now_ms, policy, written_.stream_bytes() != before);
}

Status JournalWriter::Flush(int64_t now_ms) {
  if (syncing_) FinishSync(sync_thread_->WaitForResult(), now_ms);
  if (in_trouble_) {
    if (const Status status = StartSegment(); !status.ok()) Fail(status, now_ms);
  }
  if (!in_trouble_) WriteNew(now_ms);
  if (!in_trouble_ && !AllSynced()) (void)SyncNow(now_ms);
  return status();
}

Status JournalWriter::Close(int64_t now_ms) {
  if (Status status = Flush(now_ms); !status.ok()) return status;
  Status status;
  if (durable_lsn() != log_.marked_lsn()) status = log_.Append({}, durable_lsn());
  if (status.ok()) status = log_.Sync();
  if (status.ok()) log_.CutUnused();
  return status;
}

void JournalWriter::TakeSyncResult(int64_t now_ms) {
  if (!syncing_) return;
  if (const auto result = sync_thread_->TakeResult()) FinishSync(*result, now_ms);
}

void JournalWriter::WriteNew(int64_t now_ms) {
  if (!RecordQueue::HasMore(written_)) return;
  // A file that has its space already is worth a change before the current one is full.
  const bool change = !log_.from_spare() && keeper_.HasSpare();
  if (change || log_.size_bytes() >= options_.segment_bytes) {
    // Synced first, under every policy: whatever is not, the new segment would have to hold again.
    if (!AllSynced() && !SyncNow(now_ms).ok()) return;
    if (const Status status = StartSegment(); !status.ok()) Fail(status, now_ms);
    return;
  }
  pieces_.clear();
  const uint64_t records = queue_.published_records();
  const RecordQueue::Position end = RecordQueue::Collect(written_, &pieces_);
  if (const Status status = log_.Append(pieces_, durable_lsn()); !status.ok()) {
    return Fail(status, now_ms);
  }
  written_ = end;
  records_together_ = records - records_written_;
  records_written_ = records;
  written_lsn_.store(log_.next_lsn() - 1, std::memory_order_release);
  segment_bytes_.store(log_.size_bytes(), std::memory_order_release);
  if (unsynced_since_ms_ == kNever) unsynced_since_ms_ = now_ms;
  if (!prepared_next_ &&
      log_.size_bytes() >= std::min(kPrepareAfterBytes, options_.segment_bytes / 2)) {
    prepared_next_ = true;
    keeper_.PrepareNext();
  }
}

void JournalWriter::SyncIfDue(int64_t now_ms, SyncPolicy policy) {
  if (syncing_ || AllSynced()) return;
  const uint64_t unsynced = written_.stream_bytes() - durable_.stream_bytes();
  const bool waited = policy == SyncPolicy::kEverySecond && unsynced_since_ms_ != kNever &&
                      now_ms - unsynced_since_ms_ >= kSyncAfterMs;
  const bool requested = sync_requested_.exchange(false, std::memory_order_acquire);
  const bool due = policy == SyncPolicy::kAlways || waited || requested ||
                   unsynced >= options_.max_unsynced_bytes;
  if (!due) return;
  if (policy == SyncPolicy::kAlways || sync_thread_ == nullptr) {
    (void)SyncNow(now_ms);
    return;
  }
  sync_target_ = written_;
  sync_target_lsn_ = written_lsn();
  unsynced_since_ms_ = kNever;
  syncing_ = true;
  sync_thread_->Start([this] { return log_.Sync(); });
}

// The mark lets even the last records of a server that goes idle be known to have been durable.
void JournalWriter::TidyWhenIdle(int64_t now_ms) {
  if (now_ms < idle_at_ms_ || !AllSynced() || RecordQueue::HasMore(written_)) return;
  idle_at_ms_ = kNever;
  queue_.ReleaseSpareMemory();
  if (durable_lsn() == log_.marked_lsn()) return;
  if (const Status status = log_.Append({}, durable_lsn()); !status.ok()) Fail(status, now_ms);
}

JournalWriter::Plan JournalWriter::MakePlan(int64_t now_ms, SyncPolicy policy, bool wrote) const {
  Plan plan{.changed = changed_};
  if (in_trouble_) {
    plan.wake_at_ms = retry_at_ms_;
    plan.wake_on_submit = false;
    return plan;
  }
  if (wrote && policy != SyncPolicy::kAlways) {
    plan.wake_at_ms = now_ms + kGatherMs;
    plan.wake_on_submit = false;
    return plan;
  }
  if (wrote && policy == SyncPolicy::kAlways && AllSynced()) {
    plan.gather_records = queue_.published_records() + records_together_;
  }
  // A sync under way wakes the writer by itself.
  if (policy == SyncPolicy::kEverySecond && !syncing_ && unsynced_since_ms_ != kNever) {
    plan.wake_at_ms = unsynced_since_ms_ + kSyncAfterMs;
  }
  if (AllSynced()) plan.wake_at_ms = std::min(plan.wake_at_ms, idle_at_ms_);
  return plan;
}

// Syncs everything written, on this thread.
Status JournalWriter::SyncNow(int64_t now_ms) {
  assert(!syncing_ || sync_thread_ != nullptr);
  if (syncing_) FinishSync(sync_thread_->WaitForResult(), now_ms);
  if (in_trouble_) return status();
  sync_target_ = written_;
  sync_target_lsn_ = written_lsn();
  unsynced_since_ms_ = kNever;
  FinishSync(log_.Sync(), now_ms);
  return status();
}

void JournalWriter::FinishSync(const Status& result, int64_t now_ms) {
  syncing_ = false;
  if (!result.ok()) return Fail(result, now_ms);
  SetDurable(sync_target_, sync_target_lsn_);
  idle_at_ms_ = now_ms + kIdleAfterMs;
}

// Begins a segment behind what is durable, with everything else that the queue holds.
Status JournalWriter::StartSegment() {
  pieces_.clear();
  const RecordQueue::Position end = RecordQueue::Collect(durable_, &pieces_);
  const Lsn first_lsn = durable_lsn() + 1;
  const std::string spare = keeper_.TakeSpare();
  if (Status status = log_.StartSegment(first_lsn, pieces_, spare); !status.ok()) return status;
  prepared_next_ = false;
  keeper_.Began(first_lsn, segment_bytes());
  segment_bytes_.store(log_.size_bytes(), std::memory_order_release);
  written_ = end;
  records_written_ = queue_.published_records();
  written_lsn_.store(log_.next_lsn() - 1, std::memory_order_release);
  SetDurable(end, written_lsn());
  unsynced_since_ms_ = kNever;
  idle_at_ms_ = kNever;
  in_trouble_ = false;
  SetStatus(Status());
  return Status();
}

void JournalWriter::SetDurable(const RecordQueue::Position& position, Lsn lsn) {
  durable_ = position;
  queue_.Release(position);
  durable_bytes_.store(position.stream_bytes(), std::memory_order_release);
  if (durable_lsn_.exchange(lsn, std::memory_order_acq_rel) != lsn) changed_ = true;
}

// Abandons the current segment. What is durable in it stays valid; the next one takes up from
// there.
void JournalWriter::Fail(const Status& reason, int64_t now_ms) {
  in_trouble_ = true;
  retry_at_ms_ = now_ms + kRetryMs;
  SetStatus(reason);
  // A sync that began before the failure still counts if it succeeds, and must end before the file
  // is closed.
  if (syncing_) FinishSync(sync_thread_->WaitForResult(), now_ms);
}

void JournalWriter::SetStatus(const Status& status) {
  const std::lock_guard lock(status_mutex_);
  if (status_.message() == status.message()) return;
  status_ = status;
  has_error_.store(!status.ok(), std::memory_order_release);
  changed_ = true;
}

Status JournalWriter::status() const {
  if (!has_error_.load(std::memory_order_acquire)) return Status();
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace leat::persistence
