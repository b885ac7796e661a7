// Dataset: all that a server holds, as numbered databases of keys.
#pragma once

#include <cstdint>
#include <vector>

#include "server/data/keyspace.h"

namespace leat::data {

struct Dataset {
  explicit Dataset(size_t database_count) : databases(database_count) {}

  std::vector<Keyspace> databases;
};

}  // namespace leat::data
