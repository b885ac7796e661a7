// Each rule of the source tree finds what breaks it, and lets pass what does not.
#include "tests/source_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace leat::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kCmake[] =
    "# leat_library(comment server/comment)\n"
    "leat_library(base server/base PkgConfig::XXHASH)\n"
    "leat_library(data server/data leat_base)\n"
    "leat_library(resp resp leat_base)\n"
    "leat_library(engine server/engine leat_data leat_resp)\n";

std::string Repeat(const std::string& line, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += line;
  return text;
}

TEST(ParseLayersTest, ReadsLibrariesAndWhatTheyReach) {
  const Layers layers = ParseLayers(kCmake);
  EXPECT_EQ(layers.named.size(), 4u);
  EXPECT_THAT(layers.named.at("server/engine"), ElementsAre("resp", "server/data"));
  EXPECT_THAT(layers.allowed.at("server/engine"),
              ElementsAre("resp", "server/base", "server/data", "server/engine"));
  EXPECT_THAT(layers.allowed.at("server/base"), ElementsAre("server/base"));
}

TEST(CheckIncludesTest, FindsAnIncludeThatPointsRight) {
  const SourceFile file{"server/data/a.cc", "#include <string>\n#include \"server/engine/b.h\"\n"};
  EXPECT_THAT(CheckIncludes(ParseLayers(kCmake), file),
              ElementsAre("server/data/a.cc:2: server/data may not include server/engine"));
}

TEST(CheckIncludesTest, FindsAnIncludeOfANeighbour) {
  const SourceFile file{"resp/a.h", "#include \"server/data/b.h\"\n"};
  EXPECT_THAT(CheckIncludes(ParseLayers(kCmake), file),
              ElementsAre("resp/a.h:1: resp may not include server/data"));
}

TEST(CheckIncludesTest, FindsAnIncludeThatIsNotFromTheRoot) {
  const SourceFile file{"resp/a.h", "#include \"b.h\"\n"};
  EXPECT_THAT(CheckIncludes(ParseLayers(kCmake), file),
              ElementsAre("resp/a.h:1: resp may not include b.h"));
}

TEST(CheckIncludesTest, FindsAFileOutsideEveryLibrary) {
  EXPECT_THAT(CheckIncludes(ParseLayers(kCmake), {"server/data/deep/a.h", ""}),
              ElementsAre("server/data/deep/a.h: belongs to no library"));
}

TEST(CheckIncludesTest, AllowsWhatIsLinkedAndAllInMain) {
  const Layers layers = ParseLayers(kCmake);
  const std::string text = "#include \"server/engine/a.h\"\n#include \"server/base/b.h\"\n";
  EXPECT_THAT(CheckIncludes(layers, {"server/engine/a.cc", text}), IsEmpty());
  EXPECT_THAT(CheckIncludes(layers, {"server/main.cc", text}), IsEmpty());
}

TEST(CheckNamedAreUsedTest, FindsALibraryNamedInVain) {
  const SourceFile file{"server/engine/a.cc", "#include \"server/data/b.h\"\n"};
  EXPECT_THAT(CheckNamedAreUsed(ParseLayers(kCmake), {file}),
              ElementsAre("CMakeLists.txt: server/engine names resp and does not use it"));
}

TEST(CheckGuardedHeadersTest, FindsAHeaderInTheWrongPlace) {
  const std::vector<GuardedHeader> guards = {{"uv.h", {"server/loop/"}}, {"toml++/", {}}};
  const std::string text = "#include <uv.h>\n";
  EXPECT_THAT(CheckGuardedHeaders(guards, {"server/engine/a.cc", text}),
              ElementsAre("server/engine/a.cc:1: may not include <uv.h>"));
  EXPECT_THAT(CheckGuardedHeaders(guards, {"server/loop/a.cc", text}), IsEmpty());
  EXPECT_THAT(CheckGuardedHeaders(guards, {"resp/a.cc", "#include <toml++/toml.h>\n"}),
              ElementsAre("resp/a.cc:1: may not include <toml++/toml.h>"));
}

TEST(CheckNamespaceTest, FindsTheNamespaceOfAnotherFolder) {
  EXPECT_THAT(CheckNamespace({"server/data/a.h", "namespace leat::resp {\n"}),
              ElementsAre("server/data/a.h:1: opens leat::resp in the folder of leat::data",
                          "server/data/a.h: does not open leat::data"));
}

TEST(CheckNamespaceTest, AllowsTheFoldersOwn) {
  EXPECT_THAT(CheckNamespace({"server/data/a.h", "namespace leat::data {\nnamespace {\n"}),
              IsEmpty());
  EXPECT_THAT(CheckNamespace({"resp/a.h", "namespace leat::resp::internal {\n"}), IsEmpty());
}

TEST(CheckFileLengthTest, FindsFilesBeyondTheLimit) {
  EXPECT_THAT(CheckFileLength({"resp/a.cc", Repeat("\n", 700)}), IsEmpty());
  EXPECT_THAT(CheckFileLength({"resp/a.cc", Repeat("\n", 701)}),
              ElementsAre("resp/a.cc: 701 lines, at most 700"));
  EXPECT_THAT(CheckFileLength({"resp/a.h", Repeat("\n", 251)}),
              ElementsAre("resp/a.h: 251 lines, at most 250"));
}

TEST(CheckFunctionLengthTest, FindsALongFunction) {
  const std::string body = Repeat("  Step();\n", 69);
  EXPECT_THAT(CheckFunctionLength({"a.cc", "namespace leat {\n\nvoid Run() {\n" + body + "}\n"}),
              ElementsAre("a.cc:3: a function of 71 lines, at most 70"));
  const std::string fits = Repeat("  Step();\n", 68);
  EXPECT_THAT(CheckFunctionLength({"a.cc", "void Run() {\n" + fits + "}\n"}), IsEmpty());
}

TEST(CheckFunctionLengthTest, CountsFromTheFirstLineOfTheDeclaration) {
  const std::string body = Repeat("  Step();\n", 68);
  EXPECT_THAT(
      CheckFunctionLength({"a.cc", "void Run(int first,\n         int last) {\n" + body + "}\n"}),
      ElementsAre("a.cc:1: a function of 71 lines, at most 70"));
}

TEST(CheckFunctionLengthTest, FindsALongMemberFunction) {
  const std::string body = Repeat("    Step();\n", 69);
  EXPECT_THAT(CheckFunctionLength({"a.h", "class Runner {\n public:\n  void Run() const {\n" +
                                              body + "  }\n\n private:\n  int steps_ = 0;\n};\n"}),
              ElementsAre("a.h:3: a function of 71 lines, at most 70"));
}

TEST(CheckFunctionLengthTest, AllowsLongTypesTablesAndRawStrings) {
  const std::string lines = Repeat("  int member;\n", 100);
  EXPECT_THAT(CheckFunctionLength({"a.h", "struct Wide {\n" + lines + "};\n"}), IsEmpty());
  EXPECT_THAT(CheckFunctionLength({"a.cc", "const Row kRows[] = {\n" + lines + "};\n"}), IsEmpty());
  EXPECT_THAT(CheckFunctionLength({"a.cc", "const char kText[] = R\"(\nvoid Run() {\n" +
                                               Repeat("text\n", 100) + "}\n)\";\n"}),
              IsEmpty());
}

TEST(CheckFunctionLengthTest, EndsAFunctionAtItsOwnBrace) {
  const std::string body = "  for (;;) {\n  }\n" + Repeat("  Step();\n", 40);
  EXPECT_THAT(
      CheckFunctionLength({"a.cc", "void A() {\n" + body + "}\n\nvoid B() {\n" + body + "}\n"}),
      IsEmpty());
}

}  // namespace
}  // namespace leat::tests
