// Preloaded into a server (LD_PRELOAD), this library puts the server's wall clock into the hands of
// the test: it stands still at the microseconds since 1970 that the file named by LEAT_TEST_CLOCK
// holds, as one 64-bit number, until the test writes another. All other clocks go on.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

const volatile int64_t* wall_micros = nullptr;

// Without the file there is no test: better no server than one with another time.
[[gnu::constructor]] void MapClock() {
  const char* path = std::getenv("LEAT_TEST_CLOCK");
  if (path == nullptr) return;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) std::abort();
  void* mapped = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) std::abort();
  close(file);
  wall_micros = static_cast<const volatile int64_t*>(mapped);
}

bool IsWallClock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (wall_micros == nullptr || !IsWallClock(clock)) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  }
  const int64_t micros = *wall_micros;
  *now = {micros / kMicrosPerSecond, micros % kMicrosPerSecond * 1000};
  return 0;
}

int gettimeofday(timeval* now, void* /*timezone*/) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  *now = {exact.tv_sec, exact.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* now) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now != nullptr) *now = exact.tv_sec;
  return exact.tv_sec;
}

}  // extern "C"
