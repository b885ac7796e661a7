"""Reads everything that a server stores."""

import time

from resp import Stalled, encode

DATABASES = 16
DATABASES_WITH_KEYS = (0, 1, 2, 15)     # those that the grammar selects
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
                         (b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"),
                         (b"XINFO", b"GROUPS", key)]
    return common + [(b"TYPE", key)]


def _commands_for_groups(command, reply):
    """What there is to the groups of a stream, which XINFO GROUPS has listed."""
    if command[:2] != (b"XINFO", b"GROUPS") or reply[0] != "*":
        return []
    key = command[2]
    names = [group[1][1][1] for group in reply[1]]
    return [command for name in names
            for command in ((b"XINFO", b"CONSUMERS", key, name), (b"XPENDING", key, name),
                            (b"XPENDING", key, name, b"-", b"+", b"1000000"))]


def _key_names(connection):
    """The keys of each database, once DBSIZE agrees: it goes on counting an expired key until that
    is reclaimed."""
    deadline = time.monotonic() + _RECLAIMED_WITHIN_S
    while True:
        replies = _pipeline(connection, [command for database in range(DATABASES) for command in
                                         ((b"SELECT", b"%d" % database), (b"KEYS", b"*"),
                                          (b"DBSIZE",))])
        keys, sizes = replies[1::3], replies[2::3]
        if any(node[0] != "*" for node in keys) or any(node[0] != ":" for node in sizes):
            raise Stalled("KEYS and DBSIZE answer %r and %r" % (keys, sizes))
        if all(int(size[1]) == len(names[1]) for size, names in zip(sizes, keys)):
            return [[node[1] for node in names[1]] for names in keys]
        if time.monotonic() > deadline:
            raise Stalled("DBSIZE is %r with %r" % (sizes, keys))
        time.sleep(0.005)


def empty_databases(connection):
    """Leaves the server without keys. Each database holds one before: to flush it sets its timers
    back too, which else would wait for the time that they have seen already."""
    commands = [command for database in DATABASES_WITH_KEYS for command in
                ((b"SELECT", b"%d" % database), (b"SET", b"key", b"value"))]
    _pipeline(connection, commands + [(b"FLUSHALL",)])


def reclaim_due(connection):
    """Has the server meet every key, so that it notices which are due."""
    commands = [command for database in DATABASES_WITH_KEYS for command in
                ((b"SELECT", b"%d" % database), (b"SCAN", b"0", b"COUNT", b"1000000"))]
    _pipeline(connection, commands)


def read_state(connection):
    """{(database, key): KeyState} of the whole server."""
    state = {}
    for database, names in enumerate(_key_names(connection)):
        if not names:
            continue
        kinds = _pipeline(connection, [(b"SELECT", b"%d" % database)] +
                          [(b"TYPE", name) for name in names])[1:]
        commands = [_commands_for(name, kind[1]) for name, kind in zip(names, kinds)]
        replies = iter(_pipeline(connection, [c for group in commands for c in group]))
        for name, group in zip(names, commands):
            found = [next(replies) for _ in group]
            more = _commands_for_groups(group[-1], found[-1])
            state[(database, name)] = KeyState(group + more, found + _pipeline(connection, more))
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
