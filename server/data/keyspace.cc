#include "server/data/keyspace.h"

#include <algorithm>
#include <utility>

#include "server/data/topic.h"

namespace leat::data {

Entry* Keyspace::PutString(const Key& key, std::string_view value, int64_t expire_at_ms) {
  const bool expires = expire_at_ms != kNoExpiry;
  Slot* slot = table_.Find(key);
  if (slot != nullptr && (!expires || slot->entry()->has_expiry_)) {
    Entry& entry = *slot->entry();
    const size_t old_bytes = entry.memory_bytes();
    if (entry.AssignString(value)) {
      entry_bytes_ += entry.memory_bytes() - old_bytes;
      SetDeadline(entry, expire_at_ms);
      return &entry;
    }
  }
  return Put(key, slot, Entry::NewString(key.name, value, expires), expire_at_ms);
}

Entry* Keyspace::PutTopic(const Key& key, std::unique_ptr<Topic> topic, int64_t expire_at_ms) {
  Entry::Owner fresh = Entry::NewTopic(key.name, std::move(topic), expire_at_ms != kNoExpiry);
  return Put(key, table_.Find(key), std::move(fresh), expire_at_ms);
}

Entry* Keyspace::SpliceString(const Key& key, size_t offset, std::string_view bytes) {
  Slot* slot = table_.Find(key);
  Entry* entry = slot != nullptr ? slot->entry() : PutString(key, {});
  const size_t old_bytes = entry->memory_bytes();
  if (entry->SpliceString(offset, bytes)) {
    entry_bytes_ += entry->memory_bytes() - old_bytes;
    return entry;
  }
  if (slot == nullptr) slot = table_.Find(key);
  return Substitute(*slot, old_bytes, entry->NewSpliced(offset, bytes));
}

Entry* Keyspace::SetExpiry(const Key& key, int64_t expire_at_ms) {
  Slot* slot = table_.Find(key);
  if (slot == nullptr) return nullptr;
  Entry* entry = slot->entry();
  if (!entry->has_expiry_) {
    if (expire_at_ms == kNoExpiry) return entry;
    const size_t old_bytes = entry->memory_bytes();
    entry = Substitute(*slot, old_bytes, Entry::Moved(*entry, entry->key(), true));
  }
  SetDeadline(*entry, expire_at_ms);
  return entry;
}

bool Keyspace::Erase(const Key& key) {
  Slot* slot = table_.Find(key);
  if (slot == nullptr) return false;
  Entry* entry = slot->entry();
  table_.Erase(key.hash, *slot);
  Discard(entry);
  return true;
}

bool Keyspace::Rename(const Key& from, Keyspace& target, const Key& to) {
  Slot* slot = table_.Find(from);
  if (slot == nullptr) return false;
  if (&target == this && from.name == to.name) return true;
  Entry* entry = slot->entry();
  const int64_t expire_at_ms = entry->expire_at_ms();
  const uint32_t clock = entry->access_clock();
  entry_bytes_ -= entry->memory_bytes();  // while it still has its value
  Entry::Owner fresh = Entry::Moved(*entry, to.name, expire_at_ms != kNoExpiry);
  table_.Erase(from.hash, *slot);
  wheel_.Remove(*entry);
  const Entry::Owner old(entry);  // until the end: `to` may be a view into it
  target.Put(to, target.table_.Find(to), std::move(fresh), expire_at_ms)->set_access_clock(clock);
  return true;
}

bool Keyspace::Copy(const Key& from, Keyspace& target, const Key& to) const {
  const Entry* entry = Find(from);
  if (entry == nullptr) return false;
  if (&target == this && from.name == to.name) return true;
  const int64_t expire_at_ms = entry->expire_at_ms();
  const uint32_t clock = entry->access_clock();
  Entry::Owner fresh = Entry::Cloned(*entry, to.name, expire_at_ms != kNoExpiry);
  target.Put(to, target.table_.Find(to), std::move(fresh), expire_at_ms)->set_access_clock(clock);
  return true;
}

void Keyspace::Clear() {
  ForEach([](Entry& entry) { Entry::Delete(&entry); });
  table_.Clear();
  wheel_.Clear();
  entry_bytes_ = 0;
}

void Keyspace::Swap(Keyspace& other) noexcept {
  table_.Swap(other.table_);
  wheel_.Swap(other.wheel_);
  std::swap(entry_bytes_, other.entry_bytes_);
  std::swap(generation_, other.generation_);
}

int64_t Keyspace::MeanTtlMs(int64_t now_ms) const {
  return wheel_.size() == 0 ? 0 : std::max<int64_t>(wheel_.MeanMs() - now_ms, 0);
}

// Puts a new value in `slot`, or where the key belongs when it has none yet.
Entry* Keyspace::Put(const Key& key, Slot* slot, Entry::Owner fresh, int64_t expire_at_ms) {
  Entry* entry = fresh.release();
  Renew(*entry);
  entry_bytes_ += entry->memory_bytes();
  if (slot == nullptr) {
    table_.Insert(entry, key.hash);
  } else {
    Entry* old = slot->entry();
    entry->set_access_clock(old->access_clock());
    slot->Replace(entry);
    Discard(old);
  }
  SetDeadline(*entry, expire_at_ms);
  return entry;
}

// Puts another allocation of the same key and deadline in the place of the old one, which had
// `old_bytes` and may have given them away.
Entry* Keyspace::Substitute(Slot& slot, size_t old_bytes, Entry::Owner fresh) {
  const Entry::Owner old(slot.entry());
  Entry* entry = fresh.release();
  Renew(*entry);
  if (old->expire_at_ms() != kNoExpiry) wheel_.Replace(*old, *entry);
  entry_bytes_ += entry->memory_bytes() - old_bytes;
  slot.Replace(entry);
  return entry;
}

void Keyspace::SetDeadline(Entry& entry, int64_t expire_at_ms) {
  if (expire_at_ms == entry.expire_at_ms()) return;  // a counter that keeps its deadline
  wheel_.Remove(entry);
  if (expire_at_ms != kNoExpiry) wheel_.Add(entry, expire_at_ms);
}

void Keyspace::Discard(Entry* entry) {
  wheel_.Remove(*entry);
  entry_bytes_ -= entry->memory_bytes();
  Entry::Delete(entry);
}

}  // namespace leat::data
