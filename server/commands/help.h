// What containers such as CLIENT reply: their HELP, and the error that points to it.
#pragma once

#include <initializer_list>
#include <string_view>

#include "server/engine/call.h"

namespace leat::commands {

// Redis' frame around `lines`: what can be called, and HELP itself at the end.
void WriteHelp(engine::Call& call, std::initializer_list<std::string_view> lines);
// A subcommand has too many arguments, or not those it takes.
void ReplySubcommandSyntax(engine::Call& call);

}  // namespace leat::commands
