// Glob patterns as Redis matches them: KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET, bindings.
//
//   *        any run of bytes, also none
//   ?        one byte
//   [abc]    one byte of the class; [a-z] a range (its ends in either order), [^a] any other byte
//   \x       the byte x itself, in a class too
//
// Where a pattern is malformed it means what Redis makes of it: a class that is not closed ends
// with the pattern ("[ab" is "[ab]", "[^" is "?"), "[]" matches nothing, a lone '\' at the end is
// itself, and "[a-]" is a range up to ']' in a class that is not closed. Two more of its habits
// are visible to clients: ranges compare bytes as signed numbers, and empty text matches the empty
// pattern only, not even "*". (Redis gives up on patterns with more than a thousand stars, since it
// recurses for each; here they match like others.)
//
//   GlobMatch("user:*:[0-9]", "user:ann:7")   // true
#pragma once

#include <cstddef>
#include <string_view>

namespace leat::data {

// Takes at most pattern.size() * text.size() steps and constant memory, whatever the pattern.
// `ignore_case` folds ASCII letters, except an escaped one in a class.
bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case = false);

// One element of a pattern, for those who look into patterns instead of matching with them.
struct GlobToken {
  enum class Kind {
    kLiteral,  // exactly the byte `literal`
    kOneByte,  // one byte: '?' or a class
    kAnyRun,   // any number of bytes: '*'
  };
  Kind kind;
  char literal;
  size_t end;  // where the next element begins
};

// The element at `position`, which is less than pattern.size().
GlobToken GlobTokenAt(std::string_view pattern, size_t position);

}  // namespace leat::data
