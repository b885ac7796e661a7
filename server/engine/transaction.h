// MULTI and WATCH.
//
// Between MULTI and EXEC calls are queued as copies of their arguments. EXEC runs them as one batch
// of the store, so the journal holds all of a transaction or nothing of it.
//
// A watched key that changes, by any mutation of anyone, marks every session that watches it; their
// EXEC then answers null. A key that expires changes like any other, by the delete that ends it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/data/keyspace.h"

namespace leat::engine {

struct CommandEntry;
struct Session;

struct QueuedCall {
  CommandEntry* command;
  std::vector<std::string> args;
};

struct Transaction {
  std::vector<QueuedCall> calls;
  bool failed = false;  // an error while queueing: EXEC answers EXECABORT
  size_t memory_bytes = 0;

  void Queue(CommandEntry& command, std::span<const std::string_view> args);
};

struct DatabaseKey {
  uint32_t database;
  std::string name;
  bool operator==(const DatabaseKey&) const = default;
};

// The same to look it up by: nothing is copied and nothing hashed again.
struct DatabaseKeyView {
  uint32_t database;
  data::Key key;
};

struct DatabaseKeyHash {
  using is_transparent = void;
  size_t operator()(const DatabaseKeyView& view) const { return view.key.hash + view.database; }
  size_t operator()(const DatabaseKey& key) const {
    return (*this)(DatabaseKeyView{key.database, data::MakeKey(key.name)});
  }
};

struct DatabaseKeyEqual {
  using is_transparent = void;
  bool operator()(const DatabaseKey& a, const DatabaseKey& b) const { return a == b; }
  bool operator()(const DatabaseKeyView& view, const DatabaseKey& key) const {
    return view.database == key.database && view.key.name == key.name;
  }
  bool operator()(const DatabaseKey& key, const DatabaseKeyView& view) const {
    return (*this)(view, key);
  }
};

// What one session watches.
struct WatchedKeys {
  std::vector<DatabaseKey> keys;
  bool changed = false;
};

// Who watches what.
class WatchTable {
 public:
  bool empty() const { return watchers_.empty(); }

  void Watch(Session& session, uint32_t database, std::string_view key);
  void UnwatchAll(Session& session);

  void KeyChanged(uint32_t database, const data::Key& key);
  // Marks the watchers of those keys of a database for which `changed` is true.
  template <typename Predicate>
  void DatabaseChanged(uint32_t database, Predicate changed) {
    for (auto& [key, sessions] : watchers_) {
      if (key.database == database && changed(key.name)) Mark(sessions);
    }
  }

 private:
  static void Mark(const std::vector<Session*>& sessions);

  std::unordered_map<DatabaseKey, std::vector<Session*>, DatabaseKeyHash, DatabaseKeyEqual>
      watchers_;
};

}  // namespace leat::engine
