"""Sessions, settings, introspection, and commands that are wrong whatever the data."""

# Name and arity of every command here, with subcommands; negative: at least.
ARITIES = {name: int(arity) for name, arity in (item.split(":") for item in """
append:3 auth:-2 client:-2 client|getname:2 client|help:2 client|id:2
client|info:2 client|kill:-3 client|list:-2 client|no-evict:3 client|pause:-3 client|reply:3
client|setname:3 client|unblock:-3 client|unpause:2 command|count:2 command|docs:-2
command|getkeys:-4 command|getkeysandflags:-4 command|help:2 command|info:-2 command|list:-2
config:-2 config|get:-3 config|help:2 config|resetstat:2 config|rewrite:2 config|set:-4 copy:-3
dbsize:1 debug:-2 decr:2 decrby:3 del:-2 discard:1 echo:2 exec:1 exists:-2 expire:-3 expireat:-3
expiretime:2 flushall:-1 flushdb:-1 get:2 getdel:2 getex:-2 getrange:4 getset:3 incr:2 incrby:3
incrbyfloat:3 keys:2 latency:-2 latency|doctor:2 latency|graph:3 latency|help:2 latency|history:3
latency|latest:2 memory:-2 memory|doctor:2 memory|help:2 memory|malloc-stats:2 memory|purge:2
memory|stats:2 memory|usage:-3 mget:-2 monitor:1 move:3 mset:-3 msetnx:-3 multi:1 object:-2
object|encoding:3 object|freq:3 object|help:2 object|idletime:3 object|refcount:3 persist:2
pexpire:-3 pexpireat:-3 pexpiretime:2 psetex:4 psubscribe:-2 pttl:2 publish:3 pubsub:-2
pubsub|channels:-2 pubsub|help:2 pubsub|numpat:2 pubsub|numsub:-2 pubsub|shardchannels:-2
pubsub|shardnumsub:-2 randomkey:1 rename:3 renamenx:3 reset:1 scan:-2 select:2 set:-3 setex:4
setnx:3 setrange:4 slowlog:-2 slowlog|get:-2 slowlog|help:2 slowlog|len:2 slowlog|reset:2
spublish:3 ssubscribe:-2 strlen:2 subscribe:-2 substr:4 swapdb:3 time:1 touch:-2 ttl:2 type:2
unlink:-2 unwatch:1 wait:3 watch:-2 xack:-4 xadd:-5 xautoclaim:-6 xclaim:-6 xdel:-3 xgroup:-2 xgroup|create:-5
xgroup|createconsumer:5 xgroup|delconsumer:5 xgroup|destroy:4 xgroup|help:2 xgroup|setid:-5
xinfo:-2 xinfo|consumers:4 xinfo|groups:3 xinfo|help:2 xinfo|stream:-3 xlen:2 xpending:-3 xrange:-4
xread:-4 xreadgroup:-7 xrevrange:-4 xsetid:-3 xtrim:-4
""".split())}
_NAMES = sorted(ARITIES)
COMMAND_NAMES = [n.encode() for n in _NAMES if "|" not in n]


def _wrong_arity(s):
    name = s.pick(_NAMES)
    arity = ARITIES[name]
    parts = [s.word(p.upper()) for p in name.split("|")]
    fewer = max(len(parts), abs(arity) - 1 - s.below(2))
    if arity < 0 or (s.chance(0.5) and fewer < arity):
        count = fewer
        if count >= abs(arity):
            return [(b"GET",)]
    else:
        count = arity + 1 + s.below(3)
    return [tuple(parts + [s.pick([b"a", b"1", s.any_key()]) for _ in range(count - len(parts))])]


def _unknown(s):
    name = s.pick([b"FOO", b"foo", b"GETT", b"", b"\x00\xff", b"x" * 200, b"SE T", b"get\r\n",
                   b"'q'",
                   b"LEAT.NOSUCH", b"%s"])
    args = [s.pick([b"a", b"", b"'", b"b" * 60, b"c" * 200, b"\r\n", b"\x00", b"\xff", b"\"",
                    b"%d"])
            for _ in range(s.below(6))]
    return [(name, *args)]


def _unknown_subcommand(s):
    name = s.pick([b"CLIENT", b"CONFIG", b"OBJECT", b"PUBSUB", b"XINFO", b"XGROUP", b"SLOWLOG",
                   b"LATENCY", b"MEMORY", b"COMMAND"])
    sub = s.pick([b"FOO", b"foo bar", b"", b"\x00\r\n", b"y" * 150, b"GETT"])
    return [(s.word(name.decode()), sub, *([b"x"] * s.below(3)))]


def _ping(s):
    return [s.pick([(s.word("PING"),), (s.word("PING"), s.value()), (s.word("ECHO"), s.value())])]


def _client(s):
    return [s.pick([
        (b"CLIENT", s.word("SETNAME"), s.pick([b"worker-1", b"", b"a b", b"x\n", b"\xff",
                                               b"n" * 90])),
        (b"CLIENT", s.word("GETNAME")), (b"CLIENT", b"ID"), (b"CLIENT", b"INFO"),
        (b"CLIENT", b"LIST"), (b"CLIENT", b"LIST", b"TYPE", s.pick([b"normal", b"pubsub", b"foo"])),
        (b"CLIENT", b"LIST", b"TYPE"), (b"CLIENT", b"LIST", b"FOO"), (b"CLIENT", b"LIST", b"ID"),
        (b"CLIENT", b"LIST", b"ID", s.pick([b"0", b"abc", b"999999999", b"-1"])),
        (b"CLIENT", b"NO-EVICT", s.pick([b"ON", b"off", b"maybe"])),
        (b"CLIENT", b"UNBLOCK", s.pick([b"999999999", b"abc", b"-1", b"0"])),
        (b"CLIENT", b"UNBLOCK", b"999999999", s.pick([b"TIMEOUT", b"error", b"FOO"])),
        (b"CLIENT", b"KILL", s.pick([b"127.0.0.1:1", b"foo", b""])),
        (b"CLIENT", b"KILL", b"ID", s.pick([b"999999999", b"abc", b"-1", b"0"])),
        (b"CLIENT", b"KILL", b"TYPE", s.pick([b"foo", b"replica", b"slave"])),
        (b"CLIENT", b"KILL", b"ADDR", b"1.2.3.4:5"), (b"CLIENT", b"KILL", b"LADDR", b"1.2.3.4:5"),
        (b"CLIENT", b"KILL", b"USER", s.pick([b"nobody", b"default x"])),
        (b"CLIENT", b"KILL", b"FOO", b"1"), (b"CLIENT", b"KILL", b"ID", b"1", b"SKIPME"),
        (b"CLIENT", b"KILL", b"ID", b"999999999", b"SKIPME", s.pick([b"yes", b"no", b"maybe"])),
        (b"CLIENT", b"PAUSE", s.pick([b"abc", b"-1", b"1.5", b"0"])),
        (b"CLIENT", b"PAUSE", b"0", s.pick([b"WRITE", b"ALL", b"FOO"])),
        (b"CLIENT", b"UNPAUSE"), (b"CLIENT", b"REPLY", s.pick([b"ON", b"FOO", b"on"])),
        (b"CLIENT", b"HELP"), (b"CLIENT",)])]


def _hello(s):
    return [s.pick([
        (b"HELLO",), (b"HELLO", b"4"), (b"HELLO", b"1"), (b"HELLO", b"abc"), (b"HELLO", b"-3"),
        (b"HELLO", b"3", b"AUTH"), (b"HELLO", b"3", b"AUTH", b"x"), (b"HELLO", b"3", b"FOO"),
        (b"HELLO", b"3", b"AUTH", b"nobody", b"secret"), (b"HELLO", b"3", b"SETNAME"),
        (b"HELLO", b"3", b"SETNAME", b"a b"), (b"HELLO", b"2", b"SETNAME", b"x\n"),
        (b"HELLO", b"AUTH", b"default", b"x"),
        (b"HELLO", b"", b"SETNAME", b"a")])]


def _auth(s):
    return [s.pick([(b"AUTH", b"secret"), (b"AUTH", b"nobody", b"secret"), (b"AUTH", b""),
                    (b"AUTH", b"default", b"anything"), (b"AUTH", b"a", b"b", b"c")])]


def _reply(s):
    if s.chance(0.5):
        return [(b"CLIENT", b"REPLY", b"SKIP"), s.pick([(b"PING",), (b"SET", b"str:1", b"skipped"),
                                                        (b"FOO",), (b"GET", b"str:1")])]
    middle = [s.pick([(b"PING",), (b"INCR", b"num:1"), (b"GET", b"str:1"), (b"FOO", b"bar"),
                      (b"SET", b"str:2", b"in silence"), (b"CLIENT", b"REPLY", b"SKIP")])
              for _ in range(s.below(5))]
    while middle and middle[-1][0] == b"CLIENT":
        middle.pop()
    return [(b"CLIENT", b"REPLY", b"OFF"), *middle, (b"CLIENT", b"REPLY", b"ON")]


def _config(s):
    return [s.pick([
        (b"CONFIG", s.word("GET"), s.pick([b"maxclients", b"timeout", b"databases", b"nosuch", b"",
                                           b"proto-max-bulk-len", b"TIMEOUT", b"tcp-keepalive",
                                           b"appendonly", b"maxmemory-policy", b"timeou?",
                                           b"stream-node-max-[e]ntries",
                                           b"client-output-buffer-limit",
                                           b"slowlog-log-slower-than", b"slowlog-max-len",
                                           b"maxmemory", b"requirepass", b"appendfsync"])),
        (b"CONFIG", b"GET", b"timeout", b"databases"), (b"CONFIG", b"GET", b"timeout", b"time*t"),
        (b"CONFIG", b"SET", b"timeout", s.pick([b"0", b"100000000", b"-1", b"abc", b""])),
        (b"CONFIG", b"SET", b"nosuch", b"1"), (b"CONFIG", b"SET", b"databases", b"32"),
        (b"CONFIG", b"SET", b"timeout"), (b"CONFIG", b"SET", b"timeout", b"0", b"timeout", b"0"),
        (b"CONFIG", b"SET", b"maxclients", s.pick([b"abc", b"0", b"-5"])),
        (b"CONFIG", b"SET", b"tcp-keepalive", b"300", b"nosuch", b"1"),
        (b"CONFIG", b"SET", b"appendfsync", s.pick([b"everysec", b"sometimes"])),
        (b"CONFIG", b"SET", b"maxmemory-policy", b"foo"), (b"CONFIG", b"SET", b"maxmemory", b"1x"),
        (b"CONFIG", b"RESETSTAT"), (b"CONFIG",), (b"CONFIG", b"HELP")])]


def _command(s):
    names = [s.pick(COMMAND_NAMES).lower() for _ in range(1 + s.below(2))]
    return [s.pick([
        (b"COMMAND", b"COUNT"), (b"COMMAND", b"INFO", *names), (b"COMMAND", b"INFO", b"nosuch"),
        (b"COMMAND", b"INFO", names[0].upper()), (b"COMMAND", b"LIST"),
        (b"COMMAND", b"LIST", b"FILTERBY", b"PATTERN", s.pick([b"x*", b"*get*", b"", b"nosuch"])),
        (b"COMMAND", b"LIST", b"FILTERBY", b"ACLCAT", s.pick([b"stream", b"string", b"fast",
                                                              b"foo"])),
        (b"COMMAND", b"LIST", b"FILTERBY", b"MODULE", b"foo"), (b"COMMAND", b"LIST", b"FOO"),
        (b"COMMAND", b"LIST", b"FILTERBY", b"FOO", b"x"), (b"COMMAND", b"HELP"),
        (b"COMMAND", b"GETKEYS", *_getkeys(s)), (b"COMMAND", b"GETKEYSANDFLAGS", *_getkeys(s))])]


def _getkeys(s):
    return s.pick([
        (b"GET", b"a"), (b"MSET", b"a", b"1", b"b", b"2"), (b"SET", b"a", b"1", b"GET"), (b"PING",),
        (b"XREAD", b"COUNT", b"1", b"STREAMS", b"a", b"b", b"0", b"0"), (b"NOSUCH", b"a"),
        (b"GET",),
        (b"XADD", b"a", b"*", b"f", b"v"), (b"COPY", b"a", b"b"), (b"DEL", b"a", b"b", b"c"),
        (b"RENAME", b"a", b"b"), (b"OBJECT", b"ENCODING", b"a"), (b"XINFO", b"STREAM", b"a"),
        (b"GETEX", b"a"), (b"MGET", b"a", b"b"), (b"SUBSCRIBE", b"a"), (b"WATCH", b"a", b"b"),
        (b"SET", b"a", b"1"), (b"MEMORY", b"USAGE", b"a"), (b"CLIENT", b"NOSUCH", b"x"),
        (b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", b"a", b"b", b">", b">"),
        (b"XGROUP", b"CREATE", b"a", b"g", b"$"), (b"XGROUP", b"DESTROY", b"a", b"g"),
        (b"XACK", b"a", b"g", b"1"), (b"XPENDING", b"a", b"g"), (b"XINFO", b"GROUPS", b"a"),
        (b"XCLAIM", b"a", b"g", b"c", b"0", b"1"), (b"XAUTOCLAIM", b"a", b"g", b"c", b"0", b"0")])


def _server(s):
    return [s.pick([
        (b"TIME",), (b"INFO",), (b"INFO", b"server"), (b"INFO", b"nosuch"), (b"INFO", b"all", b"x"),
        (b"SLOWLOG", b"RESET"), (b"SLOWLOG", b"GET", b"-5"), (b"SLOWLOG", b"GET", b"abc"),
        (b"SLOWLOG", b"HELP"), (b"LATENCY", b"LATEST"), (b"LATENCY", b"RESET"), (b"LATENCY",
                                                                                 b"HELP"),
        (b"LATENCY", b"HISTORY", b"command"), (b"LATENCY", b"RESET", b"command"),
        (b"LATENCY", b"GRAPH", b"command"), (b"LATENCY", b"HISTOGRAM", b"nosuch"),
        (b"MEMORY", b"HELP"), (b"MEMORY", b"PURGE"), (b"DEBUG", b"SLEEP", b"0"), (b"SHUTDOWN",
                                                                                  b"FOO"),
        (b"SHUTDOWN", b"SAVE", b"NOSAVE"), (b"SHUTDOWN", b"ABORT", b"NOW"), (b"UNWATCH",),
        (b"SHUTDOWN", b"ABORT"), (b"DEBUG", b"NOSUCH")])]


def _monitor_refused(_):
    return [(b"MONITOR", b"x")]


FAMILY = [
    (14, _ping), (16, _client), (3, _hello), (1.5, _auth), (3, _reply), (10, _config), (8,
                                                                                        _command),
    (6, _server), (0.3, _monitor_refused),
]
MISUSE = [(6, _wrong_arity), (2, _unknown), (1.5, _unknown_subcommand)]
