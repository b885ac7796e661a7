#include "server/check/offline_pager.h"

#include <limits>
#include <string>

namespace leat::check {

void OfflinePager::Restored(data::Page& page) {
  Place& place = places_[{page.place.segment, page.place.offset}];
  place.size = page.place.size;
  ++place.references;
}

void OfflinePager::Fetch(std::span<data::Page* const> needed) {
  for (data::Page* page : needed) {
    if (page->resident()) continue;
    auto bytes = files_.ReadBlock(page->place, buffer_);
    if (!bytes.ok()) throw data::PageUnreadable{bytes.status().message()};
    if (bytes->capacity() != page->size) {
      throw data::PageUnreadable{files_.PathOf(page->place.segment) + ": offset " +
                                 std::to_string(page->place.offset) +
                                 ": the block has another size than its topic knows of"};
    }
    page->bytes = std::move(*bytes);
    fetched_.insert(page);
  }
}

void OfflinePager::Dropped(data::Page& page) {
  fetched_.erase(&page);
  if (!page.place.stored()) return;
  const auto found = places_.find({page.place.segment, page.place.offset});
  if (--found->second.references == 0) places_.erase(found);
}

void OfflinePager::Release() {
  for (data::Page* page : fetched_) page->bytes = {};
  fetched_.clear();
}

OfflinePager::Usage OfflinePager::UsageOf(uint32_t segment) const {
  Usage usage;
  const auto end = places_.upper_bound({segment, std::numeric_limits<uint64_t>::max()});
  for (auto at = places_.lower_bound({segment, 0}); at != end; ++at) {
    ++usage.blocks;
    usage.bytes += at->second.size;
  }
  return usage;
}

}  // namespace leat::check
