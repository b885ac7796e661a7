#include "persistence/journal.h"

#include <pthread.h>

#include <cassert>
#include <chrono>
#include <utility>
#include <vector>

namespace leat::persistence {

using std::chrono::steady_clock;

Result<std::unique_ptr<Journal>> Journal::Open(Disk& disk, Options options,
                                               const ReplayFn& replay) {
  if (Status status = disk.CreateDirectory(options.directory); !status.ok()) return status;
  // A segment that the last process named may not have its name durably. It must before another
  // follows it: the next one says that everything before it is safe.
  if (Status status = disk.SyncDirectory(options.directory); !status.ok()) return status;

  // Records that nothing proves to be durable may have come from the page cache alone, and even a
  // sync would say nothing about them if an earlier one has failed: they go into the new segment.
  struct Unproven {
    Lsn first_lsn;
    uint32_t mutations;
    std::string payload;
  };
  std::vector<Unproven> unproven;
  const auto take = [&](const Record& record) {
    if (!record.durable) {
      unproven.push_back({record.first_lsn, record.mutations, std::string(record.payload)});
    }
    return replay(record);
  };
  auto report = Recover(disk, options.directory, take, options.checkpoint_lsn);
  if (!report.ok()) return report.status();

  const Lsn first_lsn = unproven.empty() ? report->last_lsn + 1 : unproven.front().first_lsn;
  std::unique_ptr<Journal> journal(new Journal(disk, std::move(options), first_lsn, *report));
  for (const Unproven& record : unproven) {
    journal->BeginRecord();
    journal->Append(record.payload);
    journal->EndRecord(record.mutations);
  }
  journal->queue_.Publish();
  journal->reopened_bytes_ = journal->queue_.appended_bytes();
  if (Status status = journal->Begin(disk, *report, first_lsn); !status.ok()) return status;
  journal->open_ = true;
  journal->ReleaseThrough(journal->options_.checkpoint_lsn);
  if (journal->options_.threaded) {
    journal->keeper_.StartThread();
    journal->thread_ = std::thread([raw = journal.get()] { raw->Run(); });
    pthread_setname_np(journal->thread_.native_handle(), "leat-journal");
  }
  return journal;
}

// Puts the first segment of this life in force. Then what the last one of the life before holds
// behind its whole records is superseded, and the space of it is given back.
Status Journal::Begin(Disk& disk, RecoveryReport found, Lsn first_lsn) {
  if (Status status = keeper_.TidyUp(); !status.ok()) return status;
  std::string unused;
  if (!found.segments.empty() && found.segments.back().first_lsn != first_lsn) {
    SegmentFile& last = found.segments.back();
    if (last.bytes > found.last_segment_bytes) {
      unused = options_.directory + "/" + SegmentName(last.first_lsn);
    }
    last.bytes = found.last_segment_bytes;
  }
  keeper_.Found(found.obsolete);
  keeper_.Found(found.segments);
  if (Status status = writer_.Start(first_lsn); !status.ok()) return status;
  if (!unused.empty()) (void)disk.Truncate(unused, found.last_segment_bytes);
  return Status();
}

Journal::Journal(Disk& disk, Options options, Lsn next_lsn, RecoveryReport recovery)
    : options_(std::move(options)),
      recovery_(std::move(recovery)),
      queue_(next_lsn),
      policy_(options_.policy),
      keeper_(disk, options_.directory, options_.segment_bytes),
      sync_thread_(options_.threaded ? std::make_unique<SyncThread>([this] { Wake(); }) : nullptr),
      writer_(disk, queue_,
              {.directory = options_.directory,
               .segment_bytes = options_.segment_bytes,
               .max_unsynced_bytes = options_.max_backlog_bytes / 4,
               .random_seed = options_.random_seed},
              keeper_, sync_thread_.get()) {}

Journal::~Journal() {
  if (!open_) return;
  queue_.Publish();
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    woken_.notify_all();
    thread_.join();
  }
  keeper_.Stop();
  (void)writer_.Close(NowMs());  // who must know calls Flush before
}

void Journal::Submit() {
  if (!queue_.Publish()) return;
  if (queue_.published_records() >= wake_at_records_.load(std::memory_order_seq_cst)) {
    wake_at_records_.store(kNoRecords, std::memory_order_relaxed);
    Wake();
  }
}

void Journal::SetPolicy(SyncPolicy policy) {
  policy_.store(policy, std::memory_order_relaxed);
  Wake();
}

void Journal::RequestSync() {
  writer_.RequestSync();
  Wake();
}

void Journal::SetNotify(std::function<void()> notify) {
  const std::lock_guard lock(notify_mutex_);
  notify_ = std::move(notify);
}

DiskUsage Journal::disk_usage() const {
  DiskUsage usage = keeper_.usage();
  usage.bytes += writer_.segment_bytes();
  return usage;
}

Status Journal::Flush() {
  queue_.Publish();
  if (!thread_.joinable()) {
    Status status = writer_.Flush(step_now_ms_);
    Notify();
    return status;
  }
  std::unique_lock lock(mutex_);
  flush_wanted_ = true;
  woken_.notify_all();
  flushed_.wait(lock, [this] { return !flush_wanted_; });
  return flush_status_;
}

Status Journal::Step(int64_t now_ms) {
  assert(!thread_.joinable());
  step_now_ms_ = now_ms;
  if (writer_.Step(now_ms, policy()).changed) Notify();
  keeper_.Work();
  return status();
}

void Journal::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_ = false;
    if (flush_wanted_) {
      lock.unlock();
      Status status = writer_.Flush(NowMs());
      Notify();
      lock.lock();
      flush_status_ = std::move(status);
      flush_wanted_ = false;
      flushed_.notify_all();
    }
    lock.unlock();
    const auto begun = steady_clock::now();
    const JournalWriter::Plan plan = writer_.Step(NowMs(), policy());
    if (plan.changed) Notify();
    if (plan.gather_records > 0) sync_time_ = steady_clock::now() - begun;
    lock.lock();
    Wait(lock, plan);
    if (plan.gather_records > 0) Gather(lock, plan.gather_records);
    wake_at_records_.store(kNoRecords, std::memory_order_relaxed);
  }
}

// Until there is something to do.
void Journal::Wait(std::unique_lock<std::mutex>& lock, const JournalWriter::Plan& plan) {
  const auto woken = [this] { return wake_ || stop_ || flush_wanted_; };
  if (plan.wake_on_submit) {
    // First say that it sleeps, then look once more: Submit does it the other way round, so one
    // of the two sees the other.
    wake_at_records_.store(0, std::memory_order_seq_cst);
    if (writer_.HasUnwritten()) return;
  }
  if (plan.wake_at_ms == JournalWriter::kNever) {
    woken_.wait(lock, woken);
  } else {
    woken_.wait_for(lock, std::chrono::milliseconds(plan.wake_at_ms - NowMs()), woken);
  }
}

// Clients that got their replies with the last sync are about to send what comes next. Where a sync
// takes long, one for all of them is better than one for those who come first and one for the
// others: so as long as records keep coming, it waits for as many as there were. Where it is fast,
// the loop does its work meanwhile, and nothing is better than to begin.
void Journal::Gather(std::unique_lock<std::mutex>& lock, uint64_t records) {
  constexpr std::chrono::microseconds kFastSync(500);
  if (sync_time_ < kFastSync) return;
  const auto end = steady_clock::now() + sync_time_ / 2;
  uint64_t seen = 0;
  wake_ = false;
  while (!wake_ && !stop_ && !flush_wanted_ && steady_clock::now() < end) {
    wake_at_records_.store(records, std::memory_order_seq_cst);
    const uint64_t published = queue_.published_records();
    if (published >= records || published == seen) return;
    seen = published;
    woken_.wait_for(lock, sync_time_ / 8, [this] { return wake_ || stop_ || flush_wanted_; });
  }
}

void Journal::Wake() {
  {
    const std::lock_guard lock(mutex_);
    wake_ = true;
  }
  woken_.notify_all();
}

void Journal::Notify() {
  const std::lock_guard lock(notify_mutex_);
  if (notify_) notify_();
}

// Steady: a clock set back must not delay a sync.
int64_t Journal::NowMs() const {
  if (!options_.threaded) return step_now_ms_;
  using std::chrono::duration_cast, std::chrono::milliseconds;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace leat::persistence
