// Bounds on what a client may send. One instance serves all readers: a setting changed at run time
// holds from the next length that is parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace leat::resp {

struct Limits {
  int64_t proto_max_bulk_len_bytes = 512LL << 20;               // `proto-max-bulk-len`
  size_t client_query_buffer_limit_bytes = size_t{1} << 30;     // `client-query-buffer-limit`
  int64_t max_arguments = std::numeric_limits<int32_t>::max();  // of one request
  size_t max_line_bytes = size_t{64} << 10;                     // an inline request, a length
  // A client that has not authenticated yet needs room for HELLO with AUTH and no more.
  int64_t unauthenticated_max_arguments = 10;
  int64_t unauthenticated_max_bulk_bytes = 16384;
};

}  // namespace leat::resp
