#include "server/engine/transaction.h"

#include <algorithm>
#include <memory>

#include "server/engine/session.h"

namespace leat::engine {

void Transaction::Queue(CommandEntry& command, std::span<const std::string_view> args) {
  calls.push_back({&command, std::vector<std::string>(args.begin(), args.end())});
  memory_bytes += sizeof(QueuedCall) + args.size() * sizeof(std::string);
  for (const std::string_view arg : args) memory_bytes += arg.size();
}

void WatchTable::Watch(Session& session, uint32_t database, std::string_view key) {
  if (session.watched == nullptr) session.watched = std::make_unique<WatchedKeys>();
  DatabaseKey watched{database, std::string(key)};
  auto& keys = session.watched->keys;
  if (std::find(keys.begin(), keys.end(), watched) != keys.end()) return;
  watchers_[watched].push_back(&session);
  keys.push_back(std::move(watched));
}

void WatchTable::UnwatchAll(Session& session) {
  if (session.watched == nullptr) return;
  for (const DatabaseKey& key : session.watched->keys) {
    const auto found = watchers_.find(key);
    std::erase(found->second, &session);
    if (found->second.empty()) watchers_.erase(found);
  }
  session.watched.reset();
}

void WatchTable::KeyChanged(uint32_t database, const data::Key& key) {
  if (watchers_.empty()) return;
  const auto found = watchers_.find(DatabaseKeyView{database, key});
  if (found != watchers_.end()) Mark(found->second);
}

void WatchTable::Mark(const std::vector<Session*>& sessions) {
  for (Session* session : sessions) session->watched->changed = true;
}

}  // namespace leat::engine
