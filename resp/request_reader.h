// RequestReader: bytes of one client in, requests as argument views out, parsed in place.
//
// The server reads every socket into one shared buffer. Complete requests are parsed where they
// lie; only what is incomplete is copied out (`Keep`) before the buffer serves the next client. An
// argument of kLargeArgumentBytes or more that is not complete gets a buffer of its own, and its
// remaining bytes are read straight into that.
//
//   std::span<char> room = reader.Target(shared);
//   reader.Feed(read(fd, room.data(), room.size()));
//   while (reader.Next() == RequestReader::Status::kRequest) Execute(reader.args());
//   reader.Keep();
//
//            request_start_        pos_              size_
//   data_ ──▶ …done │ *3 $3 SET $1 k │ $5 hel           │     in the shared buffer or in own_
//                    └ args_ ────────┘ └ not parsed yet ┘
//
// Invariants: bytes before request_start_ are of no more use; args_ point between request_start_
// and pos_ or into large_; parsing never goes back behind pos_ (nor a search for a line's end
// behind scanned_), so the cost is linear however the bytes are cut. With nothing incomplete the
// reader holds no buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resp/limits.h"

namespace leat::resp {

class RequestReader {
 public:
  enum class Status { kRequest, kNeedMore, kError };

  static constexpr size_t kLargeArgumentBytes = size_t{32} << 10;

  // `limits` outlives the reader.
  explicit RequestReader(const Limits* limits) : limits_(limits) {}
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Where the next bytes of the socket go: into a large argument's own buffer, behind the kept
  // tail, or into `shared`, which is not empty (at its start, or behind a copy of a short tail).
  // Never empty. Where no Feed follows, nothing is lost.
  std::span<char> Target(std::span<char> shared);
  // `size` bytes have landed at the start of what Target returned.
  void Feed(size_t size);
  // The next request of what was fed. After kError there is no way on: it is returned for good.
  Status Next();
  // Of the request that Next returned; valid until the next call of Next, Target or Keep. Never
  // empty: requests without arguments are skipped.
  std::span<const std::string_view> args() const { return args_; }
  // The arguments from `index` on as the client sent them: bulk strings in wire form. Empty where
  // they do not stand in one piece, as of an inline request.
  std::string_view BulksFrom(size_t index) const;
  // After kError: "Protocol error: invalid bulk length", as redis-server words it.
  std::string_view error() const { return error_; }
  // The shared buffer is about to be reused: moves what is incomplete or not yet taken out of it.
  void Keep();

  // Fed, and not yet part of an argument: what `client-query-buffer-limit` bounds.
  size_t buffered_bytes() const { return size_ - pos_ + large_filled_; }
  // Memory held: of a large argument only what has arrived, since the rest is not resident.
  size_t memory_bytes() const;

  // A new client counts as authenticated; where a password is required, say so at once.
  void set_authenticated(bool authenticated) { authenticated_ = authenticated; }
  bool authenticated() const { return authenticated_; }

 private:
  enum class Line { kComplete, kNeedMore, kTooLong };

  bool InOwn() const { return own_ != nullptr && data_ == own_.get(); }
  bool ReadingLarge() const { return large_filled_ < large_size_; }

  // Each of these returns kRequest when it got what it reads.
  Status ReadArrayHeader();
  Status ReadInline();
  Status ReadArguments();
  Status ReadArgument();
  Status ReadBulkHeader();
  void TakeWholeArguments();
  void StartLarge();
  void FinishLarge();
  Line FindLineEnd(char last, size_t* length);
  int64_t MaxBulkBytes() const;

  Status Deliver();
  Status Fail(std::string error);
  void DropDelivered();
  void DropAll();
  void MoveToOwn(size_t capacity);
  void Rebase(char* data);

  const Limits* limits_;
  char* data_ = nullptr;  // in own_, in the shared buffer, or nothing
  size_t size_ = 0;
  size_t pos_ = 0;
  size_t request_start_ = 0;
  size_t scanned_ = 0;             // bytes behind pos_ known not to end the line
  char* shared_target_ = nullptr;  // where Target put the tail's copy; Feed moves there
  std::unique_ptr<char[]> own_;
  size_t own_capacity_ = 0;

  std::vector<std::string_view> args_;
  int64_t missing_args_ = 0;  // of the multibulk request being read; 0: between requests
  int64_t bulk_length_ = -1;  // of the argument being read; -1: its header is next
  bool delivered_ = false;    // args_ were returned and go at the next call
  bool authenticated_ = true;

  std::vector<std::unique_ptr<char[]>> large_;  // large arguments of this request
  size_t large_bytes_ = 0;                      // complete ones
  size_t large_size_ = 0;                       // the last one's, CR LF included; 0: complete
  size_t large_filled_ = 0;
  std::string error_;
};

}  // namespace leat::resp
