// The rules of the source tree, as functions over text: each returns what is wrong, one line a
// violation, and nothing for text that follows the rule. layers_test.cc runs them over the tree,
// source_rules_test.cc over small samples.
//
//   Layers layers = ParseLayers("leat_library(base server/base)\n"
//                               "leat_library(data server/data leat_base)\n");
//   CheckIncludes(layers, {"server/base/a.h", "#include \"server/data/b.h\"\n"});
//   // → {"server/base/a.h:1: server/base may not include server/data"}
//
// They read lines, not C++: they rely on clang-format's layout, where the line that opens a
// function and the line that closes it have the same indentation.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leat::tests {

using Violations = std::vector<std::string>;

inline constexpr size_t kMaxFileLines = 700;
inline constexpr size_t kMaxHeaderLines = 250;
inline constexpr size_t kMaxFunctionLines = 70;

struct SourceFile {
  std::string path;  // from the root: "server/data/block.h"
  std::string text;
};

// Which folder may include which. CMakeLists.txt is the one place that says so.
//
//   leat_library(store server/store leat_data leat_persistence)
//     named["server/store"]   = {server/data, persistence}
//     allowed["server/store"] = these, what they name in turn, and server/store itself
struct Layers {
  std::map<std::string, std::set<std::string>> named;
  std::map<std::string, std::set<std::string>> allowed;
};

// A header that only some places may include.
struct GuardedHeader {
  std::string_view header;  // as between the brackets; a trailing '/' means the folder
  std::vector<std::string_view> allowed;  // paths that begin with one of these
};

// "server/data/block.h" → "server/data".
std::string FolderOf(std::string_view path);

Layers ParseLayers(std::string_view cmake_text);

// Includes of the project's own files point only to libraries that the folder's library links.
Violations CheckIncludes(const Layers& layers, const SourceFile& file);

// A library that CMakeLists.txt names is used; otherwise the picture shows an arrow too many.
Violations CheckNamedAreUsed(const Layers& layers, const std::vector<SourceFile>& files);

Violations CheckGuardedHeaders(const std::vector<GuardedHeader>& guards, const SourceFile& file);

// server/data/ holds leat::data, and opens no other namespace of the project.
Violations CheckNamespace(const SourceFile& file);

Violations CheckFileLength(const SourceFile& file);

Violations CheckFunctionLength(const SourceFile& file);

}  // namespace leat::tests
