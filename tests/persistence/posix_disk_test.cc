#include "persistence/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/persistence/journal_files.h"
#include "tests/persistence/read_at.h"

namespace leat::persistence {
namespace {

class PosixDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "leat-disk-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }
  Status WriteFile(const std::string& path, std::string_view bytes) {
    auto file = disk_.CreateFile(path);
    if (!file.ok()) return file.status();
    const std::string_view pieces[] = {bytes};
    if (Status status = (*file)->Append(pieces); !status.ok()) return status;
    return (*file)->Sync();
  }

  PosixDisk disk_;
  std::string folder_;
};

TEST_F(PosixDiskTest, AppendsPiecesInOrder) {
  auto file = disk_.CreateFile(PathOf("file"));
  ASSERT_TRUE(file.ok());
  std::vector<std::string> strings;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {  // more than one writev takes, and some of them empty
    strings.push_back(i % 7 == 0 ? "" : std::to_string(i));
    expected += strings.back();
  }
  const std::vector<std::string_view> pieces(strings.begin(), strings.end());
  ASSERT_TRUE((*file)->Append(pieces).ok());
  ASSERT_TRUE((*file)->Append({}).ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ(*disk_.ReadFile(PathOf("file")), expected);
}

TEST_F(PosixDiskTest, ReadsAtAnyPlaceAndFewerBytesOnlyAtTheEnd) {
  ASSERT_TRUE(WriteFile(PathOf("file"), "0123456789").ok());
  const auto file = disk_.OpenFile(PathOf("file"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ((*file)->size_bytes(), 10u);
  EXPECT_EQ(ReadAt(**file, 3, 4), "3456");
  EXPECT_EQ(ReadAt(**file, 0, 10), "0123456789");
  EXPECT_EQ(ReadAt(**file, 8, 4), "89");
  EXPECT_EQ(ReadAt(**file, 10, 4), "");
  EXPECT_EQ(ReadAt(**file, 5, 0), "");
  EXPECT_EQ(ReadAt(**file, UINT64_MAX, 4), "");
  EXPECT_EQ(ReadAt(**file, INT64_MAX, 4), "");
}

TEST_F(PosixDiskTest, AnOpenFileIsReadableThoughRemovedAndShowsWhatIsAppended) {
  auto written = disk_.CreateFile(PathOf("file"));
  ASSERT_TRUE(written.ok());
  const auto file = disk_.OpenFile(PathOf("file"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size_bytes(), 0u);
  const std::string_view pieces[] = {"later"};
  ASSERT_TRUE((*written)->Append(pieces).ok());
  EXPECT_EQ(ReadAt(**file, 0, 10), "later");
  ASSERT_TRUE(disk_.Remove(PathOf("file")).ok());
  EXPECT_EQ(ReadAt(**file, 1, 3), "ate");
}

TEST_F(PosixDiskTest, ReusingAFileOverwritesItFromItsBeginning) {
  ASSERT_TRUE(WriteFile(PathOf("file"), "what it held before").ok());
  auto file = disk_.ReuseFile(PathOf("file"));
  ASSERT_TRUE(file.ok());
  const std::string_view pieces[] = {"THIS", " IS"};
  ASSERT_TRUE((*file)->Append(pieces).ok());
  ASSERT_TRUE((*file)->Append(pieces).ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ(*disk_.ReadFile(PathOf("file")), "THIS ISTHIS ISefore");
  ASSERT_TRUE(disk_.Truncate(PathOf("file"), 14).ok());
  EXPECT_EQ(*disk_.ReadFile(PathOf("file")), "THIS ISTHIS IS");
  const auto missing = disk_.ReuseFile(PathOf("missing"));
  EXPECT_EQ(missing.status().message(),
            PathOf("missing") + ": cannot open: No such file or directory");
  EXPECT_FALSE(disk_.Truncate(PathOf("missing"), 1).ok());
}

TEST_F(PosixDiskTest, TellsTheFreeSpace) {
  const auto free_bytes = disk_.FreeBytes(folder_);
  ASSERT_TRUE(free_bytes.ok());
  EXPECT_GT(*free_bytes, 0u);
  EXPECT_LE(*free_bytes, std::filesystem::space(folder_).capacity);
  EXPECT_FALSE(disk_.FreeBytes(PathOf("missing")).ok());
}

TEST_F(PosixDiskTest, CreatingAFileEmptiesIt) {
  ASSERT_TRUE(WriteFile(PathOf("file"), "old and long").ok());
  ASSERT_TRUE(WriteFile(PathOf("file"), "new").ok());
  EXPECT_EQ(*disk_.ReadFile(PathOf("file")), "new");
}

TEST_F(PosixDiskTest, ListsRenamesAndRemoves) {
  ASSERT_TRUE(WriteFile(PathOf("a"), "1").ok());
  ASSERT_TRUE(WriteFile(PathOf("b"), "2").ok());
  ASSERT_TRUE(disk_.Rename(PathOf("a"), PathOf("b")).ok());
  EXPECT_EQ(*disk_.ReadFile(PathOf("b")), "1");
  ASSERT_TRUE(WriteFile(PathOf("c"), "").ok());
  auto names = disk_.ListDirectory(folder_);
  std::sort(names->begin(), names->end());
  EXPECT_EQ(*names, (std::vector<std::string>{"b", "c"}));
  ASSERT_TRUE(disk_.Remove(PathOf("b")).ok());
  EXPECT_EQ(*disk_.ListDirectory(folder_), std::vector<std::string>{"c"});
  EXPECT_TRUE(disk_.SyncDirectory(folder_).ok());
}

TEST_F(PosixDiskTest, CreatesADirectoryUnlessItIsThere) {
  EXPECT_TRUE(disk_.CreateDirectory(PathOf("sub")).ok());
  EXPECT_TRUE(disk_.CreateDirectory(PathOf("sub")).ok());
  ASSERT_TRUE(WriteFile(PathOf("file"), "").ok());
  EXPECT_EQ(disk_.CreateDirectory(PathOf("file")).message(),
            PathOf("file") + ": is there, but is not a directory");
}

TEST_F(PosixDiskTest, ErrorsNameFileAttemptAndReason) {
  const std::string missing = PathOf("missing/file");
  EXPECT_EQ(disk_.CreateFile(missing).status().message(),
            missing + ": cannot create: No such file or directory");
  EXPECT_EQ(disk_.ReadFile(missing).status().message(),
            missing + ": cannot open: No such file or directory");
  EXPECT_EQ(disk_.OpenFile(missing).status().message(),
            missing + ": cannot open: No such file or directory");
  const auto directory = disk_.OpenFile(folder_);
  ASSERT_TRUE(directory.ok());
  EXPECT_EQ(ReadAt(**directory, 0, 4), "cannot read: Is a directory");
  EXPECT_EQ(disk_.Remove(missing).message(),
            missing + ": cannot remove: No such file or directory");
  EXPECT_FALSE(disk_.Rename(missing, PathOf("b")).ok());
  EXPECT_FALSE(disk_.SyncDirectory(missing).ok());
  EXPECT_FALSE(disk_.ListDirectory(missing).ok());
  EXPECT_FALSE(disk_.CreateDirectory(missing).ok());
  EXPECT_FALSE(disk_.LockDirectory(missing).ok());
}

TEST_F(PosixDiskTest, FullDiskIsAnError) {
  auto file = disk_.CreateFile("/dev/full");
  ASSERT_TRUE(file.ok()) << file.status().message();
  const std::string_view pieces[] = {"bytes"};
  EXPECT_EQ((*file)->Append(pieces).message(), "cannot write: No space left on device");
}

// The kernel writes up to the limit first, so this is also a short write.
TEST_F(PosixDiskTest, FileSizeLimitIsAnError) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Status status = WriteFile(PathOf("file"), std::string(1500, 'x'));
    _exit(status.message() == "cannot write: File too large" ? 0 : 1);
  }
  int exit_status = -1;
  waitpid(child, &exit_status, 0);
  EXPECT_EQ(exit_status, 0);
  EXPECT_EQ(disk_.ReadFile(PathOf("file"))->size(), 1000u);
}

TEST_F(PosixDiskTest, OneProcessHoldsADirectoryAndIsNamed) {
  auto lock = disk_.LockDirectory(folder_);
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(disk_.LockDirectory(folder_).status().message(),
            folder_ + ": the directory is in use by process " + std::to_string(getpid()) +
                "; stop it, or choose another directory");
  lock->reset();
  EXPECT_TRUE(disk_.LockDirectory(folder_).ok());
}

TEST_F(PosixDiskTest, LockGoesWithItsProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = disk_.LockDirectory(folder_);
    (void)!write(ready[1], lock.ok() ? "y" : "n", 1);
    pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  close(ready[0]);
  close(ready[1]);
  EXPECT_EQ(answer, 'y');
  const std::string message = disk_.LockDirectory(folder_).status().message();
  EXPECT_NE(message.find("process " + std::to_string(child)), std::string::npos) << message;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(disk_.LockDirectory(folder_).ok());
}

TEST_F(PosixDiskTest, KeepsAJournal) {
  Journal::Options options = {.directory = PathOf("journal"), .segment_bytes = 4096};
  Payloads expected;
  {
    auto journal = OpenJournal(disk_, options);
    ASSERT_TRUE(journal.ok()) << journal.status().message();
    for (int i = 0; i < 1000; ++i) {
      expected.push_back("record " + std::to_string(i));
      AppendRecord(**journal, expected.back());
      if (i % 100 == 0) {
        ASSERT_TRUE((*journal)->Flush().ok());
      }
    }
  }
  Payloads recovered;
  const auto journal = OpenJournal(disk_, options, &recovered);
  ASSERT_TRUE(journal.ok()) << journal.status().message();
  EXPECT_EQ(recovered, expected);
  EXPECT_GT((*journal)->recovery().segments.size(), 2u);
}

}  // namespace
}  // namespace leat::persistence
