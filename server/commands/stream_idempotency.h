// Appends that may be tried again: the part of XADD that knows a duplicate (redis.io, "Idempotent
// message processing").
#pragma once

#include <optional>
#include <string_view>

#include "server/base/hash.h"
#include "server/commands/stream_args.h"
#include "server/data/stream_id.h"
#include "server/data/topic.h"
#include "server/engine/call.h"

namespace leat::commands {

// An append that may be one of several with this producer and iid.
struct AppendAttempt {
  std::string_view producer;
  base::Hash128 iid;
};

// Nothing for an ordinary append.
std::optional<AppendAttempt> AttemptOf(const engine::Call& call, const AppendOptions& options);

// Whether the topic knows it: the entry's ID was replied, and the duplicate counted.
bool AnswerDuplicate(engine::Call& call, const data::Key& key, const data::Topic& topic,
                     const AppendAttempt& attempt);

// What was just appended as `id` was this attempt, which the topic does not know.
void RecordAttempt(engine::Call& call, const data::Key& key, const AppendAttempt& attempt,
                   data::StreamId id);

}  // namespace leat::commands
