// Feeds a RequestReader as the server does: every read goes through one buffer that other clients
// use too, so it is overwritten whenever this client does not hold it.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_reader.h"

namespace leat::resp {

using Request = std::vector<std::string>;

class Feeder {
 public:
  explicit Feeder(RequestReader* reader, size_t shared_size = size_t{64} << 10)
      : reader_(reader), shared_(shared_size) {}

  // One read of the socket, or several when the room offered is smaller. False after an error.
  bool Receive(std::string_view bytes) {
    while (!bytes.empty()) {
      Land(&bytes);
      const bool usable = TakeAll();
      Pause();
      if (!usable) return false;
    }
    return true;
  }
  // Bytes arrive while the client is blocked: nothing is taken.
  void ReceiveBlocked(std::string_view bytes) {
    while (!bytes.empty()) {
      Land(&bytes);
      Pause();
    }
  }
  // Takes what is there; false after an error.
  bool TakeAll() {
    RequestReader::Status status = reader_->Next();
    while (status == RequestReader::Status::kRequest) {
      requests_.emplace_back(reader_->args().begin(), reader_->args().end());
      status = reader_->Next();
    }
    return status != RequestReader::Status::kError;
  }
  // The buffer goes to other clients.
  void Pause() {
    reader_->Keep();
    std::memset(shared_.data(), '#', shared_.size());
  }

  const std::vector<Request>& requests() const { return requests_; }

 private:
  void Land(std::string_view* bytes) {
    const std::span<char> target = reader_->Target(shared_);
    const size_t size = std::min(target.size(), bytes->size());
    std::memcpy(target.data(), bytes->data(), size);
    reader_->Feed(size);
    bytes->remove_prefix(size);
  }

  RequestReader* reader_;
  std::vector<char> shared_;
  std::vector<Request> requests_;
};

// The wire form of a request.
inline std::string Multibulk(const Request& request) {
  std::string wire = "*" + std::to_string(request.size()) + "\r\n";
  for (const std::string& argument : request) {
    wire += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return wire;
}

}  // namespace leat::resp
