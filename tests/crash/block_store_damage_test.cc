// Every single-bit flip and every truncation of small block segments: whatever is damaged is
// refused when it is adopted or read, and a block that is read is the one that was written.
#include <gtest/gtest.h>

#include "tests/persistence/stored_blocks.h"

namespace leat::persistence {
namespace {

using Files = std::map<std::string, std::string>;

struct Written {
  std::string bytes;
  BlockPlace place;
};

class BlockDamageTest : public ::testing::Test {
 protected:
  // Two segments, with a block in the first that nobody refers to.
  BlockDamageTest() {
    SimulatedDisk disk;
    auto store = OpenBlocks(disk, ManualBlockOptions(400));
    for (uint64_t i = 0; i < 6; ++i) {
      const std::string bytes = MakeBlock(120, i);
      const BlockPlace place = WriteBlock(*store, bytes);
      if (i != 1) written_.push_back({bytes, place});
    }
    store.reset();
    files_ = disk.Snapshot();
    EXPECT_EQ(files_.size(), 2u);
  }

  // Whether the block is refused. If it is not, it is the right one.
  bool IsRefused(const Files& files, const Written& written) {
    SimulatedDisk disk;
    disk.Restore(files);
    const auto store = OpenBlocks(disk, ManualBlockOptions());
    const std::string path = "blocks/" + kBlockSegments.Name(written.place.segment) + ": offset " +
                             std::to_string(written.place.offset) + ": ";
    if (const Status status = store->Adopt(written.place); !status.ok()) {
      EXPECT_EQ(status.message().substr(0, path.size()), path);
      return true;
    }
    const auto bytes = store->ReadNow(written.place);
    if (!bytes.ok()) {
      EXPECT_EQ(bytes.status().message().substr(0, path.size()), path);
      return true;
    }
    EXPECT_EQ(TextOf(*bytes), written.bytes);
    return false;
  }

  static std::string PathOf(const Written& written) {
    return "blocks/" + kBlockSegments.Name(written.place.segment);
  }

  std::vector<Written> written_;
  Files files_;
};

TEST_F(BlockDamageTest, EveryBitFlip) {
  for (const auto& [name, bytes] : files_) {
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Files files = files_;
      files[name][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      for (const Written& written : written_) {
        const size_t byte = bit / 8;
        const BlockPlace& place = written.place;
        const bool hit =
            PathOf(written) == name && (byte < kSegmentHeaderBytes ||
                                        (byte >= place.offset && byte < place.offset + place.size));
        ASSERT_EQ(IsRefused(files, written), hit) << name << " bit " << bit;
      }
    }
  }
}

TEST_F(BlockDamageTest, EveryTruncation) {
  for (const auto& [name, bytes] : files_) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      Files files = files_;
      files[name].resize(size);
      for (const Written& written : written_) {
        const bool hit =
            PathOf(written) == name && size < written.place.offset + written.place.size;
        ASSERT_EQ(IsRefused(files, written), hit) << name << " cut to " << size;
      }
    }
  }
}

TEST_F(BlockDamageTest, RecordsOfAnotherPlaceOrSegment) {
  for (const Written& from : written_) {
    for (const Written& to : written_) {
      if (from.place == to.place) continue;
      Files files = files_;
      const std::string record = files_[PathOf(from)].substr(from.place.offset, from.place.size);
      files[PathOf(to)].replace(to.place.offset, record.size(), record);
      ASSERT_TRUE(IsRefused(files, to));
    }
  }
}

TEST_F(BlockDamageTest, SegmentsInEachOthersPlace) {
  Files files = files_;
  std::swap(files.begin()->second, files.rbegin()->second);
  for (const Written& written : written_) ASSERT_TRUE(IsRefused(files, written));
}

}  // namespace
}  // namespace leat::persistence
