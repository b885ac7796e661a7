"""Strings and counters."""


def _set(s):
    key = s.string_key() if s.chance(0.7) else s.number_key()
    args = [b"SET", key, s.value()]
    r = s.rng.random()
    if r < 0.3:
        args += s.expiry_option()
    elif r < 0.35:
        args += [s.word("KEEPTTL")]
    if s.chance(0.12):
        args += [s.word(s.pick(["NX", "XX"]))]
    if s.chance(0.12):
        args += [s.word("GET")]
    if s.chance(0.05):
        args += s.pick([[b"NX", b"XX"], [b"EX"], [b"KEEPTTL", b"EX", b"10000000"], [b"PERSIST"],
                        [b"EX", b"10000000", b"PX", b"10000000000"], [b"FOO"], [b""], [b"XX",
                                                                                       b"XX"],
                        [b"KEEPTTL", b"KEEPTTL"], [b"GET", b"GET"], [b"NX", b"GET"], [b"EX",
                                                                                      b"NX"]])
    return [tuple(args)]


def _set_in_the_past(s):
    # The read right behind it makes both servers notice that the key is gone.
    key = s.string_key()
    option = s.pick([(b"EXAT", b"1"), (b"PXAT", b"1"), (b"PXAT", b"1500000000000")])
    return [(b"SET", key, s.value()) + option, (b"GET", key)]


def _getex(s):
    args = [b"GETEX", s.string_key()]
    r = s.rng.random()
    if r < 0.5:
        args += s.expiry_option()
    elif r < 0.75:
        args += [s.word("PERSIST")]
    elif r < 0.8:
        args += s.pick([[b"EX"], [b"KEEPTTL"], [b"PERSIST", b"EX", b"10000000"], [b"NX"], [b""],
                        [b"EX", b"10000000", b"PX", b"10000000000"], [b"EXAT", b"1"]])
    return [tuple(args)]


def _number_set(s):
    return [(b"SET", s.number_key(), s.number_value())]


def _mget(s):
    return [(s.word("MGET"), *s.keys(1, 5))]


def _mset(s):
    args = [s.word(s.pick(["MSET", "MSET", "MSET", "MSETNX"]))]
    for _ in range(1 + s.below(3)):
        key = s.string_key() if s.chance(0.9) else s.any_key()
        args += [key, s.value()]
    if s.chance(0.05):
        args.pop()
    return [tuple(args)]


def _msetnx(s):
    args = [b"MSETNX"]
    for _ in range(1 + s.below(2)):
        args += [s.pick([s.string_key(), b"none:0", b"mix:1"]), s.value()]
    return [tuple(args)]


def _getrange(s):
    name = s.pick([b"GETRANGE", b"GETRANGE", b"GETRANGE", b"SUBSTR"])
    offset = lambda: s.integer() if s.chance(0.15) else s.small_integer()
    return [(name, s.string_key(), offset(), offset())]


def _setrange(s):
    offset = s.small_integer(0, 80) if s.chance(0.85) else s.pick(
        [b"-1", b"536870912", b"536870911", b"9223372036854775807", b"abc", b"-100"])
    value = s.value()
    if len(offset) > 4:
        value = value or b"v"   # an offset near 512 MB only ever meets the size limit
        if offset == b"536870911":
            value += b"v"
    return [(b"SETRANGE", s.string_key(), offset, value)]


def _append(s):
    return [(s.word("APPEND"), s.string_key(), s.pick([b"", b"1", b"abc", b"\x00", s.value()]))]


def _counter(s):
    name = s.pick(["INCR", "DECR"])
    return [(s.word(name), s.number_key())]


def _count_by(s):
    name = s.pick(["INCRBY", "DECRBY"])
    delta = s.integer() if s.chance(0.4) else b"%d" % (s.below(200) - 100)
    return [(s.word(name), s.number_key(), delta)]


def _increment_float(s):
    key = s.number_key() if s.chance(0.85) else s.string_key()
    return [(s.word("INCRBYFLOAT"), key, s.floating())]


def _with_expiry(s):
    if s.chance(0.5):
        return [(s.word("SETEX"), s.string_key(), s.seconds(), s.value())]
    return [(s.word("PSETEX"), s.string_key(), s.milliseconds(), s.value())]


def _simple(name, key="string_key", *values):
    def production(s):
        return [(s.word(name), getattr(s, key)(), *(getattr(s, v)() for v in values))]
    return production


FAMILY = [
    (14, _set), (2, _set_in_the_past), (6, _number_set), (10, _simple("GET")),
    (3, _simple("GET", "number_key")), (5, _getex), (2, _simple("GETDEL")), (5, _mget), (5, _mset),
    (1, _msetnx), (2, _simple("SETNX", "string_key", "value")), (3, _with_expiry), (4, _append),
    (3, _simple("STRLEN")), (5, _counter), (6, _count_by), (5, _increment_float), (6, _getrange),
    (5, _setrange), (2, _simple("GETSET", "string_key", "value")),
]
