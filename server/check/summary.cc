#include "server/check/summary.h"

#include <algorithm>
#include <vector>

#include "server/data/topic.h"

namespace leat::check {
namespace {

// How many topics of a database are named, and how many groups of a topic.
constexpr size_t kMostNamed = 20;

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string Checkpoint(const Findings& findings) {
  const persistence::CheckpointReport& checkpoint = findings.checkpoint;
  if (findings.checkpoint_damaged) return "damaged; what follows is what could be read of it";
  if (checkpoint.lsn == 0) return "none";
  return "up to LSN " + Grouped(checkpoint.lsn) + ", " + Count(checkpoint.bytes, "byte");
}

std::string Journal(const Findings& findings) {
  const persistence::RecoveryReport& journal = findings.journal;
  std::string text = "ends at LSN " + Grouped(journal.last_lsn) + "; " +
                     Count(journal.records, "record") + " of " + Count(journal.bytes, "byte") +
                     " behind the checkpoint, in " + Count(journal.segments.size(), "segment");
  if (journal.last_lsn > journal.durable_lsn) {
    text += "; proven to be durable up to LSN " + Grouped(journal.durable_lsn);
  }
  if (!journal.obsolete.empty()) {
    text += "\n            " + Count(journal.obsolete.size(), "older segment") +
            " that nothing needs; not read";
  }
  if (journal.cut) {
    text += "\n            a torn tail of " + Count(journal.cut->bytes, "byte") + " at offset " +
            std::to_string(journal.cut->offset) + " of " + journal.cut->file +
            ", which the next start cuts: it was never proven to be durable";
  }
  return text;
}

std::string Blocks(const Findings& findings) {
  uint64_t files = 0;
  uint64_t other = 0;
  OfflinePager::Usage live;
  for (const BlockSegment& segment : findings.block_segments) {
    files += segment.file_bytes;
    other += segment.other_bytes;
    live.blocks += segment.live.blocks;
    live.bytes += segment.live.bytes;
  }
  const uint64_t headers = findings.block_segments.size() * persistence::kSegmentHeaderBytes;
  const uint64_t used = live.bytes + headers;
  std::string text = Count(findings.block_segments.size(), "segment") + " of " +
                     Count(files, "byte") + ": " + Grouped(live.bytes) + " live in " +
                     Count(live.blocks, "block") + ", " + Grouped(files > used ? files - used : 0) +
                     " that nothing refers to";
  if (other > 0) text += ", of which " + Grouped(other) + " are no intact record";
  return text;
}

uint64_t PendingOf(const data::Topic& topic) {
  uint64_t pending = 0;
  for (size_t i = 0; i < topic.groups().size(); ++i) pending += topic.groups()[i].pending().size();
  return pending;
}

std::string TopicLine(std::string_view name, const data::Topic& topic) {
  OfflinePager::Usage stored;
  topic.ForEachSealed([&stored](const data::Block& block, const data::Block::Span&) {
    if (!block.page() || !block.page()->place.stored()) return;
    ++stored.blocks;
    stored.bytes += block.page()->place.size;
  });
  std::string text = "  topic " + Printable(name) + ": " + Count(topic.length(), "entry");
  if (topic.length() > 0) text += ", " + topic.first_id().ToString() + " to ";
  text +=
      topic.length() > 0 ? topic.last_id().ToString() : ", last ID " + topic.last_id().ToString();
  text += ", " + Count(topic.memory_bytes(), "byte") + " in memory, " + Grouped(stored.bytes) +
          " on disk in " + Count(stored.blocks, "block") + "\n";
  std::vector<const data::ConsumerGroup*> groups;
  for (size_t i = 0; i < topic.groups().size(); ++i) groups.push_back(&topic.groups()[i]);
  std::ranges::stable_sort(groups, [](const auto* a, const auto* b) {
    return a->pending().size() > b->pending().size();
  });
  for (size_t i = 0; i < std::min(groups.size(), kMostNamed); ++i) {
    text += "    group " + Printable(groups[i]->name()) + ": " +
            Count(groups[i]->consumer_count(), "consumer") + ", " +
            Grouped(groups[i]->pending().size()) + " pending\n";
  }
  if (groups.size() > kMostNamed) {
    text += "    and " + Count(groups.size() - kMostNamed, "more group") + ", " +
            Grouped(PendingOf(topic)) + " pending in all\n";
  }
  return text;
}

std::string Database(uint32_t number, const data::Keyspace& keyspace) {
  uint64_t strings = 0;
  uint64_t entries = 0;
  std::vector<const data::Entry*> topics;
  keyspace.ForEach([&](const data::Entry& entry) {
    if (entry.type() == data::Type::kString) {
      ++strings;
    } else {
      topics.push_back(&entry);
      entries += entry.topic()->length();
    }
  });
  std::string text = "database " + std::to_string(number) + ": " + Count(keyspace.size(), "key") +
                     ": " + Count(strings, "string") + ", " + Count(topics.size(), "topic") +
                     " with " + Count(entries, "entry") + "\n";
  std::ranges::sort(topics, [](const data::Entry* a, const data::Entry* b) {
    const uint64_t lengths[] = {a->topic()->length(), b->topic()->length()};
    return lengths[0] != lengths[1] ? lengths[0] > lengths[1] : a->key() < b->key();
  });
  for (size_t i = 0; i < std::min(topics.size(), kMostNamed); ++i) {
    text += TopicLine(topics[i]->key(), *topics[i]->topic());
  }
  if (topics.size() > kMostNamed) {
    text += "  and " + Count(topics.size() - kMostNamed, "shorter topic") + "\n";
  }
  return text;
}

}  // namespace

std::string Count(uint64_t number, const char* noun) {
  std::string text = Grouped(number) + " " + noun;
  if (number == 1) return text;
  if (text.ends_with("y") && !text.ends_with("ey")) return text.replace(text.size() - 1, 1, "ies");
  return text + "s";
}

std::string Summarize(const Inspection& inspection) {
  const Findings& findings = inspection.findings();
  std::string text = "checkpoint: " + Checkpoint(findings) + "\njournal:    " + Journal(findings) +
                     "\nblocks:     " + Blocks(findings) + "\n";
  const auto& databases = inspection.dataset().databases;
  for (uint32_t number = 0; number < databases.size(); ++number) {
    if (databases[number].size() > 0) text += Database(number, databases[number]);
  }
  return text;
}

}  // namespace leat::check
