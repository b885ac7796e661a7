// SegmentReader: walks the records of one segment's bytes. It trusts nothing: any bytes at all may
// be given to it, and what it returns has passed its checksum and follows on from what came before.
//
//   SegmentReader reader(bytes);
//   if (Status status = reader.ReadHeader(); !status.ok()) …
//   while (reader.Next() == SegmentReader::Outcome::kRecord) Use(reader.record());
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "persistence/log_format.h"
#include "persistence/status.h"

namespace leat::persistence {

struct Record {
  Lsn first_lsn = 0;
  uint32_t mutations = 0;
  std::string_view payload;
  bool durable = false;  // set by Recover: the journal itself proves that the disk had it
};

class SegmentReader {
 public:
  enum class Outcome {
    kRecord,  // record() is the next one
    kEnd,     // the bytes end behind a record
    kBroken,  // no record here: an unfinished write, or damage
    kWrong,   // a record of this segment, but not the one that belongs here: damage for certain
  };

  // `bytes` must outlive the reader.
  explicit SegmentReader(std::string_view bytes) : bytes_(bytes) {}

  // First, and once. The error says what is wrong, without naming the file.
  Status ReadHeader();
  // Marks are taken in and passed over. Anything but kRecord is final: the reader stays there.
  Outcome Next();

  const Record& record() const { return record_; }         // views `bytes`
  size_t record_offset() const { return record_offset_; }  // where record() begins
  size_t offset() const { return offset_; }                // behind the last whole record or mark
  Lsn first_lsn() const { return header_.number; }
  Lsn next_lsn() const { return next_lsn_; }
  // Everything up to here is known to have been durable: what the marks so far say, and that this
  // segment exists.
  Lsn durable_lsn() const { return durable_lsn_; }
  const std::string& problem() const { return problem_; }  // of kBroken and kWrong

  // What lies behind offset(), at any byte position, since lengths behind a broken record lead
  // nowhere. A file may hold zeros there, or bytes of an earlier life.
  struct Behind {
    Lsn durable_lsn = 0;      // the highest that a mark there calls durable; 0 without one
    uint64_t torn_bytes = 0;  // of this segment's records, not whole; 0: nothing to see of any
  };
  Behind LookBehind() const;

 private:
  bool CheckRecord(const char* at, size_t available);
  uint64_t TornRecordBytes() const;
  Outcome Stop(Outcome outcome, std::string problem);

  const std::string_view bytes_;
  SegmentHeader header_;
  size_t offset_ = 0;
  size_t record_offset_ = 0;
  Lsn next_lsn_ = 0;
  Lsn durable_lsn_ = 0;
  Record record_;
  std::string problem_;
};

}  // namespace leat::persistence
