#include "persistence/block_format.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <random>

namespace leat::persistence {
namespace {

constexpr uint64_t kSalt = 99;

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size()) + "; ";
  text.resize(size);
  return text;
}

std::string Noise(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Encode(std::string_view bytes, uint64_t offset = 40) {
  BlockBuffer buffer;
  return std::string(EncodeBlock(bytes, offset, kSalt, buffer));
}

std::string Decode(std::string_view record, uint64_t offset = 40) {
  const Status status = CheckBlock(record, offset, kSalt);
  if (!status.ok()) return status.message();
  const auto block = DecodeBlock(record);
  return block.ok() ? std::string(block->data(), block->capacity()) : block.status().message();
}

// With the fields changed and a checksum that is right for them.
std::string Forge(std::string record, size_t at, uint32_t value) {
  StoreUint32(record.data() + at, value);
  StoreUint64(record.data(), XXH3_64bits_withSeed(record.data() + 8, record.size() - 8, kSalt));
  return record;
}

TEST(BlockFormatTest, RecordIsLaidOutAsDocumented) {
  const std::string record = Encode("block", 0x0102);
  ASSERT_EQ(record.size(), kBlockFrameBytes + 5);
  EXPECT_EQ(record.substr(8), std::string("\x02\x01\0\0\0\0\0\0"  // offset
                                          "\x05\0\0\0"            // stored
                                          "\x05\0\0\0"            // block size
                                          "\0\0\0\0"              // raw
                                          "block",
                                          25));
  EXPECT_EQ(LoadUint64(record.data()), XXH3_64bits_withSeed(record.data() + 8, 25, kSalt));
}

TEST(BlockFormatTest, SegmentNames) {
  EXPECT_EQ(kBlockSegments.Name(7), "blocks-0000000007.seg");
  EXPECT_EQ(kBlockSegments.Name(kMaxBlockSegment), "blocks-4294967295.seg");
  EXPECT_EQ(kBlockSegments.ParseName("blocks-0000000007.seg"), 7u);
  EXPECT_FALSE(kBlockSegments.ParseName("blocks-0000000007.seg.new"));
  EXPECT_FALSE(kBlockSegments.ParseName("blocks-000000000x.seg"));
}

TEST(BlockFormatTest, CompressesWhereThatSavesAnEighth) {
  for (const size_t size : {size_t{64} << 10, size_t{3} << 20}) {
    const std::string text = Text(size);
    const std::string record = Encode(text);
    EXPECT_EQ(LoadBlockFrame(record.data()).kind, BlockKind::kLz4);
    EXPECT_LT(record.size(), size / 2);
    EXPECT_EQ(Decode(record), text);
  }
  // An eighth is 1250; LZ4 itself needs some bytes, too.
  for (size_t text_size = 0; text_size <= 3000; text_size += 10) {
    const std::string mixed = std::string(text_size, 'x') + Noise(10000 - text_size);
    const std::string record = Encode(mixed);
    const bool compressed = LoadBlockFrame(record.data()).kind == BlockKind::kLz4;
    EXPECT_EQ(record.size() - kBlockFrameBytes, LoadBlockFrame(record.data()).stored_bytes);
    if (compressed) {
      EXPECT_LE(record.size() - kBlockFrameBytes, 8750u) << text_size;
    }
    if (text_size < 1250 || text_size > 1400) {
      EXPECT_EQ(compressed, text_size > 1250) << text_size;
    }
    EXPECT_EQ(Decode(record), mixed);
  }
}

TEST(BlockFormatTest, EveryLength) {
  for (size_t size = 0; size < 300; ++size) {
    EXPECT_EQ(Decode(Encode(Text(size))), Text(size));
    EXPECT_EQ(Decode(Encode(Noise(size))), Noise(size));
    EXPECT_EQ(Decode(Encode(std::string(size, '\0'))), std::string(size, '\0'));
  }
}

TEST(BlockFormatTest, OneOfAnotherPlaceOrFileIsRefused) {
  const std::string record = Encode("block", 40);
  EXPECT_EQ(Decode(record, 40), "block");
  EXPECT_EQ(Decode(record, 41), "it belongs at offset 40");
  EXPECT_EQ(CheckBlock(record, 40, kSalt + 1).message(), "the checksum does not match");
  std::string moved = record;
  SealBlock(moved.data(), 41, kSalt + 1);
  EXPECT_TRUE(CheckBlock(moved, 41, kSalt + 1).ok());
}

TEST(BlockFormatTest, LengthsThatCannotBeAreRefusedBeforeTheyAreUsed) {
  const std::string raw = Encode(Noise(100));
  EXPECT_EQ(Decode(Forge(raw, 16, 99)), "its frame says 99 bytes follow, not 100");
  EXPECT_EQ(Decode(Forge(raw, 16, UINT32_MAX)), "its frame says 4294967295 bytes follow, not 100");
  EXPECT_EQ(Decode(Forge(raw, 20, 101)), "no block of 101 bytes is in 100");
  EXPECT_EQ(Decode(Forge(raw, 24, 2)), "its kind is 2, which this server does not know");
  const std::string lz4 = Encode(std::string(1000, 'x'));
  EXPECT_EQ(Decode(Forge(lz4, 20, 999)), "it does not decompress to 999 bytes");
  EXPECT_EQ(Decode(Forge(lz4, 20, 1001)), "it does not decompress to 1001 bytes");
  EXPECT_EQ(Decode(Forge(lz4, 20, 1u << 31)).substr(0, 28), "no block of 2147483648 bytes");
  EXPECT_EQ(Decode(raw.substr(0, 27)), "it is shorter than its frame");
}

}  // namespace
}  // namespace leat::persistence
