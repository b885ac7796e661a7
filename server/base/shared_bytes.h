// SharedBytes: a run of bytes with a reference count, so that a stored value, a published message
// or a block of a topic can be in many clients' output at once without being copied.
//
// Bytes that a reference shows never change: an owner may append behind them (see `capacity`), and
// nothing else, while `unique()` is false. The count is not atomic: all references live on the
// loop.
//
//   SharedBytes bytes = SharedBytes::Copy("hello");
//   SharedBytes same = bytes;             // one more reference, no copy
//
//   ref_ ──▶ ┌──────┬──────────┬───────────────────────┐
//            │ refs │ capacity │ bytes … (capacity)    │
//            └──────┴──────────┴───────────────────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace leat::base {

class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(const SharedBytes& other) noexcept : ref_(other.ref_) {
    if (ref_ != nullptr) ++ref_->references;
  }
  SharedBytes(SharedBytes&& other) noexcept : ref_(std::exchange(other.ref_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(ref_, other.ref_);
    return *this;
  }
  ~SharedBytes() {
    if (ref_ != nullptr && --ref_->references == 0) std::free(ref_);
  }

  // `capacity` bytes whose content is not set yet.
  static SharedBytes Allocate(size_t capacity) {
    auto* ref = static_cast<Header*>(std::malloc(sizeof(Header) + capacity));
    if (ref == nullptr) throw std::bad_alloc();
    ref->references = 1;
    ref->capacity = capacity;
    SharedBytes bytes;
    bytes.ref_ = ref;
    return bytes;
  }
  static SharedBytes Copy(std::string_view source) {
    SharedBytes bytes = Allocate(source.size());
    if (!source.empty()) std::memcpy(bytes.data(), source.data(), source.size());
    return bytes;
  }

  explicit operator bool() const { return ref_ != nullptr; }
  char* data() const { return reinterpret_cast<char*>(ref_ + 1); }
  size_t capacity() const { return ref_ == nullptr ? 0 : ref_->capacity; }
  bool unique() const { return ref_->references == 1; }
  // What the allocator was asked for, header included.
  size_t allocated_bytes() const { return ref_ == nullptr ? 0 : sizeof(Header) + ref_->capacity; }

 private:
  struct Header {
    uint64_t references;
    uint64_t capacity;
  };
  Header* ref_ = nullptr;
};

}  // namespace leat::base
