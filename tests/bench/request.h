// Requests as bytes, built before the clock starts. A template is a command line with placeholders:
//
//   SET key:__rand__ __data__
//
//   __rand__   a random number below the key space, always 12 digits, so that every request of a
//              template has the same size and is patched in place
//   __seq__    0, 1, 2 … below the key space, the same width
//   __data__   the payload
//
// Words are separated by spaces; "double quotes" keep spaces together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leat::bench {

// One command as an array of bulk strings.
std::string EncodeRequest(std::span<const std::string> arguments);

// The payload of `size` bytes that every mode sends.
std::string MakePayload(size_t size);

// The words of a command line; nothing when a quote is left open or there is no word.
std::optional<std::vector<std::string>> SplitWords(std::string_view line);

// xorshift64*: fast, and the same sequence in every run.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}
  // Below `bound`, which is not 0.
  uint64_t Below(uint64_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return ((state_ * 0x2545F4914F6CDD1DU) >> 16) % bound;
  }

 private:
  uint64_t state_;
};

// What numbers the placeholders take, shared by all connections.
struct KeySource {
  Random random{1};
  uint64_t keyspace = 1;
  uint64_t sequence = 0;
};

// A run of equal-sized requests in one buffer, of which any leading part can be sent.
//
//   RequestBatch batch(words, 16, payload);
//   std::string_view bytes = batch.Next(16, keys);   // valid until the next call
class RequestBatch {
 public:
  RequestBatch(std::span<const std::string> words, size_t count, std::string_view payload);
  std::string_view Next(size_t count, KeySource& keys);
  size_t request_bytes() const { return request_bytes_; }

 private:
  struct Patch {
    size_t offset;
    bool sequential;
  };
  std::string bytes_;
  size_t request_bytes_ = 0;
  std::vector<Patch> patches_;  // within one request
};

}  // namespace leat::bench
