// The errors that more than one command answers, in Redis' words.
#pragma once

#include <string_view>

namespace leat::engine::errors {

using std::string_view_literals::operator""sv;

inline constexpr auto kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value"sv;
inline constexpr auto kSyntax = "ERR syntax error"sv;
inline constexpr auto kNotInteger = "ERR value is not an integer or out of range"sv;
inline constexpr auto kNotPositive = "ERR value is out of range, must be positive"sv;
inline constexpr auto kNotFloat = "ERR value is not a valid float"sv;
inline constexpr auto kNoSuchKey = "ERR no such key"sv;
inline constexpr auto kOverflow = "ERR increment or decrement would overflow"sv;
inline constexpr auto kOffsetRange = "ERR offset is out of range"sv;
inline constexpr auto kStringTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)"sv;
inline constexpr auto kDatabaseRange = "ERR DB index is out of range"sv;
inline constexpr auto kNoAuth = "NOAUTH Authentication required."sv;
inline constexpr auto kWrongPass =
    "WRONGPASS invalid username-password pair or user is disabled."sv;
inline constexpr auto kInvalidCursor = "ERR invalid cursor"sv;
inline constexpr auto kTimeoutNotFloat = "ERR timeout is not a float or out of range"sv;
inline constexpr auto kTimeoutNotInteger = "ERR timeout is not an integer or out of range"sv;
inline constexpr auto kTimeoutNegative = "ERR timeout is negative"sv;

}  // namespace leat::engine::errors
