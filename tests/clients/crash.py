"""kill -9 in the middle of appending, then what was acknowledged is read back.

One data directory lives through several kills. Each time, the client goes on where the topic ends,
as a program that ships a log would do; so in the end the topic must be the log, without a gap.
"""

import itertools
import tempfile
import time

from servers import Server, leat_path

# Appends at a time: one by one, in small pipelines, in large ones.
_DEPTHS = (1, 10, 50, 200)
# Under everysec, what was acknowledged so long before the kill must be there.
_AT_RISK_S = 2.0
_STREAM_S = 3.2

CLIENTS = {
    "always": ("python3-redis with hiredis, RESP2", "ioredis 5, RESP2", "node-redis 5, RESP3",
               "hiredis, RESP2"),
    "everysec": ("python3-redis with hiredis, RESP2", "ioredis 5, RESP2"),
}


def check(client, policy, lines, rounds, chance):
    options = ["--appendonly", "yes", "--appendfsync", policy]
    if policy == "everysec":
        rounds = 1
    notes = []
    with tempfile.TemporaryDirectory(prefix="leat-clients-") as folder:
        known = []  # the IDs that were read before the kill
        for n in range(rounds):
            with Server(leat_path(), options, folder=folder) as server:
                appender = client.appender(server, "log", _endless(lines, len(known), policy),
                                           _DEPTHS[n % len(_DEPTHS)])
                try:
                    _await_the_moment(appender, policy, chance)
                    server.process.kill()
                    killed = time.monotonic()
                    server.process.wait()
                    appender.finish()
                finally:
                    appender.close()
            acknowledged = [entry_id for entry_id, when in appender.acknowledged
                            if policy == "always" or when < killed - _AT_RISK_S]
            assert acknowledged, "nothing was acknowledged in time"
            known = _read_back(client, options, folder, known + acknowledged, lines)
            notes.append("%d/%d" % (len(acknowledged), len(known)))
    return "acknowledged/there after each kill: " + ", ".join(notes)


def _endless(lines, start, policy):
    """The log from `start` on, over and over; under everysec only as fast as a busy log grows."""
    for n in itertools.count(start):
        if policy == "everysec" and n % 20 == 0:
            time.sleep(0.01)
        yield lines[n % len(lines)]


def _await_the_moment(appender, policy, chance):
    if policy == "always":
        appender.await_acknowledged(chance.randint(1, 600))
        time.sleep(chance.uniform(0, 0.01))
    else:
        appender.await_acknowledged(1)
        time.sleep(_STREAM_S)


def _read_back(client, options, folder, acknowledged, lines):
    """Restarts, and checks that the topic is the log up to at least the last acknowledged ID."""
    with Server(leat_path(), options, folder=folder) as server:
        said = client.run("read", server, "log")
    entries = [rest.partition(b" ")[::2] for verb, rest in said if verb == "ranged"]
    assert entries == [rest.partition(b" ")[::2] for verb, rest in said if verb == "read"]
    ids = [entry_id for entry_id, _ in entries]
    for n, entry_id in enumerate(acknowledged):
        assert ids[n:n + 1] == [entry_id], "acknowledged entry %d, %s, is not there but %s" % (
            n, entry_id, ids[n:n + 1])
    for n, (entry_id, line) in enumerate(entries):
        assert line == lines[n % len(lines)], "entry %d, %s, is %r" % (n, entry_id, line)
    return ids
