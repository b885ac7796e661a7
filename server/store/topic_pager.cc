#include "server/store/topic_pager.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace leat::store {

namespace {

using data::Page;
using persistence::BlockStore;

constexpr TopicPager::WaitId kNobody = 0;
// How many blocks of a segment that is emptied are on their way at once.
constexpr size_t kMovesAtOnce = 32;

BlockStore::Ticket TicketOf(const Page& page) {
  return reinterpret_cast<uintptr_t>(&page);
}

Page* PageOf(BlockStore::Ticket ticket) {
  return reinterpret_cast<Page*>(ticket);
}

std::string WrongSize(const Page& page, size_t size) {
  return "block at offset " + std::to_string(page.place.offset) + " of segment " +
         std::to_string(page.place.segment) + " has " + std::to_string(size) +
         " bytes where its topic knows of " + std::to_string(page.size);
}

}  // namespace

TopicPager::TopicPager(BlockStore& blocks, size_t budget_bytes)
    : blocks_(blocks), budget_(budget_bytes) {}

TopicPager::~TopicPager() {
  // The pages that are under way go while the rest of this is still there.
  waiting_.clear();
  loading_.clear();
  moving_.clear();
  writing_.clear();
}

void TopicPager::Sealed(Page& page) {
  resident_bytes_ += page.size;
  unstored_bytes_ += page.size;
  writing_.emplace(&page, data::PageRef(&page));
  blocks_.Write(TicketOf(page), {page.bytes.data(), page.size});
}

void TopicPager::Restored(Page& page) {
  const persistence::Status status = blocks_.Adopt(page.place);
  if (!status.ok()) {
    // The start is about to be refused; the store knows nothing of this place.
    if (restore_error_.empty()) restore_error_ = status.message();
    page.place = {};
    return;
  }
  page.evicted = 1;
  Settle(page, page.place);
}

void TopicPager::Used(Page& page) {
  page.read = true;
  if (page.list != kLru || lru_.newest == &page) return;
  Unlist(page);
  Enlist(page, kLru);
}

void TopicPager::Fetch(std::span<Page* const> needed) {
  if (can_wait_ && can_wait_()) {
    data::PageFault fault;
    for (Page* page : needed) fault.needed.emplace_back(page);
    throw fault;
  }
  for (Page* page : needed) {
    if (page->resident()) continue;
    auto bytes = blocks_.ReadNow(page->place);
    if (!bytes.ok()) throw data::PageUnreadable{bytes.status().message()};
    if (bytes->capacity() != page->size) {
      throw data::PageUnreadable{WrongSize(*page, bytes->capacity())};
    }
    Arrived(*page, std::move(*bytes));
  }
}

// Only where it would not push out what was fetched just before.
void TopicPager::Expect(Page& page) {
  constexpr size_t kLeastPages = 64;
  if (page.size <= budget_ / kLeastPages) StartLoad(page, kNobody);
}

void TopicPager::Dropped(Page& page) {
  Unlist(page);
  if (page.resident()) resident_bytes_ -= page.size;
  if (!page.place.stored()) return;
  Unsettle(page);
}

// --- Calls that wait ---

TopicPager::WaitId TopicPager::Await(const data::PageFault& fault) {
  const WaitId id = next_wait_++;
  ++waits_begun_;
  Wait& wait = waiting_[id];
  wait.pages = fault.needed;
  for (const data::PageRef& page : wait.pages) {
    ++page->pins;
    Unlist(*page);
    if (page->resident()) continue;
    ++wait.missing;
    StartLoad(*page, id);
  }
  if (wait.missing == 0) finished_.push_back({id, ""});
  return id;
}

void TopicPager::End(WaitId id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  for (const data::PageRef& page : found->second.pages) {
    if (--page->pins == 0) ListAgain(*page);
  }
  waiting_.erase(found);
}

void TopicPager::Continue(WaitId id, WaitId ended) {
  const auto node = waiting_.extract(ended);
  Wait& wait = waiting_.at(id);
  for (data::PageRef& page : node.mapped().pages) wait.pages.push_back(std::move(page));
}

void TopicPager::StartLoad(Page& page, WaitId waiting) {
  const auto [found, is_new] = loading_.try_emplace(&page);
  Load& load = found->second;
  if (waiting != kNobody) load.waits.push_back(waiting);
  if (!is_new) return;
  load.page = data::PageRef(&page);
  load.place = page.place;
  blocks_.Read(TicketOf(page), page.place);
}

void TopicPager::Arrived(Page& page, base::SharedBytes bytes) {
  assert(bytes.capacity() == page.size);
  ++fetches_;
  page.bytes = std::move(bytes);
  resident_bytes_ += page.size;
  ListAgain(page);
}

// --- Answers of the block store ---

void TopicPager::TakeAnswers() {
  for (BlockStore::Answer& answer : blocks_.TakeAnswers()) {
    switch (answer.kind) {
      case BlockStore::Answer::Kind::kWritten:
        FinishWrite(answer);
        break;
      case BlockStore::Answer::Kind::kMoved:
        FinishMove(answer);
        break;
      case BlockStore::Answer::Kind::kRead:
        FinishLoad(answer);
        break;
    }
  }
}

void TopicPager::FinishWrite(const BlockStore::Answer& answer) {
  const auto node = writing_.extract(PageOf(answer.ticket));
  Page& page = *node.mapped();
  unstored_bytes_ -= page.size;
  if (!answer.status.ok()) return;  // it is not for the store: it stays in memory
  Settle(page, answer.place);
  ListAgain(page);
}

void TopicPager::FinishMove(const BlockStore::Answer& answer) {
  const auto node = moving_.extract(PageOf(answer.ticket));
  if (!answer.status.ok()) return;  // it stays where it is, and whoever reads it is told
  Page& page = *node.mapped();
  Unsettle(page);
  Settle(page, answer.place);
}

void TopicPager::FinishLoad(const BlockStore::Answer& answer) {
  Page& page = *PageOf(answer.ticket);
  Load& load = loading_.at(&page);
  if (!answer.status.ok() && load.place != page.place) {
    load.place = page.place;  // it moved meanwhile
    return blocks_.Read(answer.ticket, page.place);
  }
  std::string error = answer.status.message();
  if (error.empty() && !page.resident()) {
    if (answer.bytes.capacity() == page.size) {
      Arrived(page, answer.bytes);
    } else {
      error = WrongSize(page, answer.bytes.capacity());
    }
  }
  for (const WaitId id : load.waits) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end() || found->second.failed) continue;
    found->second.failed = !error.empty();
    if (!error.empty() || --found->second.missing == 0) finished_.push_back({id, error});
  }
  loading_.erase(&page);
}

// --- Where blocks are on disk ---

void TopicPager::Settle(Page& page, const base::BlockPlace& place) {
  page.place = place;
  std::vector<Page*>& pages = segments_[place.segment];
  page.index = static_cast<uint32_t>(pages.size());
  pages.push_back(&page);
}

void TopicPager::Unsettle(Page& page) {
  blocks_.Release(page.place);
  const auto found = segments_.find(page.place.segment);
  std::vector<Page*>& pages = found->second;
  pages[page.index] = pages.back();
  pages[page.index]->index = page.index;
  pages.pop_back();
  if (pages.empty()) segments_.erase(found);
}

void TopicPager::Reclaim() {
  if (!moving_.empty()) return;
  const auto sparse = blocks_.SparsestSegment();
  if (!sparse) return;
  const auto found = segments_.find(*sparse);
  if (found == segments_.end()) return;
  const size_t count = std::min(found->second.size(), kMovesAtOnce);
  for (size_t i = 0; i < count; ++i) {
    Page& page = *found->second[i];
    moving_.emplace(&page, data::PageRef(&page));
    blocks_.Move(TicketOf(page), page.place);
  }
}

void TopicPager::Checkpointed(std::set<uint32_t> segments) {
  checkpointed_ = std::move(segments);
  blocks_.RemoveDead([this](uint32_t segment) { return checkpointed_.contains(segment); });
}

void TopicPager::KeepRestored() {
  for (const auto& [segment, pages] : segments_) checkpointed_.insert(segment);
}

// --- What is in memory ---

void TopicPager::Enlist(Page& page, List list) {
  PageList& to = ListOf(list);
  page.list = list;
  page.next = nullptr;
  page.previous = to.newest;
  (to.newest == nullptr ? to.oldest : to.newest->next) = &page;
  to.newest = &page;
  to.bytes += page.size;
}

void TopicPager::Unlist(Page& page) {
  if (page.list == kNone) return;
  PageList& from = ListOf(static_cast<List>(page.list));
  (page.previous == nullptr ? from.oldest : page.previous->next) = page.next;
  (page.next == nullptr ? from.newest : page.next->previous) = page.previous;
  from.bytes -= page.size;
  page.list = kNone;
}

// Only what can go is in a list: on disk, in memory, and not asked for.
void TopicPager::ListAgain(Page& page) {
  if (page.list != kNone || page.pins > 0 || !page.resident() || !page.place.stored()) return;
  Enlist(page, page.evicted == 1 ? kOnce : kLru);
}

void TopicPager::Evict() {
  while (resident_bytes_ > budget_ && EvictOne()) {
  }
}

bool TopicPager::EvictOne() {
  Page* const page =
      once_.bytes > budget_ / 4 || lru_.oldest == nullptr ? once_.oldest : lru_.oldest;
  if (page == nullptr) return false;
  Unlist(*page);
  page->bytes = {};
  if (page->evicted == 0 || page->read) {
    page->evicted = static_cast<uint8_t>(std::min(page->evicted + 1, 2));
  }
  page->read = false;
  resident_bytes_ -= page->size;
  ++evictions_;
  return true;
}

}  // namespace leat::store
