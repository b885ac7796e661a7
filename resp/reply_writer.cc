#include "resp/reply_writer.h"

#include <algorithm>
#include <string>

#include "server/base/number.h"

namespace leat::resp {
namespace {

// Up to this size a bulk string is written in one go; a larger one may cross chunks.
constexpr size_t kContiguousBulkBytes = 1024;

}  // namespace

void ReplyWriter::Line(char marker, std::string_view text) {
  output_->Append({&marker, 1});
  output_->Append(text);
  output_->Append("\r\n");
}

void ReplyWriter::Simple(std::string_view text) {
  Line('+', text);
}

void ReplyWriter::Error(std::string_view text) {
  char* const out = output_->Reserve(text.size() + 3);
  *out = '-';
  char* end = std::transform(text.begin(), text.end(), out + 1,
                             [](char c) { return c == '\r' || c == '\n' ? ' ' : c; });
  *end++ = '\r';
  *end++ = '\n';
  output_->Commit(end);
}

void ReplyWriter::Bulk(std::string_view bytes) {
  if (bytes.size() <= kContiguousBulkBytes) {
    char* const out = output_->Reserve(base::kMaxWireHeaderBytes + bytes.size() + 2);
    return output_->Commit(base::WriteBulk(out, bytes));
  }
  Header('$', bytes.size());
  output_->Append(bytes);
  output_->Append("\r\n");
}

void ReplyWriter::BulkShared(const base::SharedBytes& owner, std::string_view bytes) {
  if (bytes.size() < Output::kShareBytes) return Bulk(bytes);
  Header('$', bytes.size());
  output_->AppendShared(owner, bytes);
  output_->Append("\r\n");
}

void ReplyWriter::Double(double value) {
  const std::string text = base::FormatDouble(value);
  if (version_ == 2) return Bulk(text);
  Line(',', text);
}

void ReplyWriter::Bool(bool value) {
  if (version_ == 2) return Integer(value ? 1 : 0);
  output_->Append(value ? "#t\r\n" : "#f\r\n");
}

void ReplyWriter::BigNumber(std::string_view digits) {
  if (version_ == 2) return Bulk(digits);
  Line('(', digits);
}

void ReplyWriter::Verbatim(std::string_view format, std::string_view text) {
  if (version_ == 2) return Bulk(text);
  Header('=', format.size() + 1 + text.size());
  output_->Append(format);
  output_->Append(":");
  output_->Append(text);
  output_->Append("\r\n");
}

}  // namespace leat::resp
