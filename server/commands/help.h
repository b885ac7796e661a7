// The reply of a container's HELP.
#pragma once

#include <initializer_list>
#include <string_view>

#include "server/engine/call.h"

namespace leat::commands {

// Redis' frame around `lines`: what can be called, and HELP itself at the end.
void WriteHelp(engine::Call& call, std::initializer_list<std::string_view> lines);

}  // namespace leat::commands
