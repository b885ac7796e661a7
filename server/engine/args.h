// ArgReader: reads a call's options one after the other and keeps the first error, so that a
// handler states what it accepts and asks once whether all was well.
//
//   ArgReader options(call, 3);
//   while (options.HasMore()) {
//     if (options.Match("NX")) nx = true;
//     else if (options.Match("EX")) seconds = options.Integer();
//     else options.Fail(errors::kSyntax);
//   }
//   if (!options.Finish()) return;             // the error was replied
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "server/engine/call.h"

namespace leat::engine {

class ArgReader {
 public:
  ArgReader(Call& call, size_t first) : call_(call), next_(first) {}

  // False at the end, and after an error.
  bool HasMore() const { return error_.empty() && next_ < call_.size(); }
  size_t Remaining() const { return call_.size() - next_; }
  size_t position() const { return next_; }

  // The next argument, which there is.
  std::string_view Peek() const { return call_[next_]; }
  // The next argument is this word, in any case: it is taken.
  bool Match(std::string_view word);
  // The same where `following` more arguments must come after it; without them it is not taken.
  bool Match(std::string_view word, size_t following);
  // The next argument; an empty one and a syntax error where there is none.
  std::string_view Next();
  // Passes over this many, of which there are as many.
  void Skip(size_t count) { next_ += count; }
  int64_t Integer(std::string_view error = errors::kNotInteger);
  int64_t IntegerIn(int64_t min, int64_t max, std::string_view error);

  void Fail(std::string_view error) {
    if (error_.empty()) error_ = error;
  }
  bool failed() const { return !error_.empty(); }
  // True when nothing failed; else the error is replied.
  bool Finish();

 private:
  Call& call_;
  size_t next_;
  std::string error_;
};

}  // namespace leat::engine
