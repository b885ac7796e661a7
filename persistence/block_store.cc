#include "persistence/block_store.h"

#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <iterator>
#include <utility>

namespace leat::persistence {
namespace {

constexpr size_t kReadThreads = 2;

// Greater than the number of every segment there is; 0 if there is none.
uint32_t NextSegment(const std::set<uint32_t>& found) {
  return found.empty() ? 1 : *found.rbegin() + 1;
}

}  // namespace

Result<std::unique_ptr<BlockStore>> BlockStore::Open(Disk& disk, Options options) {
  if (Status status = disk.CreateDirectory(options.directory); !status.ok()) return status;
  Status status = RemoveUnfinishedSegments(disk, options.directory, kBlockSegments);
  if (!status.ok()) return status;
  const auto names = disk.ListDirectory(options.directory);
  if (!names.ok()) return names.status();
  std::set<uint32_t> found;
  for (const std::string& name : *names) {
    const auto number = kBlockSegments.ParseName(name);
    if (!number || *number == 0 || *number > kMaxBlockSegment) continue;
    found.insert(static_cast<uint32_t>(*number));
  }
  return std::unique_ptr<BlockStore>(new BlockStore(disk, std::move(options), found));
}

BlockStore::BlockStore(Disk& disk, Options options, const std::set<uint32_t>& found)
    : disk_(disk),
      options_(std::move(options)),
      files_(disk, options_.directory),
      unclaimed_(found),
      writer_(disk, files_,
              {.directory = options_.directory,
               .segment_bytes = options_.segment_bytes,
               .random_seed = options_.random_seed,
               .first_segment = NextSegment(found)}),
      reader_(files_, options_.threaded ? kReadThreads : 0,
              [this](const BlockReader::Job& job, Result<base::SharedBytes> bytes) {
                TakeReadAnswer(job, std::move(bytes));
              }) {
  if (!options_.threaded) return;
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "leat-blocks");
}

BlockStore::~BlockStore() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

Status BlockStore::Adopt(const BlockPlace& place) {
  auto known = segments_.find(place.segment);
  const bool fits = known != segments_.end() && place.offset >= kSegmentHeaderBytes &&
                    place.size >= kBlockFrameBytes && place.offset <= known->second.end &&
                    place.size <= known->second.end - place.offset;
  if (!fits) {
    const auto size = files_.CheckPlace(place);
    if (!size.ok()) return size.status();
    known = segments_.insert({place.segment, {.end = *size, .writing = false}}).first;
    unclaimed_.erase(place.segment);
  }
  known->second.live_bytes += place.size;
  return Status();
}

Status BlockStore::RemoveUnused() {
  while (!unclaimed_.empty()) {
    Status status = disk_.Remove(files_.PathOf(*unclaimed_.begin()));
    if (!status.ok()) return status;
    unclaimed_.erase(unclaimed_.begin());
  }
  return Status();
}

void BlockStore::Write(Ticket ticket, std::string_view bytes) {
  unsynced_bytes_ += bytes.size();
  Submit({.kind = BlockWriter::Job::Kind::kWrite, .ticket = ticket, .bytes = bytes});
}

void BlockStore::Move(Ticket ticket, const BlockPlace& from) {
  Use(from, 1);
  Submit({.kind = BlockWriter::Job::Kind::kMove, .ticket = ticket, .place = from});
}

void BlockStore::Read(Ticket ticket, const BlockPlace& place) {
  Use(place, 1);
  reader_.Add({.ticket = ticket, .place = place});
}

Result<base::SharedBytes> BlockStore::ReadNow(const BlockPlace& place) {
  return files_.ReadBlock(place, buffer_);
}

void BlockStore::Release(const BlockPlace& place) {
  const auto segment = segments_.find(place.segment);
  if (segment == segments_.end()) return;
  assert(segment->second.live_bytes >= place.size);
  segment->second.live_bytes -= std::min<uint64_t>(segment->second.live_bytes, place.size);
}

std::vector<BlockStore::Answer> BlockStore::TakeAnswers() {
  Collect();
  return std::exchange(answers_, {});
}

void BlockStore::SetNotify(std::function<void()> notify) {
  const std::lock_guard lock(notify_mutex_);
  notify_ = std::move(notify);
}

Status BlockStore::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::optional<uint32_t> BlockStore::SparsestSegment(double max_live_share) const {
  std::optional<uint32_t> sparsest;
  for (const auto& [number, segment] : segments_) {
    if (segment.writing || segment.live_bytes == 0) continue;
    const auto full = static_cast<double>(std::max<uint64_t>(segment.end, options_.segment_bytes));
    const double share = static_cast<double>(segment.live_bytes) / full;
    if (share >= max_live_share) continue;
    max_live_share = share;
    sparsest = number;
  }
  return sparsest;
}

void BlockStore::RemoveDead(const std::function<bool(uint32_t segment)>& pinned) {
  Collect();
  for (auto& [number, segment] : segments_) {
    if (segment.writing || segment.removing) continue;
    if (segment.live_bytes > 0 || segment.uses > 0 || pinned(number)) continue;
    segment.removing = true;
    Submit({.kind = BlockWriter::Job::Kind::kRemove, .place = {.segment = number}});
  }
}

BlockStore::Usage BlockStore::usage() const {
  Usage usage{.segments = segments_.size(), .unsynced_bytes = unsynced_bytes_};
  for (const auto& [number, segment] : segments_) {
    usage.live_bytes += segment.live_bytes;
    usage.dead_bytes += segment.dead_bytes();
  }
  return usage;
}

void BlockStore::Step(int64_t now_ms) {
  assert(!thread_.joinable());
  step_now_ms_ = now_ms;
  GiveToWriter();
  while (writer_.Step(now_ms) <= now_ms) {
  }
  TakeFromWriter();
  reader_.RunAll();
}

Status BlockStore::Flush() {
  if (!thread_.joinable()) {
    GiveToWriter();
    Status status = writer_.Flush(step_now_ms_);
    TakeFromWriter();
    return status;
  }
  std::unique_lock lock(mutex_);
  flush_wanted_ = true;
  woken_.notify_all();
  flushed_.wait(lock, [this] { return !flush_wanted_; });
  return flush_status_;
}

void BlockStore::Submit(const BlockWriter::Job& job) {
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(job);
  }
  woken_.notify_all();
}

void BlockStore::Use(const BlockPlace& place, int change) {
  const auto segment = segments_.find(place.segment);
  if (segment != segments_.end()) segment->second.uses += static_cast<uint32_t>(change);
}

// Brings the books and the answers up to what the threads have done.
void BlockStore::Collect() {
  std::vector<BlockWriter::Event> events;
  std::vector<Answer> read;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
    read.swap(read_answers_);
  }
  for (BlockWriter::Event& event : events) Apply(event);
  for (Answer& answer : read) {
    Use(answer.place, -1);
    answers_.push_back(std::move(answer));
  }
}

void BlockStore::Apply(BlockWriter::Event& event) {
  using Kind = BlockWriter::Event::Kind;
  if (event.kind == Kind::kRemoved) {
    // One that could not be removed is tried again by the next RemoveDead.
    if (event.status.ok())
      segments_.erase(event.place.segment);
    else
      segments_[event.place.segment].removing = false;
    return;
  }
  if (event.kind == Kind::kEnded) {
    Segment& segment = segments_[event.place.segment];
    segment.end = event.bytes;
    segment.writing = false;
    return;
  }
  if (event.status.ok()) {
    Segment& segment = segments_[event.place.segment];
    segment.end = event.place.offset + event.place.size;
    segment.live_bytes += event.place.size;
  }
  const bool moved = event.kind == Kind::kMoved;
  if (moved) Use(event.from, -1);
  unsynced_bytes_ -= event.bytes;
  answers_.push_back({.kind = moved ? Answer::Kind::kMoved : Answer::Kind::kWritten,
                      .ticket = event.ticket,
                      .place = event.place,
                      .status = std::move(event.status)});
}

// On a reader's thread.
void BlockStore::TakeReadAnswer(const BlockReader::Job& job, Result<base::SharedBytes> bytes) {
  Answer answer{.kind = Answer::Kind::kRead,
                .ticket = job.ticket,
                .place = job.place,
                .status = bytes.status()};
  if (bytes.ok()) answer.bytes = std::move(*bytes);
  {
    const std::lock_guard lock(mutex_);
    read_answers_.push_back(std::move(answer));
  }
  Notify();
}

void BlockStore::Run() {
  int64_t wake_at_ms = BlockWriter::kNever;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto woken = [this] { return stop_ || flush_wanted_ || !submitted_.empty(); };
      if (wake_at_ms == BlockWriter::kNever) {
        woken_.wait(lock, woken);
      } else {
        woken_.wait_for(lock, std::chrono::milliseconds(wake_at_ms - NowMs()), woken);
      }
      if (stop_) return;
    }
    const bool flush = GiveToWriter();
    Status flushed;
    if (flush) flushed = writer_.Flush(NowMs());
    wake_at_ms = writer_.Step(NowMs());
    TakeFromWriter();
    if (!flush) continue;
    {
      const std::lock_guard lock(mutex_);
      flush_status_ = std::move(flushed);
      flush_wanted_ = false;
    }
    flushed_.notify_all();
  }
}

// Returns whether all of it is to be flushed.
bool BlockStore::GiveToWriter() {
  std::vector<BlockWriter::Job> jobs;
  bool flush = false;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(submitted_);
    flush = flush_wanted_;
  }
  for (const BlockWriter::Job& job : jobs) writer_.Add(job);
  return flush;
}

void BlockStore::TakeFromWriter() {
  std::vector<BlockWriter::Event> events = writer_.TakeEvents();
  bool news = !events.empty();
  {
    const std::lock_guard lock(mutex_);
    std::move(events.begin(), events.end(), std::back_inserter(events_));
    if (status_.message() != writer_.status().message()) {
      status_ = writer_.status();
      news = true;
    }
  }
  if (news) Notify();
}

void BlockStore::Notify() {
  const std::lock_guard lock(notify_mutex_);
  if (notify_) notify_();
}

// Steady: a clock set back must not delay a sync.
int64_t BlockStore::NowMs() const {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace leat::persistence
