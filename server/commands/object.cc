// OBJECT: how a value is kept, and when it was last used.
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/value.h"
#include "server/engine/call.h"

namespace leat::commands {

using namespace engine;

namespace {

// The entry that is asked about; null, and null is replied, when there is none.
const data::Entry* ObjectOrReply(Call& call) {
  const data::Entry* entry = call.FindNoTouch(Call::KeyOf(call[2]));
  if (entry == nullptr) call.reply.Null();
  return entry;
}

void ObjectEncoding(Call& call) {
  if (const data::Entry* entry = ObjectOrReply(call)) call.reply.Bulk(EncodingName(*entry));
}

void ObjectFreq(Call& call) {
  if (ObjectOrReply(call) == nullptr) return;
  call.Error(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
      "when switching between policies at runtime LRU and LFU data will take some time to adjust.");
}

void ObjectIdleTime(Call& call) {
  const data::Entry* entry = ObjectOrReply(call);
  if (entry != nullptr) call.reply.Integer(call.store.dataset().IdleSeconds(*entry));
}

// Every value is held by its key alone.
void ObjectRefCount(Call& call) {
  if (ObjectOrReply(call) != nullptr) call.reply.Integer(1);
}

void ObjectHelp(Call& call) {
  WriteHelp(call,
            {"ENCODING <key>",
             "    Return the kind of internal representation used in order to store the value",
             "    associated with a <key>.", "FREQ <key>",
             "    Return the access frequency index of the <key>. The returned integer is",
             "    proportional to the logarithm of the recent access frequency of the key.",
             "IDLETIME <key>",
             "    Return the idle time of the <key>, that is the approximated number of",
             "    seconds elapsed since the last access to the key.", "REFCOUNT <key>",
             "    Return the number of references of the value associated with the specified",
             "    <key>."});
}

constexpr std::array<KeySpec, 2> kObject = {OneKey(kKeyReadOnly, 2)};

constexpr Command kSubcommands[] = {
    {.name = "ENCODING",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .keys = kObject,
     .group = "generic",
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Inspect the internal encoding of a Redis object",
     .tips = "nondeterministic_output",
     .handler = ObjectEncoding},
    {.name = "FREQ",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .keys = kObject,
     .group = "generic",
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Get the logarithmic access frequency counter of a Redis object",
     .tips = "nondeterministic_output",
     .handler = ObjectFreq},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kKeyspaceCategory,
     .group = "generic",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Show helpful text about the different subcommands",
     .handler = ObjectHelp},
    {.name = "IDLETIME",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .keys = kObject,
     .group = "generic",
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Get the time since a Redis object was last accessed",
     .tips = "nondeterministic_output",
     .handler = ObjectIdleTime},
    {.name = "REFCOUNT",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kKeyspaceCategory,
     .keys = kObject,
     .group = "generic",
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Get the number of references to the value of the key",
     .tips = "nondeterministic_output",
     .handler = ObjectRefCount},
};

constexpr Command kCommands[] = {
    {.name = "OBJECT",
     .arity = -2,
     .group = "generic",
     .since = "2.2.3",
     .complexity = "Depends on subcommand.",
     .summary = "A container for object introspection commands",
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const Command> ObjectCommands() {
  return kCommands;
}

}  // namespace leat::commands
