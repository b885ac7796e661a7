#include "server/engine/config_file.h"

#include <toml++/toml.h>

#include <sstream>

#include "server/base/number.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

// A value as the text that the settings table reads; nothing for what no setting can be.
std::optional<std::string> TextOf(const toml::node& node) {
  if (const auto text = node.value<std::string>(); node.is_string()) return text;
  if (node.is_integer()) return std::to_string(*node.value<int64_t>());
  if (node.is_floating_point()) return base::FormatDouble(*node.value<double>());
  if (node.is_boolean()) return *node.value<bool>() ? "yes" : "no";
  if (!node.is_array()) return std::nullopt;
  std::string words;
  for (const toml::node& element : *node.as_array()) {
    const auto word = element.is_array() ? std::nullopt : TextOf(element);
    if (!word) return std::nullopt;
    words.append(words.empty() ? "" : " ").append(*word);
  }
  return words;
}

std::string Where(const std::string& path, const toml::source_region& source) {
  return path + ", line " + std::to_string(source.begin.line) + ": ";
}

std::string TomlString(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(std::string(text));
  return out.str();
}

// The setting that a line of the file assigns, or empty.
std::string_view AssignedBy(std::string_view line) {
  const size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] == '#') return {};
  const size_t equals = line.find('=', start);
  if (equals == std::string_view::npos) return {};
  const size_t end = line.find_last_not_of(" \t", equals - 1);
  return line.substr(start, end + 1 - start);
}

std::string Assignment(const Setting& setting, const Config& config) {
  const std::string value = setting.get(config);
  const bool number = base::ParseInt64(value).has_value();
  return std::string(setting.name) + " = " + (number ? value : TomlString(value));
}

}  // namespace

std::string LoadConfigFile(persistence::Disk& disk, const std::string& path, Config& config) {
  const auto content = disk.ReadFile(path);
  if (!content.ok()) return content.status().message();
  try {
    const toml::table table = toml::parse(*content, path);
    for (const auto& [key, node] : table) {
      const Setting* setting = FindSetting(key.str());
      if (setting == nullptr) {
        return Where(path, key.source()) + "unknown setting '" + std::string(key.str()) + "'";
      }
      const auto text = TextOf(node);
      const std::string error =
          text ? setting->set(config, *text) : "must be a string, a number, a boolean or a list";
      if (!error.empty()) {
        return Where(path, node.source()) + "setting '" + std::string(key.str()) + "': " + error;
      }
    }
  } catch (const toml::parse_error& error) {
    return Where(path, error.source()) + std::string(error.description());
  }
  return "";
}

std::string LoadArguments(std::span<const char* const> arguments, Config& config) {
  for (size_t i = 0; i < arguments.size();) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with("--")) {
      return "unexpected argument '" + std::string(argument) + "': expected --setting value";
    }
    const Setting* setting = FindSetting(argument.substr(2));
    if (setting == nullptr) return "unknown setting '" + std::string(argument) + "'";
    std::string value;
    for (++i; i < arguments.size() && !std::string_view(arguments[i]).starts_with("--"); ++i) {
      value.append(value.empty() ? "" : " ").append(arguments[i]);
    }
    const std::string error = setting->set(config, value);
    if (!error.empty()) {
      return "setting '" + std::string(argument) + "' with value '" + value + "': " + error;
    }
  }
  return "";
}

std::string RewriteConfigFile(persistence::Disk& disk, const std::string& path,
                              const Config& config) {
  const auto content = disk.ReadFile(path);
  if (!content.ok()) return content.status().message();
  Config in_file;
  if (const std::string error = LoadConfigFile(disk, path, in_file); !error.empty()) return error;

  std::vector<const Setting*> changed;
  for (const Setting& setting : Settings()) {
    if (setting.get(in_file) != setting.get(config)) changed.push_back(&setting);
  }
  if (changed.empty()) return "";

  std::string rewritten;
  std::istringstream lines(*content);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view name = AssignedBy(line);
    const auto setting = std::find_if(changed.begin(), changed.end(), [name](const Setting* s) {
      return EqualsIgnoringCase(s->name, name);
    });
    if (setting != changed.end()) {
      line = Assignment(**setting, config);
      changed.erase(setting);
    }
    rewritten.append(line).append("\n");
  }
  for (const Setting* setting : changed) {
    rewritten.append(Assignment(*setting, config)).append("\n");
  }

  const std::string temporary = path + ".tmp";
  auto file = disk.CreateFile(temporary);
  if (!file.ok()) return file.status().message();
  const std::string_view bytes = rewritten;
  for (const persistence::Status& status :
       {(*file)->Append({&bytes, 1}), (*file)->Sync(), disk.Rename(temporary, path)}) {
    if (!status.ok()) return status.message();
  }
  return "";
}

}  // namespace leat::engine
