#include "server/data/policy_schedule.h"

#include <algorithm>

namespace leat::data {

namespace {

// Beyond so many a look at each entry would cost more than to begin anew.
constexpr size_t kMostRemoved = 256;

}  // namespace

void PolicySchedule::Mark(uint32_t database, std::string_view name, int64_t due_ms) {
  auto& [due_by_name, by_due] = databases_[database];
  auto found = due_by_name.find(name);
  if (found == due_by_name.end()) {
    found = due_by_name.emplace(name, due_ms).first;
  } else if (found->second <= due_ms) {
    return;
  } else {
    by_due.erase({found->second, found->first});
    found->second = due_ms;
  }
  by_due.emplace(due_ms, found->first);
}

std::optional<PolicySchedule::Item> PolicySchedule::TakeDue(int64_t now_ms) {
  for (uint32_t number = 0; number < databases_.size(); ++number) {
    auto& [due_by_name, by_due] = databases_[number];
    if (by_due.empty() || by_due.begin()->first > now_ms) continue;
    Item item{number, std::string(by_due.begin()->second)};
    by_due.erase(by_due.begin());
    due_by_name.erase(item.name);
    return item;
  }
  return std::nullopt;
}

int64_t PolicySchedule::NextMs() const {
  int64_t next = kNever;
  for (const Database& database : databases_) {
    if (!database.by_due.empty()) next = std::min(next, database.by_due.begin()->first);
  }
  return next;
}

size_t PolicySchedule::size() const {
  size_t size = 0;
  for (const Database& database : databases_) size += database.by_due.size();
  return size;
}

void PolicySchedule::Swap(uint32_t database, uint32_t other) {
  std::swap(databases_[database], databases_[other]);
  if (!followed_) return;
  const uint32_t followed = followed_->item.database;
  if (followed == database || followed == other) followed_->lost = true;
}

void PolicySchedule::Placed(uint32_t database, std::string_view name) {
  Mark(database, name);
  if (!followed_) return;
  const Item& followed = followed_->item;
  if (followed.database == database && followed.name == name) followed_->lost = true;
}

void PolicySchedule::Removed(uint32_t database, std::string_view name, const IdRange& range) {
  if (!notes_removed_ || !followed_ || followed_->item.database != database ||
      followed_->item.name != name)
    return;
  followed_->removed.push_back(range);
  if (followed_->removed.size() > kMostRemoved) followed_->lost = true;
}

bool PolicySchedule::WasRemoved(StreamId id) const {
  const std::vector<IdRange>& removed = followed_->removed;
  return std::any_of(removed.begin(), removed.end(),
                     [id](const IdRange& range) { return range.first <= id && id <= range.last; });
}

}  // namespace leat::data
