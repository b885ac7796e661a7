#include "persistence/checkpoint_reader.h"

#include <algorithm>
#include <array>
#include <memory>

#include "persistence/checkpoint_format.h"

namespace leat::persistence {
namespace {

class CheckpointReader {
 public:
  CheckpointReader(Disk& disk, const std::string& path, const ImageFn& image)
      : disk_(disk), path_(path), image_(image) {}

  Result<CheckpointReport> Run() {
    auto file = disk_.OpenFile(path_);
    if (!file.ok()) return file.status();
    file_ = std::move(*file);
    report_.file = path_;
    report_.bytes = file_->size_bytes();
    std::string bytes(std::min<uint64_t>(kSegmentHeaderBytes, report_.bytes), '\0');
    if (Status status = Read(0, bytes); !status.ok()) return status;
    const auto header = kCheckpoints.DecodeHeader(bytes);
    if (!header.ok()) return Damaged(header.status());
    report_.lsn = header->number;
    salt_ = header->salt;
    offset_ = kSegmentHeaderBytes;
    for (bool more = true; more;) {
      if (Status status = ReadRecord(more); !status.ok()) return status;
    }
    if (offset_ == report_.bytes) return report_;
    return Damaged(Status::Error("there are bytes behind the end"));
  }

 private:
  Status Read(uint64_t offset, std::span<char> into) {
    const auto got = file_->Read(offset, into);
    if (!got.ok()) return got.status();
    if (*got == into.size()) return Status();
    return Damaged(Status::Error("the file ends before the checkpoint does"));
  }

  Status ReadRecord(bool& more) {
    std::array<char, kBlockFrameBytes> frame;
    if (Status status = Read(offset_, frame); !status.ok()) return status;
    const uint64_t size = kBlockFrameBytes + uint64_t{LoadBlockFrame(frame.data()).stored_bytes};
    if (size > report_.bytes - offset_) {
      return Damaged(Status::Error("the record here goes beyond the end of the file"));
    }
    char* const record = buffer_.Reserve(size);
    if (Status status = Read(offset_, {record, size}); !status.ok()) return status;
    if (Status status = CheckBlock({record, size}, offset_, salt_); !status.ok()) {
      return Damaged(status);
    }
    const auto items = DecodeBlock({record, size});
    if (!items.ok()) return Damaged(items.status());
    more = items->capacity() > 0;
    if (more) {
      const Status status = image_({items->data(), items->capacity()});
      if (!status.ok()) return Damaged(status);
    }
    offset_ += size;
    return Status();
  }

  Status Damaged(const Status& problem) const {
    return Status::Error(path_ + ": offset " + std::to_string(offset_) +
                         ": the checkpoint is damaged: " + problem.message() +
                         "; restore the whole data directory from a copy");
  }

  Disk& disk_;
  const std::string& path_;
  const ImageFn& image_;
  std::unique_ptr<ReadableFile> file_;
  uint64_t offset_ = 0;
  uint64_t salt_ = 0;
  BlockBuffer buffer_;
  CheckpointReport report_;
};

}  // namespace

Result<CheckpointReport> ReadCheckpointFile(Disk& disk, const std::string& path,
                                            const ImageFn& image) {
  return CheckpointReader(disk, path, image).Run();
}

Result<Lsn> FindCheckpoint(Disk& disk, const std::string& directory) {
  const auto names = disk.ListDirectory(directory);
  if (!names.ok()) return names.status();
  Lsn newest = 0;
  for (const std::string& name : *names)
    newest = std::max(newest, kCheckpoints.ParseName(name).value_or(0));
  return newest;
}

Result<CheckpointReport> ReadCheckpoint(Disk& disk, const std::string& directory,
                                        const ImageFn& image) {
  const auto newest = FindCheckpoint(disk, directory);
  if (!newest.ok()) return newest.status();
  if (*newest == 0) return CheckpointReport();
  const std::string path = directory + "/" + kCheckpoints.Name(*newest);
  auto report = ReadCheckpointFile(disk, path, image);
  if (report.ok() && report->lsn != *newest) {
    return Status::Error(path + ": offset 16: the checkpoint is of LSN " +
                         std::to_string(report->lsn) + ", not of the one in its name");
  }
  return report;
}

}  // namespace leat::persistence
