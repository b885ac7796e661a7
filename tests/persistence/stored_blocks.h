// What the block store's tests share: opening one, and writing and reading in one call.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/block_store.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {

inline BlockStore::Options ManualBlockOptions(size_t segment_bytes = size_t{1} << 20) {
  return {
      .directory = "blocks", .segment_bytes = segment_bytes, .random_seed = 5, .threaded = false};
}

inline std::unique_ptr<BlockStore> OpenBlocks(Disk& disk, BlockStore::Options options) {
  auto store = BlockStore::Open(disk, std::move(options));
  if (!store.ok()) return nullptr;
  return std::move(*store);
}

inline std::string TextOf(const base::SharedBytes& bytes) {
  return {bytes.data(), bytes.capacity()};
}

// The block, or what the error says.
inline std::string ReadText(BlockStore& store, const BlockPlace& place) {
  const auto bytes = store.ReadNow(place);
  return bytes.ok() ? TextOf(*bytes) : bytes.status().message();
}

// Writes the block, durably; nowhere if the disk refuses.
inline BlockPlace WriteBlock(BlockStore& store, std::string_view bytes) {
  store.Write(0, bytes);
  (void)store.Flush();
  const auto answers = store.TakeAnswers();
  return answers.size() == 1 ? answers[0].place : BlockPlace();
}

// One of `size` bytes that is like no other, and compresses when `seed` is even.
inline std::string MakeBlock(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(seed % 2 == 0 ? random() % 4 : random());
  return bytes;
}

}  // namespace leat::persistence
