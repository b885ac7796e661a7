// The journal's bytes on disk; README.md describes them field by field and argues the rules.
//
//   segment   ┌────────────────┬────────┬────────┬──────┬────────┬─────
//             │ header (40 B)  │ record │ record │ mark │ record │ …
//             └────────────────┴────────┴────────┴──────┴────────┴─────
//   record    ┌──────────┬─────┬────────┬───────────┬─────────┐
//             │ checksum │ LSN │ length │ mutations │ payload │
//             │        8 │   8 │      8 │         4 │  length │
//             └──────────┴─────┴────────┴───────────┴─────────┘
//
// A mark is a record without mutations, whose payload is an LSN: everything up to there was durable
// when the mark was written. All integers are little-endian and unaligned.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/segment_file.h"

namespace leat::persistence {

// A log sequence number: the position of a mutation in the whole server's history, from 1 on.
using Lsn = uint64_t;  // 0: none
inline constexpr Lsn kFirstLsn = 1;

inline constexpr SegmentKind kJournalSegments = {
    .magic = "LEATJRNL", .name_prefix = "journal-", .name_digits = 20, .name_suffix = ".log"};
// Files that may become segments: what is in them is of no kind.
inline constexpr SegmentKind kSpareSegments = {
    .magic = "", .name_prefix = "spare-", .name_digits = 20, .name_suffix = ".log"};
inline constexpr size_t kRecordHeaderBytes = 28;
inline constexpr size_t kMarkPayloadBytes = 8;
inline constexpr size_t kMarkBytes = kRecordHeaderBytes + kMarkPayloadBytes;

struct RecordHeader {
  uint64_t checksum = 0;
  Lsn lsn = 0;  // of the record's first mutation; of a mark: of the next record
  uint64_t length = 0;
  uint32_t mutations = 0;
};

inline RecordHeader LoadRecordHeader(const char* from) {
  RecordHeader header;
  header.checksum = LoadUint64(from);
  header.lsn = LoadUint64(from + 8);
  header.length = LoadUint64(from + 16);
  header.mutations = LoadUint32(from + 24);
  return header;
}

// All but the checksum, which SealRecord adds.
inline void StoreRecordHeader(char* to, Lsn lsn, uint64_t length, uint32_t mutations) {
  StoreUint64(to + 8, lsn);
  StoreUint64(to + 16, length);
  StoreUint32(to + 24, mutations);
}

// Covers everything behind the checksum itself: the other header fields and the payload.
inline uint64_t RecordChecksum(const char* record, uint64_t length, uint64_t salt) {
  return XXH3_64bits_withSeed(record + 8, kRecordHeaderBytes - 8 + length, salt);
}

inline void SealRecord(char* record, uint64_t length, uint64_t salt) {
  StoreUint64(record, RecordChecksum(record, length, salt));
}

// A complete mark, standing before the record `next_lsn`.
std::string EncodeMark(Lsn next_lsn, Lsn durable_lsn, uint64_t salt);

inline std::string EncodeSegmentHeader(const SegmentHeader& header) {
  return kJournalSegments.EncodeHeader(header);
}

// "journal-00000000000000000001.log": names sort as their first LSNs do.
inline std::string SegmentName(Lsn first_lsn) {
  return kJournalSegments.Name(first_lsn);
}
// The first LSN, or nothing if `name` is not a segment's.
inline std::optional<Lsn> ParseSegmentName(std::string_view name) {
  return kJournalSegments.ParseName(name);
}

// "spare-00000000000000000001.log": a file to become a segment one day.
inline std::string SpareName(uint64_t number) {
  return kSpareSegments.Name(number);
}
inline std::optional<uint64_t> ParseSpareName(std::string_view name) {
  return kSpareSegments.ParseName(name);
}

}  // namespace leat::persistence
