// OfflinePager: reads blocks where a replay needs them, and changes nothing on disk. It knows which
// places the data refers to.
//
//   OfflinePager pager(files);
//   dataset.pager = &pager;
//   ApplyEncoded(…);        // may throw PageUnreadable
//   pager.Release();        // what was read leaves memory
//
// Blocks that are sealed by a replay stay in memory: there is no store to give them to.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_set>
#include <utility>

#include "persistence/block_files.h"
#include "server/data/page.h"

namespace leat::check {

class OfflinePager final : public data::Pager {
 public:
  explicit OfflinePager(persistence::BlockFiles& files) : files_(files) {}

  void Sealed(data::Page&) override {}
  void Restored(data::Page& page) override;
  void Used(data::Page&) override {}
  void Fetch(std::span<data::Page* const> needed) override;
  void Expect(data::Page&) override {}
  void Dropped(data::Page& page) override;

  // Between two changes: lets go of what was fetched.
  void Release();

  // The places that the data refers to, of one segment.
  struct Usage {
    uint64_t blocks = 0;
    uint64_t bytes = 0;
  };
  Usage UsageOf(uint32_t segment) const;

 private:
  // Topics that were copied share a place.
  struct Place {
    uint32_t size = 0;
    uint32_t references = 0;
  };

  persistence::BlockFiles& files_;
  persistence::BlockBuffer buffer_;
  std::unordered_set<data::Page*> fetched_;
  std::map<std::pair<uint32_t, uint64_t>, Place> places_;  // by segment and offset
};

}  // namespace leat::check
