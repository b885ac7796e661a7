#include "server/commands/value.h"

#include "server/base/number.h"

namespace leat::commands {

std::string_view EncodingName(const data::Entry& entry) {
  constexpr size_t kMaxEmbedded = 44;
  switch (entry.type()) {
    case data::Type::kString:
      break;
    case data::Type::kStream:
      return "stream";
  }
  const std::string_view string = entry.string();
  if (entry.raw()) return "raw";
  if (base::ParseInt64(string)) return "int";
  return string.size() <= kMaxEmbedded ? "embstr" : "raw";
}

}  // namespace leat::commands
