"""Commands on keys of any type, on databases, and the expiry of keys."""

from .source import MIXED_KEYS, STREAM_KEYS, STRING_KEYS

_PATTERNS = [b"*", b"str:*", b"top:?", b"num:[0-2]", b"*:1", b"mix:[^0]", b"none*", b"", b"bin*",
             b"str:[", b"\\*", b"*:*:*", b"[a-n]*", b"?????", b"**:*[13]", b"str:\\1", b"k*k",
             b"str:[3-1]", b"[\\s]tr:*", b"str:1"]


def _several(name):
    def production(s):
        return [(s.word(name), *s.keys(1, 4))]
    return production


def _one(name):
    def production(s):
        return [(s.word(name), s.any_key())]
    return production


def _expire(s):
    name, value = s.pick([("EXPIRE", s.seconds), ("PEXPIRE", s.milliseconds),
                          ("EXPIREAT", s.at_seconds), ("PEXPIREAT", s.at_milliseconds)])
    args = [s.word(name), s.any_key(), value()]
    if s.chance(0.4):
        args += [s.word(s.pick(["NX", "XX", "GT", "LT"]))]
    if s.chance(0.06):
        args += [s.word(s.pick(["NX", "XX", "GT", "LT", "FOO"]))]
    return [tuple(args)]


def _past(s):
    return [s.pick([(b"EXPIRE", s.any_key(), b"-1"), (b"PEXPIREAT", s.any_key(), b"1"),
                    (b"EXPIREAT", s.any_key(), b"1000000000"), (b"PEXPIRE", s.any_key(), b"0")])]


def _rename(s):
    # A renamed key keeps to its kind, so that most commands go on meeting the type they expect.
    keys = s.pick([STRING_KEYS, STREAM_KEYS, MIXED_KEYS]) if s.chance(0.9) else None
    pick = (lambda: s.pick(keys)) if keys else s.any_key
    return [(s.word(s.pick(["RENAME", "RENAMENX"])), pick(), pick())]


def _database(s):
    return s.pick([b"0", b"1", b"2"]) if s.chance(0.9) else s.pick(
        [b"15", b"16", b"-1", b"abc", b"", b"99999999999999999999", b"1.0", b"9223372036854775807"])


def _copy(s):
    keys = s.pick([STRING_KEYS, STREAM_KEYS, MIXED_KEYS])
    args = [s.word("COPY"), s.pick(keys), s.pick(keys)]
    if s.chance(0.4):
        args += [s.word("DB"), _database(s)]
    if s.chance(0.6):
        args += [s.word("REPLACE")]
    if s.chance(0.05):
        args += [s.junk()]
    return [tuple(args)]


def _move(s):
    return [(s.word("MOVE"), s.any_key(), _database(s))]


def _select(s):
    # Most of the time in database 0, where most keys are.
    return [(s.word("SELECT"), b"0" if s.chance(0.55) else _database(s))]


def _swapdb(s):
    return [(s.word("SWAPDB"), _database(s), _database(s))]


def _flush(s):
    if s.chance(0.3):
        return [(s.pick([b"FLUSHDB", b"FLUSHALL"]), s.pick([b"FOO", b"", b"ASYNC x", b"1"]))]
    name = b"FLUSHALL" if s.chance(0.2) else b"FLUSHDB"
    commands = [(name, *s.pick([(), (b"ASYNC",), (b"sync",)])), (b"DBSIZE",)]
    return [(b"SELECT", b"2")] + commands + [(b"SELECT", b"0")]


def _scan(s):
    args = [b"*SCAN"]
    if s.chance(0.7):
        args += [s.word("COUNT"), b"%d" % (1 + s.below(12))]
    if s.chance(0.5):
        args += [s.word("MATCH"), s.pick(_PATTERNS)]
    if s.chance(0.4):
        args += [s.word("TYPE"), s.pick([b"string", b"stream", b"list", b"STRING", b"foo"])]
    return [tuple(args)]


def _scan_at_once(s):
    args = [b"SCAN", b"0", b"COUNT", b"10000"]
    if s.chance(0.5):
        args += [s.word("MATCH"), s.pick(_PATTERNS)]
    if s.chance(0.3):
        args += [s.word("TYPE"), s.pick([b"string", b"stream", b"zset"])]
    return [tuple(args)]


def _scan_error(s):
    return [s.pick([(b"SCAN", b"abc"), (b"SCAN", b"0", b"COUNT", b"0"),
                    (b"SCAN", b"", b"COUNT", b"10000"),
                    (b"SCAN", b"0", b"COUNT", b"-1"), (b"SCAN", b"0", b"COUNT", b"abc"),
                    (b"SCAN", b"0", b"COUNT"), (b"SCAN", b"0", b"FOO", b"1"),
                    (b"SCAN", b"0", b"MATCH"), (b"SCAN", b"99999999999999999999999999"),
                    (b"SCAN", b"1x"), (b"SCAN", b"0", b"MATCH", b"*", b"TYPE")])]


def _object(s):
    key = s.any_key()
    sub = s.pick(["ENCODING", "ENCODING", "ENCODING", "ENCODING", "REFCOUNT", "IDLETIME", "FREQ",
                  "HELP"])
    if sub == "HELP":
        return [(s.word("OBJECT"), s.word(sub))]
    return [(s.word("OBJECT"), s.word(sub), key)]


def _recreate_mixed(s):
    """Keys of a type that changes, for commands on the wrong type."""
    key = s.pick(MIXED_KEYS)
    if s.chance(0.5):
        return [(b"DEL", key), (b"XADD", key, b"1-1", b"f", s.value())]
    return [(b"SET", key, s.value())]


FAMILY = [
    (4, _several("DEL")), (1, _several("UNLINK")), (5, _several("EXISTS")), (2, _several("TOUCH")),
    (4, _one("TYPE")), (4, _one("TTL")), (4, _one("PTTL")), (3, _one("EXPIRETIME")),
    (3, _one("PEXPIRETIME")), (3, _one("PERSIST")), (14, _expire), (1, _past), (4, _rename),
    (6, _copy), (4, _move), (5, _select), (1, _swapdb), (0.3, _flush), (2, _scan),
    (2, _scan_at_once), (0.7, _scan_error), (6, _object), (4, _recreate_mixed),
    (2, lambda s: [(s.word("KEYS"), s.pick(_PATTERNS))]),
    (1, lambda s: [(s.word("RANDOMKEY"),)]), (3, lambda s: [(s.word("DBSIZE"),)]),
    (0.4, lambda s: [(b"MEMORY", b"USAGE", s.any_key())]),
    (0.2, lambda s: [(b"MEMORY", b"USAGE", s.any_key(), s.word("SAMPLES"), s.integer())]),
]
