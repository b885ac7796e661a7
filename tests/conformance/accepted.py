"""Differences between Leat and redis-server 7.0.15 that are meant, each with its reason.

An entry applies to one command and one shape of reply, never to more. Keep the list short: what
is not here is a bug in Leat.

What later versions of Redis do otherwise is said in later.py wherever redis-server can be made to do
it too, and accepted here where it cannot.

Some faults of Redis are not copied and never provoked by the grammar: XSETID does not break a WATCH
on its key; a HELLO that fails at a later option keeps the SETNAME before it; XREADGROUP takes the
highest of all IDs for `>`; a timeout or a count of deliveries near 2^63 becomes negative.
"""

import re
from typing import Callable, NamedTuple

import compare

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
    return compare.client_fields(redis) == compare.client_fields(without)


def _last_entry_asked(args, redis, _):
    return b"+" in args and redis[0] == "-" and b"Invalid stream ID" in redis[1]


def _policies_listed(args, redis, leat):
    begin = (b"ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - "
             b"argument(s) must be one of the following: ")
    return (args[2].lower() == b"maxmemory-policy" and
            all(side[0] == "-" and side[1].startswith(begin) for side in (redis, leat)))


def _without_fields(node, names):
    """A reply without these fields, in whatever map of it they are."""
    kind, value = node
    if not isinstance(value, list):
        return node
    kept = []
    for i in range(0, len(value), 2):
        if value[i][1] not in names:
            kept += value[i:i + 2]
    return kind, [_without_fields(part, names) for part in kept]


def _more_fields(command, names, reason):
    """`names` are fields that only Leat has."""
    names = [name.encode() for name in names.split()]

    def applies(args, redis, leat):
        return compare.equal(args, redis, _without_fields(leat, names), None)
    return Accepted(command, reason, applies)


def _client_line(command):
    return Accepted(command,
                    "since Redis 7.2 a client may say which library it is (CLIENT SETINFO), and "
                    "the line ends with lib-name and lib-ver",
                    _library_fields)


def _help(command):
    return Accepted(command + b" HELP",
                    "HELP lists the subcommands that the server has, and Leat has others",
                    _both_status_lists)


def _last_entry_asked_of_group(args, redis, leat):
    return (b"+" in args and all(side[0] == "-" for side in (redis, leat)) and
            b"Invalid stream ID" in redis[1] and b"The + ID is meaningless" in leat[1])


ACCEPTED = [
    Accepted(b"DEBUG",
             "in Redis DEBUG is one command that looks at its arguments itself; here it is a "
             "container, and an unknown subcommand gets the error of all containers",
             lambda _, redis, leat: all(n[0] == "-" and b"unknown subcommand" in n[1]
                                        for n in (redis, leat))),
    Accepted(b"XREAD", "since Redis 7.4 the ID `+` asks for the last entry", _last_entry_asked),
    Accepted(b"XREADGROUP", "and XREADGROUP says that it is meaningless there, as of `$`",
             _last_entry_asked_of_group),
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
    _more_fields(b"XINFO STREAM",
                 "active-time nacked-count idmp-duration idmp-maxsize pids-tracked iids-tracked "
                 "iids-added iids-duplicates",
                 "later versions say more of a stream: when a consumer last succeeded (7.2), what "
                 "was given back (8.8), what producers sent twice (8.6)"),
    _more_fields(b"XINFO CONSUMERS", "inactive",
                 "since Redis 7.2 a consumer's last success is shown beside its last attempt"),
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
    _help(b"XGROUP"),
    _help(b"XINFO"),
]

EMPTY_ANSWER = ("redis-server 7.0 answers a read that waits with streams without entries, where what "
                "came was deleted before it was looked for; Leat goes on waiting")


def is_empty_answer(replies):
    """Whether this is all that a read got that waited: streams without entries."""
    if len(replies) != 1 or replies[0][0] not in "*%" or not replies[0][1]:
        return False
    return all(entries == ("*", []) for entries in streams_of(replies[0]).values())


def streams_of(answer):
    """{key: entries} of a reply to XREAD or XREADGROUP."""
    kind, streams = answer
    pairs = zip(streams[::2], streams[1::2]) if kind == "%" else (pair for _, pair in streams)
    return {key[1]: entries for key, entries in pairs}


_BY_COMMAND = {}
for _entry in ACCEPTED:
    _BY_COMMAND.setdefault(_entry.command, []).append(_entry)


def reason_for(command, args, redis, leat):
    """Why this difference is accepted, or None."""
    for entry in _BY_COMMAND.get(command, ()):
        if entry.applies(args, redis, leat):
            return entry.reason
    return None
