"""Topics without groups."""

_BAD_IDS = [b"abc", b"", b"1-", b"-1", b"1-2-3", b"1-x", b"99999999999999999999-0", b"1.5",
            b"1-99999999999999999999", b" 1-1", b"1-1 ", b"-", b"+", b"$", b"*-1", b"(1-1", b"1--1",
            b"0x1-1", b">", b"1-*x", b"*-*", b"+1-1", b"01-1"]
_TOP = b"18446744073709551615"


def _id(s, wrong=0.03):
    """An ID among those that streams here have."""
    r = s.rng.random()
    if r < wrong:
        return s.pick(_BAD_IDS)
    if r < wrong + 0.02:
        return s.pick([b"0-0", b"0", _TOP, _TOP + b"-" + _TOP, b"0-1", b"9223372036854775808-1"])
    if r < 0.25:
        return b"%d" % s.below(120)
    return b"%d-%d" % (s.below(120), s.below(4))


def _fields(s):
    fields = []
    for _ in range(1 + int(s.rng.random() ** 3 * 4)):
        fields += [s.pick([b"f", b"field", b"", b"\x00", b"temperature"]), s.value()]
    if s.chance(0.02):
        fields.pop()
    return fields


def _next_ms(s):
    """Growing times, so that most appends succeed."""
    s.stream_clock += s.chance(0.6)
    return s.stream_clock


def _new_id(s):
    r = s.rng.random()
    if r < 0.05:
        return _id(s)
    now = _next_ms(s)
    if r < 0.35:
        return b"%d-*" % now
    if r < 0.4:
        return b"%d" % (now + 1)
    return b"%d-%d" % (now, s.below(1000))


def _trim(s):
    """Trimming options; `~` goes by whole nodes, of which only _xadd_nodes makes several."""
    strategy = s.pick(["MAXLEN", "MINID"])
    limit = []
    r = s.rng.random()
    if r < 0.35:
        operator = [b"~"]
        if s.chance(0.4):
            limit = [s.word("LIMIT"), s.pick([b"0", b"1", b"50", b"99", b"100", b"200", b"1000"])]
    else:
        operator = [b"="] if r < 0.65 else []
    if strategy == "MAXLEN":
        threshold = s.small_integer(0, 150 if s.chance(0.3) else 25, 0.04)
    else:
        threshold = _recent(s) if s.chance(0.7) else _id(s)
    return [s.word(strategy)] + operator + [threshold] + limit


def _recent(s):
    return b"%d" % max(0, s.stream_clock - s.below(200 if s.chance(0.2) else 40))


def _wrong_trim(s):
    return s.pick([[b"MAXLEN", b"-1"], [b"MAXLEN", b"abc"], [b"MAXLEN"], [b"MAXLEN", b"~"],
                   [b"MAXLEN", b"10", b"LIMIT", b"5"], [b"MAXLEN", b"=", b"10", b"LIMIT", b"5"],
                   [b"MAXLEN", b"~", b"10", b"LIMIT", b"-1"],
                   [b"MAXLEN", b"~", b"10", b"LIMIT", b"abc"], [b"LIMIT", b"5"],
                   [b"MAXLEN", b"10", b"MINID", b"5"], [b"MINID", b"abc"], [b"MINID", b"~", b""],
                   [b"MAXLEN", b"10", b"MAXLEN", b"5"], [b"MINID", b"-"], [b"MINID", b"+"],
                   [b"MAXLEN", b"~", b"10", b"LIMIT"], [b"MAXLEN", b"=", b"~", b"10"],
                   [b"MAXLEN", b"9223372036854775808"], [b"LIMIT"], [b"MINID", b"~", b"(5"]])


def _xadd(s):
    args = [s.word("XADD"), s.stream_key()]
    if s.chance(0.1):
        args += [s.word("NOMKSTREAM")]
    if s.chance(0.25):
        args += _trim(s)
    elif s.chance(0.03):
        args += _wrong_trim(s)
    args += [_new_id(s)] + _fields(s)
    return [tuple(args)]


def _xadd_run(s):
    key = s.stream_key()
    return [(b"XADD", key, _new_id(s), *_fields(s)) for _ in range(3 + s.below(8))]


def _xadd_nodes(s):
    """Enough entries for several nodes of 100."""
    key = s.stream_key()
    ids = [_next_ms(s) for _ in range(100 + s.below(250))]
    commands = [(b"XADD", key, b"%d-*" % ms, b"f", b"%d" % i) for i, ms in enumerate(ids)]
    for _ in range(s.below(60)):
        commands.append((b"XDEL", key, b"%d-0" % s.pick(ids)))
    return commands + [(b"XTRIM", key, *_trim(s)) for _ in range(3)] + [(b"XINFO", b"STREAM", key)]


def _xadd_auto(s):
    # `*` takes the clock, except when the top is in the future: then it counts on from there.
    key = s.stream_key()
    far = b"%d-%d" % (33177117420000 + s.below(50), s.below(5))
    commands = [(b"XADD", key, far, b"a", b"b")]
    commands += [(s.word("XADD"), key, b"*", *_fields(s)) for _ in range(1 + s.below(3))]
    return commands + [(b"DEL", key)] * s.chance(0.7)


def _xadd_at_the_top(s):
    key = s.pick([b"none:0", s.stream_key()])
    ids = [_TOP + b"-" + _TOP, b"*", _TOP + b"-*", _TOP, b"1-1", b"5-*"]
    first = s.pick([_TOP + b"-" + _TOP, _TOP + b"-5", _TOP])
    return [(b"XADD", key, first, b"a", b"b"), (b"XADD", key, s.pick(ids), b"a", b"b"),
            (b"XADD", key, s.pick(ids), b"a", b"b"), (b"XINFO", b"STREAM", key), (b"DEL", key)]


def _xadd_zero(s):
    return [(b"XADD", s.pick([b"none:1", s.stream_key()]),
             s.pick([b"0-0", b"0", b"0-*", b"0-1", b"00-1"]), b"f", b"v")]


def _bound(s):
    r = s.rng.random()
    if r < 0.25:
        return b"-"
    if r < 0.5:
        return b"+"
    if r < 0.65:
        return b"(" + _id(s)
    if r < 0.8:
        return _recent(s)
    return _id(s)


def _xrange(s):
    name, low, high = s.pick([("XRANGE", b"-", b"+"), ("XREVRANGE", b"+", b"-")])
    bounds = [low, high] if s.chance(0.25) else [_bound(s), _bound(s)]
    args = [s.word(name), s.stream_key()] + bounds
    if s.chance(0.5):
        args += [s.word("COUNT"), s.pick([b"0", b"-1", b"1", b"2", b"5", b"100", s.integer()])]
    if s.chance(0.03):
        args += s.pick([[b"COUNT"], [b"FOO"], [b"COUNT", b"1", b"COUNT", b"2"], [b"COUNT", b"x"]])
    return [tuple(args)]


def _xread(s):
    args = [s.word("XREAD")]
    if s.chance(0.6):
        args += [s.word("COUNT"), s.pick([b"0", b"1", b"2", b"5", b"-1", s.small_integer()])]
    n = 1 + s.below(3)
    args += [s.word("STREAMS")] + [s.stream_key() for _ in range(n)]
    args += [s.pick([b"0", b"0-0", b"$", _recent(s), _recent(s), _id(s)]) for _ in range(n)]
    if s.chance(0.03):
        args.pop()
    return [tuple(args)]


def _xread_block(s):
    if s.chance(0.3):
        return [s.pick([(b"XREAD", b"BLOCK", b"-1", b"STREAMS", b"top:0", b"0"),
                        (b"XREAD", b"BLOCK", b"abc", b"STREAMS", b"top:0", b"0"),
                        (b"XREAD", b"BLOCK", b"1", b"COUNT", b"1", b"top:0", b"0"),
                        (b"XREAD", b"BLOCK", b"1", b"STREAMS", b"none:2", b"$"),
                        (b"XREAD", b"BLOCK", b"1", b"STREAMS", b"top:0", b"top:1", b"0"),
                        (b"XREAD", b"BLOCK", b"1", b"STREAMS", b"top:0", b">"),
                        (b"XREAD", b"NOACK", b"STREAMS", b"top:0", b"0"),
                        (b"XREAD", b"GROUP", b"g", b"c", b"STREAMS", b"top:0", b"0")])]
    key = s.stream_key()
    return [(b"XREAD", b"BLOCK", s.pick([b"1", b"2"]), b"STREAMS", key, b"0")]


def _xdel(s):
    ids = [_id(s, 0.02) for _ in range(1 + s.below(3))]
    if s.chance(0.3):
        ids.append(b"%s-*" % _recent(s) if s.chance(0.1) else _recent(s))
    return [(s.word("XDEL"), s.stream_key(), *ids)]


def _xtrim(s):
    options = _wrong_trim(s) if s.chance(0.12) else _trim(s)
    return [(s.word("XTRIM"), s.stream_key(), *options)]


def _xsetid(s):
    args = [s.word("XSETID"), s.stream_key()]
    args += [b"%d-%d" % (_next_ms(s) + 1, s.below(3)) if s.chance(0.7) else _id(s)]
    if s.chance(0.4):
        args += [s.word("ENTRIESADDED"), s.small_integer(0, 500) if s.chance(0.8) else b"-1",
                 s.word("MAXDELETEDID"), _id(s) if s.chance(0.8) else b"0-0"]
    elif s.chance(0.08):
        args += s.pick([[b"ENTRIESADDED"], [b"MAXDELETEDID", b"1-1"], [b"FOO", b"1"],
                        [b"ENTRIESADDED", b"5"], [b"ENTRIESADDED", b"x", b"MAXDELETEDID", b"0-0"]])
    return [tuple(args)]


def _xinfo(s):
    r = s.rng.random()
    key = s.stream_key()
    if r < 0.55:
        return [(s.word("XINFO"), s.word("STREAM"), key)]
    if r < 0.9:
        count = [s.word("COUNT"), s.pick([b"0", b"1", b"2", b"-1", b"100"])] * s.chance(0.6)
        return [(s.word("XINFO"), s.word("STREAM"), key, s.word("FULL"), *count)]
    return [s.pick([(b"XINFO", b"STREAM", key, b"FOO"), (b"XINFO", b"STREAM", key, b"FULL", b"1"),
                    (b"XINFO", b"STREAM", key, b"FULL", b"COUNT"), (b"XINFO", b"HELP"),
                    (b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"abc"),
                    (b"XINFO", b"STREAM"), (b"XINFO", b"FOO", key), (b"XINFO",)])]


FAMILY = [
    (22, _xadd), (5, _xadd_run), (1.5, _xadd_auto), (0.5, _xadd_at_the_top), (0.7, _xadd_zero),
    (0.25, _xadd_nodes), (5, lambda s: [(s.word("XLEN"), s.stream_key())]), (16, _xrange),
    (10, _xread), (1, _xread_block), (5, _xdel), (8, _xtrim), (3, _xsetid), (6, _xinfo),
]
