// What CLIENT INFO and CLIENT LIST tell of a client, and how CLIENT LIST and KILL choose among
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/engine/session.h"

namespace leat::commands {

// Replicas and masters can be asked for, and there are none.
enum class ClientType : uint8_t { kNormal, kReplica, kPubSub, kMaster };

std::optional<ClientType> ParseClientType(std::string_view name);
ClientType TypeOf(const engine::Session& session);

// One line in the format of redis.io's CLIENT LIST page, with its newline.
void AppendClientLine(std::string& text, const engine::Session& session, int64_t now_ms);

// A name or library name that keeps that format whole: visible ASCII. It may be empty.
bool IsClientAttribute(std::string_view text);
inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

}  // namespace leat::commands
