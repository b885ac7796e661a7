"""kill -9 and SIGSTOP under load, with checkpoints, blocks on disk and groups.

One data directory lives through many kills under `appendfsync always`, with settings so small that
checkpoints are under way and sealed blocks leave memory all the time. Writers and a group's
consumer note what was acknowledged to them. After each kill leat-check must find the directory
intact, and the next server must have all that was acknowledged: once, and in order. What was under
way when the server ended may be there or not, but only as a whole and in its place.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time

from resp import Stalled, encode
from servers import Server, build_path, leat_path

_OPTIONS = ["--appendonly", "yes", "--appendfsync", "always", "--topic-memory", "1mb",
            "--auto-aof-rewrite-min-size", "128kb", "--auto-aof-rewrite-percentage", "20",
            "--journal-segment-size", "256kb", "--block-segment-size", "512kb"]
_WRITERS = 3
_DEPTHS = (1, 5, 40)  # calls that a writer has under way
_PAGE = 500
# A topic longer than this is trimmed to the last half of it.
_LONG = 6000


class _Worker(threading.Thread):
    """Calls until the server is gone; `error` is what should not have happened."""

    def __init__(self, server):
        super().__init__()
        self.connection = server.connect(30)
        self.error = None

    def run(self):
        try:
            self.work()
        except (Stalled, OSError):
            pass  # the server is gone
        except Exception as error:
            self.error = error
        finally:
            self.connection.close()


class _Writer(_Worker):
    """Appends numbers from `first` on to its topic, and sets its key to each of them."""

    def __init__(self, server, number, topic, chance):
        super().__init__(server)
        self.topic, self.key = b"topic%d" % number, b"key%d" % number
        self.first = topic.first + len(topic.ids)
        self.depth = _DEPTHS[number % len(_DEPTHS)]
        self.pad = [b"%0*d" % (chance.randint(10, 2000), n) for n in range(7)]
        self.acknowledged = []  # the IDs, of `first` and what follows it
        # What was read: of the last XADD that was kept, the SET may have come too late.
        self.key_acknowledged = topic.key_value

    def work(self):
        sent = self.first
        while True:
            for n in range(sent, sent + self.depth):
                number = b"%d" % n
                self.connection.send(
                    encode([b"XADD", self.topic, b"*", b"n", number, b"pad", self.pad[n % 7]]) +
                    encode([b"SET", self.key, number]))
            for n in range(sent, sent + self.depth):
                kind, entry_id = self.connection.read_reply()
                assert kind == "$", entry_id
                self.acknowledged.append(entry_id)
                assert self.connection.read_reply() == ("+", b"OK")
                self.key_acknowledged = n
            sent += self.depth


class _Consumer(_Worker):
    """Reads the first topic by a group, and acknowledges every other batch."""

    def __init__(self, server):
        super().__init__(server)
        self.pending, self.acknowledged = set(), set()
        self.undecided = set()  # an acknowledgement is under way

    def work(self):
        for batch in range(1 << 30):
            reply = self.connection.call("XREADGROUP", "GROUP", "group", "consumer", "COUNT", "20",
                                         "BLOCK", "100", "STREAMS", "topic0", ">")
            assert reply[0] == "*", reply
            ids = [entry[1][0][1] for entry in reply[1][0][1][1][1]] if reply[1] else []
            self.pending.update(ids)
            if batch % 2 or not ids:
                continue
            self.pending.difference_update(ids)
            self.undecided = set(ids)
            self.connection.call("XACK", "topic0", "group", *ids)
            self.acknowledged.update(ids)
            self.undecided = set()


class _Topic:
    """What must be there: numbers from `first` on, of which `ids` are known."""

    def __init__(self, number):
        self.name, self.key = "topic%d" % number, "key%d" % number
        self.first, self.ids = 0, []
        self.key_value = -1
        self.verified = 0  # of `ids`, that many were read in an earlier round

    def take(self, writer):
        self.ids += writer.acknowledged

    def verify(self, connection, writer):
        """Reads what is behind the last look, and learns what was kept without a reply."""
        known, at = self.ids, self.verified
        start = "(" + known[at - 1].decode() if at else "-"
        while True:
            page = connection.call("XRANGE", self.name, start, "+", "COUNT", _PAGE)[1]
            for entry in page:
                entry_id, fields = entry[1][0][1], entry[1][1][1]
                assert int(fields[1][1]) == self.first + at, "%s: entry %s is number %s, not %d" % (
                    self.name, entry_id, fields[1][1], self.first + at)
                assert at == len(known) or known[at] == entry_id, "%s: number %d is %s, not %s" % (
                    self.name, self.first + at, entry_id, known[at])
                if at == len(known):
                    known.append(entry_id)
                at += 1
            if len(page) < _PAGE:
                break
            start = "(" + known[at - 1].decode()
        assert at == len(known), "%s ends at number %d, and %d were acknowledged" % (
            self.name, self.first + at, self.first + len(known))
        self.verified = at
        length = connection.call("XLEN", self.name)[1]
        assert int(length) == len(known), "%s: %s entries, not %d" % (self.name, length, len(known))
        value = int(connection.call("GET", self.key)[1] or -1)
        # Its SET follows each XADD, and what was under way comes in order.
        assert writer.key_acknowledged <= value < self.first + at, (
            "%s is %d, not %d to %d; it was %d before, and %d appends were acknowledged since" % (
                self.key, value, writer.key_acknowledged, self.first + at - 1, self.key_value,
                len(writer.acknowledged)))
        self.key_value = value

    def trim(self, connection):
        if len(self.ids) < _LONG:
            return
        gone = len(self.ids) - _LONG // 2
        connection.call("XTRIM", self.name, "MINID", "=", self.ids[gone])
        self.ids, self.first, self.verified = self.ids[gone:], self.first + gone, _LONG // 2


def _verify_group(connection, consumer):
    page = connection.call("XPENDING", "topic0", "group", "-", "+", 1 << 30)[1]
    there = {entry[1][0][1] for entry in page}
    missing = consumer.pending - there - consumer.undecided
    assert not missing, "delivered and not pending: %s" % sorted(missing)[:3]
    again = consumer.acknowledged & there
    assert not again, "acknowledged and pending again: %s" % sorted(again)[:3]
    if there:
        connection.call("XACK", "topic0", "group", *there)


def _end(server, chance):
    """Lets the server work for a while, with checkpoints, stopped in between or not; kills it."""
    connection = server.connect(30)
    for _ in range(chance.randint(1, 4)):
        time.sleep(chance.uniform(0, 0.15))
        connection.call("BGSAVE")  # beside those that come by themselves
    connection.close()
    time.sleep(chance.uniform(0, 0.1))
    stopped = chance.random() < 0.5
    if stopped:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0, 0.2))
        if chance.random() < 0.7:
            server.process.send_signal(signal.SIGCONT)
            time.sleep(chance.uniform(0, 0.3))
    server.process.kill()
    server.process.wait()
    return stopped


def _check(folder):
    done = subprocess.run([os.path.join(build_path(), "leat-check"), folder],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, "leat-check says:\n" + done.stdout.decode(errors="replace")


def _verify(server, topics, writers, consumer):
    connection = server.connect(60)
    for topic, writer in zip(topics, writers):
        topic.take(writer)
        topic.verify(connection, writer)
        topic.trim(connection)
    _verify_group(connection, consumer)
    connection.close()


def check(rounds, chance):
    checkpoints, stops = set(), 0
    topics = [_Topic(n) for n in range(_WRITERS)]
    with tempfile.TemporaryDirectory(prefix="leat-kill-") as folder:
        workers = None
        for n in range(rounds + 1):
            with Server(leat_path(), _OPTIONS, folder=folder) as server:
                if workers is None:
                    server.connect().call("XGROUP", "CREATE", "topic0", "group", "0", "MKSTREAM")
                else:
                    _verify(server, topics, workers[:-1], workers[-1])
                if n == rounds:
                    break
                workers = [_Writer(server, i, topic, chance)
                           for i, topic in enumerate(topics)] + [_Consumer(server)]
                for worker in workers:
                    worker.start()
                stops += _end(server, chance)
                for worker in workers:
                    worker.join()
                    if worker.error:
                        raise worker.error
            checkpoints.update(name for name in os.listdir(os.path.join(folder, "checkpoint"))
                               if name.endswith(".ckpt"))
            _check(folder)
    there = ", ".join(str(topic.first + len(topic.ids)) for topic in topics)
    assert checkpoints, "no checkpoint was in force at any kill"
    return "%d kills, %d of them stopped before; %d checkpoints found in force; %s entries" % (
        rounds, stops, len(checkpoints), there)
