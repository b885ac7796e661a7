#include "server/engine/text.h"

#include <cstdio>

namespace leat::engine {

std::string Quote(std::string_view bytes) {
  std::string quoted = "\"";
  for (const char c : bytes) {
    switch (c) {
      case '\\':
      case '"':
        quoted.append(1, '\\').append(1, c);
        break;
      case '\n':
        quoted.append("\\n");
        break;
      case '\r':
        quoted.append("\\r");
        break;
      case '\t':
        quoted.append("\\t");
        break;
      case '\a':
        quoted.append("\\a");
        break;
      case '\b':
        quoted.append("\\b");
        break;
      default:
        if (c >= ' ' && c <= '~') {
          quoted.append(1, c);
        } else {
          char hex[8];
          std::snprintf(hex, sizeof(hex), "\\x%02x", static_cast<unsigned char>(c));
          quoted.append(hex);
        }
    }
  }
  return quoted.append("\"");
}

}  // namespace leat::engine
