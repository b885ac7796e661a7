#include "server/commands/table.h"

#include "server/commands/families.h"

namespace leat::commands {

void AddAll(engine::CommandTable& table) {
  for (const auto family : {ConnectionCommands(), StringCommands(), TransactionCommands()}) {
    table.Add(family);
  }
}

}  // namespace leat::commands
