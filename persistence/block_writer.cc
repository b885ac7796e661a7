#include "persistence/block_writer.h"

#include <algorithm>
#include <utility>

namespace leat::persistence {

void BlockWriter::Add(const Job& job) {
  if (job.kind == Job::Kind::kRemove) {
    to_remove_.push_back(job.place.segment);
  } else {
    waiting_.push_back(job);
  }
}

int64_t BlockWriter::Step(int64_t now_ms) {
  RemoveSegments();
  if (!status_.ok() && now_ms < retry_at_ms_) return retry_at_ms_;
  WriteWaiting(now_ms);
  if (SyncIsDue(now_ms)) Sync(now_ms);
  ForgetTroubleWhenIdle();
  if (!status_.ok()) return retry_at_ms_;
  if (!waiting_.empty()) return now_ms;
  return unsynced_.empty() ? kNever : unsynced_since_ms_ + kSyncAfterMs;
}

Status BlockWriter::Flush(int64_t now_ms) {
  RemoveSegments();
  retry_at_ms_ = now_ms;
  do {
    WriteWaiting(now_ms);
    if (!unsynced_.empty()) Sync(now_ms);
  } while (status_.ok() && !waiting_.empty());
  ForgetTroubleWhenIdle();
  return status_;
}

// When nothing is left to try the disk with: all who waited have been refused for other reasons.
void BlockWriter::ForgetTroubleWhenIdle() {
  if (waiting_.empty() && unsynced_.empty()) status_ = Status();
}

// Also while the disk is full: it may make room.
void BlockWriter::RemoveSegments() {
  for (const uint32_t segment : std::exchange(to_remove_, {})) {
    Status status = disk_.Remove(files_.PathOf(segment));
    if (status.ok()) files_.Forget(segment);
    events_.push_back({.kind = Event::Kind::kRemoved,
                       .place = {.segment = segment},
                       .status = std::move(status)});
  }
}

// As much as one sync is to cover.
void BlockWriter::WriteWaiting(int64_t now_ms) {
  while (!waiting_.empty() && size_ - synced_size_ < kMaxUnsyncedBytes && !SegmentIsFull()) {
    if (const Status status = WriteNext(); !status.ok()) return Fail(status, now_ms);
    if (!unsynced_.empty() && unsynced_since_ms_ == kNever) unsynced_since_ms_ = now_ms;
  }
}

// An error is the disk's: the job is still waiting.
Status BlockWriter::WriteNext() {
  if (file_ == nullptr) {
    if (Status status = StartSegment(); !status.ok()) return status;
  }
  const Job job = waiting_.front();
  auto record = MakeRecord(job);
  if (!record.ok()) {
    waiting_.pop_front();
    Refuse(job, record.status());
    return Status();
  }
  const std::string_view pieces[] = {*record};
  Status status = file_->Append(pieces);
  if (!status.ok()) return NamedError(files_.PathOf(segment_), status);
  waiting_.pop_front();
  unsynced_.push_back(
      {job, {.segment = segment_, .size = static_cast<uint32_t>(record->size()), .offset = size_}});
  size_ += record->size();
  return Status();
}

// The record that the job puts at the current segment's end. An error is the job's own.
Result<std::string_view> BlockWriter::MakeRecord(const Job& job) {
  if (job.kind == Job::Kind::kMove) {
    const auto record = files_.ReadRecord(job.place, buffer_);
    if (!record.ok()) return record.status();
    SealBlock(record->data(), size_, salt_);
    return std::string_view(record->data(), record->size());
  }
  if (job.bytes.size() > kMaxBlockBytes) {
    return Status::Error("a block of " + std::to_string(job.bytes.size()) +
                         " bytes is too large for the block store, which takes " +
                         std::to_string(kMaxBlockBytes));
  }
  return EncodeBlock(job.bytes, size_, salt_, buffer_);
}

Status BlockWriter::StartSegment() {
  if (next_segment_ == 0) {
    return Status::Error(options_.directory + ": no number is left for another segment of blocks");
  }
  salt_ = MakeSalt(next_segment_, ++segments_started_, options_.random_seed);
  const std::string header = kBlockSegments.EncodeHeader({next_segment_, salt_});
  const std::string_view pieces[] = {header};
  auto file = PutInForce(disk_, options_.directory, kBlockSegments.Name(next_segment_), pieces);
  if (!file.ok()) return file.status();
  file_ = std::move(*file);
  segment_ = next_segment_;
  next_segment_ = segment_ == kMaxBlockSegment ? 0 : segment_ + 1;
  size_ = synced_size_ = kSegmentHeaderBytes;
  return Status();
}

bool BlockWriter::SyncIsDue(int64_t now_ms) const {
  if (unsynced_.empty()) return false;
  const bool waited = now_ms - unsynced_since_ms_ >= kSyncAfterMs;
  // After trouble at once: only that tells whether it is over.
  return waited || size_ - synced_size_ >= kMaxUnsyncedBytes || SegmentIsFull() || !status_.ok();
}

void BlockWriter::Sync(int64_t now_ms) {
  const Status status = NamedError(files_.PathOf(segment_), file_->Sync());
  if (!status.ok()) return Fail(status, now_ms);
  synced_size_ = size_;
  unsynced_since_ms_ = kNever;
  status_ = Status();
  for (const Written& written : std::exchange(unsynced_, {})) {
    const bool moved = written.job.kind == Job::Kind::kMove;
    events_.push_back({.kind = moved ? Event::Kind::kMoved : Event::Kind::kWritten,
                       .ticket = written.job.ticket,
                       .place = written.place,
                       .from = written.job.place,
                       .bytes = written.job.bytes.size()});
  }
  if (SegmentIsFull()) EndSegment();
}

// What is synced in the current segment stays; the next block begins another one.
void BlockWriter::EndSegment() {
  file_.reset();
  const bool holds_blocks = synced_size_ > kSegmentHeaderBytes;
  if (!holds_blocks && disk_.Remove(files_.PathOf(segment_)).ok()) return;
  events_.push_back(
      {.kind = Event::Kind::kEnded, .place = {.segment = segment_}, .bytes = synced_size_});
}

void BlockWriter::Fail(const Status& reason, int64_t now_ms) {
  status_ = reason;
  retry_at_ms_ = now_ms + kRetryMs;
  if (file_ != nullptr) EndSegment();
  unsynced_since_ms_ = kNever;
  size_ = synced_size_ = 0;
  for (; !unsynced_.empty(); unsynced_.pop_back()) waiting_.push_front(unsynced_.back().job);
}

void BlockWriter::Refuse(const Job& job, Status reason) {
  const bool moved = job.kind == Job::Kind::kMove;
  events_.push_back({.kind = moved ? Event::Kind::kMoved : Event::Kind::kWritten,
                     .ticket = job.ticket,
                     .from = job.place,
                     .bytes = job.bytes.size(),
                     .status = std::move(reason)});
}

}  // namespace leat::persistence
