// A topic's policy as text: the options of XCFGSET, which `topic-defaults` and XINFO use too.
//
//   retention-ms n   retention-bytes n   retention-entries n   retention-refs KEEPREF|DELREF|ACKED
//   compact field
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/data/topic_policy.h"

namespace leat::engine {

// Those with a number, of which 0 ends a limit.
struct RetentionOption {
  std::string_view name;
  uint64_t data::TopicPolicy::*value;
};
inline constexpr RetentionOption kRetentionOptions[] = {
    {"retention-ms", &data::TopicPolicy::retention_ms},
    {"retention-bytes", &data::TopicPolicy::retention_bytes},
    {"retention-entries", &data::TopicPolicy::retention_entries},
};
inline constexpr std::string_view kReferencesOption = "retention-refs";
inline constexpr std::string_view kCompactOption = "compact";

// KEEPREF, DELREF, ACKED.
std::string_view ReferencesWord(data::References references);
// False where `word` is none of them.
bool ReadReferences(std::string_view word, data::References& references);

// Sets what `name`, in any case, says. False where it is none of the options; `error` receives what
// is wrong with the value.
bool ReadPolicyOption(std::string_view name, std::string_view value, data::TopicPolicy& policy,
                      std::string& error);
// The options that make this policy, with a space before each.
std::string PolicyOptions(const data::TopicPolicy& policy);

}  // namespace leat::engine
