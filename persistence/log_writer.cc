#include "persistence/log_writer.h"

#include <numeric>

namespace leat::persistence {
namespace {

uint64_t TotalBytes(std::span<const std::string_view> pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), uint64_t{0},
                         [](uint64_t sum, std::string_view piece) { return sum + piece.size(); });
}

}  // namespace

Status LogWriter::StartSegment(Lsn first_lsn, Records records, const std::string& spare) {
  file_.reset();
  size_bytes_ = 0;
  salt_ = MakeSalt(first_lsn, ++segments_started_, random_seed_);
  next_lsn_ = first_lsn;

  const std::string header = EncodeSegmentHeader({first_lsn, salt_});
  pieces_.assign(1, header);
  Seal(records);
  // True once it can be read, since the file gets its name only when all of it is durable.
  const std::string mark = EncodeMark(next_lsn_, next_lsn_ - 1, salt_);
  pieces_.push_back(mark);

  path_ = directory_ + "/" + SegmentName(first_lsn);
  from_spare_ = !spare.empty();
  auto file = PutInForce(disk_, directory_, SegmentName(first_lsn), pieces_, spare);
  if (!file.ok()) return file.status();
  file_ = std::move(*file);
  size_bytes_ = TotalBytes(pieces_);
  marked_lsn_ = next_lsn_ - 1;
  return Status();
}

Status LogWriter::Append(Records records, Lsn durable_lsn) {
  pieces_.clear();
  std::string mark;
  if (durable_lsn > marked_lsn_) {
    mark = EncodeMark(next_lsn_, durable_lsn, salt_);
    pieces_.push_back(mark);
    marked_lsn_ = durable_lsn;
  }
  Seal(records);
  if (Status status = file_->Append(pieces_); !status.ok()) return NamedError(path_, status);
  size_bytes_ += TotalBytes(pieces_);
  return Status();
}

void LogWriter::CutUnused() {
  if (from_spare_) (void)disk_.Truncate(path_, size_bytes_);  // what stays does no harm
}

// Adds the checksums, and the records to `pieces_`.
void LogWriter::Seal(Records records) {
  for (const std::span<char> run : records) {
    for (size_t offset = 0; offset < run.size();) {
      char* record = run.data() + offset;
      const RecordHeader header = LoadRecordHeader(record);
      SealRecord(record, header.length, salt_);
      offset += kRecordHeaderBytes + header.length;
      next_lsn_ = header.lsn + header.mutations;
    }
    pieces_.emplace_back(run.data(), run.size());
  }
}

}  // namespace leat::persistence
