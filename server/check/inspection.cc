#include "server/check/inspection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "persistence/checkpoint_format.h"
#include "server/check/block_content.h"
#include "server/data/topic.h"
#include "server/store/mutation_codec.h"

namespace leat::check {
namespace {

using persistence::Status;

// Of a record's payload; a block that it needs may be unreadable.
Status ApplyAll(std::string_view payload, data::Dataset& dataset) {
  try {
    const std::string error = store::ApplyEncoded(payload, dataset);
    return error.empty() ? Status() : Status::Error(error);
  } catch (const data::PageUnreadable& unreadable) {
    return Status::Error(unreadable.reason);
  }
}

template <typename Visit>
void ForEachTopic(const data::Dataset& dataset, Visit visit) {
  for (uint32_t database = 0; database < dataset.databases.size(); ++database) {
    dataset.databases[database].ForEach([&](const data::Entry& entry) {
      if (entry.type() == data::Type::kStream) visit(database, entry);
    });
  }
}

}  // namespace

std::string Printable(std::string_view name) {
  std::string text;
  for (const char c : name) text.push_back(c >= ' ' && c <= '~' ? c : '?');
  return text;
}

std::string NameOfTopic(uint32_t database, std::string_view key) {
  return "topic " + Printable(key) + " of database " + std::to_string(database);
}

Inspection::Inspection(persistence::Disk& disk, Options options)
    : disk_(disk),
      options_(std::move(options)),
      files_(disk, PathOf("blocks")),
      pager_(files_),
      dataset_(options_.databases) {
  dataset_.pager = &pager_;
}

std::string Inspection::PathOf(std::string_view part) const {
  return options_.directory + "/" + std::string(part);
}

void Inspection::Progress(std::string_view what, uint64_t done, uint64_t all) const {
  if (options_.progress) options_.progress(what, done, all);
}

Status Inspection::Run() {
  if (Status status = FindParts(); !status.ok()) return status;
  ReadCheckpoint();
  CheckOpenBlocks();
  CheckBlocks();
  if (options_.drop_lost_blocks) DropLostBlocks();
  ReplayJournal();
  for (BlockSegment& segment : findings_.block_segments) {
    segment.live = pager_.UsageOf(segment.number);
  }
  return Status();
}

Status Inspection::FindParts() {
  const auto names = disk_.ListDirectory(options_.directory);
  if (!names.ok()) return names.status();
  const auto has = [&names](std::string_view name) { return std::ranges::count(*names, name) > 0; };
  has_checkpoints_ = has("checkpoint");
  has_journal_ = has("journal");
  has_blocks_ = has("blocks");
  if (has_checkpoints_ || has_journal_ || has_blocks_) return Status();
  return Status::Error(options_.directory + ": is not a data directory: it has neither journal" +
                       ", checkpoint nor blocks");
}

void Inspection::ReadCheckpoint() {
  if (!has_checkpoints_) return;
  const auto newest = persistence::FindCheckpoint(disk_, PathOf("checkpoint"));
  if (!newest.ok()) {
    findings_.checkpoint_damaged = true;
    findings_.problems.push_back(newest.status().message());
    return;
  }
  if (*newest == 0) return;
  findings_.checkpoint.lsn = *newest;
  uint64_t bytes = 0;
  const auto report = persistence::ReadCheckpoint(disk_, PathOf("checkpoint"),
                                                  [this, &bytes](std::string_view items) {
                                                    bytes += items.size();
                                                    Progress("reading the checkpoint", bytes, 0);
                                                    return ApplyAll(items, dataset_);
                                                  });
  if (report.ok()) {
    findings_.checkpoint = *report;
  } else {
    findings_.checkpoint_damaged = true;
    findings_.problems.push_back(report.status().message());
  }
}

// What the checkpoint itself holds of topics.
void Inspection::CheckOpenBlocks() {
  const auto check = [this](uint32_t database, const data::Entry& entry, const data::Block& block,
                            const data::Block::Span& span) {
    const std::string problem =
        FindInconsistency(block.state(), span, block.entry_bytes(), block.index_bytes());
    if (problem.empty()) return;
    findings_.checkpoint_damaged = true;
    findings_.problems.push_back(findings_.checkpoint.file + ": a block of " +
                                 NameOfTopic(database, entry.key()) +
                                 " is inconsistent: " + problem);
  };
  ForEachTopic(dataset_, [&](uint32_t database, const data::Entry& entry) {
    const data::Topic& topic = *entry.topic();
    topic.ForEachSealed([&](const data::Block& block, const data::Block::Span& span) {
      if (block.resident()) check(database, entry, block, span);
    });
    if (!topic.tail().empty()) check(database, entry, topic.tail(), topic.tail().span());
  });
}

void Inspection::CheckBlocks() {
  std::map<uint32_t, References> segments;
  ForEachTopic(dataset_, [&](uint32_t database, const data::Entry& entry) {
    entry.topic()->ForEachSealed([&](const data::Block& block, const data::Block::Span& span) {
      if (block.resident()) return;
      const base::BlockPlace& place = block.page()->place;
      segments[place.segment].emplace(place.offset, Reference{database, &entry, &block, span});
    });
  });
  const auto names = has_blocks_ ? disk_.ListDirectory(PathOf("blocks"))
                                 : persistence::Result(std::vector<std::string>());
  if (!names.ok()) findings_.problems.push_back(names.status().message());
  if (names.ok()) {
    for (const std::string& name : *names) {
      const auto number = persistence::kBlockSegments.ParseName(name);
      if (number && *number > 0 && *number <= persistence::kMaxBlockSegment) {
        segments.try_emplace(static_cast<uint32_t>(*number));
      }
    }
  }
  uint64_t done = 0;
  for (auto& [number, references] : segments) {
    Progress("checking block segments", done++, segments.size());
    CheckSegment(number, references);
  }
}

// Reads a segment once, from its beginning to its end.
void Inspection::CheckSegment(uint32_t segment, References& references) {
  std::vector<std::pair<Reference, std::string>> wrong;
  const auto report = persistence::VerifyBlockSegment(
      disk_, files_.PathOf(segment), [&](const base::BlockPlace& place, std::string_view bytes) {
        const auto [begin, end] = references.equal_range(place.offset);
        for (auto at = begin; at != end;) {
          const data::Block& block = *at->second.block;
          std::string problem;
          if (block.page()->place != place || block.page()->size != bytes.size()) {
            problem = "its topic knows of a block of another size";
          } else {
            problem = FindInconsistency(block.state(), at->second.span, bytes);
          }
          if (!problem.empty()) wrong.emplace_back(at->second, std::move(problem));
          at = references.erase(at);
        }
      });
  if (report.ok()) {
    BlockSegment found{segment, report->file_bytes, 0, {}};
    for (const auto& gap : report->gaps) found.other_bytes += gap.bytes;
    findings_.block_segments.push_back(found);
  }
  // What no intact record was found for: the read says why.
  persistence::BlockBuffer buffer;
  for (const auto& [offset, reference] : references) {
    const auto bytes = files_.ReadBlock(reference.block->page()->place, buffer);
    wrong.emplace_back(
        reference, bytes.ok() ? "the segment cannot be walked up to it" : bytes.status().message());
  }
  for (const auto& [reference, problem] : wrong) {
    const base::BlockPlace& place = reference.block->page()->place;
    const std::string at = files_.PathOf(segment) + ": offset " + std::to_string(place.offset);
    const std::string key(reference.entry->key());
    const uint64_t entries = reference.block->live_count();
    findings_.problems.push_back(
        (problem.starts_with(at) ? problem : at + ": the block is inconsistent: " + problem) +
        "; it has " + std::to_string(entries) + " entries of " +
        NameOfTopic(reference.database, key));
    findings_.lost_blocks.push_back({reference.database, key, reference.span, entries, place});
  }
}

void Inspection::DropLostBlocks() {
  std::map<std::pair<uint32_t, std::string>, std::set<data::StreamId>> lost;  // by their last id
  for (const LostBlock& block : findings_.lost_blocks) {
    lost[{block.database, block.key}].insert(block.span.last);
  }
  for (const auto& topic : lost) {
    const auto& [database, key] = topic.first;
    data::Entry* entry = dataset_.databases[database].Find(data::MakeKey(key));
    entry->topic()->DropSealedIf([&topic](const data::Block&, const data::Block::Span& span) {
      return topic.second.contains(span.last);
    });
  }
}

// On a damaged checkpoint changes do not fit; the records are verified nevertheless.
void Inspection::ReplayJournal() {
  const persistence::Lsn checkpoint_lsn = findings_.checkpoint.lsn;
  if (!has_journal_ && checkpoint_lsn == 0) return;
  uint64_t bytes = 0;
  const auto report = persistence::Recover(
      disk_, PathOf("journal"),
      [&](const persistence::Record& record) {
        bytes += record.payload.size();
        Progress("replaying the journal", bytes, 0);
        if (record.first_lsn > options_.last_lsn) return Status::Error("given up");
        if (findings_.checkpoint_damaged) return Status();
        Status status = ApplyAll(record.payload, dataset_);
        pager_.Release();
        return status;
      },
      checkpoint_lsn, persistence::OnDamage::kStopThere);
  if (!report.ok()) {
    findings_.problems.push_back(report.status().message());
    return;
  }
  findings_.journal = *report;
  if (report->damage) findings_.problems.push_back(report->damage->message);
}

}  // namespace leat::check
