"""Just enough RESP2 and RESP3 for tests: encode commands, parse replies into typed trees.

A node is a pair (type, value) and keeps the type byte that was on the wire, so that `$-1`, `*-1`
and `_` are three different replies:

    ('+', b'OK')   ('-', b'ERR ...')   (':', b'12')   ('$', b'bytes' or None)   ('_', b'')
    ('*', [nodes] or None)   ('~', [nodes])   ('>', [nodes])   ('%', [key, value, key, value, ...])
"""

import socket
import time

_AGGREGATES = {42: "*", 37: "%", 126: "~", 62: ">", 124: "|"}
_BULKS = {36: "$", 61: "=", 33: "!"}


class Incomplete(Exception):
    """The buffer ends inside a reply."""


class Stalled(Exception):
    """The server did not answer in time, or closed a connection that should stay open; `data` is
    what came before."""

    def __init__(self, why, data=b""):
        super().__init__(why + ("; the last bytes were %r" % data[-200:] if data else ""))
        self.data = data


def encode(args):
    """The request bytes of one command, given as a sequence of bytes."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        parts.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(parts)


def parse(buf, pos):
    """Parses the reply at `pos`; returns (node, position after it) or raises Incomplete."""
    end = buf.find(b"\r\n", pos)
    if end < 0:
        raise Incomplete
    kind = buf[pos]
    line = buf[pos + 1:end]
    pos = end + 2
    if kind in _BULKS:
        size = int(line)
        if size < 0:
            return (_BULKS[kind], None), pos
        stop = pos + size
        if stop + 2 > len(buf):
            raise Incomplete
        if buf[stop:stop + 2] != b"\r\n":
            raise ValueError("a bulk is not followed by CRLF: %r" % buf[pos:stop + 2][-40:])
        return (_BULKS[kind], buf[pos:stop]), stop + 2
    if kind in _AGGREGATES:
        count = int(line)
        if count < 0:
            return (_AGGREGATES[kind], None), pos
        if kind in (37, 124):
            count *= 2
        items = []
        for _ in range(count):
            item, pos = parse(buf, pos)
            items.append(item)
        return (_AGGREGATES[kind], items), pos
    if kind not in b"+-:_,#(":
        raise ValueError("not a RESP type: %r" % buf[pos - len(line) - 3:pos + 40])
    return (chr(kind), line), pos


def parse_all(buf):
    """Every reply in `buf`; raises Incomplete when a part of one is left over."""
    nodes, pos = [], 0
    while pos < len(buf):
        node, pos = parse(buf, pos)
        nodes.append(node)
    return nodes


def parse_complete(buf):
    """The replies in `buf` up to the first that is incomplete or damaged."""
    return split_complete(buf)[0]


def split_complete(buf):
    """The same, and the bytes that are left."""
    nodes, pos = [], 0
    try:
        while pos < len(buf):
            node, pos = parse(buf, pos)
            nodes.append(node)
    except (Incomplete, ValueError):
        pass
    return nodes, buf[pos:]


def show(node, depth=0):
    """A node as text, one line for each element, in the manner of redis-cli."""
    kind, value = node
    if not isinstance(value, list):
        return kind + ("(nil)" if value is None else repr(bytes(value))[2:-1])
    pad = "  " * (depth + 1)
    return kind + str(len(value)) + "".join("\n" + pad + show(n, depth + 1) for n in value)


class Connection:
    """A blocking client connection. `timeout_s` bounds every wait for bytes."""

    def __init__(self, address, timeout_s=10.0):
        self.timeout_s = timeout_s
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout_s)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout_s)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b""

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()

    def read_until(self, done):
        """Reads until `done(bytes so far)`; returns all those bytes."""
        data, self.buf = self.buf, b""
        deadline = time.monotonic() + self.timeout_s
        while not done(data):
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(1 << 20)
            except socket.timeout:
                raise Stalled("no complete answer after %gs" % self.timeout_s, data) from None
            except ConnectionError as error:
                raise Stalled(str(error), data) from None
            if not chunk:
                raise Stalled("connection closed", data)
            data = data + chunk if data else chunk
        return data

    def available(self):
        """The bytes that have arrived, without waiting for more."""
        data, self.buf = self.buf, b""
        self.socket.setblocking(False)
        try:
            while chunk := self.socket.recv(1 << 20):
                data += chunk
        except BlockingIOError:
            pass
        except ConnectionError:
            pass  # whoever waits for a reply notices that it does not come
        return data

    def read_to_end(self):
        """Everything until the server closes the connection."""
        data, self.buf = [self.buf], b""
        deadline = time.monotonic() + self.timeout_s
        while True:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(1 << 20)
            except socket.timeout:
                raise Stalled("still open after %gs" % self.timeout_s) from None
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                return b"".join(data)
            data.append(chunk)

    def read_reply(self):
        """The next reply, as a node."""
        deadline = time.monotonic() + self.timeout_s
        while True:
            try:
                node, pos = parse(self.buf, 0)
                self.buf = self.buf[pos:]
                return node
            except Incomplete:
                pass
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(1 << 20)
            except socket.timeout:
                raise Stalled("no reply after %gs" % self.timeout_s) from None
            if not chunk:
                raise Stalled("connection closed", self.buf)
            self.buf += chunk

    def call(self, *args):
        """Sends one command (str, int or bytes arguments) and returns its reply."""
        self.send(encode([to_bytes(a) for a in args]))
        return self.read_reply()


def to_bytes(arg):
    if isinstance(arg, bytes):
        return arg
    return str(arg).encode("utf-8", "surrogateescape")
