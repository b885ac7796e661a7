#include "server/commands/table.h"

#include "server/commands/families.h"

namespace leat::commands {

void AddAll(engine::CommandTable& table) {
  table.Add(ConfigCommands());
  table.Add(ConnectionCommands());
  table.Add(DatabaseCommands());
  table.Add(DebugCommands());
  table.Add(ExpireCommands());
  table.Add(GenericCommands());
  table.Add(InfoCommands());
  table.Add(LatencyCommands());
  table.Add(MemoryCommands());
  table.Add(ObjectCommands());
  table.Add(ScanCommands());
  table.Add(ServerCommands());
  table.Add(SlowLogCommands());
  table.Add(StreamInfoCommands());
  table.Add(StreamReadCommands());
  table.Add(StreamWriteCommands());
  table.Add(StringCommands());
  table.Add(StringCounterCommands());
  table.Add(StringRangeCommands());
  table.Add(TransactionCommands());
}

}  // namespace leat::commands
