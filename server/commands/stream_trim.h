// Trimming, as XADD and XTRIM ask for it.
#pragma once

#include <cstdint>

#include "server/commands/stream_args.h"
#include "server/data/topic.h"
#include "server/engine/call.h"

namespace leat::commands {

// Trims the topic that is under `key`; returns how many entries went.
uint64_t TrimTopic(engine::Call& call, const data::Key& key, data::Topic& topic,
                   const TrimOptions& options);

}  // namespace leat::commands
