#include "persistence/log_reader.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace leat::persistence {
namespace {

// Whether there is a mark at `at`, of which `available` bytes can be read.
bool IsMark(const char* at, size_t available, uint64_t salt) {
  if (available < kMarkBytes || LoadUint64(at + 16) != kMarkPayloadBytes) return false;
  const RecordHeader header = LoadRecordHeader(at);
  return header.mutations == 0 && header.checksum == RecordChecksum(at, kMarkPayloadBytes, salt);
}

}  // namespace

Status SegmentReader::ReadHeader() {
  const auto header = kJournalSegments.DecodeHeader(bytes_);
  if (!header.ok()) return header.status();
  if (header->number < kFirstLsn) return Status::Error("the segment header's first LSN is 0");
  header_ = *header;
  offset_ = kSegmentHeaderBytes;
  next_lsn_ = header_.number;
  durable_lsn_ = header_.number - 1;
  return Status();
}

SegmentReader::Outcome SegmentReader::Next() {
  for (;;) {
    const char* at = bytes_.data() + offset_;
    const size_t available = bytes_.size() - offset_;
    if (available == 0) return Outcome::kEnd;
    if (!CheckRecord(at, available)) return Outcome::kBroken;
    const RecordHeader header = LoadRecordHeader(at);
    if (header.lsn != next_lsn_) {
      return Stop(Outcome::kWrong, "the record here has LSN " + std::to_string(header.lsn));
    }
    if (header.mutations > 0) {
      if (header.lsn > std::numeric_limits<Lsn>::max() - header.mutations) {
        return Stop(Outcome::kWrong, "the record here runs past the last possible LSN");
      }
      record_offset_ = offset_;
      record_ = {.first_lsn = header.lsn,
                 .mutations = header.mutations,
                 .payload = {at + kRecordHeaderBytes, header.length}};
      offset_ += kRecordHeaderBytes + header.length;
      next_lsn_ += header.mutations;
      return Outcome::kRecord;
    }
    const Lsn durable = header.length == kMarkPayloadBytes ? LoadUint64(at + kRecordHeaderBytes)
                                                           : std::numeric_limits<Lsn>::max();
    if (durable >= next_lsn_) {
      return Stop(Outcome::kWrong, "the mark here calls durable what comes after it");
    }
    durable_lsn_ = std::max(durable_lsn_, durable);
    offset_ += kMarkBytes;
  }
}

// Whether a whole record of this segment begins at `at`.
bool SegmentReader::CheckRecord(const char* at, size_t available) {
  if (available < kRecordHeaderBytes) {
    problem_ = "the file ends within a record header";
    return false;
  }
  const RecordHeader header = LoadRecordHeader(at);
  if (header.length > available - kRecordHeaderBytes) {
    problem_ = "the record's length goes beyond the end of the file";
    return false;
  }
  if (header.checksum != RecordChecksum(at, header.length, header_.salt)) {
    problem_ = "the record's checksum does not match";
    return false;
  }
  return true;
}

SegmentReader::Outcome SegmentReader::Stop(Outcome outcome, std::string problem) {
  problem_ = std::move(problem);
  return outcome;
}

SegmentReader::Behind SegmentReader::LookBehind() const {
  Behind behind{.torn_bytes = TornRecordBytes()};
  for (size_t at = offset_; at + kMarkBytes <= bytes_.size(); ++at) {
    if (!IsMark(bytes_.data() + at, bytes_.size() - at, header_.salt)) continue;
    behind.durable_lsn =
        std::max(behind.durable_lsn, LoadUint64(bytes_.data() + at + kRecordHeaderBytes));
    behind.torn_bytes = std::max<uint64_t>(behind.torn_bytes, at + kMarkBytes - offset_);
  }
  return behind;
}

// Of the record that should be at offset(), if something of it is. Its LSN tells: whatever else the
// file may hold there is older. One wrong bit is allowed, so that no single flip hides a record.
uint64_t SegmentReader::TornRecordBytes() const {
  const std::string_view rest = bytes_.substr(offset_);
  if (rest.substr(0, kRecordHeaderBytes).find_first_not_of('\0') == std::string_view::npos)
    return 0;
  if (rest.size() < kRecordHeaderBytes) return rest.size();
  const RecordHeader header = LoadRecordHeader(rest.data());
  if (std::popcount(header.lsn ^ next_lsn_) > 1) return 0;
  return kRecordHeaderBytes + std::min<uint64_t>(header.length, rest.size() - kRecordHeaderBytes);
}

}  // namespace leat::persistence
