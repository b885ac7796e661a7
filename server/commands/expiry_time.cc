#include "server/commands/expiry_time.h"

#include <string>

#include "server/base/number.h"

namespace leat::commands {

namespace {

std::nullopt_t Refuse(engine::Call& call) {
  call.Error("ERR invalid expire time in '" + call.command.full_name + "' command");
  return std::nullopt;
}

std::optional<int64_t> Read(engine::Call& call, std::string_view text, TimeForm form,
                            bool positive) {
  const auto number = base::ParseInt64(text);
  if (!number) {
    call.Error(engine::errors::kNotInteger);
    return std::nullopt;
  }
  if (positive && *number <= 0) return Refuse(call);
  int64_t time_ms = 0;
  if (__builtin_mul_overflow(*number, form.unit_ms, &time_ms) ||
      __builtin_add_overflow(time_ms, form.from_now ? call.now_ms : 0, &time_ms)) {
    return Refuse(call);
  }
  return time_ms;
}

}  // namespace

std::optional<int64_t> ReadExpiry(engine::Call& call, std::string_view text, TimeForm form) {
  return Read(call, text, form, false);
}

std::optional<int64_t> ReadPositiveExpiry(engine::Call& call, std::string_view text,
                                          TimeForm form) {
  return Read(call, text, form, true);
}

bool ExpiryOption::Match(engine::ArgReader& options) {
  struct Name {
    std::string_view word;
    const TimeForm* form;
  };
  static constexpr Name kNames[] = {{"EX", &kSeconds},
                                    {"PX", &kMilliseconds},
                                    {"EXAT", &kUnixSeconds},
                                    {"PXAT", &kUnixMilliseconds}};
  for (const Name& name : kNames) {
    if (!options.Match(name.word, 1)) continue;
    if (form != nullptr && form != name.form) options.Fail(engine::errors::kSyntax);
    form = name.form;
    text = options.Next();
    return true;
  }
  return false;
}

}  // namespace leat::commands
