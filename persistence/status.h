// Status: whether an operation on the disk worked and, if not, what to tell the operator.
// Result<T>: a value, or the Status that says why there is none.
//
//   Result<std::string> bytes = disk.ReadFile(path);
//   if (!bytes.ok()) return bytes.status();
//   Parse(*bytes);
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace leat::persistence {

class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  static Status Error(std::string message) {
    assert(!message.empty());
    Status status;
    status.message_ = std::move(message);
    return status;
  }

  bool ok() const { return message_.empty(); }
  // Names what was attempted, on which file, and the reason. Empty on success.
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function returns either kind plainly.
  Result(T value) : value_(std::move(value)) {}
  Result(Status error) : status_(std::move(error)) { assert(!status_.ok()); }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() {
    assert(ok());
    return *value_;
  }
  const T& operator*() const {
    assert(ok());
    return *value_;
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace leat::persistence
