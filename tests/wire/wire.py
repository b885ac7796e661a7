"""What the wire tests share.

A test of SameBytesTest sends one stream of bytes to leat-server and to redis-server and demands the
same bytes back. A test of WireTest checks what is said here in so many words; it runs twice, once
for each server, which keeps the tests themselves honest.
"""

import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))

from resp import Connection, Stalled, encode, parse_all, to_bytes  # noqa: F401 (shared)
from servers import Server, leat_path, redis_path

_shared = {}


def shared_server(path):
    """The server with default settings, one for all tests."""
    if path not in _shared or not _shared[path].alive():
        _shared[path] = Server(path)
    return _shared[path]


def stop_shared_servers():
    for server in _shared.values():
        server.close()
    _shared.clear()


def request(*args):
    return encode([to_bytes(a) for a in args])


def eventually(condition, what, timeout_s=10.0):
    """Waits until `condition()` holds; returns its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("did not come about in %gs: %s" % (timeout_s, what))
        time.sleep(0.003)


def plain(node):
    """A node without its types: easier to compare where the type is beyond doubt."""
    kind, value = node
    if isinstance(value, list):
        return [plain(n) for n in value]
    return int(value) if kind == ":" else value


class _Base(unittest.TestCase):
    def open(self, server, timeout_s=10.0):
        connection = server.connect(timeout_s)
        self.addCleanup(connection.close)
        return connection


class SameBytesTest(_Base):
    """`self.same` is the assertion."""

    options = ()

    def setUp(self):
        self.servers = []
        for path in (leat_path(), redis_path()):
            if self.options:
                server = Server(path, self.options)
                self.addCleanup(server.close)
            else:
                server = shared_server(path)
                server.connect().call("FLUSHALL")
            self.servers.append(server)

    def same(self, data, closes=False):
        """Sends `data` to both and compares the replies; with `closes` up to the end of file."""
        answers = []
        for server in self.servers:
            connection = self.open(server)
            connection.send(data if closes else data + request("ECHO", "the end"))
            mark = b"$7\r\nthe end\r\n"
            answers.append(connection.read_to_end() if closes
                           else connection.read_until(lambda got: got.endswith(mark)))
        self.assertEqual(answers[0], answers[1])
        return answers[0]


class WireTest(_Base):
    """Runs once for each server; `path` is set by the runner."""

    path = None

    @property
    def is_redis(self):
        return "redis-server" in os.path.basename(self.path)

    def setUp(self):
        self.server = None

    def start(self, *options, **places):
        """A server of this test's own; `places` are Server's folder and config_file."""
        self.server = Server(self.path, options, **places)
        self.addCleanup(self.server.close)
        return self.server

    def folder(self):
        """A temporary folder of this test's own."""
        folder = tempfile.TemporaryDirectory(prefix="leat-test-")
        self.addCleanup(folder.cleanup)
        return folder.name

    def client(self, timeout_s=10.0):
        if not self.server:
            self.server = shared_server(self.path)
            connection = self.server.connect()
            connection.call("FLUSHALL")
            connection.call("CLIENT", "UNPAUSE")
            connection.close()
        return self.open(self.server, timeout_s)

    def info(self, client, field):
        """One field of INFO, as text."""
        text = client.call("INFO")[1].decode()
        for line in text.splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        raise AssertionError("INFO has no field " + field)

    def wait_blocked(self, client, count):
        eventually(lambda: int(self.info(client, "blocked_clients")) == count,
                   "%d blocked clients" % count)

    def assert_ok(self, reply):
        self.assertEqual(reply, ("+", b"OK"))

    def assert_error(self, reply, text):
        self.assertEqual(reply[0], "-", reply)
        self.assertEqual(reply[1].decode("latin1"), text)

    def assert_silent(self, connection, other):
        """Nothing arrives on `connection`, although `other` is being answered."""
        self.assertEqual(other.call("PING"), ("+", b"PONG"))
        connection.socket.setblocking(False)
        try:
            self.assertEqual(connection.socket.recv(1), b"nothing")
        except BlockingIOError:
            pass
        finally:
            connection.socket.setblocking(True)
