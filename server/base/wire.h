// The RESP forms that data is stored in, written into plain memory: a bulk string and the header of
// an array. They are the same in RESP2 and RESP3, so a topic's block is sent as it lies.
//
//   BulkSize(5) == 11, WriteBulk(out, "hello") writes "$5\r\nhello\r\n"
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "server/base/number.h"

namespace leat::base {

// The longest header: a marker, 20 digits, CR LF.
inline constexpr size_t kMaxWireHeaderBytes = 1 + kMaxInt64Digits + 2;

inline size_t ArrayHeaderSize(size_t count) {
  return 1 + DigitCount(count) + 2;
}
inline size_t BulkSize(size_t size) {
  return 1 + DigitCount(size) + 2 + size + 2;
}

// `marker`, the number and CR LF; returns the end, at most kMaxWireHeaderBytes behind `out`.
template <typename Integer>
inline char* WriteWireHeader(char* out, char marker, Integer number) {
  *out++ = marker;
  if (static_cast<uint64_t>(number) <
      10) {  // by far the most frequent: short arguments, small arrays
    *out++ = static_cast<char>('0' + number);
  } else {
    out = FormatInteger(out, number);
  }
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

inline char* WriteArrayHeader(char* out, size_t count) {
  return WriteWireHeader(out, '*', count);
}

inline char* WriteBulk(char* out, std::string_view bytes) {
  out = WriteWireHeader(out, '$', bytes.size());
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  out += bytes.size();
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

// The number of a header that `rest` begins with, which is taken from it.
inline size_t TakeWireHeader(std::string_view& rest) {
  size_t number = 0;
  size_t at = 1;
  for (; rest[at] != '\r'; ++at) number = number * 10 + static_cast<size_t>(rest[at] - '0');
  rest.remove_prefix(at + 2);
  return number;
}

// The same for the bytes of a bulk string.
inline std::string_view TakeBulk(std::string_view& rest) {
  const size_t size = TakeWireHeader(rest);
  const std::string_view bytes = rest.substr(0, size);
  rest.remove_prefix(size + 2);
  return bytes;
}

}  // namespace leat::base
