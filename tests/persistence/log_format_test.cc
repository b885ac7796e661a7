#include "persistence/log_format.h"

#include <gtest/gtest.h>

namespace leat::persistence {
namespace {

TEST(LogFormatTest, SegmentNamesSortAsTheirLsns) {
  EXPECT_EQ(SegmentName(1), "journal-00000000000000000001.log");
  EXPECT_EQ(SegmentName(UINT64_MAX), "journal-18446744073709551615.log");
  EXPECT_EQ(ParseSegmentName(SegmentName(42)), 42u);
  EXPECT_EQ(ParseSegmentName(SegmentName(UINT64_MAX)), UINT64_MAX);
}

TEST(LogFormatTest, OtherNamesAreNotSegments) {
  for (const char* name :
       {"", "lock", "journal-1.log", "journal-0000000000000000000x.log",
        "journal-00000000000000000001.log.new", "journal-99999999999999999999.log",
        "journal--0000000000000000001.log", "Journal-00000000000000000001.log"}) {
    EXPECT_EQ(ParseSegmentName(name), std::nullopt) << name;
  }
}

// These bytes are on users' disks: whoever changes them changes the format version too.
TEST(LogFormatTest, SegmentHeaderIsLaidOutAsDocumented) {
  const std::string header = EncodeSegmentHeader({.number = 0x0102, .salt = 0x0304});
  ASSERT_EQ(header.size(), kSegmentHeaderBytes);
  EXPECT_EQ(header.substr(0, 8), "LEATJRNL");
  EXPECT_EQ(header.substr(8, 8), std::string("\1\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(header.substr(16, 8), std::string("\2\1\0\0\0\0\0\0", 8));
  EXPECT_EQ(header.substr(24, 8), std::string("\4\3\0\0\0\0\0\0", 8));
  EXPECT_EQ(LoadUint64(header.data() + 32), XXH3_64bits(header.data(), 32));
}

TEST(LogFormatTest, RecordIsLaidOutAsDocumented) {
  std::string record(kRecordHeaderBytes, '\0');
  record += "payload";
  StoreRecordHeader(record.data(), 0x0102, 7, 3);
  SealRecord(record.data(), 7, 99);
  EXPECT_EQ(LoadUint64(record.data()),
            XXH3_64bits_withSeed(record.data() + 8, record.size() - 8, 99));
  EXPECT_EQ(record.substr(8), std::string("\2\1\0\0\0\0\0\0"
                                          "\7\0\0\0\0\0\0\0"
                                          "\3\0\0\0"
                                          "payload",
                                          27));
}

TEST(LogFormatTest, MarkIsARecordWithoutMutations) {
  const std::string mark = EncodeMark(/*next_lsn=*/9, /*durable_lsn=*/8, /*salt=*/5);
  const RecordHeader header = LoadRecordHeader(mark.data());
  EXPECT_EQ(mark.size(), kMarkBytes);
  EXPECT_EQ(header.lsn, 9u);
  EXPECT_EQ(header.mutations, 0u);
  EXPECT_EQ(header.length, kMarkPayloadBytes);
  EXPECT_EQ(header.checksum, RecordChecksum(mark.data(), header.length, 5));
  EXPECT_EQ(LoadUint64(mark.data() + kRecordHeaderBytes), 8u);
}

}  // namespace
}  // namespace leat::persistence
