"""Differences between Leat and redis-server 7.0.15 that are meant, each with its reason.

An entry applies to one command and one shape of reply, never to more. Keep the list short: what
is not here is a bug in Leat.

Two faults of Redis are not copied and never provoked by the grammar: XSETID does not break a WATCH
on its key, and a HELLO that fails at a later option keeps the SETNAME before it.
"""

import re
from typing import Callable, NamedTuple

from compare import RULES, client_fields

_LIBRARY_FIELDS = re.compile(rb" lib-name=[^ ]* lib-ver=[^ \n]*(?=\n)")


class Accepted(NamedTuple):
    command: bytes            # as compare.rule_name gives it
    reason: str
    applies: Callable         # (args, redis node, leat node) -> bool


def _both_status_lists(_, redis, leat):
    return all(side[0] == "*" and all(n[0] == "+" for n in side[1]) for side in (redis, leat))


def _both_positive(_, redis, leat):
    return all(side[0] == ":" and int(side[1]) > 0 for side in (redis, leat))


def _library_fields(_, redis, leat):
    if redis[0] != leat[0] or leat[0] not in "$=":
        return False
    without = leat[0], _LIBRARY_FIELDS.sub(b"", leat[1])
    return client_fields(redis) == client_fields(without)


_IDEMPOTENCY_FIELDS = {b"idmp-duration", b"idmp-maxsize", b"pids-tracked", b"iids-tracked",
                       b"iids-added", b"iids-duplicates"}


def _idempotency_fields(args, redis, leat):
    kind, value = leat
    if not isinstance(value, list):
        return False
    pairs = zip(value[::2], value[1::2])
    without = [n for pair in pairs if pair[0][1] not in _IDEMPOTENCY_FIELDS for n in pair]
    rule = RULES[b"XINFO STREAM"]
    return rule(redis) == rule((kind, without))


def _last_entry_asked(args, redis, _):
    return b"+" in args and redis[0] == "-" and b"Invalid stream ID" in redis[1]


def _policies_listed(args, redis, leat):
    begin = (b"ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - "
             b"argument(s) must be one of the following: ")
    return (args[2].lower() == b"maxmemory-policy" and
            all(side[0] == "-" and side[1].startswith(begin) for side in (redis, leat)))


def _client_line(command):
    return Accepted(command,
                    "since Redis 7.2 a client may say which library it is (CLIENT SETINFO), and "
                    "the line ends with lib-name and lib-ver",
                    _library_fields)


def _help(command):
    return Accepted(command + b" HELP",
                    "HELP lists the subcommands that the server has, and Leat has others",
                    _both_status_lists)


ACCEPTED = [
    Accepted(b"DEBUG",
             "in Redis DEBUG is one command that looks at its arguments itself; here it is a "
             "container, and an unknown subcommand gets the error of all containers",
             lambda _, redis, leat: all(n[0] == "-" and b"unknown subcommand" in n[1]
                                        for n in (redis, leat))),
    Accepted(b"XREAD", "since Redis 7.4 the ID `+` asks for the last entry", _last_entry_asked),
    Accepted(b"XINFO STREAM",
             "since Redis 8.6 it tells what the stream remembers of idempotent appends",
             _idempotency_fields),
    Accepted(b"OBJECT REFCOUNT",
             "Redis shares one object among all small integers and shows 2147483647; Leat stores "
             "values inline and has nothing to count",
             _both_positive),
    Accepted(b"OBJECT ENCODING",
             "Redis shows a whole number as text while INCRBYFLOAT was the last to write it; Leat "
             "keeps no trace of which command wrote a value",
             lambda _, redis, leat: (redis, leat) == (("$", b"embstr"), ("$", b"int"))),
    Accepted(b"CONFIG SET",
             "the error lists the eviction policies that the server has",
             _policies_listed),
    _client_line(b"CLIENT INFO"),
    _client_line(b"CLIENT LIST"),
    _help(b"CLIENT"),
    _help(b"COMMAND"),
    _help(b"CONFIG"),
    _help(b"LATENCY"),
    _help(b"MEMORY"),
    _help(b"OBJECT"),
    _help(b"PUBSUB"),
    _help(b"SLOWLOG"),
    _help(b"XINFO"),
]

_BY_COMMAND = {}
for _entry in ACCEPTED:
    _BY_COMMAND.setdefault(_entry.command, []).append(_entry)


def reason_for(command, args, redis, leat):
    """Why this difference is accepted, or None."""
    for entry in _BY_COMMAND.get(command, ()):
        if entry.applies(args, redis, leat):
            return entry.reason
    return None
