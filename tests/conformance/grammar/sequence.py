"""Puts productions together into one sequence of steps by several clients.

Clients 0 and 1 work on data and run transactions against each other, 2 and 3 subscribe, 4 tries
out sessions, the others wait for entries. Under RESP3 all of them say HELLO 3 first.
"""

import random

from . import channels, groups, keys, sessions, streams, strings, waiting
from .source import GROUP_KEYS, Source

_WORKERS, _SUBSCRIBERS, _SESSION = (0, 1), (2, 3), 4
CLIENTS = (*_WORKERS, *_SUBSCRIBERS, _SESSION, *waiting.READERS)
_NOT_IN_MULTI = (b"CLIENT", b"HELLO", b"RESET", b"QUIT", b"AUTH", b"DEBUG", b"SHUTDOWN", b"CONFIG",
                 b"WATCH", b"MULTI", b"EXEC", b"DISCARD", b"MONITOR", b"*SCAN", b"SLOWLOG",
                 b"LATENCY", b"INFO", b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"*CLOCK")


class _Weighted:
    def __init__(self, *families):
        self.productions, self.limits, total = [], [], 0.0
        for share, family in families:
            scale = share / sum(weight for weight, _ in family)
            for weight, production in family:
                total += weight * scale
                self.productions.append(production)
                self.limits.append(total)
        self.total = total

    def draw(self, s):
        # A plain random.choices with its bisection, without its argument handling.
        at = s.rng.random() * self.total
        low, high = 0, len(self.limits) - 1
        while low < high:
            middle = (low + high) // 2
            if self.limits[middle] <= at:
                low = middle + 1
            else:
                high = middle
        return self.productions[low](s)


# What the workers do: the share of each family among their commands.
_SHARES = {"strings": (32, strings.FAMILY), "keys": (22, keys.FAMILY),
           "streams": (25, streams.FAMILY), "groups": (25, groups.FAMILY),
           "channels": (3, channels.PUBLISHER), "misuse": (3, sessions.MISUSE)}
FAMILIES = (*_SHARES, "sessions")
_STATE_EVERY = 800      # steps
_SESSIONS = _Weighted((80, sessions.FAMILY), (20, sessions.MISUSE))
_PUBLISHER = _Weighted((1, channels.PUBLISHER))
_SUBSCRIBER = _Weighted((1, channels.SUBSCRIBER))


class Sequence:
    """`only` names the families that take part; empty: all."""

    def __init__(self, seed, steps, proto, only=()):
        self.only = only or FAMILIES
        shares = [_SHARES[name] for name in self.only if name in _SHARES]
        self.data = _Weighted(*(shares or _SHARES.values()))
        self.s = Source(random.Random("leat %d %d" % (seed, proto)))
        self.proto = proto
        self.limit = steps
        self.steps = []

    def generate(self):
        for client in CLIENTS:
            self._greet(client)
        segments = [(26, self._bulk), (16, self._transaction), (9, self._watched)]
        if "channels" in self.only:
            segments.append((12, self._channels))
        if "sessions" in self.only:
            segments.append((9, self._sessions))
        if "groups" in self.only:
            segments.append((20, self._waiting))
        segments = _Weighted((1, segments))
        look = _STATE_EVERY
        while len(self.steps) < self.limit:
            segments.draw(self.s)
            if len(self.steps) > look:
                look += _STATE_EVERY
                self._emit(0, [(b"*STATE",)])
        del self.steps[self.limit:]
        self.steps.append((0, (b"*STATE",)))
        return self.steps

    def _greet(self, client):
        if self.proto == 3:
            self._emit(client, [(b"HELLO", b"3")])

    def _emit(self, client, commands):
        self.steps.extend((client, command) for command in commands)

    def _bulk(self, _):
        s = self.s
        client = s.pick(_WORKERS)
        for _ in range(10 + s.below(90)):
            self._emit(client, self.data.draw(s))
            if s.chance(0.02):
                self._emit(client, s.clock_step())

    def _channels(self, _):
        s = self.s
        for _ in range(5 + s.below(20)):
            if s.chance(0.45):
                self._emit(s.pick(_WORKERS), _PUBLISHER.draw(s))
            else:
                self._subscriber(s.pick(_SUBSCRIBERS))

    def _subscriber(self, client):
        s = self.s
        r = s.rng.random()
        if r < 0.06:
            self._emit(client, [(b"RESET",)])
            self._greet(client)
        elif r < 0.08:
            self._emit(client, [(b"QUIT",)])
            self._greet(client)
        elif r < 0.12 and self.proto == 2:
            # Refused while subscribed, and harmless when not.
            self._emit(client, [s.pick([(b"GET", b"str:1"), (b"ECHO", b"x"), (b"UNWATCH",),
                                        (b"FOO",),
                                        (b"SET", b"str:1", b"x"), (b"PUBLISH", b"nobody", b"x"),
                                        (b"CLIENT", b"GETNAME"), (b"SELECT", b"0"), (b"GET",)])])
        elif self.proto == 3 and r < 0.3:
            self._emit(client, _PUBLISHER.draw(s) if s.chance(0.6) else _DATA_OF_SUBSCRIBER.draw(s))
        else:
            self._emit(client, _SUBSCRIBER.draw(s))

    def _sessions(self, _):
        s = self.s
        for _ in range(3 + s.below(25)):
            r = s.rng.random()
            if r < 0.02:
                self._emit(_SESSION, [(b"QUIT",)])
                self._greet(_SESSION)
            elif r < 0.05:
                self._emit(_SESSION, [(b"RESET",)])
                self._greet(_SESSION)
            elif r < 0.09:
                self._emit(_SESSION, [(b"HELLO", s.pick([b"2", b"3"])), (b"CONFIG", b"GET",
                                                                         b"timeout"),
                                      (b"GET", b"none:0"), (b"HELLO", b"%d" % self.proto)])
            else:
                self._emit(_SESSION, _SESSIONS.draw(s))

    def _transaction(self, _):
        s = self.s
        client = s.pick(_WORKERS)
        commands = [(s.word("MULTI"),)]
        for _ in range(s.below(8)):
            group = self.data.draw(s)
            if s.chance(0.75):
                # Errors when queueing void the whole transaction: keep them few.
                group = [c for c in group if c[0].upper() in _QUEUEABLE]
            commands += [c for c in group if c[0].upper() not in _NOT_IN_MULTI]
        if s.chance(0.08):
            commands.insert(1 + s.below(len(commands)),
                            s.pick([(b"MULTI",), (b"WATCH", b"str:1"), (b"WATCH",), (b"EXEC", b"x"),
                                    (b"NOSUCH",), (b"GET",), (b"DISCARD", b"x"), (b"UNWATCH",)]))
        elif s.chance(0.1):
            commands.append(s.pick([
                (b"XREAD", b"BLOCK", b"0", b"STREAMS", s.stream_key(), b"$"),
                (b"XREADGROUP", b"GROUP", b"g", b"bob", b"BLOCK", b"0", b"STREAMS",
                 s.pick(GROUP_KEYS), b">")]))
        if s.chance(0.03):
            commands.insert(1 + s.below(len(commands)), s.clock_step()[0])
        commands.append((s.word("DISCARD" if s.chance(0.1) else "EXEC"),))
        if s.chance(0.03):
            commands = s.pick([[(b"EXEC",)], [(b"DISCARD",)], [(b"UNWATCH",)], [(b"MULTI",),
                                                                                (b"RESET",)]])
            if commands[-1] == (b"RESET",):
                self._emit(client, commands)
                self._greet(client)
                return
        self._emit(client, commands)

    def _watched(self, _):
        """WATCH by one client, then the other one writes, or not; then MULTI … EXEC."""
        s = self.s
        client, other = s.pick([_WORKERS, _WORKERS[::-1]])
        watched = s.keys(1, 2) if s.chance(0.6) else [s.pick(GROUP_KEYS)]
        self._emit(client, [(b"SELECT", b"0"), (s.word("WATCH"), *watched)])
        self._emit(other, [(b"SELECT", s.pick([b"0", b"0", b"1"]))])
        if s.chance(0.6):
            self._emit(other, self._touch(s.pick(watched)))
        if s.chance(0.15):
            self._emit(client, [(b"UNWATCH",)])
        if s.chance(0.3):
            self._emit(client, [(b"MULTI",), (b"SET", b"str:1", b"in between")])
            self._emit(other, self._touch(s.pick(watched)))
            self._emit(client, [(b"EXEC",)])
        else:
            self._emit(client, [(b"MULTI",)] + [c for c in self.data.draw(s)
                                                if c[0].upper() in _QUEUEABLE] + [(b"EXEC",)])

    def _touch(self, key):
        s = self.s
        return s.pick([
            [(b"SET", key, s.value())], [(b"DEL", key)], [(b"GET", key)], [(b"APPEND", key, b"")],
            [(b"EXPIREAT", key, b"33177117420")], [(b"PERSIST", key)], [(b"RENAME", key,
                                                                         b"none:1")],
            [(b"FLUSHDB",)], [(b"SWAPDB", b"0", b"1")], [(b"XADD", key, b"5-*", b"f", b"v")],
            [(b"XTRIM", key, b"MAXLEN", b"0")], [(b"TOUCH", key)], [(b"COPY", b"str:1", key)],
            [(b"SET", key, b"x", b"NX")], [(b"MOVE", key, b"2")], [(b"EXPIRE", key, b"-1")],
            [(b"FLUSHALL",)], [(b"XDEL", key, b"1-1")],
            [(b"GETEX", key, b"PERSIST")], [(b"SETRANGE", key, b"0", b"")], [(b"INCR", key)],
            [(b"PEXPIRE", key, b"50")] + s.clock_step_by(49 + s.below(3)),
            [(b"XGROUP", b"CREATE", key, b"g", b"0")], [(b"XGROUP", b"DESTROY", key, b"g")],
            [(b"XGROUP", b"SETID", key, b"g", b"0")], [(b"XACK", key, b"g", groups.an_id(s, key))],
            [(b"XGROUP", b"CREATECONSUMER", key, b"g", groups.consumer(s))],
            [(b"XGROUP", b"DELCONSUMER", key, b"g", groups.consumer(s))],
            [(b"XREADGROUP", b"GROUP", b"g", b"dave", b"STREAMS", key, s.pick([b">", b"0"]))],
            [(b"XCLAIM", key, b"g", b"dave", b"0", groups.an_id(s, key))],
            [(b"XAUTOCLAIM", key, b"g", b"dave", b"0", b"0")]])

    def _waiting(self, _):
        """Some clients wait, others do what may end their wait."""
        s = self.s
        keys, commands = waiting.prepare(s)
        self._emit(s.pick(_WORKERS), [(b"SELECT", b"0")] + commands)
        for _ in range(1 + s.below(3)):
            readers = list(waiting.READERS)
            s.rng.shuffle(readers)
            for reader in readers[:1 + s.below(3)]:
                self._emit(reader, waiting.read(s, reader, keys))
            for _ in range(1 + s.below(4)):
                self._emit(s.pick(_WORKERS), waiting.event(s, s.pick(keys)))
        if s.chance(0.05):
            self._emit(s.pick(waiting.READERS), [(b"RESET",), (b"HELLO", b"%d" % self.proto)])
        elif s.chance(0.05):
            reader = s.pick(waiting.READERS)
            self._emit(reader, [(b"QUIT",)])
            self._greet(reader)


_QUEUEABLE = {name.upper() for name in sessions.COMMAND_NAMES} - set(_NOT_IN_MULTI)
_DATA_OF_SUBSCRIBER = _Weighted((1, [(1, lambda s: [(b"GET", s.string_key())]),
                                     (1, lambda s: [(b"XLEN", s.stream_key())])]))


def family_of(name):
    """The family that a command is counted under."""
    return _FAMILIES.get(name.upper(), "misuse")


_FAMILIES = {}
for _family, _names in {
        "strings":
            "SET GET GETDEL GETEX MGET MSET SETNX SETEX PSETEX APPEND STRLEN INCR "
            "DECR INCRBY DECRBY INCRBYFLOAT GETRANGE SUBSTR SETRANGE GETSET MSETNX",
        "keys":
            "DEL UNLINK EXISTS TYPE TTL PTTL EXPIRE PEXPIRE EXPIREAT PEXPIREAT "
            "EXPIRETIME PEXPIRETIME PERSIST KEYS SCAN *SCAN RANDOMKEY RENAME "
            "RENAMENX TOUCH COPY MOVE SWAPDB FLUSHDB FLUSHALL OBJECT DBSIZE SELECT "
            "MEMORY",
        "streams":
            "XADD XLEN XRANGE XREVRANGE XREAD XDEL XTRIM XSETID XINFO",
        "groups":
            "XGROUP XREADGROUP XACK XPENDING XCLAIM XAUTOCLAIM",
        "channels":
            "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE "
            "PUBLISH SPUBLISH PUBSUB",
        "transactions":
            "MULTI EXEC DISCARD WATCH UNWATCH",
        "sessions":
            "PING ECHO CLIENT HELLO AUTH RESET QUIT CONFIG COMMAND TIME INFO "
            "SLOWLOG LATENCY DEBUG SHUTDOWN LOLWUT MONITOR"}.items():
    for _name in _names.split():
        _FAMILIES[_name.encode()] = _family
