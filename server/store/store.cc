#include "server/store/store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "server/store/checkpoint_walk.h"

namespace leat::store {

namespace {

uint64_t HoldKey(uint32_t database, const data::Key& key) {
  return key.hash + database * 0x9e3779b97f4a7c15ULL;
}

}  // namespace

Store::Store(data::Dataset& dataset, persistence::Journal* journal, TopicPager* pager)
    : dataset_(dataset), journal_(journal), pager_(pager) {}

data::Entry* Store::FindNoTouch(uint32_t database, const data::Key& key, int64_t now_ms) {
  if (hold_unsynced_) See(database, key);
  data::Entry* entry = dataset_.databases[database].Find(key);
  if (entry == nullptr || entry->expire_at_ms() == data::kNoExpiry ||
      entry->expire_at_ms() >= now_ms) [[likely]] {
    return entry;
  }
  if (keeps_due_) return nullptr;
  BeginBatch();
  Commit(data::DeleteKey{database, key});
  EndBatch();
  ++expired_keys_;
  return nullptr;
}

Lsn Store::EndBatch() {
  if (--batch_depth_ > 0 || batch_mutations_ == 0) return 0;
  const uint32_t mutations = std::exchange(batch_mutations_, 0);
  const Lsn lsn = journal_->EndRecord(mutations);
  if (!hold_unsynced_) return lsn;
  for (const uint64_t key : batch_keys_) {
    unsynced_[key] = lsn;
    unsynced_order_.emplace_back(lsn, key);
  }
  batch_keys_.clear();
  if (std::exchange(everything_in_batch_, false)) everything_lsn_ = lsn;
  return lsn;
}

size_t Store::ExpireDue(int64_t now_ms, size_t budget) {
  size_t deleted = 0;
  BeginBatch();
  for (uint32_t number = 0; number < dataset_.databases.size(); ++number) {
    data::Keyspace& keyspace = dataset_.databases[number];
    while (const data::Entry* due = keyspace.FirstDue(now_ms - 1, budget)) {
      const std::string name(due->key());  // the entry that holds it goes
      Commit(data::DeleteKey{number, data::MakeKey(name)});
      ++deleted;
    }
  }
  EndBatch();
  expired_keys_ += deleted;
  return deleted;
}

int64_t Store::NextExpiryMs() const {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  int64_t next = kNever;
  for (const data::Keyspace& keyspace : dataset_.databases) {
    next = std::min(next, keyspace.NextExpiryMs());
  }
  return next == kNever ? kNever : next + 1;
}

void Store::SeeEverything() {
  if (hold_unsynced_) seen_lsn_ = journal_->appended_lsn();
}

void Store::set_hold_unsynced(bool hold) {
  hold_unsynced_ = hold && journal_ != nullptr;
  if (hold_unsynced_) {
    everything_lsn_ =
        journal_->appended_lsn();  // which keys the older mutations changed is unknown
  } else {
    batch_keys_.clear();
    unsynced_.clear();
    unsynced_order_.clear();
  }
}

void Store::ForgetDurable() {
  if (unsynced_order_.empty()) return;
  const Lsn durable = durable_lsn();
  while (!unsynced_order_.empty() && unsynced_order_.front().first <= durable) {
    const auto found = unsynced_.find(unsynced_order_.front().second);
    if (found != unsynced_.end() && found->second <= durable) unsynced_.erase(found);
    unsynced_order_.pop_front();
  }
}

Lsn Store::durable_lsn() const {
  return journal_ == nullptr ? std::numeric_limits<Lsn>::max() : journal_->durable_lsn();
}

void Store::SaveBeforeChange(uint32_t database, const data::Key& key) {
  checkpoint_->BeforeChange(database, key);
}

void Store::SaveBeforeFlush(uint32_t database) {
  checkpoint_->BeforeFlush(database);
}

void Store::SaveBeforeSwap(uint32_t database, uint32_t other) {
  checkpoint_->BeforeSwap(database, other);
}

void Store::Hold(uint32_t database, const data::Key& key) {
  batch_keys_.push_back(HoldKey(database, key));
}

void Store::DatabaseChanged(uint32_t database) {
  if (hold_unsynced_) everything_in_batch_ = true;
  if (observer_ != nullptr) observer_->DatabaseChanged(database);
}

void Store::See(uint32_t database, const data::Key& key) {
  seen_lsn_ = std::max(seen_lsn_, everything_lsn_);
  if (unsynced_.empty()) return;
  const auto found = unsynced_.find(HoldKey(database, key));
  if (found != unsynced_.end()) seen_lsn_ = std::max(seen_lsn_, found->second);
}

void Store::CheckUnchanged(const std::string& reason) const {
  if (!changing_) return;
  std::fprintf(stderr, "leat-server: a change cannot be carried out: %s\n", reason.c_str());
  std::abort();
}

void Store::Refused(uint8_t tag) {
  // A command committed what the data cannot take. Going on would let data and journal part.
  std::fprintf(stderr, "leat-server: mutation %u does not fit the data\n", tag);
  std::abort();
}

}  // namespace leat::store
