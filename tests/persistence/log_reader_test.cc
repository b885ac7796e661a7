#include "persistence/log_reader.h"

#include <gtest/gtest.h>

namespace leat::persistence {
namespace {

using Outcome = SegmentReader::Outcome;
constexpr uint64_t kSalt = 77;

std::string Header(Lsn first_lsn = 1) {
  return EncodeSegmentHeader({first_lsn, kSalt});
}

std::string Sealed(Lsn lsn, std::string_view payload, uint32_t mutations = 1,
                   uint64_t salt = kSalt) {
  std::string record(kRecordHeaderBytes, '\0');
  StoreRecordHeader(record.data(), lsn, payload.size(), mutations);
  record.append(payload);
  SealRecord(record.data(), payload.size(), salt);
  return record;
}

// The outcome behind as many records as there are.
Outcome ReadToEnd(SegmentReader& reader, std::vector<std::string>* payloads = nullptr) {
  EXPECT_TRUE(reader.ReadHeader().ok());
  for (;;) {
    const Outcome outcome = reader.Next();
    if (outcome != Outcome::kRecord) return outcome;
    if (payloads != nullptr) payloads->emplace_back(reader.record().payload);
  }
}

TEST(LogReaderTest, HeaderErrorsSayWhatIsWrong) {
  std::string other_version = Header();
  other_version[8] = 2;
  StoreUint64(other_version.data() + 32, XXH3_64bits(other_version.data(), 32));
  std::string flipped = Header();
  flipped[20] ^= 1;
  const std::pair<std::string, const char*> cases[] = {
      {"", "needs 40 bytes, and the file has 0"},
      {Header().substr(0, 39), "and the file has 39"},
      {std::string(40, '\0'), "does not begin with LEATJRNL"},
      {flipped, "checksum does not match"},
      {other_version, "format version 2, and this server reads version 1"},
      {Header(0), "first LSN is 0"},
  };
  for (const auto& [bytes, message] : cases) {
    SegmentReader reader(bytes);
    EXPECT_NE(reader.ReadHeader().message().find(message), std::string::npos) << message;
  }
}

TEST(LogReaderTest, EmptySegmentEndsAtOnce) {
  const std::string bytes = Header(5);
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kEnd);
  EXPECT_EQ(reader.next_lsn(), 5u);
  EXPECT_EQ(reader.durable_lsn(), 4u);  // what is before a segment was durable when it began
}

TEST(LogReaderTest, ReadsRecordsInOrderAndPassesOverMarks) {
  const std::string bytes =
      Header() + Sealed(1, "a") + EncodeMark(2, 1, kSalt) + Sealed(2, "batch", 3) + Sealed(5, "");
  SegmentReader reader(bytes);
  std::vector<std::string> payloads;
  EXPECT_EQ(ReadToEnd(reader, &payloads), Outcome::kEnd);
  EXPECT_EQ(payloads, (std::vector<std::string>{"a", "batch", ""}));
  EXPECT_EQ(reader.next_lsn(), 6u);
  EXPECT_EQ(reader.durable_lsn(), 1u);
}

TEST(LogReaderTest, AnyCutLeavesTheRecordsBeforeIt) {
  const std::string whole = Header() + Sealed(1, "first") + Sealed(2, "second");
  const size_t first_end = kSegmentHeaderBytes + kRecordHeaderBytes + 5;
  for (size_t size = kSegmentHeaderBytes; size < whole.size(); ++size) {
    const std::string bytes = whole.substr(0, size);
    SegmentReader reader(bytes);
    std::vector<std::string> payloads;
    const Outcome outcome = ReadToEnd(reader, &payloads);
    const bool at_record_end = size == kSegmentHeaderBytes || size == first_end;
    EXPECT_EQ(outcome, at_record_end ? Outcome::kEnd : Outcome::kBroken) << size;
    EXPECT_EQ(payloads.size(), size < first_end ? 0u : 1u) << size;
    EXPECT_EQ(reader.offset(), size < first_end ? kSegmentHeaderBytes : first_end) << size;
  }
}

TEST(LogReaderTest, ZerosAreNoRecord) {
  const std::string bytes = Header() + Sealed(1, "a") + std::string(4096, '\0');
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
  EXPECT_EQ(reader.LookBehind().durable_lsn, 0u);
}

TEST(LogReaderTest, SpaceThatWasNeverWrittenToIsNoTornRecord) {
  const std::string old = Sealed(3, std::string(100, 'o'), 1, kSalt + 1);
  for (const std::string& space : {std::string(4096, '\0'), old, old.substr(13)}) {
    const std::string bytes = Header(8) + Sealed(8, "a") + space;
    SegmentReader reader(bytes);
    EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
    EXPECT_EQ(reader.LookBehind().torn_bytes, 0u);
  }
}

TEST(LogReaderTest, TornRecordShowsByItsHeaderOrByAMarkBehindIt) {
  const std::string old = Sealed(3, std::string(200, 'o'), 1, kSalt + 1);
  const std::string intact = Header(8) + Sealed(8, "a");
  std::string torn = Sealed(9, std::string(100, 'b'));
  for (size_t bit = 0; bit < kRecordHeaderBytes * 8; ++bit) {
    std::string flipped = torn;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const std::string bytes = intact + flipped + old;
    SegmentReader reader(bytes);
    EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
    EXPECT_GE(reader.LookBehind().torn_bytes, kRecordHeaderBytes) << bit;
  }
  torn.replace(0, 64, old, 0, 64);
  const std::string bytes = intact + torn + EncodeMark(10, 8, kSalt) + old;
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
  EXPECT_EQ(reader.LookBehind().torn_bytes, torn.size() + kMarkBytes);
}

TEST(LogReaderTest, HugeLengthIsNotFollowed) {
  std::string record = Sealed(1, "a");
  StoreUint64(record.data() + 16, UINT64_MAX);
  const std::string bytes = Header() + record;
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
  EXPECT_NE(reader.problem().find("beyond the end"), std::string::npos);
}

TEST(LogReaderTest, RecordOutOfOrderIsWrongRatherThanTorn) {
  for (const Lsn lsn : {0, 1, 3}) {
    const std::string bytes = Header() + Sealed(1, "a") + Sealed(lsn, "b");
    SegmentReader reader(bytes);
    EXPECT_EQ(ReadToEnd(reader), Outcome::kWrong) << lsn;
    EXPECT_NE(reader.problem().find("LSN " + std::to_string(lsn)), std::string::npos);
  }
}

TEST(LogReaderTest, LsnsDoNotWrapAround) {
  const std::string bytes = Header(UINT64_MAX - 1) + Sealed(UINT64_MAX - 1, "a", 5);
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kWrong);
}

TEST(LogReaderTest, RecordOfAnotherSegmentIsNoRecord) {
  const std::string bytes = Header() + Sealed(1, "a", 1, kSalt + 1);
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
}

TEST(LogReaderTest, MarkThatPromisesTheFutureIsWrong) {
  const std::string bytes = Header() + Sealed(1, "a") + EncodeMark(2, 2, kSalt);
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kWrong);
}

TEST(LogReaderTest, MarkOfAnotherLengthIsWrong) {
  const std::string bytes = Header() + Sealed(1, "not eight", 0);
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kWrong);
}

TEST(LogReaderTest, FindsMarksBehindTheBreak) {
  std::string broken = Sealed(1, "broken");
  broken.back() ^= 1;
  const std::string bytes = Header() + broken + Sealed(2, "b") + EncodeMark(3, 1, kSalt) + "junk" +
                            EncodeMark(3, 2, kSalt) + "trailing";
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
  EXPECT_EQ(reader.LookBehind().durable_lsn, 2u);
}

TEST(LogReaderTest, MarkForgedWithinAPayloadIsNotFound) {
  std::string torn = Sealed(1, EncodeMark(2, 1, /*salt, guessed=*/0));
  torn[0] ^= 1;
  const std::string bytes = Header() + torn;
  SegmentReader reader(bytes);
  EXPECT_EQ(ReadToEnd(reader), Outcome::kBroken);
  EXPECT_EQ(reader.LookBehind().durable_lsn, 0u);
}

}  // namespace
}  // namespace leat::persistence
