"""Channels, patterns and shard channels."""

CHANNELS = [b"news", b"news.art", b"news.sport", b"chat:1", b"chat:2", b"", b"bin\x00\r\n"]
_PATTERNS = [b"*", b"news*", b"news.*", b"chat:?", b"chat:[12]", b"[^n]*", b"", b"news"]
ALLOWED_SUBSCRIBED = (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE",
                      b"SUNSUBSCRIBE", b"PING", b"RESET", b"QUIT")


def _names(s, names, low=1, high=3):
    return [s.pick(names) for _ in range(low + s.below(high - low + 1))]


def publish(s):
    name = s.pick(["PUBLISH", "PUBLISH", "PUBLISH", "SPUBLISH"])
    payload = s.value()
    return [(s.word(name), s.pick(CHANNELS), payload)]


def pubsub(s):
    r = s.rng.random()
    if r < 0.35:
        sub = s.pick(["CHANNELS", "SHARDCHANNELS"])
        pattern = [s.pick(_PATTERNS)] if s.chance(0.6) else []
        return [(s.word("PUBSUB"), s.word(sub), *pattern)]
    if r < 0.7:
        sub = s.pick(["NUMSUB", "SHARDNUMSUB"])
        return [(s.word("PUBSUB"), s.word(sub), *_names(s, CHANNELS, 0))]
    if r < 0.95:
        return [(s.word("PUBSUB"), s.word("NUMPAT"))]
    return [s.pick([(b"PUBSUB", b"HELP"), (b"PUBSUB", b"FOO"), (b"PUBSUB",),
                    (b"PUBSUB", b"NUMPAT", b"x"), (b"PUBSUB", b"CHANNELS", b"a", b"b")])]


def subscribe(s):
    return [s.pick([(s.word("SUBSCRIBE"), *_names(s, CHANNELS)),
                    (s.word("SUBSCRIBE"), *_names(s, CHANNELS)),
                    (s.word("PSUBSCRIBE"), *_names(s, _PATTERNS, 1, 2)),
                    (s.word("SSUBSCRIBE"), *_names(s, CHANNELS, 1, 2))])]


def unsubscribe(s):
    name, names = s.pick([("UNSUBSCRIBE", CHANNELS), ("PUNSUBSCRIBE", _PATTERNS),
                          ("SUNSUBSCRIBE", CHANNELS)])
    return [(s.word(name), *(_names(s, names, 1, 2) if s.chance(0.8) else []))]


def ping(s):
    return [s.pick([(s.word("PING"),), (s.word("PING"), s.value()), (b"PING", b"a", b"b")])]


PUBLISHER = [(10, publish), (4, pubsub)]
SUBSCRIBER = [(6, subscribe), (4, unsubscribe), (4, ping)]
