#include "persistence/segment_file.h"

#include <xxhash.h>

#include <charconv>

namespace leat::persistence {
namespace {

Status WriteAndSync(File& file, std::span<const std::string_view> pieces) {
  if (Status status = file.Append(pieces); !status.ok()) return status;
  return file.Sync();
}

}  // namespace

std::string SegmentKind::EncodeHeader(const SegmentHeader& header) const {
  std::string bytes(kSegmentHeaderBytes, '\0');  // leaves the reserved field at 12 zero
  std::memcpy(bytes.data(), magic.data(), magic.size());
  StoreUint32(bytes.data() + 8, kFormatVersion);
  StoreUint64(bytes.data() + 16, header.number);
  StoreUint64(bytes.data() + 24, header.salt);
  StoreUint64(bytes.data() + 32, XXH3_64bits(bytes.data(), 32));
  return bytes;
}

Result<SegmentHeader> SegmentKind::DecodeHeader(std::string_view bytes) const {
  if (bytes.size() < kSegmentHeaderBytes) {
    return Status::Error("the segment header needs " + std::to_string(kSegmentHeaderBytes) +
                         " bytes, and the file has " + std::to_string(bytes.size()));
  }
  const char* at = bytes.data();
  if (!bytes.starts_with(magic)) {
    return Status::Error("the segment header does not begin with " + std::string(magic));
  }
  if (LoadUint64(at + 32) != XXH3_64bits(at, 32)) {
    return Status::Error("the segment header's checksum does not match");
  }
  if (const uint32_t version = LoadUint32(at + 8); version != kFormatVersion) {
    return Status::Error("the file has format version " + std::to_string(version) +
                         ", and this server reads version " + std::to_string(kFormatVersion));
  }
  return SegmentHeader{LoadUint64(at + 16), LoadUint64(at + 24)};
}

std::string SegmentKind::Name(uint64_t number) const {
  const std::string digits = std::to_string(number);
  std::string name(name_prefix);
  name.append(name_digits - digits.size(), '0').append(digits).append(name_suffix);
  return name;
}

std::optional<uint64_t> SegmentKind::ParseName(std::string_view name) const {
  if (name.size() != name_prefix.size() + name_digits + name_suffix.size()) return std::nullopt;
  if (!name.starts_with(name_prefix) || !name.ends_with(name_suffix)) return std::nullopt;
  const std::string_view digits = name.substr(name_prefix.size(), name_digits);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

uint64_t MakeSalt(uint64_t number, uint64_t count, uint64_t random_seed) {
  const uint64_t unique[] = {number, count};
  return XXH3_64bits_withSeed(unique, sizeof(unique), random_seed);
}

Result<std::unique_ptr<File>> PutInForce(Disk& disk, const std::string& directory,
                                         const std::string& name,
                                         std::span<const std::string_view> pieces,
                                         const std::string& spare) {
  const std::string path = directory + "/" + name;
  const std::string unfinished = spare.empty() ? path + std::string(kUnfinishedSuffix) : spare;
  auto file = spare.empty() ? disk.CreateFile(unfinished) : disk.ReuseFile(unfinished);
  Status status = file.ok() ? NamedError(path, WriteAndSync(**file, pieces)) : file.status();
  if (status.ok()) status = disk.Rename(unfinished, path);
  if (!status.ok()) {
    if (file.ok()) file->reset();
    (void)disk.Remove(unfinished);  // frees the space; what stays is removed at the next start
    return status;
  }
  if (status = disk.SyncDirectory(directory); !status.ok()) return status;
  return file;
}

Status RemoveUnfinishedSegments(Disk& disk, const std::string& directory, const SegmentKind& kind) {
  const auto names = disk.ListDirectory(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!name.ends_with(kUnfinishedSuffix)) continue;
    const std::string_view segment(name.data(), name.size() - kUnfinishedSuffix.size());
    if (!kind.ParseName(segment)) continue;
    const std::string path = std::string(directory).append("/").append(name);
    if (Status status = disk.Remove(path); !status.ok()) return status;
  }
  return Status();
}

Status NamedError(const std::string& path, const Status& status) {
  return status.ok() ? status : Status::Error(path + ": " + status.message());
}

}  // namespace leat::persistence
