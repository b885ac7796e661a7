// Settings from a TOML file (conf/leat.toml) and from the command line, and back into the file.
//
//   port = 6379
//   bind = ["127.0.0.1", "::1"]           a list is the same as its words in one string
//   maxmemory = "512mb"
//
// The keys are the names of the settings table (config.h), at the top level. Files are reached
// through the disk port.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "persistence/disk.h"
#include "server/engine/config.h"

namespace leat::engine {

// Each returns empty, or what is wrong, where, and what is allowed.
std::string LoadConfigFile(persistence::Disk& disk, const std::string& path, Config& config);
// "--port 7000 --bind 127.0.0.1 ::1": a setting's value goes on to the next argument that starts
// with "--".
std::string LoadArguments(std::span<const char* const> arguments, Config& config);

// Writes the settings whose values differ from those in the file into it, each at its line (or at
// the end), and leaves the rest as it stands, comments included. The file is replaced atomically.
std::string RewriteConfigFile(persistence::Disk& disk, const std::string& path,
                              const Config& config);

}  // namespace leat::engine
