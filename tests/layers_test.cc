// The tree follows its rules (source_rules.h): includes point only left, files and functions stay
// short, and a folder is a namespace.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "tests/source_rules.h"

namespace leat::tests {
namespace {

// Sockets and timers are the loop's; files are behind the disk port; the others wait for neither.
const std::vector<GuardedHeader> kGuardedHeaders = {
    {"uv.h", {"server/loop/", "server/main.cc"}},
    {"sys/socket.h", {"server/loop/"}},
    // The settings file is read at the start and rewritten by CONFIG REWRITE.
    {"fstream", {"persistence/", "server/engine/config"}},
    {"filesystem", {"persistence/"}},
    {"fcntl.h", {"persistence/"}},
    // getpid; isatty
    {"unistd.h",
     {"persistence/", "server/main.cc", "server/engine/process_info.cc", "server/check/main.cc"}},
    {"sys/stat.h", {"persistence/"}},
    {"sys/file.h", {"persistence/"}},
    {"sys/mman.h", {"persistence/"}},
    {"sys/uio.h", {"persistence/"}},
    // The threads of the journal and the block store are the only other ones.
    {"thread", {"persistence/"}},
    {"mutex", {"persistence/"}},
    {"condition_variable", {"persistence/"}},
    {"lz4.h", {"persistence/"}},
    {"toml++/", {"server/engine/"}},
    {"jemalloc/", {"server/engine/"}},
};

std::string Read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<SourceFile> ReadSources(const std::vector<std::string>& folders) {
  const std::filesystem::path root = LEAT_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      const std::string path = entry.path().lexically_relative(root);
      if (path.find("node_modules") != std::string::npos) continue;
      files.push_back({path, Read(entry.path())});
    }
  }
  return files;
}

const std::vector<SourceFile>& ServerSources() {
  static const auto* files =
      new std::vector<SourceFile>(ReadSources({"server", "resp", "persistence"}));
  return *files;
}

Layers TreeLayers() {
  return ParseLayers(Read(std::filesystem::path(LEAT_SOURCE_DIR) / "CMakeLists.txt"));
}

void ExpectNone(const Violations& violations) {
  for (const std::string& violation : violations) ADD_FAILURE() << violation;
}

TEST(TreeTest, HasSourcesInEveryLibrary) {
  const Layers layers = TreeLayers();
  ASSERT_FALSE(layers.named.empty());
  for (const auto& library : layers.named) {
    const std::string& folder = library.first;
    const bool any = std::ranges::any_of(
        ServerSources(), [&](const SourceFile& file) { return FolderOf(file.path) == folder; });
    EXPECT_TRUE(any) << folder;
  }
}

TEST(TreeTest, IncludesPointLeft) {
  const Layers layers = TreeLayers();
  for (const SourceFile& file : ServerSources()) ExpectNone(CheckIncludes(layers, file));
}

TEST(TreeTest, NamesNoLibraryInVain) {
  ExpectNone(CheckNamedAreUsed(TreeLayers(), ServerSources()));
}

TEST(TreeTest, SocketsFilesAndThreadsStayInTheirFolders) {
  for (const SourceFile& file : ServerSources()) {
    ExpectNone(CheckGuardedHeaders(kGuardedHeaders, file));
  }
}

TEST(TreeTest, FolderIsNamespace) {
  for (const SourceFile& file : ServerSources()) ExpectNone(CheckNamespace(file));
}

TEST(TreeTest, FilesAndFunctionsAreShort) {
  std::vector<SourceFile> files = ReadSources({"server", "resp", "persistence", "tests"});
  for (const SourceFile& file : files) {
    ExpectNone(CheckFileLength(file));
    ExpectNone(CheckFunctionLength(file));
  }
}

}  // namespace
}  // namespace leat::tests
