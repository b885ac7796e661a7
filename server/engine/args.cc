#include "server/engine/args.h"

#include "server/base/number.h"
#include "server/engine/text.h"

namespace leat::engine {

bool ArgReader::Match(std::string_view word) {
  return Match(word, 0);
}

bool ArgReader::Match(std::string_view word, size_t following) {
  if (!HasMore() || Remaining() <= following || !EqualsIgnoringCase(call_[next_], word)) {
    return false;
  }
  ++next_;
  return true;
}

std::string_view ArgReader::Next() {
  if (!HasMore()) {
    Fail(errors::kSyntax);
    return {};
  }
  return call_[next_++];
}

int64_t ArgReader::Integer(std::string_view error) {
  const auto value = base::ParseInt64(Next());
  if (!value) Fail(error);
  return value.value_or(0);
}

int64_t ArgReader::IntegerIn(int64_t min, int64_t max, std::string_view error) {
  const int64_t value = Integer(error);
  if (value < min || value > max) Fail(error);
  return value;
}

bool ArgReader::Finish() {
  if (error_.empty()) return true;
  call_.Error(error_);
  return false;
}

}  // namespace leat::engine
