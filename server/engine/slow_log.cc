#include "server/engine/slow_log.h"

namespace leat::engine {

namespace {

constexpr size_t kMaxArguments = 32;
constexpr size_t kMaxArgumentBytes = 128;

std::string Shorten(std::string_view argument) {
  if (argument.size() <= kMaxArgumentBytes) return std::string(argument);
  return std::string(argument.substr(0, kMaxArgumentBytes)) + "... (" +
         std::to_string(argument.size() - kMaxArgumentBytes) + " more bytes)";
}

}  // namespace

void SlowLog::Add(Args args, const Session& session, int64_t now_ms, int64_t micros,
                  size_t max_length) {
  Record record{next_id_++, now_ms / 1000, micros, {}, session.address, session.name};
  const bool cut = args.size() > kMaxArguments;
  const size_t shown = cut ? kMaxArguments - 1 : args.size();
  for (size_t i = 0; i < shown; ++i) record.args.push_back(Shorten(args[i]));
  if (cut) {
    record.args.push_back("... (" + std::to_string(args.size() - shown) + " more arguments)");
  }
  records_.push_front(std::move(record));
  while (records_.size() > max_length) records_.pop_back();
}

}  // namespace leat::engine
