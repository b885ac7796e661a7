"""Consumer groups: few keys, groups, consumers and IDs, so that most commands find what they name."""

from .source import ALL_KEYS, GROUP_KEYS

GROUPS = [b"g"] * 7 + [b"h"] * 2 + [b"workers"]
CONSUMERS = [b"alice", b"alice", b"bob", b"bob", b"carol", b"dave"]
_RARE_NAMES = [b"", b"bin\x00\xff\r\n", b"nobody", b"$", b"-", b"G", b"n" * 80]
_BAD_IDS = [b"abc", b"", b"1-", b"-1", b"1-2-3", b"1-x", b"99999999999999999999-0", b"1.5", b"$", b"+",
            b"-", b"*", b">", b"(1-1", b"1-99999999999999999999", b"<"]
_TOP = b"18446744073709551615"
_REMEMBERED = 8


def key(s):
    r = s.rng.random()
    if r < 0.93:
        return s.pick(GROUP_KEYS)
    return s.pick(ALL_KEYS) if r < 0.97 else b"none:0"


def _name(s, names):
    return s.pick(names) if s.chance(0.97) else s.pick(_RARE_NAMES)


def group(s):
    return _name(s, GROUPS)


def consumer(s):
    return _name(s, CONSUMERS)


# --- IDs ------------------------------------------------------------------------------------
def _new_id(s, k):
    """IDs follow the clock, so that those of `*` and those given in full go together."""
    r = s.rng.random()
    if r < 0.03:
        return a_bad_id(s)
    s.group_sequence += s.chance(0.9)
    ids = s.group_ids.setdefault(k, [])
    ids.append(b"%d-%d" % (s.now_ms, s.group_sequence))
    del ids[:-_REMEMBERED]
    if r < 0.13:
        return b"*"
    return b"%d-*" % s.now_ms if r < 0.23 else ids[-1]


def a_bad_id(s):
    return s.pick(_BAD_IDS)


def an_id(s, k, wrong=0.02):
    """An ID that this stream is likely to have."""
    r = s.rng.random()
    if r < wrong:
        return a_bad_id(s)
    if r < wrong + 0.03:
        return s.pick([b"0", b"0-0", b"0-1", _TOP, _TOP + b"-" + _TOP, b"1", b"9999999999999-5"])
    if r < wrong + 0.08:
        return b"%d" % (s.now_ms - s.below(50))
    if r < wrong + 0.13:
        return b"%d-%d" % (s.now_ms, max(0, s.group_sequence - s.below(12)))
    return s.pick(s.group_ids.get(k) or [b"1-0"])


def _ids(s, k, high, wrong=0.01):
    return [an_id(s, k, wrong) for _ in range(1 + s.below(high))]


def _start(s, k):
    """From where a group reads."""
    r = s.rng.random()
    if r < 0.45:
        return b"0"
    return b"$" if r < 0.7 else an_id(s, k)


def _bound(s, k):
    r = s.rng.random()
    if r < 0.35:
        return b"-"
    if r < 0.65:
        return b"+"
    return b"(" + an_id(s, k) if r < 0.78 else an_id(s, k, 0.03)


def _idle(s):
    """Milliseconds that some pending entries are older than."""
    return s.pick([b"0", b"0", b"0", b"1", b"2", b"10", b"50", b"1000", b"5000", b"60000", b"-1",
                   b"-100"]) if s.chance(0.95) else s.integer()


def _shuffled(s, parts):
    """The options, each a list of words, in any order."""
    parts = [part for part in parts if part]
    s.rng.shuffle(parts)
    return [word for part in parts for word in part]


def _cases(s, *parts):
    return [s.word(p) if isinstance(p, str) else p for p in parts]


# --- XGROUP ---------------------------------------------------------------------------------
def _entries_read(s):
    if not s.chance(0.2):
        return []
    value = s.pick([b"0", b"1", b"2", b"5", b"10", b"-1", b"1000"]) if s.chance(0.9) else s.pick(
        [b"-2", b"abc", b"", b"9223372036854770000", b"9223372036854775808", b"1.5"])
    return _cases(s, "ENTRIESREAD", value)


def create(s):
    options = _shuffled(s, [_cases(s, "MKSTREAM") if s.chance(0.75) else [], _entries_read(s)])
    if s.chance(0.03):
        options += s.pick([[b"FOO"], [b"ENTRIESREAD"], [b"MKSTREAM"], [b"ENTRIESREAD", b"1"], [b""],
                           [b"MKSTREAM", b"MKSTREAM"], [b"COUNT", b"1"]])
    k = key(s)
    return [tuple(_cases(s, "XGROUP", "CREATE", k, group(s), _start(s, k)) + options)]


def _set_id(s):
    options = _entries_read(s)
    if s.chance(0.04):
        options += s.pick([[b"FOO"], [b"ENTRIESREAD"], [b"MKSTREAM"], [b"ENTRIESREAD", b"1"]])
    k = key(s)
    return [tuple(_cases(s, "XGROUP", "SETID", k, group(s), _start(s, k)) + options)]


def _destroy(s):
    return [tuple(_cases(s, "XGROUP", "DESTROY", key(s), group(s)))]


def _consumer_command(name):
    def production(s):
        return [tuple(_cases(s, "XGROUP", name, key(s), group(s), consumer(s)))]
    return production


def _wrong_xgroup(s):
    k = key(s)
    return [s.pick([(b"XGROUP",), (b"XGROUP", b"FOO", k, b"g"), (b"XGROUP", b"CREATE", k, b"g"),
                    (b"XGROUP", b"CREATE", k), (b"XGROUP", b"SETID", k, b"g"),
                    (b"XGROUP", b"DESTROY", k, b"g", b"x"), (b"XGROUP", b"DESTROY", k),
                    (b"XGROUP", b"CREATECONSUMER", k, b"g"),
                    (b"XGROUP", b"DELCONSUMER", k, b"g", b"alice", b"x"),
                    (b"XGROUP", b"CREATE", k, b"g", b"0", b"MKSTREAM", b"ENTRIESREAD", b"3", b"X"),
                    (b"XGROUP", b"HELP")])]


# --- entries --------------------------------------------------------------------------------
def _xadd(s):
    k = key(s)
    args = _cases(s, "XADD", k)
    if s.chance(0.08):
        args += _cases(s, "NOMKSTREAM")
    if s.chance(0.08):
        args += _trim(s, k)
    return [tuple(args + [_new_id(s, k), b"f", b"%d" % s.below(100)])]


def entries(s, k=None):
    """Some entries for one stream."""
    k = k or key(s)
    return [(b"XADD", k, _new_id(s, k), b"f", b"%d" % s.below(10)) for _ in range(1 + s.below(6))]


def _trim(s, k):
    if s.chance(0.6):
        return _cases(s, "MAXLEN", *[b"="] * s.chance(0.5), b"%d" % s.below(12))
    return _cases(s, "MINID", an_id(s, k))


def _xtrim(s):
    k = key(s)
    return [tuple(_cases(s, "XTRIM", k) + _trim(s, k))]


def _xdel(s):
    k = key(s)
    return [tuple(_cases(s, "XDEL", k) + _ids(s, k, 4))]


def _xsetid(s):
    k = key(s)
    args = _cases(s, "XSETID", k, _new_id(s, k) if s.chance(0.7) else an_id(s, k))
    if s.chance(0.4):
        args += _cases(s, "ENTRIESADDED", b"%d" % s.below(60), "MAXDELETEDID", an_id(s, k))
    return [tuple(args)]


# --- reading --------------------------------------------------------------------------------
def _count(s, share=0.6):
    if not s.chance(share):
        return []
    return _cases(s, "COUNT", s.pick([b"1", b"1", b"2", b"3", b"5", b"100"]) if s.chance(0.9)
                  else s.pick([b"0", b"-1", s.integer()]))


def block(s):
    """BLOCK, mostly for a time that the clock's steps reach, and no key expires at."""
    ms = s.pick([b"0", b"0", b"1", b"7", b"53", b"1003", b"5007", b"100009"])
    return _cases(s, "BLOCK", ms if s.chance(0.97) else
                  s.pick([b"-1", b"abc", b"", b"1.5", b"9223372036854775808"]))


def _reading(s, keys, ids, blocks):
    options = [_cases(s, "GROUP", group(s), consumer(s)), _count(s),
               _cases(s, "NOACK") if s.chance(0.12) else [],
               block(s) if blocks and len(set(keys)) == len(keys) else []]
    return _cases(s, "XREADGROUP", *_shuffled(s, options), "STREAMS", *keys, *ids)


def read_new(s):
    """XREADGROUP with `>`, of one key or several."""
    keys = [key(s) for _ in range(s.pick([1, 1, 1, 2, 3]))]
    return [tuple(_reading(s, keys, [b">"] * len(keys), s.chance(0.1)))]


def _history_id(s, k):
    """Redis cannot tell the highest ID of all from `>`."""
    picked = an_id(s, k, 0.07)
    return _TOP if picked == _TOP + b"-" + _TOP else picked


def _read_history(s):
    keys = [key(s) for _ in range(s.pick([1, 1, 1, 2]))]
    ids = [b"0" if s.chance(0.5) else _history_id(s, k) for k in keys]
    return [tuple(_reading(s, keys, ids, s.chance(0.05)))]


def _read_mixed(s):
    keys = [key(s) for _ in range(2 + s.below(2))]
    ids = [s.pick([b">", b">", b"0", _history_id(s, k)]) for k in keys]
    return [tuple(_reading(s, keys, ids, s.chance(0.1)))]


def _wrong_reading(s):
    k = key(s)
    begin = (b"XREADGROUP", b"GROUP", b"g", b"alice")
    streams = (b"STREAMS", k, b">")
    return [s.pick([
        (*begin, b"STREAMS", k, b">", b">"), (*begin, b"STREAMS", k, k, b">"),
        (*begin, b"STREAMS", k), (*begin, b"COUNT", b"1", k, b">"),
        (b"XREADGROUP", b"COUNT", b"1", *streams), (b"XREADGROUP", *streams, b"x", b"0", b"0"),
        (b"XREADGROUP", b"NOACK", b"NOACK", b"NOACK", *streams),
        (b"XREADGROUP", b"GROUP", b"g", *streams, b"0"), (*begin, b"COUNT", *streams),
        (*begin, b"COUNT", b"x", *streams), (*begin, b"FOO", *streams),
        (*begin, b"GROUP", b"h", b"bob", *streams), (*begin, b"NOACK", b"NOACK", *streams),
        (*begin, b"COUNT", b"1", b"COUNT", b"2", *streams), (*begin, b"STREAMS", k, b"$"),
        (*begin, b"STREAMS", k, b"abc"), (b"XREAD", b"GROUP", b"g", b"alice", *streams),
        (b"XREAD", b"NOACK", b"STREAMS", k, b"0"), (b"XREAD", b"STREAMS", k, b">"),
        (*begin, b"STREAMS", b"str:1", b"none:1", b">", b"$"),
        (*begin, b"STREAMS", k, b"none:1", b"abc", b">"),
        (*begin, b"STREAMS", b"none:1", k, b">", b"abc")])]


def _xread(s):
    keys = [key(s) for _ in range(s.pick([1, 1, 2]))]
    ids = [s.pick([b"0", b"$", an_id(s, k)]) for k in keys]
    blocks = s.chance(0.15) and len(set(keys)) == len(keys)
    options = _shuffled(s, [_count(s), block(s) if blocks else []])
    return [tuple(_cases(s, "XREAD", *options, "STREAMS", *keys, *ids))]


# --- pending entries ------------------------------------------------------------------------
def ack(s):
    k = key(s)
    return [tuple(_cases(s, "XACK", k, group(s)) + _ids(s, k, 5, 0.005))]


def _xpending(s):
    k = key(s)
    args = _cases(s, "XPENDING", k, group(s))
    if s.chance(0.3):
        return [tuple(args)]
    if s.chance(0.25):
        args += _cases(s, "IDLE", _idle(s))
    bounds = [b"-", b"+"] if s.chance(0.5) else [_bound(s, k), _bound(s, k)]
    args += bounds + [s.pick([b"1", b"2", b"10", b"10", b"100", b"0", b"-1", s.integer()])]
    if s.chance(0.3):
        args += [consumer(s)]
    if s.chance(0.04):
        args = s.pick([args + [b"x"], args[:-1], args[:4], args + [b"alice", b"bob"],
                       args[:3] + [b"IDLE"], args[:3] + [b"FOO", b"1", b"-", b"+", b"10"],
                       args[:3] + [b"IDLE", b"1"], args[:3] + [b"IDLE", b"1", b"-", b"+"]])
    return [tuple(args)]


def _claim_option(s, k):
    r = s.rng.random()
    if r < 0.18:
        return _cases(s, "IDLE", _idle(s))
    if r < 0.34:
        past = s.now_ms - s.pick([0, 1, 10, 1000, 100000, -1, -5000])
        return _cases(s, "TIME", s.pick([b"%d" % past, b"0", b"-1", b"1000"]))
    if r < 0.5:
        return _cases(s, "RETRYCOUNT", s.pick([b"0", b"1", b"7", b"100"]) if s.chance(0.93) else
                      s.pick([b"-1", b"abc", b"4611686018427387904", b"9223372036854775808"]))
    if r < 0.7:
        return _cases(s, "FORCE")
    return _cases(s, "JUSTID") if r < 0.88 else _cases(s, "LASTID", an_id(s, k))


def _xclaim(s):
    k = key(s)
    args = _cases(s, "XCLAIM", k, group(s), consumer(s), _idle(s)) + _ids(s, k, 4)
    if s.chance(0.5):
        args += _shuffled(s, [_claim_option(s, k) for _ in range(1 + s.below(3))])
    if s.chance(0.04):
        args += s.pick([[b"FOO"], [b"IDLE"], [b"TIME"], [b"RETRYCOUNT"], [b"LASTID"], [b"IDLE", b"x"],
                        [b"FORCE", b"5-0"], [b"TIME", b"x"], [b"LASTID", b"abc"], [b""], [b"COUNT",
                                                                                       b"1"]])
    return [tuple(args)]


def _wrong_claim(s):
    k = key(s)
    return [s.pick([
        (b"XCLAIM", k, b"g", b"alice", b"abc", b"1-0"), (b"XCLAIM", k, b"g", b"alice", b"0"),
        (b"XCLAIM", k, b"g", b"alice", b"0", b"abc"), (b"XCLAIM", k, b"g", b"alice", b"0", b"FORCE"),
        (b"XCLAIM", k, b"nope", b"alice", b"x", b"abc"), (b"XCLAIM", k, b"g", b"alice", b"", b"1"),
        (b"XCLAIM", k, b"g", b"eve", b"0", b"1-0", b"abc", b"2-0"),
        (b"XCLAIM", k, b"g", b"alice", b"0", b"1-0", b"JUSTID", b"JUSTID"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0"), (b"XAUTOCLAIM", k, b"g", b"alice", b"abc", b"0"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"abc"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"COUNT"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"FOO"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"COUNT", b"0"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"COUNT", b"-1"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"COUNT", b"abc"),
        (b"XAUTOCLAIM", k, b"g", b"alice", b"0", b"0", b"COUNT", b"9223372036854775807"),
        (b"XAUTOCLAIM", k, b"nope", b"alice", b"0", b"0", b"COUNT", b"0"),
        (b"XAUTOCLAIM", k, b"g", b"eve", b"0", b"0", b"JUSTID", b"JUSTID", b"COUNT", b"3")])]


def _xautoclaim(s):
    k = key(s)
    start = b"0" if s.chance(0.5) else b"-" if s.chance(0.2) else _bound(s, k)
    options = _shuffled(s, [_count(s, 0.5), _cases(s, "JUSTID") if s.chance(0.3) else []])
    return [tuple(_cases(s, "XAUTOCLAIM", k, group(s), consumer(s), _idle(s), start) + options)]


# --- looking --------------------------------------------------------------------------------
def _xinfo(s):
    r = s.rng.random()
    if r < 0.3:
        return [tuple(_cases(s, "XINFO", "GROUPS", key(s)))]
    if r < 0.6:
        return [tuple(_cases(s, "XINFO", "CONSUMERS", key(s), group(s)))]
    if r < 0.9:
        count = _cases(s, "COUNT", s.pick([b"0", b"1", b"2", b"-1", b"100", s.integer()]))
        return [tuple(_cases(s, "XINFO", "STREAM", key(s), "FULL") + count * s.chance(0.7))]
    k = key(s)
    return [s.pick([(b"XINFO", b"STREAM", k), (b"XINFO", b"GROUPS"), (b"XINFO", b"GROUPS", k, b"x"),
                    (b"XINFO", b"CONSUMERS", k), (b"XINFO", b"CONSUMERS", k, b"g", b"x"),
                    (b"XINFO", b"CONSUMERS", k, b"nope"), (b"XINFO", b"GROUPS", b"str:1"),
                    (b"XINFO", b"CONSUMERS", b"none:1", b"g")])]


# --- the keys that hold them ----------------------------------------------------------------
def _keys(s):
    k, other = s.pick(GROUP_KEYS), s.pick(GROUP_KEYS)
    r = s.rng.random()
    if r < 0.3:
        return [(b"COPY", k, other, *((b"REPLACE",) if s.chance(0.5) else ()))]
    if r < 0.5:
        return [(s.pick([b"RENAME", b"RENAMENX"]), k, other)]
    if r < 0.65:
        return [(s.pick([b"DEL", b"UNLINK"]), k)]
    if r < 0.8:
        return [(b"PEXPIRE", k, s.milliseconds())]
    if r < 0.9:
        return [s.pick([(b"TYPE", k), (b"OBJECT", b"ENCODING", k), (b"EXISTS", k), (b"XLEN", k),
                        (b"PTTL", k), (b"PERSIST", k), (b"MEMORY", b"USAGE", k)])]
    if r < 0.95:
        return [(b"SET", k, b"no stream"), (b"XGROUP", b"CREATE", k, b"g", b"0", b"MKSTREAM"),
                (b"DEL", k)]
    return [(b"MOVE", k, b"1"), (b"COPY", k, other, b"DB", b"1")]


# --- cycles ---------------------------------------------------------------------------------
def setup(s, k=None):
    """A stream with entries and groups."""
    k = k or s.pick(GROUP_KEYS)
    commands = entries(s, k) if s.chance(0.6) else []
    for name in (b"g", b"h") if s.chance(0.4) else (b"g",):
        commands.append((b"XGROUP", b"CREATE", k, name, _start(s, k), b"MKSTREAM"))
    return commands + entries(s, k)


def _cycle(s):
    """Entries are delivered, acknowledged, claimed, deleted; and again."""
    k, g = s.pick(GROUP_KEYS), s.pick(GROUPS)
    commands = [(b"XGROUP", b"CREATE", k, g, b"0", b"MKSTREAM")]
    for _ in range(1 + s.below(3)):
        commands += entries(s, k)
        recent = s.group_ids.get(k) or [b"1-0"]
        some = lambda: [s.pick(recent) for _ in range(1 + s.below(3))]
        one, other = consumer(s), consumer(s)
        commands += [(b"XREADGROUP", b"GROUP", g, one, b"COUNT", b"%d" % (1 + s.below(4)), b"STREAMS",
                      k, b">"),
                     (b"XREADGROUP", b"GROUP", g, other, b"COUNT", b"2", b"STREAMS", k, b">")]
        steps = [[(b"XACK", k, g, *some())], [(b"XDEL", k, *some())],
                 [(b"XCLAIM", k, g, other, b"0", *some())],
                 [(b"XAUTOCLAIM", k, g, one, b"0", b"-", b"COUNT", b"3")],
                 [(b"XPENDING", k, g, b"-", b"+", b"10")], [(b"XPENDING", k, g)],
                 [(b"XTRIM", k, b"MAXLEN", b"%d" % s.below(6))], [(b"XINFO", b"GROUPS", k)],
                 [(b"XREADGROUP", b"GROUP", g, one, b"STREAMS", k, b"0")], s.clock_step()]
        s.rng.shuffle(steps)
        commands += [command for step in steps[:2 + s.below(6)] for command in step]
    return commands + [(b"XINFO", b"STREAM", k, b"FULL")]


FAMILY = [
    (5, create), (3, _set_id), (1, _destroy), (2, _consumer_command("CREATECONSUMER")),
    (1.5, _consumer_command("DELCONSUMER")), (0.7, _wrong_xgroup), (10, _xadd), (5, entries),
    (3, _xdel), (1.5, _xtrim), (0.8, _xsetid), (12, read_new), (6, _read_history), (2.5, _read_mixed),
    (1.2, _wrong_reading), (1.5, _xread), (8, ack), (8, _xpending), (8, _xclaim), (0.8, _wrong_claim),
    (6, _xautoclaim), (8, _xinfo), (2.5, _keys), (3, _cycle), (2.5, setup),
    (6, lambda s: s.clock_step()),
]
