#include "server/commands/entry_runs.h"

namespace leat::commands {

bool EntryRuns::Add(data::StreamId id) {
  if (run_ && id > run_->last) {
    const auto next = topic_.NextEntry(*run_->last.Next());
    if (next == id) {
      run_->last = id;
      return true;
    }
  }
  Flush();
  if (!topic_.Contains(id)) return false;
  run_ = {id, id};
  return true;
}

void EntryRuns::Flush() {
  if (!run_) return;
  const data::IdRange run = *run_;
  run_.reset();
  if (run.first == run.last) {
    call_.Commit(data::DeleteEntry{call_.database(), key_, run.first});
  } else {
    call_.Commit(data::DeleteEntries{call_.database(), key_, run.first, run.last, 0});
  }
}

ReferenceRuns::ReferenceRuns(engine::Call& call, const data::Key& key,
                             const data::ConsumerGroups& groups,
                             const data::ConsumerGroup* except) {
  groups_.reserve(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    if (&groups[i] == except) continue;
    groups_.emplace_back(groups[i].pending(), kAnyDelivery, ForgetIn{call, key, groups[i]});
  }
}

}  // namespace leat::commands
