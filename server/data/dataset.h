// Dataset: all that a server holds, as numbered databases of keys.
#pragma once

#include <cstdint>
#include <vector>

#include "server/data/keyspace.h"
#include "server/data/policy_schedule.h"

namespace leat::data {

class Pager;

struct Dataset {
  explicit Dataset(size_t database_count) : databases(database_count), schedule(database_count) {}

  // How long ago the entry was last found or written.
  uint32_t IdleSeconds(const Entry& entry) const {
    return (access_clock - entry.access_clock()) & Entry::kAccessClockMask;
  }

  std::vector<Keyspace> databases;
  // Topics of these that the server keeps by their policies.
  PolicySchedule schedule;
  // Who keeps the sealed blocks of topics; null: the topics do.
  Pager* pager = nullptr;
  // Seconds, of which an entry keeps the lower bits: what is found or written is stamped with it.
  // Whoever drives the store moves it on.
  uint32_t access_clock = 0;
};

}  // namespace leat::data
