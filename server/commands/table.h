// The families of commands. A command is declared in its family's file and nowhere else.
#pragma once

#include "server/engine/command_table.h"

namespace leat::commands {

void AddAll(engine::CommandTable& table);

}  // namespace leat::commands
