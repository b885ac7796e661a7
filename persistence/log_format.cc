#include "persistence/log_format.h"

#include <algorithm>
#include <charconv>

namespace leat::persistence {
namespace {

constexpr std::string_view kNamePrefix = "journal-";
constexpr std::string_view kNameSuffix = ".log";
constexpr size_t kNameDigits = 20;

}  // namespace

std::string EncodeMark(Lsn next_lsn, Lsn durable_lsn, uint64_t salt) {
  std::string mark(kMarkBytes, '\0');
  StoreRecordHeader(mark.data(), next_lsn, kMarkPayloadBytes, 0);
  StoreUint64(mark.data() + kRecordHeaderBytes, durable_lsn);
  SealRecord(mark.data(), kMarkPayloadBytes, salt);
  return mark;
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string bytes(kSegmentHeaderBytes, '\0');  // leaves the reserved field at 12 zero
  std::memcpy(bytes.data(), kSegmentMagic.data(), kSegmentMagic.size());
  std::memcpy(bytes.data() + 8, &kFormatVersion, sizeof(kFormatVersion));
  StoreUint64(bytes.data() + 16, header.first_lsn);
  StoreUint64(bytes.data() + 24, header.salt);
  StoreUint64(bytes.data() + 32, XXH3_64bits(bytes.data(), 32));
  return bytes;
}

std::string SegmentName(Lsn first_lsn) {
  const std::string digits = std::to_string(first_lsn);
  std::string name(kNamePrefix);
  name.append(kNameDigits - digits.size(), '0').append(digits).append(kNameSuffix);
  return name;
}

std::optional<Lsn> ParseSegmentName(std::string_view name) {
  if (name.size() != kNamePrefix.size() + kNameDigits + kNameSuffix.size()) return std::nullopt;
  if (!name.starts_with(kNamePrefix) || !name.ends_with(kNameSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(kNamePrefix.size(), kNameDigits);
  Lsn lsn = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), lsn);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return lsn;
}

}  // namespace leat::persistence
