// The rows of each family, declared at the top of the file that is named after it.
#pragma once

#include <span>

#include "server/engine/command.h"

namespace leat::commands {

using engine::Command;

std::span<const Command> CheckpointCommands();
std::span<const Command> ClientCommands();
std::span<const Command> CommandCommands();
std::span<const Command> ConfigCommands();
std::span<const Command> ConnectionCommands();
std::span<const Command> DatabaseCommands();
std::span<const Command> DebugCommands();
std::span<const Command> ExpireCommands();
std::span<const Command> GenericCommands();
std::span<const Command> InfoCommands();
std::span<const Command> LatencyCommands();
std::span<const Command> MemoryCommands();
std::span<const Command> MonitorCommands();
std::span<const Command> ObjectCommands();
std::span<const Command> PubSubCommands();
std::span<const Command> ScanCommands();
std::span<const Command> ServerCommands();
std::span<const Command> SlowLogCommands();
std::span<const Command> StreamClaimCommands();
std::span<const Command> StreamDeleteCommands();
std::span<const Command> StreamGroupCommands();
std::span<const Command> StreamIdempotencyCommands();
std::span<const Command> StreamInfoCommands();
std::span<const Command> StreamNackCommands();
std::span<const Command> StreamPendingCommands();
std::span<const Command> StreamReadCommands();
std::span<const Command> StreamReadGroupCommands();
std::span<const Command> StreamSettingsCommands();
std::span<const Command> StreamWriteCommands();
std::span<const Command> StringCommands();
std::span<const Command> StringCounterCommands();
std::span<const Command> StringRangeCommands();
std::span<const Command> TransactionCommands();
std::span<const Command> WaitCommands();

}  // namespace leat::commands
