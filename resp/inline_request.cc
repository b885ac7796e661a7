#include "resp/inline_request.h"

namespace leat::resp {
namespace {

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// -1 when `c` is not a hexadecimal digit.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads one argument at a time from a line, writing it back where it was read.
class Splitter {
 public:
  explicit Splitter(std::span<char> line)
      : read_(line.data()), end_(line.data() + line.size()), write_(read_) {}

  bool SkipBlanks() {
    while (read_ < end_ && IsSpace(*read_)) ++read_;
    return read_ < end_;
  }

  // False when a quote is not closed, or closed in the middle of an argument.
  bool ReadArgument(std::string_view* argument) {
    char* const start = write_ = read_;
    bool complete = false;
    while (!complete && read_ < end_) {
      const char c = *read_++;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') break;
      if (c == '"' || c == '\'') {
        if (!(c == '"' ? ReadDoubleQuoted() : ReadSingleQuoted())) return false;
        if (read_ < end_ && !IsSpace(*read_)) return false;
        complete = true;
      } else {
        *write_++ = c;
      }
    }
    *argument = {start, static_cast<size_t>(write_ - start)};
    return true;
  }

 private:
  // Both are called behind the opening quote and stop behind the closing one.
  bool ReadDoubleQuoted() {
    while (read_ < end_) {
      const char c = *read_++;
      if (c == '"') return true;
      if (c != '\\' || read_ == end_) {
        *write_++ = c;
      } else if (*read_ == 'x' && end_ - read_ >= 3 && HexDigit(read_[1]) >= 0 &&
                 HexDigit(read_[2]) >= 0) {
        *write_++ = static_cast<char>(HexDigit(read_[1]) * 16 + HexDigit(read_[2]));
        read_ += 3;
      } else {
        *write_++ = Unescape(*read_++);
      }
    }
    return false;
  }

  bool ReadSingleQuoted() {
    while (read_ < end_) {
      char c = *read_++;
      if (c == '\'') return true;
      if (c == '\\' && read_ < end_ && *read_ == '\'') c = *read_++;
      *write_++ = c;
    }
    return false;
  }

  char* read_;
  char* end_;
  char* write_;
};

}  // namespace

bool SplitInline(std::span<char> line, std::vector<std::string_view>* args) {
  Splitter splitter(line);
  while (splitter.SkipBlanks()) {
    std::string_view argument;
    if (!splitter.ReadArgument(&argument)) return false;
    args->push_back(argument);
  }
  return true;
}

}  // namespace leat::resp
