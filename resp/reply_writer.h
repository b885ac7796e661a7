// ReplyWriter: RESP2 and RESP3 replies, written into an Output.
//
// A handler says what it means (a map, a double, a null); the writer chooses the form that the
// client's version has for it. An aggregate's header is followed by exactly that many replies
// (pairs of them for a map), which the caller writes.
//
//   ReplyWriter reply(output, 3);
//   reply.Map(1);                    // %1
//   reply.Bulk("length");            // $6 length
//   reply.Integer(7);                // :7
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "resp/output.h"
#include "server/base/shared_bytes.h"
#include "server/base/wire.h"

namespace leat::resp {

class ReplyWriter {
 public:
  ReplyWriter(Output& output, int version) : output_(&output), version_(version) {}

  int version() const { return version_; }
  // 2 or 3, as HELLO sets it.
  void set_version(int version) { version_ = version; }
  Output& output() { return *output_; }

  void Ok() { output_->Append("+OK\r\n"); }
  // `text` without CR and LF.
  void Simple(std::string_view text);
  // `text` without the '-': "ERR unknown command". CR and LF in it become spaces.
  void Error(std::string_view text);
  void Integer(int64_t value) { Header(':', value); }
  void Bulk(std::string_view bytes);
  // `bytes` lie in `owner`; large ones are referenced.
  void BulkShared(const base::SharedBytes& owner, std::string_view bytes);
  void Null() { output_->Append(version_ == 2 ? "$-1\r\n" : "_\r\n"); }
  void NullArray() { output_->Append(version_ == 2 ? "*-1\r\n" : "_\r\n"); }
  void Double(double value);
  void Bool(bool value);
  void BigNumber(std::string_view digits);
  // `format` is three characters: "txt" or "mkd".
  void Verbatim(std::string_view format, std::string_view text);

  void Array(size_t count) { Header('*', count); }
  void Map(size_t pairs) {
    if (version_ == 2) return Header('*', pairs * 2);
    Header('%', pairs);
  }
  void Set(size_t count) { Header(version_ == 2 ? '*' : '~', count); }
  void Push(size_t count) { Header(version_ == 2 ? '*' : '>', count); }

  // Replies that are in wire form already.
  void Raw(std::string_view wire) { output_->Append(wire); }
  void RawShared(const base::SharedBytes& owner, std::string_view wire) {
    output_->AppendShared(owner, wire);
  }

 private:
  template <typename Number>
  void Header(char marker, Number number) {
    char* out = output_->Reserve(base::kMaxWireHeaderBytes);
    output_->Commit(base::WriteWireHeader(out, marker, number));
  }
  void Line(char marker, std::string_view text);

  Output* output_;
  int version_;
};

}  // namespace leat::resp
