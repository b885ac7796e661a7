// Entries and the references to them, named one by one and changed as ranges, so that a hundred in
// order are one mutation (as PendingRuns, which is for one group).
#pragma once

#include <optional>
#include <vector>

#include "server/commands/pending_runs.h"
#include "server/data/topic.h"
#include "server/engine/call.h"

namespace leat::commands {

// Deletes entries of a topic:
//
//   EntryRuns entries(call, key, topic);
//   for (const StreamId id : ids) deleted += entries.Add(id);
//   entries.Flush();
class EntryRuns {
 public:
  // All outlive it.
  EntryRuns(engine::Call& call, const data::Key& key, const data::Topic& topic)
      : call_(call), key_(key), topic_(topic) {}

  // False where there is no such entry, or it was added before.
  bool Add(data::StreamId id);
  void Flush();

 private:
  engine::Call& call_;
  const data::Key& key_;
  const data::Topic& topic_;
  std::optional<data::IdRange> run_;
};

// Acknowledges, or drops references without it.
struct ForgetIn {
  engine::Call& call;
  const data::Key& key;
  const data::ConsumerGroup& group;

  void operator()(data::StreamId first, data::StreamId last) const {
    call.Commit(data::ForgetPending{call.database(), key, group.name(), first, last});
  }
};
using ForgetRuns = PendingRuns<AnyDelivery, ForgetIn>;

// Drops the references of the groups of a topic, in the manner of EntryRuns: of all of them, but
// for one whose pending entries others change meanwhile.
class ReferenceRuns {
 public:
  ReferenceRuns(engine::Call& call, const data::Key& key, const data::ConsumerGroups& groups,
                const data::ConsumerGroup* except = nullptr);

  void Add(data::StreamId id) {
    for (ForgetRuns& runs : groups_) runs.Add(id);
  }
  void Flush() {
    for (ForgetRuns& runs : groups_) runs.Flush();
  }

 private:
  std::vector<ForgetRuns> groups_;
};

}  // namespace leat::commands
