"""Readers that wait, and everything that can end their wait or must not."""

from . import groups
from .source import ABSENT_KEYS, GROUP_KEYS, STREAM_KEYS

READERS = (5, 6, 7)
_PER_READER = {5: b"alice", 6: b"bob", 7: b"carol"}


def _pick_keys(s, keys):
    """Different ones: a key that a reader names twice is answered twice only since Redis 7.2."""
    return sorted({s.pick(keys) for _ in range(s.pick([1, 1, 1, 2, 3]))})


def _drain(s, keys):
    """Leaves the groups nothing to deliver."""
    return [(b"XGROUP", b"SETID", k, b"g", b"$") for k in keys]


def prepare(s):
    """One or two streams that have the group `g`, which has read all of them; and their keys."""
    keys = [s.pick(GROUP_KEYS) for _ in range(1 + s.below(2))]
    commands = []
    for k in keys:
        commands += groups.setup(s, k)
    return keys, commands + (_drain(s, keys) if s.chance(0.85) else [])


def read(s, client, keys):
    """A read that blocks unless there is something already."""
    keys = _pick_keys(s, keys if s.chance(0.9) else GROUP_KEYS)
    count = [b"COUNT", b"%d" % (1 + s.below(3))] if s.chance(0.4) else []
    if s.chance(0.25):
        ids = [s.pick([b"$", b"$", b"0", groups.an_id(s, k, 0)]) for k in keys]
        return [(b"XREAD", *count, *groups.block(s), b"STREAMS", *keys, *ids)]
    name = _PER_READER[client] if s.chance(0.9) else groups.consumer(s)
    noack = [b"NOACK"] if s.chance(0.1) else []
    return [(b"XREADGROUP", b"GROUP", b"g" if s.chance(0.9) else groups.group(s), name, *count, *noack,
             *groups.block(s), b"STREAMS", *keys, *[b">"] * len(keys))]


def _add(s, k):
    return [groups.entries(s, k)[0]]


def _transaction(s, k):
    inner = s.pick([
        _add(s, k), _add(s, k) + _add(s, k), _add(s, k) + [(b"DEL", k)],
        [(b"DEL", k)] + _add(s, k),
        [(b"DEL", k)] + _add(s, k) + [(b"XGROUP", b"CREATE", k, b"g", b"0")],
        [(b"XGROUP", b"DESTROY", k, b"g"), (b"XGROUP", b"CREATE", k, b"g", b"0", b"MKSTREAM")],
        [(b"DEL", k), (b"SET", k, b"x")], [(b"SET", k, b"x"), (b"DEL", k)],
        _add(s, k) + [(b"XTRIM", k, b"MAXLEN", b"0")],
        _add(s, k) + [(b"XREADGROUP", b"GROUP", b"g", b"dave", b"STREAMS", k, b">")],
        _add(s, k) + [(b"XGROUP", b"SETID", k, b"g", b"$")],
        [(b"XGROUP", b"SETID", k, b"g", b"0")] + _add(s, k)])
    return [(b"MULTI",), *inner, (b"EXEC",)]


def _replace(s, k):
    """Another value under the key, or the value elsewhere."""
    other = s.pick(GROUP_KEYS + STREAM_KEYS[:1] + ABSENT_KEYS[:1])
    return s.pick([
        [(b"RENAME", k, other)], [(b"RENAME", other, k)], [(b"COPY", other, k, b"REPLACE")],
        [(b"SET", k, b"no stream")], [(b"DEL", k), (b"XGROUP", b"CREATE", k, b"g", b"0",
                                                    b"MKSTREAM")] + _add(s, k),
        [(b"MOVE", k, b"1")], [(b"SELECT", b"1")] + groups.setup(s, k) + [(b"SELECT", b"0")],
        [(b"SET", k, b"no stream"), (b"DEL", k)]])


def _remove(s, k):
    return s.pick([
        [(b"DEL", k)], [(b"UNLINK", k)], [(b"XGROUP", b"DESTROY", k, b"g")], [(b"FLUSHDB",)],
        [(b"FLUSHALL",)], [(b"SWAPDB", b"0", b"1")], [(b"PEXPIREAT", k, b"1")],
        [(b"PEXPIRE", k, b"100")] + s.clock_step_by(100 + s.below(2))])


def _leave(s, k):
    """What gives nobody anything."""
    return s.pick([
        [(b"XDEL", k, groups.an_id(s, k))], [(b"XTRIM", k, b"MAXLEN", b"1")],
        [(b"XGROUP", b"SETID", k, b"g", s.pick([b"0", b"$", groups.an_id(s, k, 0)]))],
        [(b"XGROUP", b"CREATECONSUMER", k, b"g", b"dave")],
        [(b"XGROUP", b"DELCONSUMER", k, b"g", groups.consumer(s))],
        [(b"XGROUP", b"CREATE", k, b"h", b"0")], [(b"XACK", k, b"g", groups.an_id(s, k, 0))],
        [(b"XCLAIM", k, b"g", b"dave", b"0", groups.an_id(s, k, 0))],
        [(b"XAUTOCLAIM", k, b"g", b"bob", b"0", b"-")], [(b"XADD", k, b"1-1", b"f", b"v")],
        [(b"XSETID", k, groups.an_id(s, k))], [(b"PEXPIRE", k, b"5000")], [(b"PERSIST", k)],
        [(b"XREADGROUP", b"GROUP", b"g", b"dave", b"STREAMS", k, b">")],
        [(b"XINFO", b"CONSUMERS", k, b"g")], [(b"XPENDING", k, b"g")]])


def event(s, k):
    r = s.rng.random()
    if r < 0.4:
        return _add(s, k)
    if r < 0.5:
        return groups.entries(s, k)
    if r < 0.62:
        return _transaction(s, k)
    if r < 0.7:
        return _replace(s, k)
    if r < 0.76:
        return _remove(s, k)
    return _leave(s, k) if r < 0.88 else s.clock_step()
