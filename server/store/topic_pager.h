// TopicPager: which blocks of topics are in memory (`topic-memory`). A sealed block is written to
// the block store soon; once it is durable there its bytes may go from memory, and come back when
// they are read.
//
//   sealed ─▶ unstored ──written──▶ used (LRU) ──evicted──▶ on disk ──fetched──▶ once (FIFO)
//                                        ▲                     └──fetched again──────┐
//                                        └───────────────────────────────────────────┘
//
// Blocks that are fetched for the first time stand in a queue of their own, a quarter of the
// budget, so that a reader who goes through an old topic once does not push out what is used all
// the time (2Q, Johnson and Shasha, 1994). Nothing goes while a turn lasts, so what a call has seen
// in memory stays there to its end; nor does what a waiting call has asked for before that has run.
//
// A call that finds a block missing ends with a PageFault and waits: Await, and once TakeFinished
// names it, it runs again. Where it cannot wait any more (`can_wait`) the block is read in place.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "persistence/block_store.h"
#include "server/data/page.h"

namespace leat::store {

class TopicPager final : public data::Pager {
 public:
  TopicPager(persistence::BlockStore& blocks, size_t budget_bytes);
  ~TopicPager() override;

  void set_budget(size_t bytes) { budget_ = bytes; }
  // Whether the call that is running can still end and run again: it has changed and replied
  // nothing. Null: no.
  void set_can_wait(std::function<bool()> can_wait) { can_wait_ = std::move(can_wait); }

  void Sealed(data::Page& page) override;
  void Restored(data::Page& page) override;
  void Used(data::Page& page) override;
  void Fetch(std::span<data::Page* const> needed) override;
  void Expect(data::Page& page) override;
  void Dropped(data::Page& page) override;

  // --- Calls that wait ---
  using WaitId = uint64_t;
  // Keeps the pages in memory, once they are there, until End.
  WaitId Await(const data::PageFault& fault);
  struct Finished {
    WaitId id;
    std::string error;  // empty: all are there
  };
  std::vector<Finished> TakeFinished() { return std::exchange(finished_, {}); }
  void End(WaitId id);
  // The call that waited as `ended` waits again: it keeps what it has, so that it comes to an end
  // however small the budget is.
  void Continue(WaitId id, WaitId ended);

  // --- The store's and the loop's ---
  // Takes in what the block store has done since.
  void TakeAnswers();
  // Gives memory back down to the budget.
  void Evict();
  // What a recovery could not restore; empty: nothing.
  const std::string& restore_error() const { return restore_error_; }
  // Begins to gather the blocks of a segment that has few left alive, where there is one.
  void Reclaim();
  // A checkpoint is in force that refers to blocks in these segments; others that have nothing
  // alive are removed.
  void Checkpointed(std::set<uint32_t> segments);
  // The same for the one that was restored.
  void KeepRestored();

  // Sealed blocks that are not on disk yet take so much that who appends more must wait.
  bool behind() const { return unstored_bytes_ > std::max(budget_ / 2, kLeastUnstored); }
  size_t budget() const { return budget_; }
  size_t resident_bytes() const { return resident_bytes_; }  // unstored ones included
  size_t unstored_bytes() const { return unstored_bytes_; }
  uint64_t fetches() const { return fetches_; }    // blocks read from disk
  uint64_t waits() const { return waits_begun_; }  // calls that waited for some
  uint64_t evictions() const { return evictions_; }
  const persistence::BlockStore& blocks() const { return blocks_; }

 private:
  static constexpr size_t kLeastUnstored = size_t{16} << 20;
  enum List : uint8_t { kNone, kLru, kOnce };
  struct PageList {
    data::Page* newest = nullptr;
    data::Page* oldest = nullptr;
    size_t bytes = 0;
  };
  struct Wait {
    std::vector<data::PageRef> pages;
    size_t missing = 0;
    bool failed = false;
  };
  struct Load {
    data::PageRef page;
    base::BlockPlace place;
    std::vector<WaitId> waits;
  };

  PageList& ListOf(List list) { return list == kLru ? lru_ : once_; }
  void Enlist(data::Page& page, List list);
  void Unlist(data::Page& page);
  void ListAgain(data::Page& page);
  void StartLoad(data::Page& page, WaitId waiting);
  void Arrived(data::Page& page, base::SharedBytes bytes);
  void FinishLoad(const persistence::BlockStore::Answer& answer);
  void FinishWrite(const persistence::BlockStore::Answer& answer);
  void FinishMove(const persistence::BlockStore::Answer& answer);
  void Settle(data::Page& page, const base::BlockPlace& place);
  void Unsettle(data::Page& page);
  bool EvictOne();

  persistence::BlockStore& blocks_;
  size_t budget_;
  std::function<bool()> can_wait_;
  PageList lru_;
  PageList once_;
  size_t resident_bytes_ = 0;
  size_t unstored_bytes_ = 0;

  std::unordered_map<data::Page*, data::PageRef> writing_;
  std::unordered_map<data::Page*, data::PageRef> moving_;
  std::unordered_map<data::Page*, Load> loading_;
  std::map<WaitId, Wait> waiting_;
  std::vector<Finished> finished_;
  WaitId next_wait_ = 1;

  std::unordered_map<uint32_t, std::vector<data::Page*>> segments_;  // what of them is alive
  std::set<uint32_t> checkpointed_;  // segments that the checkpoint in force refers to
  std::string restore_error_;
  uint64_t fetches_ = 0;
  uint64_t waits_begun_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace leat::store
