#include "persistence/block_format.h"

#include <lz4.h>
#include <xxhash.h>

#include <cassert>
#include <cstring>

namespace leat::persistence {
namespace {

constexpr size_t kKeptBytes = size_t{1} << 20;
// What LZ4 makes of a byte at most, and somewhat more.
constexpr uint64_t kMaxExpansion = 256;

// What is left when `bytes` has been compressed into `to`, or 0 where that does not pay.
size_t Compress(std::string_view bytes, char* to) {
  const size_t most = bytes.size() - (bytes.size() + 7) / 8;
  if (most == 0 || bytes.size() > LZ4_MAX_INPUT_SIZE) return 0;
  return static_cast<size_t>(LZ4_compress_default(bytes.data(), to, static_cast<int>(bytes.size()),
                                                  static_cast<int>(most)));
}

uint64_t Checksum(std::string_view record, uint64_t salt) {
  return XXH3_64bits_withSeed(record.data() + 8, record.size() - 8, salt);
}

}  // namespace

BlockFrame LoadBlockFrame(const char* from) {
  BlockFrame frame;
  frame.checksum = LoadUint64(from);
  frame.offset = LoadUint64(from + 8);
  frame.stored_bytes = LoadUint32(from + 16);
  frame.block_bytes = LoadUint32(from + 20);
  frame.kind = static_cast<BlockKind>(LoadUint32(from + 24));
  return frame;
}

char* BlockBuffer::Reserve(size_t bytes) {
  const bool wasteful = capacity_ > kKeptBytes && bytes <= kKeptBytes;
  if (bytes > capacity_ || wasteful) {
    memory_.reset();
    memory_ = std::make_unique_for_overwrite<char[]>(bytes);
    capacity_ = bytes;
  }
  return memory_.get();
}

std::string_view EncodeBlock(std::string_view bytes, uint64_t offset, uint64_t salt,
                             BlockBuffer& buffer) {
  assert(bytes.size() <= kMaxBlockBytes);
  char* record = buffer.Reserve(kBlockFrameBytes + bytes.size());
  char* payload = record + kBlockFrameBytes;
  size_t stored = Compress(bytes, payload);
  const BlockKind kind = stored > 0 ? BlockKind::kLz4 : BlockKind::kRaw;
  if (kind == BlockKind::kRaw) {
    stored = bytes.size();
    if (stored > 0) std::memcpy(payload, bytes.data(), stored);
  }
  StoreUint32(record + 16, static_cast<uint32_t>(stored));
  StoreUint32(record + 20, static_cast<uint32_t>(bytes.size()));
  StoreUint32(record + 24, static_cast<uint32_t>(kind));
  SealBlock(record, offset, salt);
  return {record, kBlockFrameBytes + stored};
}

void SealBlock(char* record, uint64_t offset, uint64_t salt) {
  StoreUint64(record + 8, offset);
  const uint64_t size = kBlockFrameBytes + uint64_t{LoadBlockFrame(record).stored_bytes};
  StoreUint64(record, Checksum({record, size}, salt));
}

Status CheckBlock(std::string_view record, uint64_t offset, uint64_t salt) {
  if (record.size() < kBlockFrameBytes) return Status::Error("it is shorter than its frame");
  const BlockFrame frame = LoadBlockFrame(record.data());
  // The lengths first: were one of them wrong, the checksum would be that of other bytes.
  if (frame.stored_bytes != record.size() - kBlockFrameBytes) {
    return Status::Error("its frame says " + std::to_string(frame.stored_bytes) +
                         " bytes follow, not " + std::to_string(record.size() - kBlockFrameBytes));
  }
  if (frame.checksum != Checksum(record, salt)) {
    return Status::Error("the checksum does not match");
  }
  if (frame.offset != offset) {
    return Status::Error("it belongs at offset " + std::to_string(frame.offset));
  }
  const bool raw = frame.kind == BlockKind::kRaw;
  if (!raw && frame.kind != BlockKind::kLz4) {
    return Status::Error("its kind is " + std::to_string(static_cast<uint32_t>(frame.kind)) +
                         ", which this server does not know");
  }
  const bool possible = raw ? frame.block_bytes == frame.stored_bytes
                            : frame.block_bytes <= LZ4_MAX_INPUT_SIZE &&
                                  frame.stored_bytes <= LZ4_MAX_INPUT_SIZE &&
                                  frame.block_bytes <= frame.stored_bytes * kMaxExpansion;
  if (!possible) {
    return Status::Error("no block of " + std::to_string(frame.block_bytes) + " bytes is in " +
                         std::to_string(frame.stored_bytes));
  }
  return Status();
}

Result<base::SharedBytes> DecodeBlock(std::string_view record) {
  const BlockFrame frame = LoadBlockFrame(record.data());
  const std::string_view payload = record.substr(kBlockFrameBytes);
  if (frame.kind == BlockKind::kRaw) return base::SharedBytes::Copy(payload);
  base::SharedBytes bytes = base::SharedBytes::Allocate(frame.block_bytes);
  const int got =
      LZ4_decompress_safe(payload.data(), bytes.data(), static_cast<int>(payload.size()),
                          static_cast<int>(frame.block_bytes));
  if (got < 0 || static_cast<uint32_t>(got) != frame.block_bytes) {
    return Status::Error("it does not decompress to " + std::to_string(frame.block_bytes) +
                         " bytes");
  }
  return bytes;
}

}  // namespace leat::persistence
