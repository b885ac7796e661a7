// Entry: one key and its value, in one allocation.
//
//   ┌────────┬───────────┬───────────┬────────────┬─────┬──────────────┬───────┐
//   │ header │ expiry    │ outside   │ key length │ key │ inline value │ spare │
//   │ 8      │ 16, maybe │ 16, maybe │ 8, maybe   │     │ maybe        │       │
//   └────────┴───────────┴───────────┴────────────┴─────┴──────────────┴───────┘
//
// A string of up to kMaxInlineBytes lives inline; a longer one outside, in SharedBytes, so that a
// reply can refer to it instead of copying it; every other type is an object that the entry owns.
// The header holds a key's length up to 254; a longer one has its own field. A key of 16 bytes with
// a value of 8 takes 32 bytes in all.
//
// The allocation is a whole size class of the allocator, so the spare room at the end is known, and
// a value that fits there is overwritten without allocating. Room for an expiry stays once it is
// there. An entry never moves by itself: what needs another layout is a new entry, and whoever
// holds pointers to the old one (the keyspace's table, the expiry wheel) replaces them.
//
// A string that refers to outside bytes may be shared with pending replies. Those bytes are changed
// in place only when nobody else holds them, or behind the end that others see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/base/shared_bytes.h"

namespace leat::data {

class Topic;

// A closed set: what depends on it is a switch without a default.
enum class Type : uint8_t { kString, kStream };

std::string_view TypeName(Type type);  // "string", "stream"

inline constexpr int64_t kNoExpiry = -1;

// The longest string that lives in its entry. A copy of this much into a reply costs less than
// keeping a reference and one more slice of a vectored write.
inline constexpr size_t kMaxInlineBytes = 1024;

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::string_view key() const;
  Type type() const { return static_cast<Type>(type_); }
  int64_t expire_at_ms() const { return has_expiry_ ? expiry().at_ms : kNoExpiry; }

  // Of a kString. The view holds until the key is changed; the shared bytes for as long as they
  // are held, `string().size()` of them. Null when the string is inline.
  std::string_view string() const;
  const base::SharedBytes* shared_string() const;
  // Changed by a splice since it was last set: it shows as "raw" whatever it looks like.
  bool raw() const { return raw_; }

  // Of a kStream.
  Topic* topic() const;

  // When the value was last used; the meaning is the caller's, these bits are kept with the key.
  static constexpr uint32_t kAccessClockMask = 0xffffff;
  uint32_t access_clock() const { return access_clock_; }
  void set_access_clock(uint32_t clock) { access_clock_ = clock & kAccessClockMask; }

  // This allocation and the string's outside bytes. An object accounts for itself.
  size_t memory_bytes() const;

 private:
  friend class ExpiryWheel;
  friend class Keyspace;
  struct Deleter {
    void operator()(Entry* entry) const { Delete(entry); }
  };
  using Owner = std::unique_ptr<Entry, Deleter>;

  struct Expiry {
    int64_t at_ms;
    Entry** cell;  // where the expiry wheel keeps this entry; null while at_ms is kNoExpiry
  };
  // What is not inline. Both take kOutsideBytes.
  struct OutsideString {
    base::SharedBytes bytes;
    uint64_t size;
  };
  static constexpr size_t kOutsideBytes = sizeof(OutsideString);
  struct Shape {
    bool expiry;
    bool outside;
    size_t inline_bytes;
  };

  Entry() = default;
  ~Entry() = default;

  static Owner Allocate(std::string_view key, Type type, Shape shape);
  static void Delete(Entry* entry);

  static Owner NewString(std::string_view key, std::string_view value, bool expiry);
  static Owner NewTopic(std::string_view key, std::unique_ptr<Topic> topic, bool expiry);
  // The same value under `key` with or without room for an expiry. Moved takes an outside value
  // from `source`, which may then only be deleted; Cloned copies it. Neither brings the expiry.
  static Owner Moved(Entry& source, std::string_view key, bool expiry);
  static Owner Cloned(const Entry& source, std::string_view key, bool expiry);

  // In place; false, and nothing done, when the value needs another entry.
  bool AssignString(std::string_view value);
  bool SpliceString(size_t offset, std::string_view bytes);
  // The entry to use where SpliceString says false; this one may then only be deleted.
  Owner NewSpliced(size_t offset, std::string_view bytes);

  template <typename Part>
  Part* At(size_t offset) const {
    return reinterpret_cast<Part*>(reinterpret_cast<uintptr_t>(this) + offset);
  }
  size_t outside_offset() const { return sizeof(Entry) + (has_expiry_ ? sizeof(Expiry) : 0); }
  size_t key_offset() const {
    return outside_offset() + (is_outside_ ? kOutsideBytes : 0) +
           (long_key_ ? sizeof(uint64_t) : 0);
  }
  size_t value_offset() const { return key_offset() + key().size(); }

  Expiry& expiry() const { return *At<Expiry>(sizeof(Entry)); }
  OutsideString& outside_string() const { return *At<OutsideString>(outside_offset()); }
  Topic*& outside_topic() const { return *At<Topic*>(outside_offset()); }

  uint32_t access_clock_ : 24;
  uint32_t type_ : 3;
  uint32_t has_expiry_ : 1;  // has the room; whether it is used, at_ms says
  uint32_t is_outside_ : 1;
  uint32_t long_key_ : 1;
  uint32_t raw_ : 1;
  uint32_t generation_ : 1;  // Keyspace::BeginGeneration
  uint8_t size_class_;
  uint8_t key_size_;
  uint16_t inline_size_;
};

inline std::string_view Entry::key() const {
  const size_t offset = key_offset();
  const size_t size = long_key_ ? *At<uint64_t>(offset - sizeof(uint64_t)) : key_size_;
  return {At<char>(offset), size};
}

inline std::string_view Entry::string() const {
  if (!is_outside_) return {At<char>(value_offset()), inline_size_};
  const OutsideString& outside = outside_string();
  return {outside.bytes.data(), outside.size};
}

}  // namespace leat::data
