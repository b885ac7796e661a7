// What the segment files of the journal and of the block store have in common: the header, the
// name, and how a segment comes into force.
//
//   constexpr SegmentKind kPuddles = {"LEATPUDL", "puddle-", 10, ".seg"};
//   auto file = PutInForce(disk, "dir", kPuddles.Name(7), pieces);  // "dir/puddle-0000000007.seg"
//
// A segment is written to `<name>.new`, synced, renamed, and the directory is synced. So a file
// with a segment's name always holds what it began with, its header above all.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/disk.h"
#include "persistence/status.h"

namespace leat::persistence {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 40;
inline constexpr std::string_view kUnfinishedSuffix = ".new";  // of a segment not yet in force

struct SegmentHeader {
  uint64_t number = 0;  // the one in the name; of a journal segment, its first LSN
  // Seeds the checksum of every record. Clients do not know it, so no payload can hold bytes that
  // pass for a record, nor can those of another segment.
  uint64_t salt = 0;
};

struct SegmentKind {
  std::string_view magic;  // the first 8 bytes
  std::string_view name_prefix;
  size_t name_digits = 0;
  std::string_view name_suffix;

  std::string EncodeHeader(const SegmentHeader& header) const;
  // Of the file that begins with `bytes`. The error says what is wrong, without naming the file.
  Result<SegmentHeader> DecodeHeader(std::string_view bytes) const;

  std::string Name(uint64_t number) const;  // names sort as their numbers do
  // The number, or nothing if `name` is not a segment's.
  std::optional<uint64_t> ParseName(std::string_view name) const;
};

// The salt of the segment that is the `count`-th which a process begins.
uint64_t MakeSalt(uint64_t number, uint64_t count, uint64_t random_seed);

// Puts a segment that begins with `pieces` in force, replacing one of the same name, and returns it
// to be written on. After an error it may be there, but nothing is to be said of it. `spare`: the
// path of a file that becomes it, and is overwritten; empty: a new one.
Result<std::unique_ptr<File>> PutInForce(Disk& disk, const std::string& directory,
                                         const std::string& name,
                                         std::span<const std::string_view> pieces,
                                         const std::string& spare = {});

// What an earlier process was about to put in force when it stopped.
Status RemoveUnfinishedSegments(Disk& disk, const std::string& directory, const SegmentKind& kind);

// An error of a File, which does not know its name, with the name.
Status NamedError(const std::string& path, const Status& status);

inline uint64_t LoadUint64(const char* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline void StoreUint64(char* to, uint64_t value) {
  std::memcpy(to, &value, sizeof(value));
}

inline uint32_t LoadUint32(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline void StoreUint32(char* to, uint32_t value) {
  std::memcpy(to, &value, sizeof(value));
}

}  // namespace leat::persistence
