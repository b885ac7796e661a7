#include "server/check/repair.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "persistence/checkpoint_writer.h"
#include "persistence/log_reader.h"
#include "server/check/summary.h"
#include "server/store/image.h"

namespace leat::check {
namespace {

using persistence::Lsn;
using persistence::Result;
using persistence::Status;

}  // namespace

Result<std::string> Repair::Plan() {
  if (found_.findings().checkpoint_damaged) {
    return Status::Error(found_.options().directory +
                         ": cannot be repaired: the checkpoint is damaged, and what of its keys is"
                         " gone cannot be told; restore the whole data directory from a copy");
  }
  if (Status status = FindWhatIsLeft(); !status.ok()) return status;
  if (last_lsn_ == 0) {
    return Status::Error(found_.options().directory +
                         ": cannot be repaired: nothing would be left; restore the whole data"
                         " directory from a copy");
  }
  std::string text;
  for (const LostBlock& block : left_->findings().lost_blocks) {
    text += "lost: " + Count(block.entries, "entry") + " of " +
            NameOfTopic(block.database, block.key) + ", " + block.span.first.ToString() + " to " +
            block.span.last.ToString() + "\n";
  }
  if (!cuts_journal_) return text;
  auto losses = JournalLosses();
  if (!losses.ok()) return losses.status();
  return text + *losses;
}

// A change that does not fit may have been applied in part, so the next look ends before it.
Status Repair::FindWhatIsLeft() {
  Inspection::Options options = found_.options();
  options.drop_lost_blocks = true;
  for (;;) {
    left_ = std::make_unique<Inspection>(disk_, options);
    if (Status status = left_->Run(); !status.ok()) return status;
    const persistence::RecoveryReport& journal = left_->findings().journal;
    last_lsn_ = journal.last_lsn;
    cuts_journal_ = journal.damage.has_value();
    if (!cuts_journal_ || last_lsn_ == options.last_lsn) return Status();
    why_cut_ = journal.damage->message;
    options.last_lsn = last_lsn_;
  }
}

Result<std::vector<Lsn>> Repair::JournalSegments() const {
  std::vector<Lsn> segments;
  const auto names = disk_.ListDirectory(found_.PathOf("journal"));
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (const auto lsn = persistence::ParseSegmentName(name)) segments.push_back(*lsn);
  }
  std::ranges::sort(segments);
  return segments;
}

Result<std::string> Repair::JournalLosses() const {
  uint64_t records = 0;
  uint64_t unreadable_bytes = 0;
  Lsn last = last_lsn_;
  const auto segments = found_.has_journal() ? JournalSegments() : std::vector<Lsn>();
  if (!segments.ok()) return segments.status();
  for (size_t i = 0; i < segments->size(); ++i) {
    // One that ends before what is lost.
    if (i + 1 < segments->size() && (*segments)[i + 1] <= last_lsn_ + 1) continue;
    const auto bytes =
        disk_.ReadFile(found_.PathOf("journal/" + persistence::SegmentName((*segments)[i])));
    if (!bytes.ok()) continue;
    persistence::SegmentReader reader(*bytes);
    if (reader.ReadHeader().ok()) {
      while (reader.Next() == persistence::SegmentReader::Outcome::kRecord) {
        if (reader.record().first_lsn <= last_lsn_) continue;
        ++records;
        last = std::max(last, reader.next_lsn() - 1);
      }
      last = std::max(last, reader.LookBehind().durable_lsn);
    }
    unreadable_bytes += bytes->size() - reader.offset();
  }
  std::string text = "lost: every change from LSN " + std::to_string(last_lsn_ + 1) + " on";
  if (last > last_lsn_) text += ", which go to LSN " + std::to_string(last) + " at least";
  text += ": " + Count(records, "record") + " that can be read, and " +
          Count(unreadable_bytes, "byte") + " of the journal behind the damage";
  if (std::ranges::count(found_.findings().problems, why_cut_) == 0) {
    text += "; the journal is cut since " + why_cut_;
  }
  return text + "\n";
}

Status Repair::Run(const std::string& aside, uint64_t random_seed) {
  aside_ = found_.PathOf(aside);
  if (Status status = disk_.CreateDirectory(aside_); !status.ok()) return status;
  if (Status status = WriteCheckpoint(random_seed); !status.ok()) return status;
  if (Status status = CutJournal(random_seed); !status.ok()) return status;
  return MoveDeadBlocks();
}

// Durable before the file that it is a copy of goes.
Status Repair::CopyAside(const std::string& path) const {
  constexpr size_t kAtOnce = size_t{1} << 20;
  const auto from = disk_.OpenFile(path);
  if (!from.ok()) return from.status();
  const std::string copy = aside_ + path.substr(path.rfind('/'));
  auto to = disk_.CreateFile(copy);
  if (!to.ok()) return to.status();
  std::string piece(kAtOnce, '\0');
  for (uint64_t offset = 0;;) {
    const auto got = (*from)->Read(offset, piece);
    if (!got.ok()) return persistence::NamedError(path, got.status());
    if (*got == 0) break;
    const std::string_view bytes(piece.data(), *got);
    Status status = (*to)->Append({&bytes, 1});
    if (!status.ok()) return persistence::NamedError(copy, status);
    offset += *got;
  }
  if (Status status = (*to)->Sync(); !status.ok()) return persistence::NamedError(copy, status);
  return disk_.SyncDirectory(aside_);
}

// Durable before another file takes its name: a power loss may keep the later one of two renames.
Status Repair::MoveAside(const std::string& path) const {
  Status status = disk_.Rename(path, aside_ + path.substr(path.rfind('/')));
  if (status.ok()) status = disk_.SyncDirectory(aside_);
  return status.ok() ? disk_.SyncDirectory(path.substr(0, path.rfind('/'))) : status;
}

// Until the journal is cut the directory is refused as before.
Status Repair::WriteCheckpoint(uint64_t random_seed) {
  const persistence::CheckpointReport& old = found_.findings().checkpoint;
  if (old.lsn == last_lsn_ && left_->findings().lost_blocks.empty()) return Status();
  if (old.lsn > 0) {
    if (Status status = CopyAside(old.file); !status.ok()) return status;
  }
  persistence::CheckpointWriter::Options options;
  options.directory = found_.PathOf("checkpoint");
  options.lsn = last_lsn_;
  options.random_seed = random_seed;
  options.threaded = false;
  if (Status status = disk_.CreateDirectory(options.directory); !status.ok()) return status;
  persistence::CheckpointWriter writer(disk_, options);
  std::set<uint32_t> segments;
  const auto& databases = left_->dataset().databases;
  for (uint32_t number = 0; number < databases.size(); ++number) {
    databases[number].ForEach([&](const data::Entry& entry) {
      store::WriteImage(number, entry, writer, segments);
      writer.Step();
    });
  }
  writer.Finish();
  writer.Step();
  return writer.state() == persistence::CheckpointWriter::State::kDone ? Status() : writer.status();
}

// The later segments go before the one that ends the journal comes, which would not reach them;
// the earlier ones after it, and only where they end in what is given up.
Status Repair::CutJournal(uint64_t random_seed) {
  const std::string directory = found_.PathOf("journal");
  if (Status status = disk_.CreateDirectory(directory); !status.ok()) return status;
  const Lsn first = last_lsn_ + 1;
  const auto path_of = [&directory](Lsn lsn) {
    return directory + "/" + persistence::SegmentName(lsn);
  };
  auto segments = JournalSegments();
  if (!segments.ok()) return segments.status();
  for (; cuts_journal_ && !segments->empty() && segments->back() >= first; segments->pop_back()) {
    if (Status status = MoveAside(path_of(segments->back())); !status.ok()) return status;
  }
  const std::string header =
      persistence::EncodeSegmentHeader({first, persistence::MakeSalt(first, 0, random_seed)});
  const std::string_view piece = header;
  const auto file =
      persistence::PutInForce(disk_, directory, persistence::SegmentName(first), {&piece, 1});
  if (!file.ok()) return file.status();
  if (!cuts_journal_ || segments->empty()) return Status();
  return MoveAside(path_of(segments->back()));
}

// A start would remove the files that nothing refers to any more.
Status Repair::MoveDeadBlocks() {
  std::set<uint32_t> damaged;
  for (const LostBlock& block : left_->findings().lost_blocks) damaged.insert(block.place.segment);
  for (const uint32_t number : damaged) {
    if (left_->UsageOf(number).blocks > 0) continue;
    const std::string path = found_.PathOf("blocks/" + persistence::kBlockSegments.Name(number));
    if (!disk_.OpenFile(path).ok()) continue;  // it is missing
    if (Status status = MoveAside(path); !status.ok()) return status;
  }
  return Status();
}

}  // namespace leat::check
