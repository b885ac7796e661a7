// Store: the data and its journal as one thing. It holds Leat's one law: commands decide, mutations
// change. `Commit` is the only way by which a running server changes data: it applies the mutation
// and appends it to the journal.
//
// All mutations of one batch (a call, a transaction, a script) are one journal record: after a
// crash either all of them are there or none.
//
//   store.BeginBatch();
//   store.Commit(data::SetString{database, key, "value", data::kNoExpiry});
//   Lsn lsn = store.EndBatch();                  // the record is in the journal's buffer
//   … a reply that must not be taken back waits until store.durable_lsn() >= lsn
//
// Lives on the loop's thread. Without a journal (appendonly no) everything is durable at once.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "persistence/journal.h"
#include "server/data/dataset.h"
#include "server/data/mutation.h"
#include "server/store/mutation_codec.h"

namespace leat::store {

using persistence::Lsn;

// Told of what happens to keys: breaks WATCHes, wakes blocked calls.
class KeyObserver {
 public:
  virtual ~KeyObserver() = default;
  // Its value or existence changed.
  virtual void KeyChanged(uint32_t database, const data::Key& key) = 0;
  // Something that a blocked call waits for may have come to it.
  virtual void KeyFed(uint32_t database, const data::Key& key) = 0;
  // The keys of a database went, or those of two databases changed places.
  virtual void DatabaseChanged(uint32_t database) = 0;
};

class CheckpointWalk;
class TopicPager;

class Store {
 public:
  // `journal` and `pager` may be null; they outlive the store. `hold_unsynced`: replies that show
  // data wait until that data is on disk (appendfsync always).
  explicit Store(data::Dataset& dataset, persistence::Journal* journal,
                 TopicPager* pager = nullptr);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  data::Dataset& dataset() { return dataset_; }
  data::Keyspace& database(uint32_t number) { return dataset_.databases[number]; }
  void set_observer(KeyObserver* observer) { observer_ = observer; }

  // The entry of a key that has not expired by `now_ms`: it lives through the millisecond of its
  // deadline. An expired one is deleted, by a mutation like any other, and null is returned. The
  // entry is valid until the next Commit or Find.
  data::Entry* Find(uint32_t database, const data::Key& key, int64_t now_ms) {
    data::Entry* entry = FindNoTouch(database, key, now_ms);
    if (entry != nullptr) entry->set_access_clock(dataset_.access_clock);
    return entry;
  }
  // The same for a caller that only asks about the key: it does not count as used.
  data::Entry* FindNoTouch(uint32_t database, const data::Key& key, int64_t now_ms);
  // While it is set, an expired key reads as such and stays: CLIENT PAUSE holds the data still.
  void set_keeps_due(bool keeps_due) { keeps_due_ = keeps_due; }
  // The same for a caller that must see the key as it is, expired or not.
  data::Entry* Peek(uint32_t database, const data::Key& key) {
    return dataset_.databases[database].Find(key);
  }

  void BeginBatch() { ++batch_depth_; }
  // The LSN of the batch's last mutation; 0 when nothing was committed. Batches nest: the outermost
  // writes the record.
  Lsn EndBatch();

  // Within a batch.
  template <typename Mutation>
  void Commit(const Mutation& mutation) {
    Changed(mutation);
    if (checkpoint_ != nullptr) [[unlikely]]
      SaveBefore(mutation);
    changing_ = true;
    const bool fits = data::Apply(dataset_, mutation);
    changing_ = false;
    if (!fits) Refused(Mutation::kTag);
    // What stands in exchanged databases is news too, not only what stood there.
    if constexpr (requires { mutation.other; }) Changed(mutation);
    ++changes_;
    if (journal_ != nullptr) Write(mutation);
  }
  // Whether the batch under way has changed nothing yet; and whether a mutation is being applied.
  bool BatchIsClean() const { return batch_mutations_ == 0 && !changing_; }
  // Ends the process where a mutation is being applied: what it needs cannot be read.
  void CheckUnchanged(const std::string& reason) const;

  // Deletes up to `budget` keys that have expired by `now_ms`; returns how many it deleted. Whether
  // there are more shows in NextExpiryMs.
  size_t ExpireDue(int64_t now_ms, size_t budget);
  int64_t NextExpiryMs() const;

  // While syncing is `always`, what was committed but is not yet on disk must not be shown: the
  // LSN that a reply depends on, gathered from all Finds since ResetSeen.
  void ResetSeen() { seen_lsn_ = 0; }
  Lsn seen_lsn() const { return seen_lsn_; }
  // For calls that look at whole databases instead of keys.
  void SeeEverything();
  void set_hold_unsynced(bool hold);
  bool hold_unsynced() const { return hold_unsynced_; }
  // Forgets what has become durable; called once a turn.
  void ForgetDurable();
  Lsn durable_lsn() const;

  persistence::Journal* journal() { return journal_; }
  TopicPager* pager() { return pager_; }
  // The one under way, which sees every change before it happens; null: none.
  void set_checkpoint(CheckpointWalk* checkpoint) { checkpoint_ = checkpoint; }
  // Mutations committed since the start.
  uint64_t changes() const { return changes_; }
  uint64_t expired_keys() const { return expired_keys_; }
  void ResetStatistics() { expired_keys_ = 0; }

 private:
  template <typename Mutation>
  void Changed(const Mutation& mutation);
  template <typename Mutation>
  void Write(const Mutation& mutation);
  template <typename Mutation>
  void KeyChanged(uint32_t database, const data::Key& key);
  template <typename Mutation>
  void SaveBefore(const Mutation& mutation);
  void SaveBeforeChange(uint32_t database, const data::Key& key);
  void SaveBeforeFlush(uint32_t database);
  void SaveBeforeSwap(uint32_t database, uint32_t other);
  void Hold(uint32_t database, const data::Key& key);
  void DatabaseChanged(uint32_t database);
  void See(uint32_t database, const data::Key& key);
  [[noreturn]] static void Refused(uint8_t tag);

  data::Dataset& dataset_;
  persistence::Journal* journal_;
  TopicPager* pager_;
  CheckpointWalk* checkpoint_ = nullptr;
  bool changing_ = false;
  KeyObserver* observer_ = nullptr;
  uint32_t batch_depth_ = 0;
  uint32_t batch_mutations_ = 0;
  uint64_t changes_ = 0;
  uint64_t expired_keys_ = 0;

  // Keys changed by mutations that are not yet durable, by the hash of their name and database: two
  // keys of one hash only make a reply wait that need not. Empty unless hold_unsynced_.
  bool hold_unsynced_ = false;
  bool keeps_due_ = false;
  bool everything_in_batch_ = false;
  Lsn everything_lsn_ = 0;
  Lsn seen_lsn_ = 0;
  std::vector<uint64_t> batch_keys_;
  std::unordered_map<uint64_t, Lsn> unsynced_;
  std::deque<std::pair<Lsn, uint64_t>> unsynced_order_;
};

template <typename Mutation>
void Store::Changed(const Mutation& mutation) {
  if (observer_ == nullptr && !hold_unsynced_) return;
  if constexpr (requires { mutation.key; }) {
    KeyChanged<Mutation>(mutation.database, mutation.key);
  } else {
    DatabaseChanged(mutation.database);
  }
  if constexpr (requires { mutation.to_key; }) {
    KeyChanged<Mutation>(mutation.to_database, mutation.to_key);
  }
  if constexpr (requires { mutation.other; }) DatabaseChanged(mutation.other);
}

template <typename Mutation>
void Store::KeyChanged(uint32_t database, const data::Key& key) {
  if (hold_unsynced_) Hold(database, key);
  if (observer_ == nullptr) return;
  if constexpr (data::ChangesValue<Mutation>()) observer_->KeyChanged(database, key);
  if constexpr (data::FeedsReaders<Mutation>()) observer_->KeyFed(database, key);
}

template <typename Mutation>
void Store::SaveBefore(const Mutation& mutation) {
  if constexpr (requires { mutation.key; }) {
    SaveBeforeChange(mutation.database, mutation.key);
    if constexpr (requires { mutation.to_key; }) {
      SaveBeforeChange(mutation.to_database, mutation.to_key);
    }
  } else if constexpr (requires { mutation.other; }) {
    SaveBeforeSwap(mutation.database, mutation.other);
  } else {
    SaveBeforeFlush(mutation.database);
  }
}

template <typename Mutation>
void Store::Write(const Mutation& mutation) {
  if (batch_mutations_++ == 0) journal_->BeginRecord();
  char* const start = journal_->Reserve(MutationEncoder::MaxSize(mutation));
  const char* const end = MutationEncoder::Encode(start, mutation);
  journal_->Advance(static_cast<size_t>(end - start));
}

}  // namespace leat::store
