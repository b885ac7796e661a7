#pragma once

namespace leat::engine {

inline constexpr char kVersion[] = "0.1.0";
// What INFO and HELLO tell clients: the Redis whose commands they may expect.
inline constexpr char kRedisVersion[] = "7.2.0";

}  // namespace leat::engine
