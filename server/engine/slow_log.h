// SlowLog: the calls that took longer than `slowlog-log-slower-than`, newest first.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "server/engine/command_table.h"
#include "server/engine/session.h"

namespace leat::engine {

class SlowLog {
 public:
  struct Record {
    int64_t id;
    int64_t unix_seconds;
    int64_t micros;
    std::vector<std::string> args;  // cut to the bounds of the SLOWLOG page
    std::string address;
    std::string client_name;
  };

  void Add(Args args, const Session& session, int64_t now_ms, int64_t micros, size_t max_length);
  void Clear() { records_.clear(); }
  const std::deque<Record>& records() const { return records_; }

 private:
  std::deque<Record> records_;
  int64_t next_id_ = 0;
};

}  // namespace leat::engine
