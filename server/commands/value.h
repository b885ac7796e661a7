// What handlers of several families need of a value: the check of its type, and strings as replies.
//
//   const data::Entry* entry = call.FindForRead(call[1]);
//   if (entry == nullptr) return call.reply.Null();
//   if (!CheckType(call, entry, data::Type::kString)) return;     // the error was replied
//   WriteString(call, *entry);
#pragma once

#include <string_view>

#include "server/data/entry.h"
#include "server/engine/call.h"

namespace leat::commands {

// False when the key holds another type, which was replied. A missing key (null) has every type.
inline bool CheckType(engine::Call& call, const data::Entry* entry, data::Type type) {
  if (entry == nullptr || entry->type() == type) [[likely]]
    return true;
  call.Error(engine::errors::kWrongType);
  return false;
}

// `part` of the string that `entry` holds; a large one is referenced, not copied.
inline void WriteString(engine::Call& call, const data::Entry& entry, std::string_view part) {
  if (const base::SharedBytes* shared = entry.shared_string()) {
    call.reply.BulkShared(*shared, part);
  } else {
    call.reply.Bulk(part);
  }
}
inline void WriteString(engine::Call& call, const data::Entry& entry) {
  WriteString(call, entry, entry.string());
}

// What Redis would call the encoding, which is what clients compare it with: values of every size
// live in the same place here.
std::string_view EncodingName(const data::Entry& entry);

}  // namespace leat::commands
