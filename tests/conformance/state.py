"""Reads everything that a server stores."""

import time

from resp import Stalled, encode

DATABASES = 16
_RECLAIMED_WITHIN_S = 5


class KeyState:
    """The replies to the commands that show all there is to one key."""

    def __init__(self, commands, replies):
        self.commands, self.replies = commands, replies


def _pipeline(connection, commands):
    connection.send(b"".join(map(encode, commands)))
    return [connection.read_reply() for _ in commands]


def _commands_for(key, kind):
    common = [(b"PEXPIRETIME", key), (b"OBJECT", b"ENCODING", key)]
    if kind == b"string":
        return common + [(b"GET", key)]
    if kind == b"stream":
        return common + [(b"XRANGE", key, b"-", b"+"), (b"XINFO", b"STREAM", key),
                         (b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0")]
    return common + [(b"TYPE", key)]


def _key_names(connection, database):
    """The keys, once DBSIZE agrees: it goes on counting an expired key until that is reclaimed."""
    deadline = time.monotonic() + _RECLAIMED_WITHIN_S
    while True:
        _, keys, size = _pipeline(connection, [(b"SELECT", b"%d" % database), (b"KEYS", b"*"),
                                               (b"DBSIZE",)])
        if keys[0] != "*" or size[0] != ":":
            raise Stalled("KEYS and DBSIZE answer %r and %r" % (keys, size))
        if int(size[1]) == len(keys[1]):
            return [node[1] for node in keys[1]]
        if time.monotonic() > deadline:
            raise Stalled("DBSIZE is %d with %d keys" % (int(size[1]), len(keys[1])))
        time.sleep(0.005)


def read_state(connection):
    """{(database, key): KeyState} of the whole server."""
    state = {}
    for database in range(DATABASES):
        names = _key_names(connection, database)
        if not names:
            continue
        kinds = _pipeline(connection, [(b"TYPE", name) for name in names])
        commands = [_commands_for(name, kind[1]) for name, kind in zip(names, kinds)]
        replies = iter(_pipeline(connection, [c for group in commands for c in group]))
        for name, group in zip(names, commands):
            state[(database, name)] = KeyState(group, [next(replies) for _ in group])
        random = _pipeline(connection, [(b"RANDOMKEY",)])[0]
        if random[1] not in names:
            state[(database, b"(RANDOMKEY)")] = KeyState([(b"RANDOMKEY",)], [random])
    return state


def scan_all(connection, options):
    """The keys that a full SCAN returns, as a sorted node; an error is returned as it is."""
    cursor, keys = b"0", set()
    for _ in range(10000):
        reply = _pipeline(connection, [(b"SCAN", cursor) + tuple(options)])[0]
        if reply[0] != "*":
            return reply
        cursor = reply[1][0][1]
        keys.update(node[1] for node in reply[1][1][1])
        if cursor == b"0":
            return "*", [("$", key) for key in sorted(keys)]
    return "-", b"SCAN does not come to an end"
