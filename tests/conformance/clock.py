"""The wall clock of both servers, which only the test moves.

    clock = Clock("build")
    server = servers.Server(path, clock=clock)
    clock.advance(1500)

A server that was started with it reads this clock (clock.cc) wherever it asks for the time of day,
so that idle times, expiry and the IDs of `XADD *` are the same on both sides to the microsecond.
Durations, and the timers of the event loops, stay real.
"""

import mmap
import os
import struct
import tempfile

START_MS = 2_000_000_000_000


class Clock:
    def __init__(self, build_folder):
        self._library = os.path.join(build_folder, "libleat-test-clock.so")
        if not os.path.exists(self._library):
            raise RuntimeError("%s is missing: build the target leat-test-clock" % self._library)
        self._file = tempfile.NamedTemporaryFile(prefix="leat-test-clock-")
        self._file.truncate(mmap.PAGESIZE)
        self._map = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self.reset()

    def environment(self):
        """What a server needs in its environment to have this clock."""
        # AddressSanitizer wants to be loaded first, to see every allocation; the clock makes none.
        asan = [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]
        return {"LD_PRELOAD": self._library, "LEAT_TEST_CLOCK": self._file.name,
                "ASAN_OPTIONS": ":".join(filter(None, asan))}

    def reset(self):
        self._set(START_MS)

    def advance(self, milliseconds):
        self._set(self.now_ms + milliseconds)

    def _set(self, now_ms):
        self.now_ms = now_ms
        struct.pack_into("=q", self._map, 0, now_ms * 1000)
