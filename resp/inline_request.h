// The arguments of an inline request, the form that a person types into a raw connection:
//
//   SET greeting "hello \x41\n" 'it''s'    blanks separate, quotes group
//
// In "…" a backslash introduces n, r, t, b, a, xHH or the character itself; in '…' only \' is one.
// A closing quote must end its argument.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace leat::resp {

// Appends the arguments of `line` to `args`, unescaped in place (what is unescaped is never
// longer). False when quotes are unbalanced.
bool SplitInline(std::span<char> line, std::vector<std::string_view>* args);

}  // namespace leat::resp
