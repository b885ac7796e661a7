// Expiry times as clients write them: in seconds or milliseconds, from now or from the Unix epoch.
// A mutation carries only the absolute time in milliseconds that is made of them here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/engine/args.h"
#include "server/engine/call.h"

namespace leat::commands {

struct TimeForm {
  int64_t unit_ms;
  bool from_now;
};
inline constexpr TimeForm kSeconds = {1000, true};         // EX, EXPIRE
inline constexpr TimeForm kMilliseconds = {1, true};       // PX, PEXPIRE
inline constexpr TimeForm kUnixSeconds = {1000, false};    // EXAT, EXPIREAT
inline constexpr TimeForm kUnixMilliseconds = {1, false};  // PXAT, PEXPIREAT

// The time in Unix milliseconds. Null, and the error is replied, where the text is no integer or
// the time is beyond 64 bits.
std::optional<int64_t> ReadExpiry(engine::Call& call, std::string_view text, TimeForm form);
// The same for a value that is given a life: a time of zero or less is an error too.
std::optional<int64_t> ReadPositiveExpiry(engine::Call& call, std::string_view text, TimeForm form);

// The option EX, PX, EXAT or PXAT of SET and GETEX. Its text is read (ReadPositiveExpiry) when all
// options are known to be well formed.
struct ExpiryOption {
  const TimeForm* form = nullptr;  // null: not given
  std::string_view text;

  // Takes the option where it stands next; two of different forms are a syntax error.
  bool Match(engine::ArgReader& options);
};

}  // namespace leat::commands
