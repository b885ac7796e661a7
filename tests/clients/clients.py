"""The clients under test, and how to run them; README.md says what each does and prints."""

import os
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(HERE, "node")
TIMEOUT_S = 120


class Client:
    """One library in one version, speaking one protocol."""

    def __init__(self, name, protocol, *command):
        self.label = "%s, RESP%d" % (name, protocol)
        self.protocol = protocol
        self.command = list(command)

    def _arguments(self, mode, server, topic, depth):
        return self.command + [mode, str(server.port), str(self.protocol), topic, str(depth)]

    def run(self, mode, server, topic, lines=(), depth=100):
        """Runs `feed` or `read`; returns what it printed as (verb, rest) pairs."""
        try:
            done = subprocess.run(self._arguments(mode, server, topic, depth),
                                  input=b"".join(line + b"\n" for line in lines),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s took longer than %d s" % (mode, TIMEOUT_S)) from None
        if done.returncode != 0:
            raise AssertionError("%s exited with %d:\n%s" % (
                mode, done.returncode, done.stderr[-2000:].decode(errors="replace")))
        return [_said(line) for line in done.stdout.splitlines()]

    def appender(self, server, topic, lines, depth):
        return Appender(self._arguments("append", server, topic, depth), lines)


def _said(line):
    verb, _, rest = line.partition(b" ")
    return verb.decode(), rest


class Appender:
    """A client that appends lines until the server is gone.

    `lines` is an iterator without end. `acknowledged` has (ID, when it was seen here) of each
    append that the client had a reply to: in the order of the lines, and never seen too early.
    """

    def __init__(self, command, lines):
        self.acknowledged = []
        self._verbs = []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)
        self._threads = [threading.Thread(target=self._write, args=(lines,)),
                         threading.Thread(target=self._listen)]
        for thread in self._threads:
            thread.start()

    def _write(self, lines):
        try:
            for line in lines:
                self._process.stdin.write(line + b"\n")
                self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the client has ended

    def _listen(self):
        for line in self._process.stdout:
            verb, rest = _said(line.rstrip(b"\n"))
            self._verbs.append(verb)
            if verb == "appended":
                self.acknowledged.append((rest, time.monotonic()))

    def await_acknowledged(self, count):
        deadline = time.monotonic() + TIMEOUT_S
        while len(self.acknowledged) < count:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("only %d appends were acknowledged" % len(self.acknowledged))
            time.sleep(0.0005)

    def finish(self):
        """Waits for the client to notice that the server is gone."""
        try:
            code = self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("the client does not notice that the server is gone") from None
        finally:
            self.close()
        if code != 0 or self._verbs[-1:] != ["disconnected"]:
            raise AssertionError("the client ended with %d after %s" % (code, self._verbs[-1:]))

    def close(self):
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # what the client did not read
        self._process.stdout.close()


def _build_hiredis_client(folder):
    program = os.path.join(folder, "hiredis-client")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "hiredis"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    subprocess.run(["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program,
                    os.path.join(HERE, "hiredis", "client.c")] + flags, check=True)
    return program


def _install_packages():
    """Fetches the JavaScript clients, if that was not done for this lock file."""
    installed = os.path.join(NODE, "node_modules", ".package-lock.json")
    lock = os.path.join(NODE, "package-lock.json")
    if not os.path.exists(installed) or os.path.getmtime(installed) < os.path.getmtime(lock):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--prefix", NODE], check=True)


def _node_version():
    text = subprocess.run(["node", "--version"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    return int(text.lstrip("v").split(".")[0])


def prepare(folder):
    """Builds and installs what is needed, into `folder` where it can; returns all the clients."""
    _install_packages()
    hiredis = _build_hiredis_client(folder)
    redis_cli = os.path.join(HERE, "redis-cli", "client.py")
    python = os.path.join(HERE, "python", "client.py")
    ioredis = ["node", os.path.join(NODE, "ioredis.js")]
    node_redis = ["node", os.path.join(NODE, "node-redis.js")]
    clients = [
        Client("redis-cli", 2, redis_cli, "stdin"),
        Client("redis-cli", 3, redis_cli, "stdin"),
        Client("redis-cli --pipe", 2, redis_cli, "pipe"),
        Client("hiredis", 2, hiredis),
        Client("python3-redis with hiredis", 2, python, "hiredis"),
        Client("python3-redis", 2, python, "python"),
        Client("ioredis 5", 2, *ioredis, "ioredis"),
        Client("node-redis 5", 2, *node_redis, "redis"),
        Client("node-redis 5", 3, *node_redis, "redis"),
    ]
    if _node_version() >= 20:
        clients += [
            Client("ioredis 6", 2, *ioredis, "ioredis-6"),
            Client("ioredis 6", 3, *ioredis, "ioredis-6"),
            Client("node-redis 6", 2, *node_redis, "redis-6"),
            Client("node-redis 6", 3, *node_redis, "redis-6"),
        ]
    else:
        print("left out: ioredis 6 and node-redis 6, which want Node.js 20")
    return clients
