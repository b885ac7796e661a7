// libFuzzer target: a segment file of any bytes. The first input byte chooses how the rest is used:
// even, as the file itself; odd, as a list of edits to a well-formed file, whose checksums are put
// right afterwards, so that what lies behind them is reached too.
//
//   clang++-14 -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. \
//       tests/fuzz/journal_reader_fuzz.cc persistence/{log_*,segment_file}.cc -lxxhash
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "persistence/log_reader.h"

namespace leat::persistence {
namespace {

constexpr uint64_t kSalt = 1;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Takes whatever it is given to its end, and checks what the reader promises.
void ReadSegment(std::string_view bytes) {
  SegmentReader reader(bytes);
  if (!reader.ReadHeader().ok()) return;
  Lsn next_lsn = reader.first_lsn();
  size_t offset = kSegmentHeaderBytes;
  for (;;) {
    const auto outcome = reader.Next();
    Require(reader.offset() >= offset && reader.offset() <= bytes.size());
    if (outcome != SegmentReader::Outcome::kRecord) {
      Require(outcome != SegmentReader::Outcome::kEnd || reader.offset() == bytes.size());
      break;
    }
    const Record& record = reader.record();
    Require(record.first_lsn == next_lsn && record.mutations > 0);
    Require(reader.record_offset() >= offset);
    Require(record.payload.data() >= bytes.data() &&
            record.payload.data() + record.payload.size() <= bytes.data() + bytes.size());
    next_lsn += record.mutations;
    offset = reader.offset();
    Require(reader.next_lsn() == next_lsn && reader.durable_lsn() < next_lsn);
  }
  (void)reader.LookBehind();
}

// Reads as many small numbers as the input has; zeros behind its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Take() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

 private:
  std::string_view bytes_;
};

std::string BuildSegment(Input input) {
  Lsn lsn = input.Take();
  if (lsn == 255) lsn = UINT64_MAX - input.Take();
  std::string segment = EncodeSegmentHeader({lsn, kSalt});
  while (!input.empty()) {
    const uint8_t what = input.Take();
    if (what % 8 == 0) {
      segment += EncodeMark(lsn + input.Take() % 2, lsn - input.Take(), kSalt);
      continue;
    }
    const uint32_t mutations = what % 8 == 1 ? 0 : input.Take() % 5;
    std::string record(kRecordHeaderBytes + input.Take(), static_cast<char>(what));
    const uint64_t length = record.size() - kRecordHeaderBytes;
    StoreRecordHeader(record.data(), what % 8 == 2 ? lsn + input.Take() : lsn, length, mutations);
    SealRecord(record.data(), length, kSalt);
    if (what % 8 == 3) record[input.Take() % record.size()] ^= static_cast<char>(input.Take());
    if (what % 8 == 4) record.resize(input.Take() % record.size());
    segment += record;
    lsn += mutations;
  }
  return segment;
}

}  // namespace
}  // namespace leat::persistence

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::persistence;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  ReadSegment(data[0] % 2 == 0 ? std::string(input) : BuildSegment(Input(input)));
  return 0;
}
