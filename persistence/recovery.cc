#include "persistence/recovery.h"

#include <algorithm>
#include <vector>

namespace leat::persistence {
namespace {

class Recovery {
 public:
  Recovery(Disk& disk, const std::string& directory, const ReplayFn& replay, Lsn checkpoint_lsn,
           OnDamage on_damage)
      : disk_(disk),
        directory_(directory),
        replay_(replay),
        checkpoint_lsn_(checkpoint_lsn),
        on_damage_(on_damage) {}

  Result<RecoveryReport> Run() {
    Status status = FindSegments();
    for (size_t i = 0; status.ok() && i < segments_.size(); ++i) {
      const bool last = i + 1 == segments_.size();
      status = last ? ReadLastSegment() : ReadSegment(segments_[i], segments_[i + 1]);
    }
    if (!status.ok() && on_damage_ == OnDamage::kRefuse) return status;
    report_.last_lsn = next_lsn_ - 1;
    if (!status.ok()) {
      report_.last_lsn = std::max(report_.last_lsn, checkpoint_lsn_);
      report_.damage = JournalDamage{report_.last_lsn + 1, status.message()};
    }
    return report_;
  }

 private:
  std::string PathOf(Lsn segment) const { return directory_ + "/" + SegmentName(segment); }

  Status FindSegments() {
    const auto names = disk_.ListDirectory(directory_);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      if (const auto first_lsn = ParseSegmentName(name)) segments_.push_back(*first_lsn);
    }
    std::sort(segments_.begin(), segments_.end());
    // The first one needed: the last that begins no later than what comes behind the checkpoint.
    auto first = std::upper_bound(segments_.begin(), segments_.end(), checkpoint_lsn_ + 1);
    if (first == segments_.begin()) return NothingToBeginWith();
    --first;
    for (auto old = segments_.begin(); old != first; ++old) report_.obsolete.push_back({*old});
    segments_.erase(segments_.begin(), first);
    next_lsn_ = segments_.front();
    return Status();
  }

  Status NothingToBeginWith() const {
    if (segments_.empty() && checkpoint_lsn_ == 0) return Status();  // a new journal
    if (segments_.empty()) {
      return Status::Error(directory_ + ": has no segment of the journal, but the checkpoint" +
                           " ends at LSN " + std::to_string(checkpoint_lsn_) +
                           ", and the journal goes on from there; bring back its segments");
    }
    const std::string path = PathOf(segments_.front());
    if (checkpoint_lsn_ == 0) {
      return Status::Error(path + ": is the first segment of the journal, but " +
                           SegmentName(kFirstLsn) +
                           " should be; bring back the segments that are missing before it");
    }
    return Status::Error(path + ": is the first segment of the journal, but the checkpoint ends" +
                         " at LSN " + std::to_string(checkpoint_lsn_) +
                         ", and what comes between is missing; bring back the segments before it," +
                         " or the checkpoint that belongs to it");
  }

  // A segment that another follows: all of it below the next one's first LSN was durable before
  // that one came to be, and what lies behind was written again there.
  Status ReadSegment(Lsn segment, Lsn next_segment) {
    const auto bytes = disk_.ReadFile(PathOf(segment));
    if (!bytes.ok()) return bytes.status();
    report_.segments.push_back({segment, bytes->size()});
    SegmentReader reader(*bytes);
    if (Status status = Begin(reader, segment); !status.ok()) return status;
    while (next_lsn_ < next_segment) {
      if (reader.Next() != SegmentReader::Outcome::kRecord) {
        return Damage(segment, reader,
                      "a later segment begins at LSN " + std::to_string(next_segment));
      }
      if (reader.next_lsn() > next_segment) {
        return Status::Error(PathOf(next_segment) + ": offset 0: the segment begins at LSN " +
                             std::to_string(next_segment) + ", within a record of " +
                             SegmentName(segment) + "; restore both files from a copy");
      }
      if (Status status = Replay(segment, reader, next_segment - 1); !status.ok()) return status;
    }
    return Status();
  }

  // Twice over: what the records prove must be known before the first of them is replayed.
  Status ReadLastSegment() {
    const Lsn segment = segments_.back();
    const auto bytes = disk_.ReadFile(PathOf(segment));
    if (!bytes.ok()) return bytes.status();
    report_.segments.push_back({segment, bytes->size()});
    SegmentReader reader(*bytes);
    if (Status status = Begin(reader, segment); !status.ok()) return status;
    auto outcome = SegmentReader::Outcome::kRecord;
    while (outcome == SegmentReader::Outcome::kRecord) outcome = reader.Next();
    const SegmentReader::Behind behind = reader.LookBehind();
    const Lsn marked_lsn = std::max(reader.durable_lsn(), behind.durable_lsn);
    const Lsn durable_lsn = std::max(marked_lsn, checkpoint_lsn_);
    report_.last_segment_bytes = reader.offset();
    Status damage;
    if (outcome == SegmentReader::Outcome::kWrong) {
      damage = Damage(segment, reader, "no unfinished write leaves such bytes");
    } else if (marked_lsn >= reader.next_lsn()) {
      damage = Damage(segment, reader, "a mark behind it says that it was complete on disk");
    } else if (checkpoint_lsn_ >= reader.next_lsn()) {
      damage = Damage(segment, reader, "the checkpoint's LSN was complete on disk");
    } else if (behind.torn_bytes > 0) {
      report_.cut = TornTail{PathOf(segment), reader.offset(), behind.torn_bytes};
    }
    if (!damage.ok() && on_damage_ == OnDamage::kRefuse) return damage;
    report_.durable_lsn = durable_lsn;

    SegmentReader again(*bytes);
    if (Status status = Begin(again, segment); !status.ok()) return status;
    while (again.Next() == SegmentReader::Outcome::kRecord) {
      if (Status status = Replay(segment, again, durable_lsn); !status.ok()) return status;
    }
    return damage;
  }

  Status Begin(SegmentReader& reader, Lsn segment) {
    Status status = reader.ReadHeader();
    if (status.ok() && reader.first_lsn() != segment) {
      status = Status::Error("the segment header says that its first LSN is " +
                             std::to_string(reader.first_lsn()));
    }
    if (status.ok()) return status;
    return Status::Error(PathOf(segment) + ": offset 0: " + status.message() + ". " +
                         Remedy(segment, "move it and every later segment away"));
  }

  Status Replay(Lsn segment, const SegmentReader& reader, Lsn durable_lsn) {
    Record record = reader.record();
    record.durable = reader.next_lsn() <= durable_lsn + 1;
    next_lsn_ = reader.next_lsn();
    if (record.first_lsn <= checkpoint_lsn_) {
      ++report_.skipped_records;
      if (next_lsn_ <= checkpoint_lsn_ + 1) return Status();
      next_lsn_ = record.first_lsn;
      return Status::Error(PathOf(segment) + ": offset " + std::to_string(reader.record_offset()) +
                           ": the checkpoint ends at LSN " + std::to_string(checkpoint_lsn_) +
                           ", within the record here; restore the checkpoint and the journal" +
                           " from the same copy");
    }
    ++report_.records;
    report_.mutations += record.mutations;
    report_.bytes += kRecordHeaderBytes + record.payload.size();
    Status status = replay_(record);
    if (status.ok()) return status;
    next_lsn_ = record.first_lsn;
    return Status::Error(PathOf(segment) + ": offset " + std::to_string(reader.record_offset()) +
                         ": the record at LSN " + std::to_string(record.first_lsn) +
                         " cannot be applied: " + status.message());
  }

  Status Damage(Lsn segment, const SegmentReader& reader, const std::string& proof) const {
    const std::string problem = reader.problem().empty() ? "the file ends" : reader.problem();
    const std::string offset = std::to_string(reader.offset());
    const std::string lsn = std::to_string(reader.next_lsn());
    return Status::Error(PathOf(segment) + ": offset " + offset + ": damaged where LSN " + lsn +
                         " should be: " + problem + "; and this is no torn write, since " + proof +
                         ". " +
                         Remedy(reader.next_lsn(), "truncate it to " + offset +
                                                       " bytes and move every later segment away"));
  }

  // `shorten` makes the journal end before `lsn`, which a checkpoint may not allow.
  std::string Remedy(Lsn lsn, const std::string& shorten) const {
    if (checkpoint_lsn_ >= lsn) {
      return "Restore the file from a copy; the journal cannot be cut here, as the checkpoint ends"
             " at LSN " +
             std::to_string(checkpoint_lsn_);
    }
    return "Restore the file from a copy, or, to give up every change from LSN " +
           std::to_string(lsn) + " on, " + shorten;
  }

  Disk& disk_;
  const std::string& directory_;
  const ReplayFn& replay_;
  const Lsn checkpoint_lsn_;
  const OnDamage on_damage_;
  std::vector<Lsn> segments_;  // by first LSN
  Lsn next_lsn_ = kFirstLsn;
  RecoveryReport report_;
};

}  // namespace

Result<RecoveryReport> Recover(Disk& disk, const std::string& directory, const ReplayFn& replay,
                               Lsn checkpoint_lsn, OnDamage on_damage) {
  return Recovery(disk, directory, replay, checkpoint_lsn, on_damage).Run();
}

}  // namespace leat::persistence
