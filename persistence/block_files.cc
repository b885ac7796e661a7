#include "persistence/block_files.h"

#include <algorithm>

namespace leat::persistence {

Result<uint64_t> BlockFiles::CheckPlace(const BlockPlace& place) {
  const auto segment = Find(place);
  if (!segment.ok()) return segment.status();
  return (*segment)->file->size_bytes();
}

Result<std::span<char>> BlockFiles::ReadRecord(const BlockPlace& place, BlockBuffer& buffer) {
  const auto segment = Find(place);
  if (!segment.ok()) return segment.status();
  const std::span<char> record(buffer.Reserve(place.size), place.size);
  const auto got = (*segment)->file->Read(place.offset, record);
  if (!got.ok()) return Error(place, got.status().message());
  if (*got < record.size()) return Error(place, "the file ends within it");
  const Status status = CheckBlock({record.data(), record.size()}, place.offset, (*segment)->salt);
  if (!status.ok()) return Error(place, status.message());
  return record;
}

Result<base::SharedBytes> BlockFiles::ReadBlock(const BlockPlace& place, BlockBuffer& buffer) {
  const auto record = ReadRecord(place, buffer);
  if (!record.ok()) return record.status();
  auto bytes = DecodeBlock({record->data(), record->size()});
  if (!bytes.ok()) return Error(place, bytes.status().message());
  return bytes;
}

void BlockFiles::Forget(uint32_t segment) {
  const std::lock_guard lock(mutex_);
  kept_.erase(segment);
}

size_t BlockFiles::open_files() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

// The place's segment, open. No length is believed that goes beyond its end.
Result<BlockFiles::SegmentRef> BlockFiles::Find(const BlockPlace& place) {
  if (!place.stored() || place.offset < kSegmentHeaderBytes || place.size < kBlockFrameBytes) {
    return Error(place, "no block can be there");
  }
  const auto holds = [&place](const SegmentRef& segment) {
    const uint64_t size = segment->file->size_bytes();
    return place.offset <= size && place.size <= size - place.offset;
  };
  // One that was opened while it was being written may have grown since.
  if (SegmentRef kept = FindKept(place.segment); kept != nullptr && holds(kept)) return kept;
  auto opened = Open(place.segment);
  if (!opened.ok()) return Error(place, opened.status().message());
  if (!holds(*opened)) {
    return Error(place,
                 "the file has only " + std::to_string((*opened)->file->size_bytes()) + " bytes");
  }
  Keep(place.segment, *opened);
  return opened;
}

Result<BlockFiles::SegmentRef> BlockFiles::Open(uint32_t number) {
  auto file = disk_.OpenFile(PathOf(number));
  if (!file.ok()) {
    // Names the file, as Error does.
    const std::string& message = file.status().message();
    const std::string name = PathOf(number) + ": ";
    return Status::Error(message.starts_with(name) ? message.substr(name.size()) : message);
  }
  std::string bytes(kSegmentHeaderBytes, '\0');
  const auto got = (*file)->Read(0, bytes);
  if (!got.ok()) return got.status();
  bytes.resize(*got);
  const auto header = kBlockSegments.DecodeHeader(bytes);
  if (!header.ok()) return header.status();
  if (header->number != number) {
    return Status::Error("the segment header is that of number " + std::to_string(header->number));
  }
  return SegmentRef(std::make_shared<const Segment>(Segment{std::move(*file), header->salt}));
}

BlockFiles::SegmentRef BlockFiles::FindKept(uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(number);
  if (found == kept_.end()) return nullptr;
  found->second.last_use = ++uses_;
  return found->second.segment;
}

void BlockFiles::Keep(uint32_t number, const SegmentRef& segment) {
  const std::lock_guard lock(mutex_);
  kept_[number] = {segment, ++uses_};
  if (kept_.size() <= max_open_) return;
  kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
    return a.second.last_use < b.second.last_use;
  }));
}

Status BlockFiles::Error(const BlockPlace& place, const std::string& problem) const {
  return Status::Error(PathOf(place.segment) + ": offset " + std::to_string(place.offset) +
                       ": cannot read the block of " + std::to_string(place.size) +
                       " bytes there: " + problem +
                       ". Restore the file from a copy, or run leat-check");
}

}  // namespace leat::persistence
