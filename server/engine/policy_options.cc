#include "server/engine/policy_options.h"

#include <utility>

#include "server/base/number.h"
#include "server/engine/text.h"

namespace leat::engine {

namespace {

using data::References;

constexpr std::pair<std::string_view, References> kReferences[] = {
    {"KEEPREF", References::kKeep}, {"DELREF", References::kDrop}, {"ACKED", References::kRespect}};

}  // namespace

std::string_view ReferencesWord(References references) {
  return kReferences[static_cast<size_t>(references)].first;
}

bool ReadReferences(std::string_view word, References& references) {
  for (const auto& known : kReferences) {
    if (!EqualsIgnoringCase(word, known.first)) continue;
    references = known.second;
    return true;
  }
  return false;
}

bool ReadPolicyOption(std::string_view name, std::string_view value, data::TopicPolicy& policy,
                      std::string& error) {
  for (const RetentionOption& option : kRetentionOptions) {
    if (!EqualsIgnoringCase(name, option.name)) continue;
    const auto number = base::ParseInt64(value);
    if (number && *number >= 0) {
      policy.*option.value = static_cast<uint64_t>(*number);
    } else {
      error = std::string(option.name) + " must be a number, 0 for no limit";
    }
    return true;
  }
  if (EqualsIgnoringCase(name, kReferencesOption)) {
    if (!ReadReferences(value, policy.references)) {
      error = std::string(kReferencesOption) + " must be KEEPREF, DELREF or ACKED";
    }
    return true;
  }
  if (!EqualsIgnoringCase(name, kCompactOption)) return false;
  policy.compact_field = value;
  return true;
}

std::string PolicyOptions(const data::TopicPolicy& policy) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(" ").append(name).append(" ").append(value);
  };
  for (const RetentionOption& option : kRetentionOptions) {
    const uint64_t value = policy.*option.value;
    if (value != 0) add(option.name, std::to_string(value));
  }
  if (policy.references != References::kKeep) {
    add(kReferencesOption, ReferencesWord(policy.references));
  }
  if (!policy.compact_field.empty()) add(kCompactOption, policy.compact_field);
  return text;
}

}  // namespace leat::engine
