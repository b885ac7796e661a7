"""When two replies to one command count as equal.

Every node must have the same RESP type and the same bytes. Exempt is only what Redis itself leaves
open: the order of what comes from a hash table, identities of this very process. Each
such rule is a function that brings a reply into a comparable form, listed by command in RULES.
Differences that are accepted although Redis does not leave them open are in accepted.py.
"""

class Context:
    """What the rules need to know: the commands and settings that both servers have."""

    def __init__(self, common_commands):
        self.common_commands = common_commands


def _sorted(node):
    kind, value = node
    return (kind, sorted(value, key=repr)) if isinstance(value, list) else node


def _sorted_map(node):
    kind, value = node
    if not isinstance(value, list):
        return node
    pairs = sorted(zip(value[::2], value[1::2]), key=repr)
    return kind, [n for pair in pairs for n in pair]


def _type_only(node):
    kind, value = node
    if kind == "-":
        return node
    return kind, None if value is None else b"..."


def _scan(node):
    kind, value = node
    if kind == "*" and len(value) == 2:
        return kind, [value[0], _sorted(value[1])]
    return node


def _masked_fields(names):
    def rule(node):
        kind, value = node
        if not isinstance(value, list):
            return node
        out = list(value)
        for i in range(0, len(out) - 1, 2):
            if out[i][1] in names:
                out[i + 1] = _type_only(out[i + 1])
        return kind, out
    return rule


def client_fields(node):
    """CLIENT INFO and LIST: the names of the fields. How many clients there are depends on when the
    server noticed that one has gone."""
    kind, value = node
    if kind not in "$=" or value is None:
        return node
    lines = {b" ".join(field.split(b"=")[0] for field in line.split(b" "))
             for line in value.split(b"\n")}
    return kind, b"\n".join(sorted(lines))


def _unsubscribe_all(node):
    """A list of confirmations in hash order: the names as a set, the counts in order."""
    kind, value = node
    return kind, [value[0], value[2]]


def _command_row(row):
    """COMMAND INFO: flags and categories are sets; tips are prose; subcommands compared by name."""
    kind, value = row
    if not isinstance(value, list) or len(value) < 7:
        return row
    return kind, value[:2] + [_sorted(value[2])] + value[3:6] + [_sorted(value[6])]


def _command_info(node):
    kind, value = node
    return (kind, [_command_row(row) for row in value]) if isinstance(value, list) else node


def _command_list(node, context):
    kind, value = node
    if not isinstance(value, list):
        return node
    return kind, sorted((n for n in value if n[1] in context.common_commands), key=repr)


_HELLO = _masked_fields({b"version", b"id"})
_RADIX = _masked_fields({b"radix-tree-keys", b"radix-tree-nodes"})

RULES = {
    b"KEYS": _sorted,
    b"SCAN": _scan,
    b"RANDOMKEY": _type_only,
    b"PUBSUB CHANNELS": _sorted,
    b"PUBSUB SHARDCHANNELS": _sorted,
    b"CLIENT ID": _type_only,
    b"CLIENT INFO": client_fields,
    b"CLIENT LIST": client_fields,
    b"COMMAND COUNT": _type_only,
    b"COMMAND INFO": _command_info,
    b"CONFIG GET": _sorted_map,
    b"HELLO": _HELLO,
    b"INFO": _type_only,
    b"MEMORY USAGE": _type_only,
    b"OBJECT IDLETIME": _type_only,
    b"XINFO STREAM": _RADIX,
}
_UNSUBSCRIBES = (b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE")
_CONTAINERS = {b"PUBSUB", b"CLIENT", b"COMMAND", b"CONFIG", b"LATENCY", b"MEMORY", b"OBJECT",
               b"SLOWLOG", b"XGROUP", b"XINFO"}


def rule_name(args):
    """The command, with its subcommand where it has them."""
    name = args[0].upper()
    if name in _CONTAINERS and len(args) > 1:
        return name + b" " + args[1].upper()
    return name


def equal(args, redis, leat, context):
    """True when the two replies to the command `args` count as equal."""
    if redis == leat:
        return True
    name = rule_name(args)
    if name in RULES:
        return RULES[name](redis) == RULES[name](leat)
    if name == b"COMMAND LIST":
        return _command_list(redis, context) == _command_list(leat, context)
    return False


def equal_lists(args, redis, leat, context):
    """As `equal`, for commands that give several replies (or none)."""
    if redis == leat:
        return True
    if len(redis) != len(leat):
        return False
    if args[0].upper() in _UNSUBSCRIBES and len(args) == 1:
        names = [sorted(repr(n[1][1]) for n in side) for side in (redis, leat)]
        counts = [[_unsubscribe_all(n) for n in side] for side in (redis, leat)]
        return names[0] == names[1] and counts[0] == counts[1]
    return all(equal(args, r, l, context) for r, l in zip(redis, leat))


def sort_pattern_messages(nodes):
    """One PUBLISH reaches a client's patterns in hash order: such neighbours are sorted."""
    out, i = list(nodes), 0
    while i < len(out):
        j = i + 1
        key = _pattern_message_key(out[i])
        while key and j < len(out) and _pattern_message_key(out[j]) == key:
            j += 1
        out[i:j] = sorted(out[i:j], key=repr) if j - i > 1 else out[i:j]
        i = j
    return out


def _pattern_message_key(node):
    kind, value = node
    if kind in "*>" and isinstance(value, list) and len(value) == 4 and value[0][1] == b"pmessage":
        return value[2:]
    return None
