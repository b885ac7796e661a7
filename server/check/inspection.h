// Inspection: looks at a whole data directory as a start would, changes nothing, and goes on where
// a start would stop: every checksum, every reference, every change of the journal.
//
//   Inspection inspection(disk, {.directory = "data"});
//   if (Status status = inspection.Run(); !status.ok()) …   // cannot look
//   inspection.findings().problems                          // empty: intact
//   inspection.dataset()                                    // what a start would have
//
// The journal is replayed in memory, so this takes as much of it as a server without `topic-memory`
// would need for what comes behind the checkpoint. The caller holds the directory's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/block_check.h"
#include "persistence/block_files.h"
#include "persistence/checkpoint_reader.h"
#include "persistence/disk.h"
#include "persistence/recovery.h"
#include "server/check/offline_pager.h"
#include "server/data/block.h"
#include "server/data/dataset.h"

namespace leat::check {

// A block that a checkpoint refers to and that is damaged or missing.
struct LostBlock {
  uint32_t database = 0;
  std::string key;
  data::Block::Span span;
  uint64_t entries = 0;  // live ones
  base::BlockPlace place;
};

struct BlockSegment {
  uint32_t number = 0;
  uint64_t file_bytes = 0;
  uint64_t other_bytes = 0;  // that are no intact record
  OfflinePager::Usage live;  // referred to once the journal is replayed
};

struct Findings {
  persistence::CheckpointReport checkpoint;  // lsn 0: there is none
  bool checkpoint_damaged = false;
  persistence::RecoveryReport journal;
  std::vector<LostBlock> lost_blocks;
  std::vector<BlockSegment> block_segments;
  // What is wrong, each with file and offset; empty: intact.
  std::vector<std::string> problems;
};

// A key or group as it can be printed.
std::string Printable(std::string_view name);
// "topic orders of database 0"
std::string NameOfTopic(uint32_t database, std::string_view key);

class Inspection {
 public:
  // What is being done, how far that is, and how far it goes (0: not known).
  using ProgressFn = std::function<void(std::string_view what, uint64_t done, uint64_t all)>;
  struct Options {
    std::string directory;
    size_t databases = size_t{1} << 16;  // as many as a server can be told to have
    // For a repair: the blocks that are lost are taken out of their topics before the journal is
    // replayed, and that is done up to this LSN.
    bool drop_lost_blocks = false;
    persistence::Lsn last_lsn = std::numeric_limits<persistence::Lsn>::max();
    ProgressFn progress = nullptr;
  };

  Inspection(persistence::Disk& disk, Options options);
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

  // An error where `directory` is no data directory or cannot be read.
  persistence::Status Run();

  const Findings& findings() const { return findings_; }
  const data::Dataset& dataset() const { return dataset_; }
  const Options& options() const { return options_; }
  std::string PathOf(std::string_view part) const;
  bool has_journal() const { return has_journal_; }
  // Of a segment, by what a start would have.
  OfflinePager::Usage UsageOf(uint32_t segment) const { return pager_.UsageOf(segment); }

 private:
  // A sealed block that the checkpoint refers to.
  struct Reference {
    uint32_t database;
    const data::Entry* entry;
    const data::Block* block;
    data::Block::Span span;
  };
  using References = std::multimap<uint64_t, Reference>;  // by offset in their segment

  persistence::Status FindParts();
  void ReadCheckpoint();
  void CheckOpenBlocks();
  void CheckBlocks();
  void CheckSegment(uint32_t segment, References& references);
  void DropLostBlocks();
  void ReplayJournal();
  void Progress(std::string_view what, uint64_t done, uint64_t all) const;

  persistence::Disk& disk_;
  const Options options_;
  bool has_checkpoints_ = false;
  bool has_journal_ = false;
  bool has_blocks_ = false;
  persistence::BlockFiles files_;
  OfflinePager pager_;
  data::Dataset dataset_;  // goes before its pager
  Findings findings_;
};

}  // namespace leat::check
