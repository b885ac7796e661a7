// What the server has counted since it started, or since CONFIG RESETSTAT (INFO stats).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace leat::engine {

struct Statistics {
  uint64_t connections_received = 0;
  uint64_t connections_rejected = 0;
  uint64_t commands_processed = 0;
  uint64_t input_bytes = 0;
  uint64_t output_bytes = 0;
  uint64_t keyspace_hits = 0;
  uint64_t keyspace_misses = 0;
  uint64_t error_replies = 0;
  uint64_t longest_checkpoint_slice_micros = 0;         // that the loop spent on one at a time
  std::map<std::string, uint64_t, std::less<>> errors;  // by their first word: ERR, WRONGTYPE …

  // Rates over the last second.
  uint64_t commands_per_second = 0;
  double input_kib_per_second = 0;
  double output_kib_per_second = 0;

  void CountError(std::string_view text) {
    ++error_replies;
    const std::string_view prefix = text.substr(0, text.find(' '));
    const auto found = errors.find(prefix);
    if (found != errors.end()) {
      ++found->second;
    } else if (errors.size() < kMaxErrorKinds) {
      errors.emplace(prefix, 1);
    }
  }

 private:
  static constexpr size_t kMaxErrorKinds = 128;
};

}  // namespace leat::engine
