// Summarize: what a data directory holds, as the text that leat-check prints.
//
//   checkpoint: up to LSN 120, 5,312 bytes
//   journal:    LSN 121 to 140, 18 records of 2,210 bytes in 1 segment
//   blocks:     2 segments of 81,920 bytes: 60,000 live in 12 blocks, …
//   database 0: 3 keys: 1 string, 2 topics
//     topic orders: 1,200 entries, 1-1 to 9-0, 70,112 bytes in memory, 60,000 on disk in 12 blocks
//       group billing: 2 consumers, 7 pending
#pragma once

#include <string>

#include "server/check/inspection.h"

namespace leat::check {

// The largest topics and groups by name, and all in the totals.
std::string Summarize(const Inspection& inspection);

// "1 key", "12,345 keys"
std::string Count(uint64_t number, const char* noun);

}  // namespace leat::check
