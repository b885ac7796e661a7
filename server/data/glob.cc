#include "server/data/glob.h"

#include <utility>

namespace leat::data {
namespace {

struct Step {
  bool matched;
  size_t end;  // behind the element
};

// Bytes are signed here whatever the machine's char is.
int Fold(signed char byte, bool ignore_case) {
  return ignore_case && byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

bool InRange(signed char first, signed char last, char byte, bool ignore_case) {
  // The ends are ordered before they are folded: [a-Z] without case is empty in Redis as well.
  if (first > last) std::swap(first, last);
  const int folded = Fold(byte, ignore_case);
  return folded >= Fold(first, ignore_case) && folded <= Fold(last, ignore_case);
}

// The class whose '[' is at `position`.
Step MatchClass(std::string_view pattern, size_t position, char byte, bool ignore_case) {
  size_t at = position + 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < pattern.size(); ++at) {
    const size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      ++at;
      found |= pattern[at] == byte;
    } else if (pattern[at] == ']') {
      return {found != negated, at + 1};
    } else if (left >= 3 && pattern[at + 1] == '-') {
      found |= InRange(pattern[at], pattern[at + 2], byte, ignore_case);
      at += 2;
    } else {
      found |= Fold(pattern[at], ignore_case) == Fold(byte, ignore_case);
    }
  }
  return {found != negated, pattern.size()};
}

// The element at `position`, which is not '*', against one byte.
Step MatchOne(std::string_view pattern, size_t position, char byte, bool ignore_case) {
  switch (pattern[position]) {
    case '?':
      return {true, position + 1};
    case '[':
      return MatchClass(pattern, position, byte, ignore_case);
    case '\\':
      if (position + 1 < pattern.size()) ++position;
      [[fallthrough]];
    default:
      return {Fold(pattern[position], ignore_case) == Fold(byte, ignore_case), position + 1};
  }
}

size_t SkipStars(std::string_view pattern, size_t position) {
  while (position < pattern.size() && pattern[position] == '*') ++position;
  return position;
}

}  // namespace

// Only the last '*' seen is ever lengthened. That is enough: every other element takes exactly one
// byte, so once the part between two stars fits somewhere, its earliest fit leaves the longest
// rest, and what the second star can match in a rest it can also match in a longer one.
bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case) {
  if (text.empty()) return pattern.empty();
  constexpr size_t kNone = std::string_view::npos;
  size_t resume = kNone;   // behind the last star
  size_t resume_text = 0;  // where the text went on behind it
  size_t position = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (position < pattern.size()) {
      if (pattern[position] == '*') {
        position = SkipStars(pattern, position);
        if (position == pattern.size()) return true;
        resume = position;
        resume_text = at;
        continue;
      }
      const Step step = MatchOne(pattern, position, text[at], ignore_case);
      if (step.matched) {
        position = step.end;
        ++at;
        continue;
      }
    }
    if (resume == kNone) return false;
    position = resume;
    at = ++resume_text;
  }
  return SkipStars(pattern, position) == pattern.size();
}

GlobToken GlobTokenAt(std::string_view pattern, size_t position) {
  using Kind = GlobToken::Kind;
  switch (pattern[position]) {
    case '*':
      return {Kind::kAnyRun, 0, position + 1};
    case '?':
      return {Kind::kOneByte, 0, position + 1};
    case '[':
      return {Kind::kOneByte, 0, MatchClass(pattern, position, 0, false).end};
    case '\\':
      if (position + 1 < pattern.size()) ++position;
      [[fallthrough]];
    default:
      return {Kind::kLiteral, pattern[position], position + 1};
  }
}

}  // namespace leat::data
