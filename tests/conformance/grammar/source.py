"""Random choices that the productions share: keys, values, numbers and option words.

The universe is small on purpose, so that commands meet each other's keys.
"""

STRING_KEYS = [b"str:%d" % i for i in range(8)] + [b"", b"bin\x00\xff\r\n:key", b"k" * 100]
NUMBER_KEYS = [b"num:%d" % i for i in range(5)]
STREAM_KEYS = [b"top:%d" % i for i in range(6)]
GROUP_KEYS = [b"grp:%d" % i for i in range(4)]      # streams with consumer groups
MIXED_KEYS = [b"mix:%d" % i for i in range(4)]
ABSENT_KEYS = [b"none:%d" % i for i in range(3)]
ALL_KEYS = STRING_KEYS + NUMBER_KEYS + STREAM_KEYS + GROUP_KEYS + MIXED_KEYS

INTEGERS = [b"0", b"1", b"-1", b"2", b"7", b"10", b"100", b"-100", b"12345", b"9999", b"10000",
            b"2147483648", b"-2147483649", b"9223372036854775807", b"-9223372036854775808",
            b"9223372036854775806", b"4611686018427387904"]
NOT_INTEGERS = [b"", b"abc", b"1.5", b" 1", b"1 ", b"01", b"+1", b"-0", b"--1", b"0x10", b"1e3",
                b"9223372036854775808", b"-9223372036854775809", b"99999999999999999999999",
                b"1\x00", b"\xff", b"(1", b"nan", b"inf"]
FLOATS = [b"0", b"1.5", b"-1.5", b"0.1", b"3.0e3", b"-0.0", b"1e-5", b"100.00", b"5.0e-2", b"1e17",
          b"123456789.123456789", b"0.00000000000000001", b"3.14159265358979", b"1e300", b"-2",
          b"17.25", b"1e20", b".5", b"5."]
NOT_FLOATS = [b"", b"abc", b" 1.5", b"1.5 ", b"1.5x", b"nan", b"inf", b"-inf", b"1e5000", b"--1",
              b"1,5", b"0x1p3", b"infinity"]
STRINGS = [b"", b"a", b"hello", b"hello world", b"\x00\x01\x02\xff\xfe", b"line\r\nline",
           b"\xd0\xbf\xd1\x80\xd0\xb8", b"$-1", b"*1", b"x" * 43, b"x" * 44, b"x" * 45,
           b"y" * 64, b"z" * 200, b"w" * 1500, b"001", b"1.0", b"-5", b"3000000000", b"  "]
FAR_SECONDS = [33177117420, 33177117421, 40000000000, 33200000000]


from clock import START_MS


class Source:
    def __init__(self, rng):
        self.rng = rng
        self.stream_clock = 1
        self.group_sequence = 0
        self.group_ids = {}         # what streams with groups got last: key -> IDs
        self.now_ms = START_MS      # the time that the servers have

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, items):
        return items[int(self.rng.random() * len(items))]

    def below(self, n):
        return int(self.rng.random() * n)

    # --- keys -------------------------------------------------------------------------------
    def _key(self, own, wrong=0.04):
        r = self.rng.random()
        if r < wrong:
            return self.pick(ALL_KEYS)
        if r < wrong + 0.06:
            return self.pick(MIXED_KEYS)
        if r < wrong + 0.08:
            return self.pick(ABSENT_KEYS)
        return self.pick(own)

    def string_key(self):
        return self._key(STRING_KEYS)

    def number_key(self):
        return self._key(NUMBER_KEYS)

    def stream_key(self):
        return self._key(STREAM_KEYS)

    def any_key(self):
        return self._key(ALL_KEYS)

    def keys(self, low=1, high=4):
        return [self.any_key() for _ in range(low + self.below(high - low + 1))]

    # --- values -----------------------------------------------------------------------------
    def integer(self, wrong=0.08):
        return self.pick(NOT_INTEGERS if self.chance(wrong) else INTEGERS)

    def small_integer(self, low=-20, high=60, wrong=0.05):
        if self.chance(wrong):
            return self.pick(NOT_INTEGERS)
        return b"%d" % (low + self.below(high - low + 1))

    def floating(self, wrong=0.08):
        return self.pick(NOT_FLOATS if self.chance(wrong) else FLOATS)

    def value(self):
        r = self.rng.random()
        if r < 0.5:
            return self.pick(STRINGS)
        if r < 0.7:
            return self.pick(INTEGERS)
        if r < 0.75:
            return self.pick(FLOATS)
        return bytes(self.below(256) for _ in range(self.below(20)))

    def number_value(self):
        return self.pick(INTEGERS) if self.chance(0.3) else b"%d" % (self.below(2000) - 1000)

    # --- words ------------------------------------------------------------------------------
    def word(self, text):
        """An option's name in some mixture of cases."""
        r = self.rng.random()
        if r < 0.7:
            return text.encode()
        if r < 0.9:
            return text.lower().encode()
        return "".join(c.upper() if self.chance(0.5) else c.lower() for c in text).encode()

    def junk(self):
        return self.pick([b"FOO", b"", b"XX", b"NX", b"GET", b"COUNT", b"\x00", b"1", b"-", b"EX",
                          b"LIMIT", b"*"])

    # --- times ------------------------------------------------------------------------------
    def clock_step(self):
        """Moves the time on: mostly by little."""
        r = self.rng.random()
        if r < 0.4:
            step_ms = 1
        elif r < 0.7:
            step_ms = 1 + self.below(50)
        elif r < 0.9:
            step_ms = 1 + self.below(5000)
        elif r < 0.98:
            step_ms = self.pick([1000, 10000, 60000])
        else:
            step_ms = self.below(10_000_000)
        return self.clock_step_by(step_ms)

    def clock_step_by(self, step_ms):
        self.now_ms += step_ms
        return [(b"*CLOCK", b"%d" % step_ms)]

    def seconds(self):
        """A relative expiry: soon, or far away, or an error."""
        if self.chance(0.3):
            return b"%d" % (1 + self.below(20))
        if self.chance(0.12):
            return self.pick([b"0", b"-1", b"-5", b"abc", b"", b"1.5", b"9223372036854775807",
                              b"9223372036854775", b"-9223372036854775808", b"9223372036854776"])
        return b"%d" % (100000 + self.below(10 ** 8))

    def milliseconds(self):
        if self.chance(0.3):
            return b"%d" % (1 + self.below(5000))
        if self.chance(0.12):
            return self.pick([b"0", b"-1", b"-100000", b"abc", b"", b"9223372036854775807",
                              b"-9223372036854775808", b"9223372036854775808"])
        return b"%d" % (100000000 + self.below(10 ** 11))

    def at_seconds(self):
        if self.chance(0.3):
            return b"%d" % (self.now_ms // 1000 + 1 + self.below(20))
        if self.chance(0.1):
            return self.pick([b"0", b"-1", b"abc", b"", b"9223372036854775807",
                              b"9223372036854776", b"-9223372036854775808"])
        return b"%d" % self.pick(FAR_SECONDS)

    def at_milliseconds(self):
        if self.chance(0.3):
            return b"%d" % (self.now_ms + 1 + self.below(5000))
        if self.chance(0.1):
            return self.pick([b"0", b"-1", b"abc", b"", b"9223372036854775808",
                              b"-9223372036854775808"])
        return b"%d" % (self.pick(FAR_SECONDS) * 1000 + self.below(3))

    def expiry_option(self):
        kind = self.pick(["EX", "PX", "EXAT", "PXAT"])
        value = {"EX": self.seconds, "PX": self.milliseconds, "EXAT": self.at_seconds,
                 "PXAT": self.at_milliseconds}[kind]()
        return [self.word(kind), value]
