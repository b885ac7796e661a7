"""Starts leat-server and redis-server on free loopback ports in temporary folders.

Whatever happens to the test, no server outlives it: each is stopped at exit, and the kernel kills
it when the test process dies.
"""

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from resp import Connection, Stalled

_REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def leat_path():
    """$LEAT_SERVER, or the build folder's server."""
    return os.environ.get("LEAT_SERVER") or os.path.join(_REPOSITORY, "build", "leat-server")


def build_path():
    """$LEAT_BUILD, or the folder of the server."""
    return os.environ.get("LEAT_BUILD") or os.path.dirname(leat_path())


def redis_path():
    return os.environ.get("REDIS_SERVER") or "redis-server"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A running server; `options` are extra command line arguments, `clock` gives it its time."""

    def __init__(self, path, options=(), folder=None, config_file=None, clock=None):
        self.path = path
        self.environment = {**os.environ, **clock.environment()} if clock else None
        self.config_file = config_file
        self.is_redis = "redis-server" in os.path.basename(path)
        self.options = list(options)
        self.owns_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="leat-test-")
        self.process = None
        atexit.register(self.close)
        self.start()

    def start(self):
        """Starts it, or starts it again after it has ended, on another port."""
        for _ in range(5):
            if self._start():
                return
        raise RuntimeError("%s does not start:\n%s" % (self.path, self.log()))

    def _start(self):
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        command = [self.path] + ([self.config_file] if self.config_file else [])
        command += ["--port", str(self.port), "--dir", self.folder, "--appendonly", "no"]
        if self.is_redis:
            command += ["--save", "", "--stream-node-max-bytes", "0",
                        "--enable-debug-command", "yes"]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command + self.options, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment,
                                            preexec_fn=_die_with_parent)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = Connection(self.address, 5)
                # Any answer will do: -NOAUTH also says that the server is up.
                connection.call("PING")
                connection.close()
                return self.process.poll() is None
            except (OSError, Stalled):
                time.sleep(0.01)
        self.stop()
        return False

    def log(self):
        with open(os.path.join(self.folder, "log"), "rb") as log:
            return log.read()[-2000:].decode("utf-8", "replace")

    def connect(self, timeout_s=10.0):
        return Connection(self.address, timeout_s)

    def alive(self):
        return self.process.poll() is None

    def has_ended(self):
        """Whether the process is gone; waits for one that takes no connections any more."""
        try:
            self.connect().close()
        except OSError:
            self.process.wait(20)
        return not self.alive()

    def stop(self):
        """SIGTERM, then SIGKILL if that does not help; returns the exit status."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode if self.process else None

    def close(self):
        self.stop()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def exit_on_signals():
    """Turns SIGTERM and SIGHUP into an ordinary exit, so that the servers are stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
