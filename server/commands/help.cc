#include "server/commands/help.h"

#include <string>

namespace leat::commands {

void WriteHelp(engine::Call& call, std::initializer_list<std::string_view> lines) {
  call.reply.Array(lines.size() + 3);
  call.reply.Simple(std::string(call.command.container->row->name) +
                    " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string_view line : lines) call.reply.Simple(line);
  call.reply.Simple("HELP");
  call.reply.Simple("    Prints this help.");
}

void ReplySubcommandSyntax(engine::Call& call) {
  call.Error("ERR unknown subcommand or wrong number of arguments for '" +
             std::string(call[1].substr(0, 128)) + "'. Try " +
             std::string(call.command.container->row->name) + " HELP.");
}

}  // namespace leat::commands
