// However the bytes of a client are cut, and whether or not it is blocked in between, the same
// requests and the same error come out. The input's first byte seeds the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_reader.h"
#include "tests/resp/feeder.h"

namespace leat::resp {
namespace {

struct Outcome {
  std::vector<Request> requests;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

// Small bounds, so that inputs of a few bytes reach them.
Limits SmallLimits() {
  Limits limits;
  limits.max_line_bytes = 64;
  limits.proto_max_bulk_len_bytes = 64 << 10;
  limits.max_arguments = 1000;
  return limits;
}

Outcome Whole(const Limits& limits, std::string_view wire, bool authenticated) {
  RequestReader reader(&limits);
  reader.set_authenticated(authenticated);
  Feeder feeder(&reader, wire.size() + 1);
  feeder.Receive(wire);
  return {feeder.requests(), std::string(reader.error())};
}

Outcome Cut(const Limits& limits, std::string_view wire, bool authenticated, uint32_t seed) {
  RequestReader reader(&limits);
  reader.set_authenticated(authenticated);
  Feeder feeder(&reader, 1 + seed % 200);
  bool usable = true;
  while (usable && !wire.empty()) {
    seed = seed * 1664525 + 1013904223;
    const std::string_view piece = wire.substr(0, 1 + (seed >> 16) % 40);
    wire.remove_prefix(piece.size());
    // A client is blocked only between requests: then nothing may have been taken in part.
    const bool blocked = (seed >> 30) == 0 && reader.buffered_bytes() == 0;
    if (blocked) {
      feeder.ReceiveBlocked(piece);
    } else {
      usable = feeder.Receive(piece);
    }
  }
  feeder.TakeAll();
  return {feeder.requests(), std::string(reader.error())};
}

}  // namespace
}  // namespace leat::resp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool authenticated = data[0] % 2 == 0;
  const leat::resp::Limits limits = leat::resp::SmallLimits();
  const leat::resp::Outcome whole = leat::resp::Whole(limits, wire, authenticated);
  if (whole != leat::resp::Cut(limits, wire, authenticated, data[0])) {
    std::fprintf(stderr, "%zu requests when whole, error '%s'\n", whole.requests.size(),
                 whole.error.c_str());
    std::abort();
  }
  return 0;
}
