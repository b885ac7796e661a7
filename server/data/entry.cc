#include "server/data/entry.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "server/data/size_class.h"
#include "server/data/topic.h"

namespace leat::data {

namespace {

constexpr size_t kMaxShortKey = 254;

// An allocation this small is never given back for a smaller one.
constexpr size_t kWorthShrinking = 256;

void CopyBytes(char* to, std::string_view from) {
  if (!from.empty()) std::memmove(to, from.data(), from.size());
}

bool Wasteful(size_t allocated, size_t needed) {
  return allocated >= kWorthShrinking && needed <= allocated / 4;
}

// Shared bytes with room for `bytes` at least, filling a whole size class.
base::SharedBytes AllocateShared(size_t bytes) {
  constexpr size_t kHeader = 16;  // of SharedBytes
  return base::SharedBytes::Allocate(RoundUpToClass(bytes + kHeader) - kHeader);
}

// Writes a splice into `value`, which holds `old_size` bytes and has room for the result. `bytes`
// may be part of the old value.
void WriteSplice(char* value, size_t old_size, size_t offset, std::string_view bytes) {
  if (offset > old_size) std::memset(value + old_size, 0, offset - old_size);
  CopyBytes(value + offset, bytes);
}

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kStream:
      return "stream";
  }
  std::abort();
}

const base::SharedBytes* Entry::shared_string() const {
  return is_outside_ ? &outside_string().bytes : nullptr;
}

Topic* Entry::topic() const {
  assert(type() == Type::kStream);
  return outside_topic();
}

size_t Entry::memory_bytes() const {
  const size_t outside =
      type() == Type::kString && is_outside_ ? outside_string().bytes.allocated_bytes() : 0;
  return SizeOfClass(size_class_) + outside;
}

Entry::Owner Entry::Allocate(std::string_view key, Type type, Shape shape) {
  const bool long_key = key.size() > kMaxShortKey;
  const size_t head = sizeof(Entry) + (shape.expiry ? sizeof(Expiry) : 0) +
                      (shape.outside ? kOutsideBytes : 0) + (long_key ? sizeof(uint64_t) : 0);
  const uint8_t size_class = SizeClassFor(head + key.size() + shape.inline_bytes);
  void* memory = std::malloc(SizeOfClass(size_class));
  if (memory == nullptr) throw std::bad_alloc();
  Owner entry(new (memory) Entry);
  entry->access_clock_ = 0;
  entry->type_ = static_cast<uint32_t>(type) & 7;
  entry->has_expiry_ = shape.expiry;
  entry->is_outside_ = shape.outside;
  entry->long_key_ = long_key;
  entry->raw_ = false;
  entry->generation_ = 0;
  entry->size_class_ = size_class;
  entry->key_size_ = static_cast<uint8_t>(long_key ? 0 : key.size());
  entry->inline_size_ = static_cast<uint16_t>(shape.inline_bytes);
  if (shape.expiry) new (&entry->expiry()) Expiry{kNoExpiry, nullptr};
  if (long_key) *entry->At<uint64_t>(head - sizeof(uint64_t)) = key.size();
  CopyBytes(entry->At<char>(head), key);
  if (shape.outside) {
    switch (type) {
      case Type::kString:
        new (&entry->outside_string()) OutsideString{{}, 0};
        break;
      case Type::kStream:
        entry->outside_topic() = nullptr;
        break;
    }
  }
  return entry;
}

void Entry::Delete(Entry* entry) {
  switch (entry->type()) {
    case Type::kString:
      if (entry->is_outside_) entry->outside_string().~OutsideString();
      break;
    case Type::kStream:
      delete entry->outside_topic();
      break;
  }
  std::free(entry);
}

Entry::Owner Entry::NewString(std::string_view key, std::string_view value, bool expiry) {
  if (value.size() <= kMaxInlineBytes) {
    Owner entry = Allocate(key, Type::kString, {expiry, false, value.size()});
    CopyBytes(entry->At<char>(entry->value_offset()), value);
    return entry;
  }
  Owner entry = Allocate(key, Type::kString, {expiry, true, 0});
  entry->outside_string() = {AllocateShared(value.size()), value.size()};
  CopyBytes(entry->outside_string().bytes.data(), value);
  return entry;
}

Entry::Owner Entry::NewTopic(std::string_view key, std::unique_ptr<Topic> topic, bool expiry) {
  Owner entry = Allocate(key, Type::kStream, {expiry, true, 0});
  entry->outside_topic() = topic.release();
  return entry;
}

Entry::Owner Entry::Moved(Entry& source, std::string_view key, bool expiry) {
  Owner entry;
  switch (source.type()) {
    case Type::kString:
      if (source.is_outside_) {
        entry = Allocate(key, Type::kString, {expiry, true, 0});
        entry->outside_string() = std::move(source.outside_string());
      } else {
        entry = NewString(key, source.string(), expiry);
      }
      break;
    case Type::kStream:
      entry = NewTopic(key, std::unique_ptr<Topic>(source.topic()), expiry);
      source.outside_topic() = nullptr;
      break;
  }
  entry->access_clock_ = source.access_clock_;
  entry->raw_ = source.raw_;
  return entry;
}

Entry::Owner Entry::Cloned(const Entry& source, std::string_view key, bool expiry) {
  Owner entry;
  switch (source.type()) {
    case Type::kString:
      entry = NewString(key, source.string(), expiry);
      break;
    case Type::kStream:
      entry = NewTopic(key, source.topic()->Clone(), expiry);
      break;
  }
  entry->access_clock_ = source.access_clock_;
  entry->raw_ = source.raw_;
  return entry;
}

bool Entry::AssignString(std::string_view value) {
  if (type() != Type::kString || is_outside_ != (value.size() > kMaxInlineBytes)) return false;
  if (is_outside_) {
    OutsideString& outside = outside_string();
    const size_t capacity = outside.bytes.capacity();
    if (!outside.bytes.unique() || value.size() > capacity || Wasteful(capacity, value.size())) {
      base::SharedBytes fresh = AllocateShared(value.size());
      CopyBytes(fresh.data(), value);
      outside.bytes = std::move(fresh);
    } else {
      CopyBytes(outside.bytes.data(), value);
    }
    outside.size = value.size();
  } else {
    const size_t needed = value_offset() + value.size();
    const size_t allocated = SizeOfClass(size_class_);
    if (needed > allocated || Wasteful(allocated, needed)) return false;
    CopyBytes(At<char>(value_offset()), value);
    inline_size_ = static_cast<uint16_t>(value.size());
  }
  raw_ = false;
  return true;
}

bool Entry::SpliceString(size_t offset, std::string_view bytes) {
  assert(type() == Type::kString);
  const size_t old_size = string().size();
  const size_t size = std::max(old_size, offset + bytes.size());
  if (is_outside_) {
    OutsideString& outside = outside_string();
    const bool in_place =
        (outside.bytes.unique() || offset >= old_size) && size <= outside.bytes.capacity();
    base::SharedBytes old = outside.bytes;  // `bytes` may be part of it
    if (!in_place) {
      // Half as much again for a string that grows, so that appending is linear in all.
      outside.bytes = AllocateShared(size > old.capacity() ? size + size / 2 : size);
      CopyBytes(outside.bytes.data(), {old.data(), old_size});
    }
    WriteSplice(outside.bytes.data(), old_size, offset, bytes);
    outside.size = size;
  } else {
    if (size > kMaxInlineBytes || value_offset() + size > SizeOfClass(size_class_)) return false;
    WriteSplice(At<char>(value_offset()), old_size, offset, bytes);
    inline_size_ = static_cast<uint16_t>(size);
  }
  raw_ = true;
  return true;
}

Entry::Owner Entry::NewSpliced(size_t offset, std::string_view bytes) {
  assert(type() == Type::kString && !is_outside_);
  const std::string_view old = string();
  const size_t size = std::max(old.size(), offset + bytes.size());
  Owner entry;
  if (size <= kMaxInlineBytes) {
    entry = Allocate(key(), Type::kString, {has_expiry_ != 0, false, size});
    CopyBytes(entry->At<char>(entry->value_offset()), old);
    WriteSplice(entry->At<char>(entry->value_offset()), old.size(), offset, bytes);
  } else {
    entry = Allocate(key(), Type::kString, {has_expiry_ != 0, true, 0});
    OutsideString& outside = entry->outside_string();
    outside = {AllocateShared(size + size / 2), size};
    CopyBytes(outside.bytes.data(), old);
    WriteSplice(outside.bytes.data(), old.size(), offset, bytes);
  }
  entry->access_clock_ = access_clock_;
  entry->raw_ = true;
  return entry;
}

}  // namespace leat::data
