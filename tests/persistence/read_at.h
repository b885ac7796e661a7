// What a file has at a place, or the reason why it cannot be read, as text for tests.
#pragma once

#include <string>

#include "persistence/disk.h"

namespace leat::persistence {

inline std::string ReadAt(const ReadableFile& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const auto got = file.Read(offset, bytes);
  if (!got.ok()) return got.status().message();
  bytes.resize(*got);
  return bytes;
}

}  // namespace leat::persistence
