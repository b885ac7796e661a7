// Page: the bytes of one sealed block, in memory, on disk or both. Blocks of several topics share a
// page after COPY; the last one that goes takes it along.
//
// A Pager decides which pages are in memory. It is a port: the data knows that bytes can be away,
// and not where. Without one (a test, a server that keeps nothing) blocks own their bytes.
//
//   sealed ──▶ in memory ──▶ in memory and on disk ◀──▶ on disk
//
// Whoever reads bytes that are away asks the pager to Fetch them. It brings them at once, which
// waits for the disk, or throws a PageFault: then the call ends, having changed and replied
// nothing, and runs again when they are there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/base/block_place.h"
#include "server/base/shared_bytes.h"

namespace leat::data {

class Pager;

struct Page {
  Page(Pager& page_pager, base::SharedBytes page_bytes)
      : pager(page_pager), bytes(std::move(page_bytes)), size(bytes.capacity()) {}
  Page(Pager& page_pager, base::BlockPlace page_place, uint64_t page_size)
      : pager(page_pager), place(page_place), size(page_size) {}
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  bool resident() const { return static_cast<bool>(bytes); }

  Pager& pager;
  base::SharedBytes bytes;  // null while they are only on disk
  base::BlockPlace place;   // durable there, once it is stored()
  const uint64_t size;      // of the bytes
  uint32_t references = 0;

  // The pager's own: the list it is in, whether it was read since it came into memory, how often it
  // left that having been read, how many waiting calls need it there, and its place among the pages
  // of its segment.
  Page* previous = nullptr;
  Page* next = nullptr;
  uint8_t list = 0;
  bool read = false;
  uint8_t evicted = 0;  // how often; 2: or more
  uint32_t pins = 0;
  uint32_t index = 0;
};

class PageRef {
 public:
  PageRef() = default;
  explicit PageRef(Page* page) : page_(page) {
    if (page_ != nullptr) ++page_->references;
  }
  PageRef(const PageRef& other) : PageRef(other.page_) {}
  PageRef(PageRef&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  PageRef& operator=(PageRef other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }
  ~PageRef();

  Page* get() const { return page_; }
  Page* operator->() const { return page_; }
  Page& operator*() const { return *page_; }
  explicit operator bool() const { return page_ != nullptr; }

 private:
  Page* page_ = nullptr;
};

// Pages that a call needs at once, and of which some are not in memory.
struct PageFault {
  std::vector<PageRef> needed;
};

// Bytes that cannot be read any more: what the operator is to be told.
struct PageUnreadable {
  std::string reason;
};

class Pager {
 public:
  virtual ~Pager() = default;
  // A block was sealed: its page is new, and in memory alone.
  virtual void Sealed(Page& page) = 0;
  // A block was restored: its page is new, and on disk alone.
  virtual void Restored(Page& page) = 0;
  // Its bytes are about to be read.
  virtual void Used(Page& page) = 0;
  // Returns with all of them in memory until the end of the turn, or throws PageFault or
  // PageUnreadable.
  virtual void Fetch(std::span<Page* const> needed) = 0;
  // It will be wanted soon.
  virtual void Expect(Page& page) = 0;
  // Nobody refers to it any more; it is deleted next.
  virtual void Dropped(Page& page) = 0;
};

inline PageRef::~PageRef() {
  if (page_ == nullptr || --page_->references > 0) return;
  page_->pager.Dropped(*page_);
  delete page_;
}

}  // namespace leat::data
