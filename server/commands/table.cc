#include "server/commands/table.h"

#include "server/commands/families.h"

namespace leat::commands {

void AddAll(engine::CommandTable& table) {
  table.Add(CheckpointCommands());
  table.Add(ClientCommands());
  table.Add(CommandCommands());
  table.Add(ConfigCommands());
  table.Add(ConnectionCommands());
  table.Add(DatabaseCommands());
  table.Add(DebugCommands());
  table.Add(ExpireCommands());
  table.Add(GenericCommands());
  table.Add(InfoCommands());
  table.Add(LatencyCommands());
  table.Add(MemoryCommands());
  table.Add(MonitorCommands());
  table.Add(ObjectCommands());
  table.Add(PubSubCommands());
  table.Add(ScanCommands());
  table.Add(ServerCommands());
  table.Add(SlowLogCommands());
  table.Add(StreamClaimCommands());
  table.Add(StreamDeleteCommands());
  table.Add(StreamGroupCommands());
  table.Add(StreamIdempotencyCommands());
  table.Add(StreamInfoCommands());
  table.Add(StreamNackCommands());
  table.Add(StreamPendingCommands());
  table.Add(StreamReadCommands());
  table.Add(StreamReadGroupCommands());
  table.Add(StreamSettingsCommands());
  table.Add(StreamWriteCommands());
  table.Add(StringCommands());
  table.Add(StringCounterCommands());
  table.Add(StringRangeCommands());
  table.Add(TransactionCommands());
  table.Add(WaitCommands());
}

}  // namespace leat::commands
