// Mutations as bytes and back: the payload of a journal record is a run of them.
//
//   mutation := tag (1 byte) members…          in the order of the mutation's `Members`
//   unsigned numbers: LEB128; signed: zigzag LEB128; bytes: their size, then themselves;
//   a stream ID: milliseconds, sequence
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/data/mutation.h"

namespace leat::store {

inline constexpr size_t kMaxVarint = 10;

inline char* PutVarint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

class MutationEncoder {
 public:
  // The most bytes that Encode writes.
  template <typename Mutation>
  static size_t MaxSize(const Mutation& mutation) {
    return Mutation::Members(
        mutation, [](const auto&... members) { return 1 + (size_t{0} + ... + Bound(members)); });
  }
  // Returns the end of what was written.
  template <typename Mutation>
  static char* Encode(char* out, const Mutation& mutation) {
    *out++ = static_cast<char>(Mutation::kTag);
    Mutation::Members(mutation,
                      [&out](const auto&... members) { ((out = Put(out, members)), ...); });
    return out;
  }

 private:
  static size_t Bound(uint32_t) { return kMaxVarint; }
  static size_t Bound(uint64_t) { return kMaxVarint; }
  static size_t Bound(int64_t) { return kMaxVarint; }
  static size_t Bound(const data::StreamId&) { return 2 * kMaxVarint; }
  static size_t Bound(std::string_view bytes) { return kMaxVarint + bytes.size(); }
  static size_t Bound(const data::Key& key) { return Bound(key.name); }

  static char* Put(char* out, uint32_t value) { return PutVarint(out, value); }
  static char* Put(char* out, uint64_t value) { return PutVarint(out, value); }
  static char* Put(char* out, int64_t value) {
    return PutVarint(out, (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  static char* Put(char* out, const data::StreamId& id) {
    return PutVarint(PutVarint(out, id.ms), id.seq);
  }
  static char* Put(char* out, std::string_view bytes) {
    out = PutVarint(out, bytes.size());
    bytes.copy(out, bytes.size());
    return out + bytes.size();
  }
  static char* Put(char* out, const data::Key& key) { return Put(out, key.name); }
};

// Applies every mutation of a record's payload to the data, in order. Empty when all went well,
// else what is wrong with the payload.
std::string ApplyEncoded(std::string_view payload, data::Dataset& dataset);

}  // namespace leat::store
