// How many seeded histories a crash test goes through: fewer under the sanitizers, which make each
// of them cost ten times as much.
#pragma once

namespace leat::testing {

constexpr int Histories(int count) {
#ifdef __SANITIZE_ADDRESS__
  return count / 10;
#else
  return count;
#endif
}

}  // namespace leat::testing
