// libFuzzer target: a record of the block store. The first input byte chooses how the rest is used:
// even, as a record whose frame and payload may be anything, with a checksum that is right for
// them, so that what lies behind it is reached; odd, as a block that must come back as it was.
//
//   clang++-14 -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. \
//       tests/fuzz/block_format_fuzz.cc persistence/{block_format,segment_file}.cc -llz4 -lxxhash
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "persistence/block_format.h"

namespace leat::persistence {
namespace {

constexpr uint64_t kSalt = 1;
constexpr uint64_t kOffset = 40;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Takes any record, and checks what the format promises of one that it accepts.
void ReadRecord(std::string record) {
  Require(!CheckBlock(record, kOffset, kSalt + 1).ok() || record.size() < 8);
  if (record.size() >= kBlockFrameBytes) {
    StoreUint64(record.data() + 8, kOffset);
    // Of every other length: the right one.
    const auto stored = static_cast<uint32_t>(record.size() - kBlockFrameBytes);
    if (record[0] % 2 == 0) StoreUint32(record.data() + 16, stored);
    StoreUint64(record.data(), XXH3_64bits_withSeed(record.data() + 8, record.size() - 8, kSalt));
  }
  if (!CheckBlock(record, kOffset, kSalt).ok()) return;
  const BlockFrame frame = LoadBlockFrame(record.data());
  Require(frame.stored_bytes == record.size() - kBlockFrameBytes);
  Require(frame.block_bytes <= uint64_t{frame.stored_bytes} * 256);
  const auto block = DecodeBlock(record);
  if (!block.ok()) return;
  Require(block->capacity() == frame.block_bytes);
}

void WriteAndRead(std::string_view bytes) {
  BlockBuffer buffer;
  const std::string_view record = EncodeBlock(bytes, kOffset, kSalt, buffer);
  Require(record.size() <= kBlockFrameBytes + bytes.size());
  Require(CheckBlock(record, kOffset, kSalt).ok());
  const auto block = DecodeBlock(record);
  Require(block.ok() && std::string_view(block->data(), block->capacity()) == bytes);
}

}  // namespace
}  // namespace leat::persistence

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::persistence;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  data[0] % 2 == 0 ? ReadRecord(std::string(input)) : WriteAndRead(input);
  return 0;
}
