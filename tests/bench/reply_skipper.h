// ReplySkipper: finds the ends of the replies in a stream of RESP2 or RESP3 bytes and looks at
// nothing else, so that the load generator costs little beside the server that it measures. Bytes
// may be cut anywhere; no payload is kept or copied.
//
//   ReplySkipper skipper;
//   bool valid = skipper.Consume(bytes, [](const ReplySkipper::Reply& reply) { ++replies; });
//
// A nested reply is one count of elements that are still to come: an array of n adds n, each
// element takes one away, and the reply is complete at zero.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace leat::bench {

class ReplySkipper {
 public:
  struct Reply {
    char type = 0;           // the first byte of the reply: '+', '-', ':', '$', '*', …
    int64_t number = 0;      // an integer's value, a string's length, an array's size; -1 for null
    std::string_view error;  // the first error in the reply, nested ones included, without its '-'
  };

  // Calls on_reply(const Reply&) at each complete reply. False when the bytes are not RESP; the
  // skipper is then of no further use.
  template <typename OnReply>
  bool Consume(std::string_view bytes, OnReply&& on_reply) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
      if (skip_bytes_ != 0) {
        const size_t available = static_cast<size_t>(end - at);
        const size_t skipped = skip_bytes_ < available ? skip_bytes_ : available;
        at += skipped;
        skip_bytes_ -= skipped;
        if (skip_bytes_ == 0) FinishElement(on_reply);
        continue;
      }
      const auto* newline =
          static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
      if (newline == nullptr) {
        partial_line_.append(at, end);
        return partial_line_.size() <= kMaxLineBytes;
      }
      std::string_view line(at, static_cast<size_t>(newline - at));
      at = newline + 1;
      if (!partial_line_.empty()) {
        partial_line_.append(line);
        line = partial_line_;
      }
      const bool valid = OnLine(line, on_reply);
      partial_line_.clear();
      if (!valid) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kMaxLineBytes = 64 * 1024;

  template <typename OnReply>
  bool OnLine(std::string_view line, OnReply& on_reply) {
    if (line.size() < 2 || line.back() != '\r') return false;
    line.remove_suffix(1);
    const char type = line[0];
    const std::string_view text = line.substr(1);
    const bool top = elements_left_ == 0;
    if (top) {
      reply_ = Reply{.type = type, .number = 0, .error = {}};
      error_.clear();
      elements_left_ = 1;
    }
    int64_t number = 0;
    switch (type) {
      case '-':
        if (error_.empty()) error_ = text;
        break;
      case '+':
      case ',':
      case '#':
      case '(':
        break;
      case '_':
        number = -1;
        break;
      case ':':
        if (!ParseNumber(text, &number)) return false;
        break;
      case '$':
      case '=':
      case '!':
        if (!ParseNumber(text, &number) || number < -1) return false;
        if (type == '!' && error_.empty()) error_ = "error as a bulk string";
        if (number >= 0) skip_bytes_ = static_cast<size_t>(number) + 2;
        break;
      case '*':
      case '~':
      case '>':
      case '%':
      case '|':
        if (!ParseNumber(text, &number) || number < -1) return false;
        if (number > 0) {
          elements_left_ += static_cast<uint64_t>(number) * (type == '%' || type == '|' ? 2 : 1);
        }
        // Attributes precede the element that they describe, which is still to come.
        if (type == '|') ++elements_left_;
        break;
      default:
        return false;
    }
    if (top) reply_.number = number;
    if (skip_bytes_ == 0) FinishElement(on_reply);
    return true;
  }

  template <typename OnReply>
  void FinishElement(OnReply& on_reply) {
    if (--elements_left_ != 0) return;
    reply_.error = error_;
    on_reply(static_cast<const Reply&>(reply_));
  }

  static bool ParseNumber(std::string_view text, int64_t* number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    return error == std::errc() && end == text.data() + text.size();
  }

  Reply reply_;
  std::string error_;
  std::string partial_line_;
  uint64_t elements_left_ = 0;
  size_t skip_bytes_ = 0;  // of a bulk string, its closing CRLF included
};

}  // namespace leat::bench
