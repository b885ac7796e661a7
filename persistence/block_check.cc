#include "persistence/block_check.h"

#include <utility>

namespace leat::persistence {
namespace {

class SegmentWalk {
 public:
  SegmentWalk(std::string_view bytes, SegmentHeader header, const BlockVisitFn& visit)
      : bytes_(bytes), header_(header), visit_(visit) {
    report_.segment = static_cast<uint32_t>(header.number);
    report_.file_bytes = bytes.size();
  }

  BlockSegmentReport Run() {
    uint64_t offset = kSegmentHeaderBytes;
    while (offset < bytes_.size()) {
      const auto end = Visit(offset);
      if (end.ok()) {
        offset = *end;
        continue;
      }
      const uint64_t next = FindRecord(offset + 1);
      report_.gaps.push_back({offset, next - offset, end.status().message()});
      offset = next;
    }
    return std::move(report_);
  }

 private:
  // Where the record at `offset` ends, or what is wrong with it.
  Result<uint64_t> Visit(uint64_t offset) {
    const std::string_view record = RecordAt(offset);
    if (record.empty()) return Status::Error("the file ends within a record");
    if (Status status = CheckBlock(record, offset, header_.salt); !status.ok()) return status;
    const auto block = DecodeBlock(record);
    if (!block.ok()) return block.status();
    ++report_.records;
    visit_({.segment = report_.segment,
            .size = static_cast<uint32_t>(record.size()),
            .offset = offset},
           {block->data(), block->capacity()});
    return offset + record.size();
  }

  // As its frame says how long it is; empty if that is beyond the end.
  std::string_view RecordAt(uint64_t offset) const {
    const std::string_view rest = bytes_.substr(offset);
    if (rest.size() < kBlockFrameBytes) return {};
    const uint64_t size = kBlockFrameBytes + uint64_t{LoadBlockFrame(rest.data()).stored_bytes};
    return size <= rest.size() ? rest.substr(0, size) : std::string_view();
  }

  // The first intact record from `offset` on, or the end. A damaged length leads nowhere, so every
  // byte may begin one.
  uint64_t FindRecord(uint64_t offset) const {
    for (; offset + kBlockFrameBytes <= bytes_.size(); ++offset) {
      if (LoadBlockFrame(bytes_.data() + offset).offset != offset) continue;
      const std::string_view record = RecordAt(offset);
      if (!record.empty() && CheckBlock(record, offset, header_.salt).ok()) return offset;
    }
    return bytes_.size();
  }

  const std::string_view bytes_;
  const SegmentHeader header_;
  const BlockVisitFn& visit_;
  BlockSegmentReport report_;
};

}  // namespace

Result<BlockSegmentReport> VerifyBlockSegment(Disk& disk, const std::string& path,
                                              const BlockVisitFn& visit) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const auto number = kBlockSegments.ParseName(name);
  if (!number || *number == 0 || *number > kMaxBlockSegment) {
    return Status::Error(path + ": is not the name of a block segment");
  }
  const auto bytes = disk.ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  const auto header = kBlockSegments.DecodeHeader(*bytes);
  std::string problem = header.status().message();
  if (header.ok() && header->number != *number) {
    problem = "the segment header is that of number " + std::to_string(header->number);
  }
  if (!problem.empty()) {
    return Status::Error(path + ": offset 0: " + problem + ". Restore the file from a copy");
  }
  return SegmentWalk(*bytes, *header, visit).Run();
}

}  // namespace leat::persistence
