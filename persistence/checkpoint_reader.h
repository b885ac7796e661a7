// Reads the checkpoint of a directory: the newest one, which is the only one but for a crash at the
// wrong moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/checkpoint_format.h"
#include "persistence/disk.h"
#include "persistence/status.h"

namespace leat::persistence {

struct CheckpointReport {
  Lsn lsn = 0;  // 0: there is none
  std::string file;
  uint64_t bytes = 0;  // of the file
};

// Called with each record's bytes in order, a run of whole items. An error stops the reading; it is
// passed on with file and offset.
using ImageFn = std::function<Status(std::string_view items)>;

// Refuses what is damaged or incomplete with file, offset and remedy.
Result<CheckpointReport> ReadCheckpoint(Disk& disk, const std::string& directory,
                                        const ImageFn& image);

// The LSN in the name of the newest one; 0: there is none. What is in it is not looked at.
Result<Lsn> FindCheckpoint(Disk& disk, const std::string& directory);

// The same as ReadCheckpoint for one file.
Result<CheckpointReport> ReadCheckpointFile(Disk& disk, const std::string& path,
                                            const ImageFn& image);

}  // namespace leat::persistence
