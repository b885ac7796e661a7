// ReadReply: the reply of XREAD and XREADGROUP, gathered stream by stream within the bounds of the
// call (COUNT for each stream, MAXCOUNT and MAXSIZE for all).
//
//   ReadReply reply(call, options);
//   for (each stream) {
//     reply.AddEntries(topic, first, last_read);
//     reply.EndStream(key);                      // left out where nothing was added
//   }
//   reply.Write();
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "resp/output.h"
#include "resp/reply_writer.h"
#include "server/commands/stream_read_args.h"
#include "server/data/topic.h"
#include "server/engine/call.h"

namespace leat::commands {

class ReadReply {
 public:
  // Both are borrowed.
  ReadReply(engine::Call& call, const ReadOptions& options);

  // How many entries may be added before asking again; 0: the stream, or the whole reply, is full.
  uint64_t Wanted() const;

  // As many of the topic's entries from `first` on as are wanted. Returns their number; where it is
  // not 0, `last_read` receives the last one's id.
  uint64_t AddEntries(const data::Topic& topic, data::StreamId first, data::StreamId& last_read);
  // One entry. False where the topic has none of this id.
  bool AddEntry(const data::Topic& topic, data::StreamId id);
  // An entry that is gone: its id, and null for its fields.
  void AddMissing(data::StreamId id);

  // Entries are followed by how long they were idle and how often they were delivered before
  // (XREADGROUP CLAIM): of those that AddEntries adds both are 0.
  void set_with_delivery(bool with_delivery) { with_delivery_ = with_delivery; }
  bool AddClaimed(const data::Topic& topic, data::StreamId id, int64_t idle_ms, int64_t deliveries);

  // What was added is the stream's; it may show without entries.
  void EndStream(std::string_view key, bool even_if_empty = false);
  bool empty() const { return streams_ == 0; }
  // The reply; the null array where no stream has entries.
  void Write();

 private:
  void AddRun(const data::Topic::Run& run, int64_t idle_ms, int64_t deliveries);

  engine::Call& call_;
  const ReadOptions& options_;
  resp::Output streams_output_;
  resp::Output entries_output_;
  resp::ReplyWriter stream_writer_;
  resp::ReplyWriter entry_writer_;
  std::vector<data::Topic::Run> runs_;
  bool with_delivery_ = false;
  uint64_t streams_ = 0;
  uint64_t stream_entries_ = 0;
  uint64_t entries_ = 0;
};

}  // namespace leat::commands
