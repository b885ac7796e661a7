// The settings of one topic.
#pragma once

#include "server/data/keyspace.h"
#include "server/engine/call.h"

namespace leat::commands {

// The topic was just created and gets the settings of the time, and the first of `topic-defaults`
// whose pattern its name matches.
void ConfigureNewTopic(engine::Call& call, const data::Key& key);

}  // namespace leat::commands
