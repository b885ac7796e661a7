#include "server/commands/read_reply.h"

#include <algorithm>

#include "server/commands/stream_reply.h"

namespace leat::commands {

ReadReply::ReadReply(engine::Call& call, const ReadOptions& options)
    : call_(call),
      options_(options),
      stream_writer_(streams_output_, call.reply.version()),
      entry_writer_(entries_output_, call.reply.version()) {}

uint64_t ReadReply::Wanted() const {
  const uint64_t wanted = std::min(options_.count - stream_entries_, options_.max_count - entries_);
  if (options_.max_bytes == data::Topic::kNoLimit) return wanted;
  const uint64_t bytes = streams_output_.size_bytes() + entries_output_.size_bytes();
  if (entries_ > 0 && bytes >= options_.max_bytes) return 0;
  return std::min<uint64_t>(wanted, 1);
}

void ReadReply::AddRun(const data::Topic::Run& run, int64_t idle_ms, int64_t deliveries) {
  if (with_delivery_) {
    WriteEntryHeader(entry_writer_, run, 4);
    entry_writer_.Integer(idle_ms);
    entry_writer_.Integer(deliveries);
  } else {
    entry_writer_.RawShared(*run.owner, run.bytes);
  }
  stream_entries_ += run.entries;
  entries_ += run.entries;
}

uint64_t ReadReply::AddEntries(const data::Topic& topic, data::StreamId first,
                               data::StreamId& last_read) {
  uint64_t added = 0;
  std::optional<data::StreamId> next = first;
  for (uint64_t wanted = Wanted(); next && wanted > 0; wanted = Wanted()) {
    runs_.clear();
    const uint64_t step = with_delivery_ ? 1 : wanted;
    const uint64_t read = topic.Read(*next, data::kMaxStreamId, step, runs_, &last_read);
    for (const data::Topic::Run& run : runs_) AddRun(run, 0, 0);
    added += read;
    if (read < step) break;
    next = last_read.Next();
  }
  return added;
}

bool ReadReply::AddEntry(const data::Topic& topic, data::StreamId id) {
  return AddClaimed(topic, id, 0, 0);
}

bool ReadReply::AddClaimed(const data::Topic& topic, data::StreamId id, int64_t idle_ms,
                           int64_t deliveries) {
  runs_.clear();
  if (topic.Read(id, id, 1, runs_) == 0) return false;
  AddRun(runs_.front(), idle_ms, deliveries);
  return true;
}

void ReadReply::AddMissing(data::StreamId id) {
  entry_writer_.Array(2);
  WriteId(entry_writer_, id);
  entry_writer_.NullArray();
  ++stream_entries_;
  ++entries_;
}

void ReadReply::EndStream(std::string_view key, bool even_if_empty) {
  if (stream_entries_ == 0 && !even_if_empty) return;
  ++streams_;
  if (call_.reply.version() == 2) stream_writer_.Array(2);
  stream_writer_.Bulk(key);
  stream_writer_.Array(stream_entries_);
  streams_output_.Splice(std::move(entries_output_));
  stream_entries_ = 0;
}

void ReadReply::Write() {
  if (streams_ == 0) return call_.reply.NullArray();
  call_.reply.version() == 2 ? call_.reply.Array(streams_) : call_.reply.Map(streams_);
  call_.reply.output().Splice(std::move(streams_output_));
}

}  // namespace leat::commands
