// Databases as clients name them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/engine/call.h"

namespace leat::commands {

// Null, and the error is replied, when the text names no database.
std::optional<uint32_t> ReadDatabase(engine::Call& call, std::string_view text);

}  // namespace leat::commands
