#!/usr/bin/python3
"""The log through redis-cli. What each client does and prints: tests/clients/README.md.

    client.py WAY MODE PORT PROTOCOL NAME DEPTH <lines

WAY is how redis-cli is given the commands:
    stdin  one a line, quoted; redis-cli waits for each reply. The first DEPTH lines of the log go
           through `redis-cli -x`, which takes the last argument from its standard input.
    pipe   `redis-cli --pipe`, which takes the bytes of the protocol and only counts the replies
"""

import re
import subprocess
import sys
import threading

PAGE = 500


def show(*words):
    sys.stdout.buffer.write(b" ".join(w if isinstance(w, bytes) else str(w).encode()
                                      for w in words) + b"\n")


def quote(argument):
    """An argument as redis-cli reads it from a line: every byte that needs it as \\xHH."""
    plain = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else "\\x%02x" % b
                    for b in argument)
    return ('"%s"' % plain).encode()


def request(*arguments):
    """The bytes of a command in the protocol, for --pipe."""
    return b"*%d\r\n" % len(arguments) + b"".join(
        b"$%d\r\n%b\r\n" % (len(a), a) for a in arguments)


class Cli:
    def __init__(self, port, protocol):
        self.command = ["redis-cli", "-p", port] + (["-3"] if protocol == "3" else [])

    def run(self, *arguments, stdin=b""):
        """What redis-cli printed, line by line."""
        done = subprocess.run(self.command + list(arguments), input=stdin, check=True,
                              stdout=subprocess.PIPE)
        return done.stdout.split(b"\n")[:-1]

    def start(self, *arguments):
        return subprocess.Popen(self.command + list(arguments), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE)


def feed_by_stdin(cli, name, first, rest):
    for line in first:
        show("published", *cli.run("-x", "PUBLISH", name, stdin=line))
        show("appended", *cli.run("-x", "XADD", name, "*", "line", stdin=line))
    commands = b"".join(b"PUBLISH %b %b\nXADD %b * line %b\n" % (
        name.encode(), quote(line), name.encode(), quote(line)) for line in rest)
    replies = cli.run(stdin=commands)
    for receivers, entry_id in zip(replies[::2], replies[1::2]):
        show("published", receivers)
        show("appended", entry_id)


def feed_by_pipe(cli, name, lines):
    key = name.encode()
    commands = b"".join(request(b"PUBLISH", key, line) + request(b"XADD", key, b"*", b"line", line)
                        for line in lines)
    show("piped", cli.run("--pipe", stdin=commands)[-1])


def feed(cli, way, name, depth):
    lines = [line.rstrip(b"\n") for line in sys.stdin.buffer]
    end = name + ":end"
    [session] = [line for line in cli.run("CLIENT", "INFO") if line]
    show("speaks", re.search(rb" resp=(\d)", session)[1])
    subscriber = cli.start("SUBSCRIBE", name, end)

    def message():
        return [subscriber.stdout.readline().rstrip(b"\n") for _ in range(3)]

    for channel in (name, end):
        kind, confirmed, _ = message()
        assert (kind, confirmed) == (b"subscribe", channel.encode()), (kind, confirmed)
    received = []

    def listen():
        while (got := message())[1] == name.encode():
            received.append(got[2])
        assert got[1] == end.encode(), got

    listener = threading.Thread(target=listen)
    listener.start()
    if way == "stdin":
        feed_by_stdin(cli, name, lines[:depth], lines[depth:])
    else:
        feed_by_pipe(cli, name, lines)
    cli.run("PUBLISH", end, "")
    listener.join()
    subscriber.terminate()
    subscriber.wait()
    for line in received:
        show("received", line)


def entries(lines):
    """(id, value) of each entry; redis-cli prints an ID, a field and a value, each on its line."""
    return [] if lines == [b""] else list(zip(lines[::3], lines[2::3]))


def without_name(lines, name):
    """XREAD's entries without the topic's name: it has a line of its own or, in RESP3, a space."""
    first, *rest = lines
    return rest if first == name else [first.removeprefix(name + b" ")] + rest


def read(cli, name):
    start = "-"
    while page := entries(cli.run("XRANGE", name, start, "+", "COUNT", str(PAGE))):
        for entry_id, line in page:
            show("ranged", entry_id, line)
        start = b"(" + page[-1][0]
    last = "0-0"
    while page := entries(without_name(
            cli.run("XREAD", "COUNT", str(PAGE), "STREAMS", name, last), name.encode())):
        for entry_id, line in page:
            show("read", entry_id, line)
        last = page[-1][0]


def main(way, mode, port, protocol, name, depth):
    cli = Cli(port, protocol)
    if mode == "feed":
        feed(cli, way, name, int(depth))
    else:
        read(cli, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
