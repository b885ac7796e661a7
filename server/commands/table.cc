#include "server/commands/table.h"

#include "server/commands/families.h"

namespace leat::commands {

void AddAll(engine::CommandTable& table) {
  table.Add(ClientCommands());
  table.Add(CommandCommands());
  table.Add(ConfigCommands());
  table.Add(ConnectionCommands());
  table.Add(DebugCommands());
  table.Add(InfoCommands());
  table.Add(LatencyCommands());
  table.Add(MemoryCommands());
  table.Add(MonitorCommands());
  table.Add(PubSubCommands());
  table.Add(ServerCommands());
  table.Add(SlowLogCommands());
  table.Add(StreamInfoCommands());
  table.Add(StreamReadCommands());
  table.Add(StreamWriteCommands());
  table.Add(StringCommands());
  table.Add(TransactionCommands());
}

}  // namespace leat::commands
