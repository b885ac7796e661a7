// The image of a value: the mutations that make it anew, encoded for a checkpoint.
#pragma once

#include <cstdint>
#include <set>

#include "persistence/checkpoint_writer.h"
#include "server/data/entry.h"

namespace leat::store {

// Appends what makes `entry`, a key of this database, anew. Adds to `segments` those of the block
// store that it refers to.
void WriteImage(uint32_t database, const data::Entry& entry, persistence::CheckpointWriter& out,
                std::set<uint32_t>& segments);

}  // namespace leat::store
