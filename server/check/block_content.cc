#include "server/check/block_content.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "server/base/number.h"
#include "server/data/stream_id.h"

namespace leat::check {
namespace {

using data::Block;
using data::StreamId;

// Takes an entry apart from its front.
class EntryReader {
 public:
  explicit EntryReader(std::string_view entry) : rest_(entry) {}

  // The id, if the entry is whole and nothing follows it.
  std::optional<StreamId> Read() {
    if (Header('*') != 2) return std::nullopt;
    const auto text = Bulk();
    if (!text) return std::nullopt;
    const auto id = data::ParseStreamId(*text);
    if (!id || !id->has_seq || id->id.ToString() != *text) return std::nullopt;
    const auto fields = Header('*');
    if (!fields) return std::nullopt;
    for (uint64_t i = 0; i < *fields; ++i) {
      if (!Bulk()) return std::nullopt;
    }
    return rest_.empty() ? std::optional(id->id) : std::nullopt;
  }

 private:
  std::optional<uint64_t> Header(char marker) {
    const size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos || rest_.front() != marker) return std::nullopt;
    const auto number = base::ParseUint64(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 2);
    return number;
  }
  std::optional<std::string_view> Bulk() {
    const auto size = Header('$');
    if (!size || rest_.size() < 2 || *size > rest_.size() - 2) return std::nullopt;
    const std::string_view bytes = rest_.substr(0, *size);
    if (rest_.substr(*size, 2) != "\r\n") return std::nullopt;
    rest_.remove_prefix(*size + 2);
    return bytes;
  }

  std::string_view rest_;
};

// Where the entry at `position` begins; the index grows from the back.
uint16_t OffsetAt(std::string_view index, uint32_t position) {
  uint16_t offset = 0;
  std::memcpy(&offset, index.data() + index.size() - (position + 1) * sizeof(offset),
              sizeof(offset));
  return offset;
}

}  // namespace

std::string FindInconsistency(const Block::State& state, const Block::Span& span,
                              std::string_view bytes) {
  const size_t index_size = state.count * sizeof(uint16_t);
  if (state.size > bytes.size() || index_size > bytes.size() - state.size) {
    return "it has " + std::to_string(bytes.size()) + " bytes, and its topic knows of " +
           std::to_string(state.size) + " with an index of " + std::to_string(index_size);
  }
  return FindInconsistency(state, span, bytes.substr(0, state.size),
                           bytes.substr(bytes.size() - index_size));
}

std::string FindInconsistency(const Block::State& state, const Block::Span& span,
                              std::string_view entries, std::string_view index) {
  if (!Block::Valid(state, entries, index)) return "its index does not fit its entries";
  StreamId previous;
  for (uint32_t position = 0; position < state.count; ++position) {
    const size_t from = OffsetAt(index, position);
    const size_t to = position + 1 < state.count ? OffsetAt(index, position + 1) : entries.size();
    const std::string at =
        "entry " + std::to_string(position) + ", " + std::to_string(from) + " bytes into it, ";
    const auto id = EntryReader(entries.substr(from, to - from)).Read();
    if (!id) return at + "is malformed";
    if (position > 0 && *id <= previous) return at + "has an ID that is not the greatest";
    if (position == state.begin && *id != span.first) {
      return at + "has the ID " + id->ToString() + ", and its topic knows of " +
             span.first.ToString();
    }
    previous = *id;
  }
  if (state.begin < state.count && previous != span.last) {
    return "its last ID is " + previous.ToString() + ", and its topic knows of " +
           span.last.ToString();
  }
  return "";
}

}  // namespace leat::check
