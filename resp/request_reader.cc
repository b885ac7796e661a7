#include "resp/request_reader.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "resp/inline_request.h"
#include "server/base/number.h"
#include "server/base/wire.h"

namespace leat::resp {
namespace {

// A tail up to this size is copied in front of the next read instead of reading behind it: the
// shared buffer stays in the cache, and the kept copy stays as small as the tail.
constexpr size_t kShortTailBytes = size_t{4} << 10;
// The least room offered behind a longer tail.
constexpr size_t kReadRoomBytes = size_t{16} << 10;
// An announced count reserves no more than this: announcing costs the client nothing.
constexpr int64_t kMaxReservedArgs = 1024;
// Views that an idle connection may hold on to.
constexpr size_t kIdleArgs = 32;

// Reads "<marker><digits>\r\n" in its plain form, of up to 9 digits, and returns the end; null when
// it is incomplete or anything but plain. Then the slow path decides what it is.
inline const char* ReadPlainLength(const char* in, const char* end, char marker, int64_t* value) {
  constexpr ptrdiff_t kMaxDigits = 9;
  if (end - in < 4 || *in != marker) return nullptr;
  const char* const last = in + 1 + std::min(kMaxDigits, end - in - 3);
  uint32_t number = static_cast<uint8_t>(*++in) - uint32_t{'0'};
  if (number > 9) return nullptr;
  const bool zero = number == 0;
  for (++in; in < last; ++in) {
    const uint32_t digit = static_cast<uint8_t>(*in) - uint32_t{'0'};
    if (digit > 9) break;
    number = number * 10 + digit;
  }
  if (*in != '\r' || (zero && in[-2] != marker)) return nullptr;
  *value = number;
  return in + 2;
}

template <typename Element>
void FreeStorage(std::vector<Element>& elements) {
  std::vector<Element>().swap(elements);
}

}  // namespace

std::span<char> RequestReader::Target(std::span<char> shared) {
  Keep();
  shared_target_ = nullptr;
  if (ReadingLarge()) {
    return {large_.back().get() + large_filled_, large_size_ - large_filled_};
  }
  const size_t tail = size_ - request_start_;
  if (tail <= std::min(kShortTailBytes, shared.size() / 2)) {
    // The tail stays in own_ too until bytes arrive: nothing may be lost when none do.
    if (tail > 0) std::memcpy(shared.data(), data_ + request_start_, tail);
    shared_target_ = shared.data();
    return shared.subspan(tail);
  }
  if (own_capacity_ - size_ < kReadRoomBytes) MoveToOwn(std::max(2 * tail, tail + kReadRoomBytes));
  return {data_ + size_, own_capacity_ - size_};
}

void RequestReader::Feed(size_t size) {
  if (size == 0 || !error_.empty()) return;
  if (ReadingLarge()) {
    large_filled_ += size;
    return;
  }
  if (shared_target_ != nullptr) {
    Rebase(std::exchange(shared_target_, nullptr));
    own_.reset();
    own_capacity_ = 0;
  }
  size_ += size;
}

RequestReader::Status RequestReader::Next() {
  if (!error_.empty()) return Status::kError;
  if (delivered_) DropDelivered();
  for (;;) {
    if (missing_args_ > 0) return ReadArguments();
    request_start_ = pos_;
    if (pos_ == size_) return Status::kNeedMore;
    const Status status = data_[pos_] == '*' ? ReadArrayHeader() : ReadInline();
    if (status != Status::kRequest) return status;
    if (!args_.empty()) return Deliver();
  }
}

RequestReader::Status RequestReader::ReadArrayHeader() {
  int64_t count = 0;
  const char* const plain = ReadPlainLength(data_ + pos_, data_ + size_, '*', &count);
  if (plain != nullptr) {
    pos_ = static_cast<size_t>(plain - data_);
    scanned_ = 0;
  } else {
    size_t length = 0;
    const Line line = FindLineEnd('\r', &length);
    if (line == Line::kTooLong) return Fail("too big mbulk count string");
    if (line == Line::kNeedMore) return Status::kNeedMore;
    const auto number = base::ParseInt64({data_ + pos_ + 1, length - 1});
    if (!number) return Fail("invalid multibulk length");
    count = *number;
    pos_ += length + 2;
  }
  if (count > limits_->max_arguments) return Fail("invalid multibulk length");
  if (!authenticated_ && count > limits_->unauthenticated_max_arguments) {
    return Fail("unauthenticated multibulk length");
  }
  missing_args_ = std::max<int64_t>(count, 0);
  args_.reserve(static_cast<size_t>(std::min(missing_args_, kMaxReservedArgs)));
  return Status::kRequest;
}

RequestReader::Status RequestReader::ReadInline() {
  size_t length = 0;
  const Line line = FindLineEnd('\n', &length);
  if (line == Line::kTooLong) return Fail("too big inline request");
  if (line == Line::kNeedMore) return Status::kNeedMore;
  char* const text = data_ + pos_;
  pos_ += length + 1;
  if (length > 0 && text[length - 1] == '\r') --length;
  if (!SplitInline({text, length}, &args_)) return Fail("unbalanced quotes in request");
  return Status::kRequest;
}

RequestReader::Status RequestReader::ReadArguments() {
  for (;;) {
    TakeWholeArguments();
    if (missing_args_ == 0) return Deliver();
    const Status status = ReadArgument();
    if (status != Status::kRequest) return status;
    if (missing_args_ == 0) return Deliver();
  }
}

// The fast path: arguments that lie complete in the buffer under plain headers.
void RequestReader::TakeWholeArguments() {
  if (bulk_length_ >= 0) return;
  const int64_t max_length = MaxBulkBytes();
  const char* in = data_ + pos_;
  const char* const end = data_ + size_;
  int64_t missing = missing_args_;
  while (missing > 0) {
    int64_t length = 0;
    const char* const bytes = ReadPlainLength(in, end, '$', &length);
    if (bytes == nullptr || length > max_length || end - bytes < length + 2) break;
    args_.emplace_back(bytes, static_cast<size_t>(length));
    in = bytes + length + 2;
    --missing;
  }
  if (missing == missing_args_) return;
  missing_args_ = missing;
  pos_ = static_cast<size_t>(in - data_);
  scanned_ = 0;
}

std::string_view RequestReader::BulksFrom(size_t index) const {
  const auto starts_at = [](std::string_view arg) {
    return arg.data() - (base::BulkSize(arg.size()) - arg.size() - 2);
  };
  const char* const start = starts_at(args_[index]);
  const char* at = start;
  for (size_t i = index; i < args_.size(); ++i) {
    if (starts_at(args_[i]) != at) return {};
    at = args_[i].data() + args_[i].size() + 2;
  }
  if (std::less<>()(start, data_ + request_start_) || std::less<>()(data_ + pos_, at)) return {};
  // A header of the right length can only be the plain one, but nobody has looked yet at its last
  // byte, nor at what ends the argument.
  if (*start != '$') return {};
  for (const std::string_view arg : args().subspan(index)) {
    const char* const end = arg.data() + arg.size();
    if (arg.data()[-1] != '\n' || end[0] != '\r' || end[1] != '\n') return {};
  }
  return {start, static_cast<size_t>(at - start)};
}

RequestReader::Status RequestReader::ReadArgument() {
  if (bulk_length_ < 0) {
    const Status status = ReadBulkHeader();
    if (status != Status::kRequest) return status;
  }
  if (large_size_ > 0) {
    if (ReadingLarge()) return Status::kNeedMore;
    FinishLarge();
    return Status::kRequest;
  }
  const size_t length = static_cast<size_t>(bulk_length_);
  if (size_ - pos_ < length + 2) {
    if (length >= kLargeArgumentBytes) StartLarge();
    return Status::kNeedMore;
  }
  args_.emplace_back(data_ + pos_, length);
  pos_ += length + 2;
  bulk_length_ = -1;
  --missing_args_;
  return Status::kRequest;
}

RequestReader::Status RequestReader::ReadBulkHeader() {
  size_t length = 0;
  const Line line = FindLineEnd('\r', &length);
  if (line == Line::kTooLong) return Fail("too big bulk count string");
  if (line == Line::kNeedMore) return Status::kNeedMore;
  if (data_[pos_] != '$') {
    return Fail(std::string("expected '$', got '") + data_[pos_] + "'");
  }
  const auto number = base::ParseInt64({data_ + pos_ + 1, length - 1});
  if (!number || *number < 0 || *number > limits_->proto_max_bulk_len_bytes) {
    return Fail("invalid bulk length");
  }
  if (*number > MaxBulkBytes()) return Fail("unauthenticated bulk length");
  bulk_length_ = *number;
  pos_ += length + 2;
  return Status::kRequest;
}

int64_t RequestReader::MaxBulkBytes() const {
  if (authenticated_) return limits_->proto_max_bulk_len_bytes;
  return std::min(limits_->proto_max_bulk_len_bytes, limits_->unauthenticated_max_bulk_bytes);
}

// The line at pos_ ends at the first `last` ('\r', which one more byte must follow, or '\n');
// `length` is what goes before it.
RequestReader::Line RequestReader::FindLineEnd(char last, size_t* length) {
  const size_t available = size_ - pos_;
  const size_t window = std::min(available, limits_->max_line_bytes + 1);
  const char* const line = data_ + pos_;
  const void* const found =
      window > scanned_ ? std::memchr(line + scanned_, last, window - scanned_) : nullptr;
  if (found == nullptr) {
    scanned_ = window;
    return available > limits_->max_line_bytes ? Line::kTooLong : Line::kNeedMore;
  }
  *length = static_cast<size_t>(static_cast<const char*>(found) - line);
  if (last == '\r' && *length + 1 == available) {
    scanned_ = *length;
    return Line::kNeedMore;
  }
  scanned_ = 0;
  return Line::kComplete;
}

// All that is left in the buffer belongs to the argument at pos_, and moves to its own buffer.
void RequestReader::StartLarge() {
  large_size_ = static_cast<size_t>(bulk_length_) + 2;
  large_filled_ = size_ - pos_;
  // Not cleared: pages that no byte has arrived for stay out of memory.
  large_.push_back(std::make_unique_for_overwrite<char[]>(large_size_));
  std::memcpy(large_.back().get(), data_ + pos_, large_filled_);
  size_ = pos_;
}

void RequestReader::FinishLarge() {
  args_.emplace_back(large_.back().get(), large_size_ - 2);
  large_bytes_ += large_size_;
  large_size_ = large_filled_ = 0;
  bulk_length_ = -1;
  --missing_args_;
}

RequestReader::Status RequestReader::Deliver() {
  delivered_ = true;
  return Status::kRequest;
}

RequestReader::Status RequestReader::Fail(std::string error) {
  DropAll();
  error_ = "Protocol error: " + std::move(error);
  return Status::kError;
}

void RequestReader::DropDelivered() {
  delivered_ = false;
  request_start_ = pos_;
  args_.clear();
  if (large_.empty()) return;
  large_.clear();
  large_bytes_ = 0;
}

void RequestReader::DropAll() {
  own_.reset();
  data_ = nullptr;
  own_capacity_ = size_ = pos_ = request_start_ = scanned_ = 0;
  FreeStorage(args_);
  FreeStorage(large_);
  large_bytes_ = large_size_ = large_filled_ = 0;
  missing_args_ = 0;
  bulk_length_ = -1;
}

void RequestReader::Keep() {
  if (delivered_) DropDelivered();
  const size_t tail = size_ - request_start_;
  if (tail == 0) {
    own_.reset();
    data_ = nullptr;
    own_capacity_ = size_ = pos_ = request_start_ = 0;
    if (args_.capacity() > kIdleArgs) FreeStorage(args_);
    return;
  }
  // A buffer mostly used up is given back, but not so soon that each request would copy the rest.
  if (InOwn() && own_capacity_ <= 2 * (tail + kReadRoomBytes)) return;
  MoveToOwn(tail);
}

void RequestReader::MoveToOwn(size_t capacity) {
  auto moved = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(moved.get(), data_ + request_start_, size_ - request_start_);
  Rebase(moved.get());
  own_ = std::move(moved);
  own_capacity_ = capacity;
}

// The bytes from request_start_ on are now at `data`: lets the views of arguments follow.
void RequestReader::Rebase(char* data) {
  const char* const from = data_ + request_start_;
  const char* const end = data_ + size_;
  for (std::string_view& view : args_) {
    const bool moved = !std::less<>()(view.data(), from) && std::less<>()(view.data(), end);
    if (moved) view = {data + (view.data() - from), view.size()};
  }
  data_ = data;
  size_ -= request_start_;
  pos_ -= request_start_;
  request_start_ = 0;
}

size_t RequestReader::memory_bytes() const {
  return own_capacity_ + args_.capacity() * sizeof(std::string_view) + large_bytes_ + large_filled_;
}

}  // namespace leat::resp
