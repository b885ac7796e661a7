// What the journal's tests share: opening one on a simulated disk, and what came back from it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/journal.h"
#include "tests/persistence/simulated_disk.h"

namespace leat::persistence {

using Payloads = std::vector<std::string>;
using Files = std::map<std::string, std::string>;

// Those that are segments in force; not the spares.
inline Files SegmentsOf(Files files) {
  std::erase_if(files, [](const auto& file) {
    return !ParseSegmentName(std::string_view(file.first).substr(file.first.rfind('/') + 1));
  });
  return files;
}

inline Journal::Options ManualOptions(SyncPolicy policy = SyncPolicy::kAlways) {
  return {.directory = "journal", .policy = policy, .random_seed = 7, .threaded = false};
}

// The payloads of the records replayed go to `payloads`, if given.
inline Result<std::unique_ptr<Journal>> OpenJournal(Disk& disk, Journal::Options options,
                                                    Payloads* payloads = nullptr) {
  return Journal::Open(disk, std::move(options), [payloads](const Record& record) {
    if (payloads != nullptr) payloads->emplace_back(record.payload);
    return Status();
  });
}

inline Lsn AppendRecord(Journal& journal, std::string_view payload, uint32_t mutations = 1) {
  journal.BeginRecord();
  journal.Append(payload);
  const Lsn lsn = journal.EndRecord(mutations);
  journal.Submit();
  return lsn;
}

}  // namespace leat::persistence
