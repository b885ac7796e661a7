#include "persistence/log_format.h"

#include <algorithm>
#include <charconv>

namespace leat::persistence {
namespace {

constexpr std::string_view kSegmentPrefix = "journal-";
constexpr std::string_view kSparePrefix = "spare-";
constexpr std::string_view kNameSuffix = ".log";
constexpr size_t kNameDigits = 20;

std::string NumberedName(std::string_view prefix, uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string name(prefix);
  name.append(kNameDigits - digits.size(), '0').append(digits).append(kNameSuffix);
  return name;
}

std::optional<uint64_t> ParseNumberedName(std::string_view prefix, std::string_view name) {
  if (name.size() != prefix.size() + kNameDigits + kNameSuffix.size()) return std::nullopt;
  if (!name.starts_with(prefix) || !name.ends_with(kNameSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size(), kNameDigits);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

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
  return NumberedName(kSegmentPrefix, first_lsn);
}

std::optional<Lsn> ParseSegmentName(std::string_view name) {
  return ParseNumberedName(kSegmentPrefix, name);
}

std::string SpareName(uint64_t number) {
  return NumberedName(kSparePrefix, number);
}

std::optional<uint64_t> ParseSpareName(std::string_view name) {
  return ParseNumberedName(kSparePrefix, name);
}

}  // namespace leat::persistence
