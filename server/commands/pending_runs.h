// PendingRuns: turns pending entries, named one by one, into ranges that hold these and no others,
// so that a hundred acknowledgements in order are one mutation.
//
//   PendingRuns runs(group.pending(), kAnyDelivery,
//                    [&](StreamId first, StreamId last) { call.Commit(…); });
//   for (const StreamId id : ids) count += runs.Add(id);
//   runs.Flush();
#pragma once

#include <optional>
#include <utility>

#include "server/data/consumer_group.h"
#include "server/data/stream_id.h"

namespace leat::commands {

struct AnyDelivery {
  bool operator()(const data::Delivery&) const { return true; }
};
inline constexpr AnyDelivery kAnyDelivery;

template <typename Accept, typename Commit>
class PendingRuns {
 public:
  // Only entries for which accept(delivery) is true are taken. commit(first, last) may change what
  // is pending in the range, and nothing else.
  PendingRuns(const data::ConsumerGroup::Pending& pending, Accept accept, Commit commit)
      : pending_(pending), accept_(std::move(accept)), commit_(std::move(commit)) {}

  // False where `id` is not pending or not accepted, as it is once what was added before it is
  // committed.
  bool Add(data::StreamId id) {
    if (run_) {
      const auto next = pending_.Next(run_->end);
      if (next != pending_.end() && pending_.IdAt(next) == id) {
        if (!accept_(pending_.ValueAt(next))) return false;
        run_->end = next;
        run_->last = id;
        return true;
      }
      Flush();
    }
    const auto at = pending_.Find(id);
    if (at == pending_.end() || !accept_(pending_.ValueAt(at))) return false;
    run_ = {id, id, at};
    return true;
  }

  void Flush() {
    if (!run_) return;
    const Run run = *run_;
    run_.reset();
    commit_(run.first, run.last);
  }

 private:
  struct Run {
    data::StreamId first;
    data::StreamId last;
    data::ConsumerGroup::Pending::Cursor end;
  };

  const data::ConsumerGroup::Pending& pending_;
  Accept accept_;
  Commit commit_;
  std::optional<Run> run_;
};

}  // namespace leat::commands
