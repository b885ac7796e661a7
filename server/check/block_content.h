// FindInconsistency: whether the bytes of a block are what its topic knows of them: entries that
// lie where the index says and fill the block, with ascending ids from the first to the last one.
//
//   const std::string problem = FindInconsistency(block.state(), span, bytes);   // empty: none
//
// Checksums say that bytes are those which were written; this says that they were right.
#pragma once

#include <string>
#include <string_view>

#include "server/data/block.h"

namespace leat::check {

// Of a sealed block, as it lies on disk.
std::string FindInconsistency(const data::Block::State& state, const data::Block::Span& span,
                              std::string_view bytes);
// The same with entries and index apart, as an open block has them.
std::string FindInconsistency(const data::Block::State& state, const data::Block::Span& span,
                              std::string_view entries, std::string_view index);

}  // namespace leat::check
