#include "tests/persistence/simulated_disk.h"

#include <gtest/gtest.h>

#include "tests/persistence/read_at.h"

namespace leat::persistence {
namespace {

TEST(SimulatedDiskTest, AnOpenFileShowsWhatIsWrittenSyncedOrNot) {
  SimulatedDisk disk;
  auto written = disk.CreateFile("file");
  ASSERT_TRUE(written.ok());
  const std::string_view pieces[] = {"01234", "56789"};
  ASSERT_TRUE((*written)->Append(pieces).ok());
  const auto file = disk.OpenFile("file");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size_bytes(), 10u);
  EXPECT_EQ(ReadAt(**file, 3, 4), "3456");
  EXPECT_EQ(ReadAt(**file, 8, 4), "89");
  EXPECT_EQ(ReadAt(**file, 10, 4), "");
  EXPECT_EQ(ReadAt(**file, UINT64_MAX, 4), "");
  ASSERT_TRUE(disk.Remove("file").ok());
  EXPECT_EQ(ReadAt(**file, 0, 10), "0123456789");
  EXPECT_EQ(disk.OpenFile("file").status().message(), "file: cannot open: No such file");
}

TEST(SimulatedDiskTest, ReadsFailWhileTheyAreToldTo) {
  SimulatedDisk disk;
  disk.Restore({{"file", "bytes"}});
  disk.FailReads(true);
  const auto file = disk.OpenFile("file");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(ReadAt(**file, 0, 5), "cannot read: Input/output error");
  EXPECT_EQ(disk.ReadFile("file").status().message(), "file: cannot read: Input/output error");
  disk.FailReads(false);
  EXPECT_EQ(ReadAt(**file, 0, 5), "bytes");
  EXPECT_EQ(*disk.ReadFile("file"), "bytes");
  EXPECT_EQ(disk.operations(), 0u);
}

}  // namespace
}  // namespace leat::persistence
