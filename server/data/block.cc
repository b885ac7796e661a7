#include "server/data/block.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "server/base/number.h"
#include "server/base/wire.h"

namespace leat::data {
namespace {

using base::SharedBytes;

constexpr size_t kSharedHeaderBytes = 16;
constexpr size_t kBitsPerWord = 64;
// "*2\r\n$3\r\n0-0\r\n" before at least "*0\r\n": what an entry takes at the least.
constexpr size_t kMinEntryBytes = 4 + 4 + 5 + 4;
static_assert(Block::kMaxAllocation <= size_t{1} << 16, "an offset is 16 bits");
static_assert(Block::kMaxAllocation / kMinEntryBytes < size_t{1} << 16, "a position is 16 bits");

// Small blocks grow by one size class, so that a small topic wastes little; larger ones double.
constexpr size_t kDoublingFrom = 1024;

// jemalloc's size classes: four to a doubling, at least 16 bytes apart. What lies between would be
// lost inside the allocator.
size_t RoundToSizeClass(size_t bytes) {
  const size_t step = std::max<size_t>(16, std::bit_floor(bytes - 1) / 4);
  return (bytes + step - 1) / step * step;
}

// A single entry that needs more than kMaxAllocation: the index only has to be aligned.
size_t AllocationFor(size_t bytes) {
  if (bytes <= Block::kMaxAllocation) return RoundToSizeClass(bytes);
  return (bytes + 15) / 16 * 16;
}

size_t WordsFor(size_t positions) {
  return (positions + kBitsPerWord - 1) / kBitsPerWord;
}

// What stands before an entry's fields, made aside because its size decides where it goes.
class EntryHead {
 public:
  EntryHead(StreamId id, size_t field_count) {
    char* id_text = text_ + kIdOffset;
    end_ = id.Format(id_text);
    const size_t length = static_cast<size_t>(end_ - id_text);
    begin_ = id_text - base::ArrayHeaderSize(2) - base::ArrayHeaderSize(length);
    base::WriteWireHeader(base::WriteArrayHeader(begin_, 2), '$', length);
    *end_++ = '\r';
    *end_++ = '\n';
    end_ = base::WriteArrayHeader(end_, field_count);
  }
  const char* data() const { return begin_; }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }

 private:
  static constexpr size_t kIdOffset = 9;  // behind "*2\r\n$41\r\n"
  char text_[kIdOffset + StreamId::kMaxTextLength + 2 + base::kMaxWireHeaderBytes];
  char* begin_;
  char* end_;
};

}  // namespace

Block::Block(uint64_t first_ordinal, size_t allocation) : first_ordinal_(first_ordinal) {
  if (allocation > 0) bytes_ = SharedBytes::Allocate(allocation - kSharedHeaderBytes);
}

bool Block::Append(StreamId id, EntryFields fields) {
  const EntryHead head(id, fields.count);
  const size_t entry_bytes = head.size() + fields.bulks.size();
  if (Room() < entry_bytes + sizeof(Offset) && !GrowFor(entry_bytes)) return false;
  char* out = bytes_.data() + size_;
  std::memcpy(out, head.data(), head.size());
  std::memcpy(out + head.size(), fields.bulks.data(), fields.bulks.size());
  *(IndexEnd() - 1 - count_) = static_cast<Offset>(size_);
  size_ += entry_bytes;
  ++count_;
  return true;
}

// Makes room for one more entry by a larger buffer, or one without the trimmed entries. A buffer of
// the largest size is made anew only if half of it is trimmed: each byte is moved once at the most.
bool Block::GrowFor(size_t entry_bytes) {
  const size_t trimmed = OffsetOf(begin_);
  const size_t needed = kSharedHeaderBytes + (size_ - trimmed) + entry_bytes +
                        (size_t{1} + count_ - begin_) * sizeof(Offset);
  const size_t allocated = bytes_.allocated_bytes();
  if (!empty()) {
    if (needed > kMaxAllocation) return false;
    if (allocated >= kMaxAllocation && trimmed < size_ / 2) return false;
  }
  size_t wanted = needed;
  if (begin_ > 0) {
    wanted = 2 * needed;
  } else if (count_ > 0) {
    wanted = allocated < kDoublingFrom ? allocated + allocated / 4 : 2 * allocated;
  }
  MoveTo(AllocationFor(std::max(needed, std::min(wanted, kMaxAllocation))));
  return true;
}

// Moves what is not trimmed into a new buffer; who refers to the old one keeps it.
void Block::MoveTo(size_t allocation) {
  assert(allocation > kSharedHeaderBytes);
  SharedBytes moved = SharedBytes::Allocate(allocation - kSharedHeaderBytes);
  const size_t trimmed = OffsetOf(begin_);
  const uint32_t kept = static_cast<uint32_t>(count_ - begin_);
  if (kept > 0) {
    std::memcpy(moved.data(), bytes_.data() + trimmed, size_ - trimmed);
    auto* index_end = reinterpret_cast<Offset*>(moved.data() + moved.capacity());
    for (uint32_t i = 0; i < kept; ++i) {
      *(index_end - 1 - i) = static_cast<Offset>(OffsetOf(begin_ + i) - trimmed);
    }
  }
  DropTrimmedMarks();
  bytes_ = std::move(moved);
  size_ -= trimmed;
  first_ordinal_ += begin_;
  count_ = static_cast<uint16_t>(kept);
  begin_ = 0;
}

void Block::DropTrimmedMarks() {
  if (deleted_ == 0) {
    marks_.reset();
    mark_words_ = 0;
  }
  if (marks_ == nullptr || begin_ == 0) return;
  const size_t bits = begin_ % kBitsPerWord;
  for (size_t to = 0, from = begin_ / kBitsPerWord; to < mark_words_; ++to, ++from) {
    const uint64_t low = from < mark_words_ ? marks_[from] : 0;
    const uint64_t high = from + 1 < mark_words_ ? marks_[from + 1] : 0;
    marks_[to] = bits == 0 ? low : low >> bits | high << (kBitsPerWord - bits);
  }
  // No more than there are positions left: a block with more is none that can be restored.
  mark_words_ = static_cast<uint16_t>(std::min<size_t>(mark_words_, WordsFor(count_ - begin_)));
}

Block::Block(const State& state, std::string_view entries, std::string_view index) {
  TakeState(state);
  if (count_ == 0) return;
  bytes_ = SharedBytes::Allocate((entries.size() + index.size() + 1) / 2 * 2);
  std::memcpy(bytes_.data(), entries.data(), entries.size());
  std::memcpy(bytes_.data() + bytes_.capacity() - index.size(), index.data(), index.size());
}

Block::Block(const State& state, PageRef page) : page_(std::move(page)) {
  TakeState(state);
}

bool Block::Valid(const State& state) {
  constexpr uint32_t kMost = std::numeric_limits<uint16_t>::max();
  if (state.count > kMost || state.begin > state.count) return false;
  return state.marks.size() <= WordsFor(state.count) && (state.count > 0 || state.size == 0);
}

// Entries that lie one behind the other, as many as there are places in the index.
bool Block::Valid(const State& state, std::string_view entries, std::string_view index) {
  if (!Valid(state) || entries.size() != state.size) return false;
  if (index.size() != state.count * sizeof(Offset)) return false;
  size_t end = 0;
  for (uint32_t position = 0; position < state.count; ++position) {
    Offset offset;
    std::memcpy(&offset, index.data() + index.size() - (position + 1) * sizeof(Offset),
                sizeof(offset));
    if ((position == 0 ? offset != 0 : offset < end) || offset + kMinEntryBytes > entries.size()) {
      return false;
    }
    end = offset + kMinEntryBytes;
  }
  return true;
}

void Block::TakeState(const State& state) {
  first_ordinal_ = state.first_ordinal;
  size_ = state.size;
  count_ = static_cast<uint16_t>(state.count);
  begin_ = static_cast<uint16_t>(state.begin);
  if (state.marks.empty()) return;
  mark_words_ = static_cast<uint16_t>(state.marks.size());
  marks_ = std::make_unique_for_overwrite<uint64_t[]>(mark_words_);
  std::copy(state.marks.begin(), state.marks.end(), marks_.get());
  for (uint32_t at = NextDeleted(begin_); at < count_; at = NextDeleted(at + 1)) ++deleted_;
}

std::string_view Block::index_bytes() const {
  const Offset* const end = count_ == 0 ? nullptr : IndexEnd();
  return {reinterpret_cast<const char*>(end - count_), count_ * sizeof(Offset)};
}

void Block::Seal(Pager* pager) {
  const size_t used =
      kSharedHeaderBytes + (size_ - OffsetOf(begin_)) + (count_ - begin_) * sizeof(Offset);
  const size_t fitting = AllocationFor(used);
  if (fitting + fitting / 8 < bytes_.allocated_bytes()) MoveTo(fitting);
  if (pager == nullptr) return;
  std::memset(bytes_.data() + size_, 0, Room());  // it goes to disk as it is
  page_ = PageRef(new Page(*pager, std::move(bytes_)));
  pager->Sealed(*page_);
}

Block Block::CloneSealed() const {
  Block clone(first_ordinal_);
  clone.bytes_ = bytes_;
  clone.page_ = page_;
  clone.size_ = size_;
  clone.count_ = count_;
  clone.begin_ = begin_;
  clone.deleted_ = deleted_;
  if (marks_ != nullptr) {
    clone.marks_ = std::make_unique_for_overwrite<uint64_t[]>(mark_words_);
    std::copy_n(marks_.get(), mark_words_, clone.marks_.get());
    clone.mark_words_ = mark_words_;
  }
  return clone;
}

Block Block::CloneOpen() const {
  Block clone = CloneSealed();
  if (!empty()) clone.MoveTo(bytes_.allocated_bytes());
  return clone;
}

size_t Block::memory_bytes() const {
  const size_t page_bytes = page_ ? sizeof(Page) : 0;
  return buffer().allocated_bytes() + page_bytes + mark_words_ * sizeof(uint64_t);
}

StreamId Block::IdAt(uint32_t position) const {
  assert(position < count_);
  const char* text = buffer().data() + OffsetOf(position) + 5;  // behind "*2\r\n$"
  const bool short_text = text[1] == '\r';
  text += short_text ? 3 : 4;
  StreamId id;
  constexpr size_t kTimeDigits = 13;  // a time in milliseconds, until the year 2286
  if (!short_text && text[kTimeDigits] == '-') {
    id.ms = base::EightDigits(text) * 100000 + base::EightDigits(text + kTimeDigits - 8) % 100000;
    text += kTimeDigits;
  } else {
    for (; *text != '-'; ++text) id.ms = id.ms * 10 + static_cast<uint64_t>(*text - '0');
  }
  for (++text; *text != '\r'; ++text) id.seq = id.seq * 10 + static_cast<uint64_t>(*text - '0');
  return id;
}

std::string_view Block::IdBulkAt(uint32_t position) const {
  assert(position < count_);
  const char* const bulk = buffer().data() + OffsetOf(position) + base::ArrayHeaderSize(2);
  const bool short_text = bulk[2] == '\r';
  const size_t size = short_text ? static_cast<size_t>(bulk[1] - '0')
                                 : static_cast<size_t>((bulk[1] - '0') * 10 + (bulk[2] - '0'));
  return {bulk, base::BulkSize(size)};
}

EntryFields Block::FieldsAt(uint32_t position) const {
  std::string_view rest = Bytes(position, position + 1);
  rest.remove_prefix(base::ArrayHeaderSize(2) + IdBulkAt(position).size());
  const size_t count = base::TakeWireHeader(rest);
  return {count, rest};
}

std::optional<std::string_view> FindField(const EntryFields& fields, std::string_view name) {
  std::string_view rest = fields.bulks;
  for (size_t i = 0; i + 1 < fields.count; i += 2) {
    const bool found = base::TakeBulk(rest) == name;
    const std::string_view value = base::TakeBulk(rest);
    if (found) return value;
  }
  return std::nullopt;
}

uint64_t Block::live_bytes() const {
  uint64_t bytes = live_count() * sizeof(Offset);
  for (uint32_t from = NextLive(begin_); from < count_;) {
    const uint32_t to = NextDeleted(from);
    bytes += OffsetOf(to) - OffsetOf(from);
    from = NextLive(to);
  }
  return bytes;
}

// Ids are mostly times, and entries come at a steady pace: looks first where the id would be then,
// and from there in growing steps. Most probes of a binary search would each touch a cold page.
uint32_t Block::LowerBound(StreamId id, const Span& span) const {
  if (empty() || id <= span.first) return begin_;
  if (id > span.last) return count_;
  // Everything before `low` is smaller, and `high` is not.
  uint32_t low = begin_ + 1u;
  uint32_t high = count_ - 1u;
  const bool by_time = span.last.ms != span.first.ms;
  const uint64_t distance = by_time ? id.ms - span.first.ms : id.seq - span.first.seq;
  const uint64_t length = by_time ? span.last.ms - span.first.ms : span.last.seq - span.first.seq;
  const double fraction = static_cast<double>(distance) / static_cast<double>(length);
  uint32_t probe =
      std::clamp(begin_ + static_cast<uint32_t>(fraction * (high - begin_)), low, high);
  uint32_t step = 1;
  if (IdAt(probe) < id) {
    for (low = probe + 1; low + step < high; step *= 2) {
      probe = low + step - 1;
      if (IdAt(probe) >= id) return BinarySearch(id, low, probe);
      low = probe + 1;
    }
    return BinarySearch(id, low, high);
  }
  for (high = probe; low + step < high; step *= 2) {
    probe = high - step;
    if (IdAt(probe) < id) return BinarySearch(id, probe + 1, high);
    high = probe;
  }
  return BinarySearch(id, low, high);
}

uint32_t Block::UpperBound(StreamId id, const Span& span) const {
  const std::optional<StreamId> next = id.Next();
  return next ? LowerBound(*next, span) : count_;
}

// The first position of [low, high) with an id of at least `id`, or `high`.
uint32_t Block::BinarySearch(StreamId id, uint32_t low, uint32_t high) const {
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (IdAt(middle) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::string_view Block::Bytes(uint32_t from, uint32_t to) const {
  const size_t offset = OffsetOf(from);
  return {buffer().data() + offset, OffsetOf(to) - offset};
}

bool Block::IsDeleted(uint32_t position) const {
  const uint32_t word = position / kBitsPerWord;
  return word < mark_words_ && (marks_[word] >> (position % kBitsPerWord) & 1) != 0;
}

uint32_t Block::NextLive(uint32_t position) const {
  while (position < count_) {
    const uint32_t word = position / kBitsPerWord;
    if (word >= mark_words_) return position;
    const uint64_t live = ~marks_[word] >> (position % kBitsPerWord);
    if (live != 0) {
      return std::min<uint32_t>(count_, position + static_cast<uint32_t>(std::countr_zero(live)));
    }
    position = (word + 1) * kBitsPerWord;
  }
  return count_;
}

uint32_t Block::NextDeleted(uint32_t position) const {
  while (position < count_) {
    const uint32_t word = position / kBitsPerWord;
    if (word >= mark_words_) return count_;
    const uint64_t deleted = marks_[word] >> (position % kBitsPerWord);
    if (deleted != 0) return position + static_cast<uint32_t>(std::countr_zero(deleted));
    position = (word + 1) * kBitsPerWord;
  }
  return count_;
}

uint32_t Block::LiveBetween(uint32_t from, uint32_t to) const {
  uint32_t live = to - from;
  if (deleted_ == 0) return live;
  for (uint32_t word = from / kBitsPerWord; word < mark_words_; ++word) {
    const uint32_t start = word * kBitsPerWord;
    if (start >= to) break;
    uint64_t bits = marks_[word];
    if (start < from) bits &= ~uint64_t{0} << (from - start);
    if (to - start < kBitsPerWord) bits &= (uint64_t{1} << (to - start)) - 1;
    live -= static_cast<uint32_t>(std::popcount(bits));
  }
  return live;
}

uint32_t Block::NthLive(uint32_t rank) const {
  assert(rank < live_count());
  if (deleted_ == 0) return begin_ + rank;
  uint32_t position = begin_;
  for (;;) {
    const uint32_t run_end = NextDeleted(position);
    if (rank < run_end - position) return position + rank;
    rank -= run_end - position;
    position = NextLive(run_end);
  }
}

void Block::Delete(uint32_t position) {
  assert(position >= begin_ && position < count_ && !IsDeleted(position));
  if (position == begin_) return TrimTo(begin_ + 1u);
  const size_t words = WordsFor(position + 1u);
  if (words > mark_words_) {
    // For all entries so far: an open block that has deletions usually gets more.
    const size_t new_words = WordsFor(count_);
    auto marks = std::make_unique<uint64_t[]>(new_words);
    if (marks_ != nullptr) std::copy_n(marks_.get(), mark_words_, marks.get());
    marks_ = std::move(marks);
    mark_words_ = static_cast<uint16_t>(new_words);
  }
  marks_[position / kBitsPerWord] |= uint64_t{1} << (position % kBitsPerWord);
  ++deleted_;
}

void Block::TrimThrough(StreamId id) {
  uint32_t low = begin_;
  uint32_t high = begin_;
  for (uint32_t step = 1; high < count_ && IdAt(high) <= id; step *= 2) {
    low = high + 1;
    high += step;
  }
  const std::optional<StreamId> next = id.Next();
  TrimTo(next ? BinarySearch(*next, low, std::min<uint32_t>(high, count_)) : count_);
}

void Block::TrimTo(uint32_t position) {
  assert(position >= begin_ && position <= count_);
  position = NextLive(position);
  if (deleted_ > 0) {
    const uint32_t live_trimmed = LiveBetween(begin_, position);
    deleted_ = static_cast<uint16_t>(deleted_ - (position - begin_ - live_trimmed));
  }
  begin_ = static_cast<uint16_t>(position);
}

}  // namespace leat::data
