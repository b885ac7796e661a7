#include "tests/source_rules.h"

#include <algorithm>
#include <optional>
#include <regex>
#include <sstream>
#include <utility>

namespace leat::tests {

namespace {

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string At(const SourceFile& file, size_t line_index) {
  return file.path + ":" + std::to_string(line_index + 1) + ": ";
}

// What stands between the quotes or brackets of an #include line.
std::optional<std::string> Included(const std::string& line, char open, char close) {
  if (!line.starts_with("#include ")) return std::nullopt;
  const size_t first = line.find(open);
  const size_t last = line.find(close, first == std::string::npos ? first : first + 1);
  if (last == std::string::npos) return std::nullopt;
  return line.substr(first + 1, last - first - 1);
}

std::optional<std::string> OwnInclude(const std::string& line) {
  return Included(line, '"', '"');
}

// Adds what `folder` names, directly and through others.
void AddReachable(const Layers& layers, const std::string& folder, std::set<std::string>* reached) {
  if (!reached->insert(folder).second) return;
  const auto named = layers.named.find(folder);
  if (named == layers.named.end()) return;
  for (const std::string& next : named->second) AddReachable(layers, next, reached);
}

size_t Indentation(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// The line without a comment at its end and the spaces before that.
std::string WithoutComment(const std::string& line) {
  std::string code = line.substr(0, line.find("//"));
  code.erase(code.find_last_not_of(' ') + 1);
  return code;
}

// Whether the text before a '{' opens a function: there are parameters, and it is neither a type,
// a namespace nor the list of values of a variable.
bool OpensFunction(const std::string& opener) {
  static const std::regex kOther(
      R"(^\s*(namespace|class|struct|enum|union|extern|using)\b|=\s*\{$|^\s*(if|for|while|switch|do)\b)");
  return opener.find('(') != std::string::npos && !std::regex_search(opener, kOther);
}

bool OpensType(const std::string& opener) {
  static const std::regex kType(R"(^\s*(template <.*> )?(class|struct|union)\b)");
  return std::regex_search(opener, kType);
}

// Blanks raw strings, whose lines may look like anything.
std::vector<std::string> CodeLines(std::string_view text) {
  static const std::regex kRawString("R\"([^(]*)\\(");
  std::vector<std::string> lines = Lines(text);
  std::string terminator;
  for (std::string& line : lines) {
    if (!terminator.empty()) {
      const size_t end = line.find(terminator);
      if (end == std::string::npos) {
        line.clear();
        continue;
      }
      line = "      " + line.substr(end + terminator.size());
      terminator.clear();
    }
    std::smatch match;
    if (!std::regex_search(line, match, kRawString)) continue;
    const std::string closing = ")" + match[1].str() + "\"";
    const size_t opening_end = static_cast<size_t>(match.position(0) + match.length(0));
    if (line.find(closing, opening_end) == std::string::npos) terminator = closing;
  }
  return lines;
}

}  // namespace

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

Layers ParseLayers(std::string_view cmake_text) {
  static const std::regex kLibrary(R"(^leat_library\((\w+) ([\w/]+)(.*)\)$)");
  std::map<std::string, std::string> folder_of_library;
  std::vector<std::pair<std::string, std::string>> rest_of_folder;
  for (const std::string& line : Lines(cmake_text)) {
    std::smatch match;
    if (!std::regex_match(line, match, kLibrary)) continue;
    folder_of_library["leat_" + match[1].str()] = match[2];
    rest_of_folder.emplace_back(match[2], match[3]);
  }
  Layers layers;
  for (const auto& [folder, rest] : rest_of_folder) {
    std::set<std::string>& named = layers.named[folder];
    std::istringstream words(rest);
    for (std::string word; words >> word;) {
      const auto library = folder_of_library.find(word);
      if (library != folder_of_library.end()) named.insert(library->second);
    }
  }
  for (const auto& [folder, named] : layers.named) {
    AddReachable(layers, folder, &layers.allowed[folder]);
  }
  return layers;
}

Violations CheckIncludes(const Layers& layers, const SourceFile& file) {
  if (file.path == "server/main.cc") return {};  // wires all the parts together
  const std::string folder = FolderOf(file.path);
  const auto allowed = layers.allowed.find(folder);
  if (allowed == layers.allowed.end()) return {file.path + ": belongs to no library"};
  Violations violations;
  const std::vector<std::string> lines = Lines(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::optional<std::string> target = OwnInclude(lines[i]);
    if (!target) continue;
    const std::string target_folder = FolderOf(*target);
    if (allowed->second.contains(target_folder)) continue;
    violations.push_back(At(file, i) + folder + " may not include " +
                         (target_folder.empty() ? *target : target_folder));
  }
  return violations;
}

Violations CheckNamedAreUsed(const Layers& layers, const std::vector<SourceFile>& files) {
  std::map<std::string, std::set<std::string>> used;
  for (const SourceFile& file : files) {
    for (const std::string& line : Lines(file.text)) {
      const std::optional<std::string> target = OwnInclude(line);
      if (target) used[FolderOf(file.path)].insert(FolderOf(*target));
    }
  }
  Violations violations;
  for (const auto& [folder, targets] : used) {
    const auto named = layers.named.find(folder);
    if (named == layers.named.end()) continue;
    for (const std::string& name : named->second) {
      if (targets.contains(name)) continue;
      violations.push_back("CMakeLists.txt: " + folder + " names " + name + " and does not use it");
    }
  }
  return violations;
}

Violations CheckGuardedHeaders(const std::vector<GuardedHeader>& guards, const SourceFile& file) {
  Violations violations;
  const std::vector<std::string> lines = Lines(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::optional<std::string> header = Included(lines[i], '<', '>');
    if (!header) continue;
    for (const GuardedHeader& guard : guards) {
      const bool matches =
          guard.header.ends_with('/') ? header->starts_with(guard.header) : *header == guard.header;
      const bool allowed = std::ranges::any_of(
          guard.allowed, [&](std::string_view place) { return file.path.starts_with(place); });
      if (matches && !allowed) {
        violations.push_back(At(file, i) + "may not include <" + *header + ">");
      }
    }
  }
  return violations;
}

Violations CheckNamespace(const SourceFile& file) {
  if (file.path == "server/main.cc") return {};
  static const std::regex kNamespace(R"(^(inline )?namespace (leat\b[\w:]*) \{.*)");
  const std::string folder = FolderOf(file.path);
  const std::string expected = "leat::" + folder.substr(folder.rfind('/') + 1);
  Violations violations;
  bool found = false;
  const std::vector<std::string> lines = CodeLines(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_match(lines[i], match, kNamespace)) continue;
    const std::string name = match[2];
    if (name == expected || name.starts_with(expected + "::")) {
      found = true;
    } else {
      violations.push_back(At(file, i) + "opens " + name + " in the folder of " + expected);
    }
  }
  if (!found) violations.push_back(file.path + ": does not open " + expected);
  return violations;
}

Violations CheckFileLength(const SourceFile& file) {
  const size_t limit = file.path.ends_with(".h") ? kMaxHeaderLines : kMaxFileLines;
  const size_t length = Lines(file.text).size();
  if (length <= limit) return {};
  return {file.path + ": " + std::to_string(length) + " lines, at most " + std::to_string(limit)};
}

Violations CheckFunctionLength(const SourceFile& file) {
  Violations violations;
  const std::vector<std::string> lines = CodeLines(file.text);
  bool in_function = false;
  size_t function = 0;        // where it began
  std::vector<size_t> types;  // indentations of the classes around the line
  size_t statement = 0;       // where the current declaration began
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string code = WithoutComment(lines[i]);
    if (code.empty() || code[0] == '#') continue;
    const size_t indentation = Indentation(code);
    if (in_function) {
      if (indentation != Indentation(lines[function]) || code[indentation] != '}') continue;
      const size_t length = i - function + 1;
      if (length > kMaxFunctionLines) {
        violations.push_back(At(file, function) + "a function of " + std::to_string(length) +
                             " lines, at most " + std::to_string(kMaxFunctionLines));
      }
      in_function = false;
      continue;
    }
    if (!types.empty() && indentation == types.back() && code[indentation] == '}') {
      types.pop_back();
      continue;
    }
    const size_t level = types.empty() ? 0 : types.back() + 2;
    if (indentation <= level) statement = i;
    if (!code.ends_with('{')) continue;
    std::string opener;
    for (size_t j = statement; j <= i; ++j) opener += WithoutComment(lines[j]) + ' ';
    opener.pop_back();
    if (OpensType(opener)) {
      types.push_back(Indentation(lines[statement]));
    } else if (OpensFunction(opener)) {
      in_function = true;
      function = statement;
    }
  }
  return violations;
}

}  // namespace leat::tests
