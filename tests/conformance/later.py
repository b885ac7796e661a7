"""What versions of Redis after 7.0 do otherwise, said to redis-server 7.0.15 in its own words.

So both servers go on from the same data, and nothing has to be masked:

Where a later version changes more than 7.0 does, redis-server is sent a hidden command before the
visible one, which makes the same change; its reply is thrown away. Since 7.2 XREADGROUP, XCLAIM and
XAUTOCLAIM create the consumer and note the attempt (`idle`, `seen-time`) whenever the stream and its
group exist, also where nothing is delivered or claimed. A read of the history behind the highest ID
does just that, and nothing else.

Where a later version refuses what 7.0 does, a script asks first. Since 7.2 XSETID does not put the
last ID before the greatest that was ever deleted.
"""

import re

_HIGHEST = b"18446744073709551615-18446744073709551614"
_NUMBER = rb" *\+?([0-9]{1,25})"        # as strtoull reads one
_ID = re.compile(_NUMBER + rb"(?:-" + _NUMBER + rb")?\Z")
_INTEGER = re.compile(rb"(0|-?[1-9][0-9]{0,18})\Z")     # as Redis reads one
_MAX_ID_PART = 2 ** 64 - 1
_MAX_INTEGER = 2 ** 63 - 1


def hidden_before(args):
    """The commands that redis-server is sent before this one."""
    name = args[0].upper()
    if name == b"XREADGROUP":
        parsed = _reader(args)
    elif name in (b"XCLAIM", b"XAUTOCLAIM"):
        parsed = _claimer(args, _CLAIM if name == b"XCLAIM" else _AUTOCLAIM)
    else:
        parsed = None
    return [_look(*parsed)] if parsed else []


def look_of(args, keys):
    """The command by which the consumer of this XREADGROUP shows itself in some of its keys."""
    parsed = _reader(args) if args[0].upper() == b"XREADGROUP" else None
    return [_look(*parsed[:2], tuple(keys))] if parsed else []


def _look(group, consumer, keys):
    return (b"XREADGROUP", b"GROUP", group, consumer, b"STREAMS", *keys, *[_HIGHEST] * len(keys))


_XSETID = b"""
local function before(one, other)
  for _, part in ipairs({'^%d+', '%d+$'}) do
    local a, b = string.match(one, part), string.match(other, part)
    if a ~= b then return #a < #b or (#a == #b and a < b) end
  end
  return false
end
local id = table.remove(ARGV, 1)
local info, stream = redis.pcall('XINFO', 'STREAM', KEYS[1]), {}
for i = 1, #info, 2 do stream[info[i]] = info[i + 1] end
local last = stream['last-entry']
if #info > 0 and not (last and before(id, last[1])) and
    before(id, stream['max-deleted-entry-id']) then
  return redis.error_reply(
      'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id')
end
return redis.pcall('XSETID', unpack(ARGV))
"""


def instead_of(args):
    """What redis-server is sent for this command, or the command itself."""
    if args[0].upper() == b"XSETID" and len(args) in (3, 5, 7) and _is_id(args[2]):
        options = {args[i].upper(): args[i + 1] for i in range(3, len(args), 2)}
        added, deleted = options.get(b"ENTRIESADDED", b"0"), options.get(b"MAXDELETEDID", b"0")
        if len(options) == (len(args) - 3) // 2 and set(options) <= _XSETID_OPTIONS and \
                _is_integer(added) and int(added) >= 0 and _is_id(deleted) and \
                _parts(deleted) <= _parts(args[2]):
            return (b"EVAL", _XSETID, b"1", args[1], b"%d-%d" % _parts(args[2]), *args[1:])
    return args


_XSETID_OPTIONS = {b"ENTRIESADDED", b"MAXDELETEDID"}


def _parts(text):
    ms, _, sequence = text.partition(b"-")
    return int(ms), int(sequence or b"0")


def _is_id(text):
    return bool(_ID.match(text)) and all(int(part) <= _MAX_ID_PART for part in text.split(b"-"))


def _is_integer(text):
    return bool(_INTEGER.match(text)) and -_MAX_INTEGER - 1 <= int(text) <= _MAX_INTEGER


def _reader(args):
    """(group, consumer, keys) of an XREADGROUP without mistakes, or None."""
    group = consumer = None
    at = 1
    while at < len(args):
        option, values = args[at].upper(), args[at + 1:]
        if option == b"STREAMS":
            half = len(values) // 2
            keys, ids = values[:half], values[half:]
            good = len(ids) == half and all(i == b">" or _is_id(i) for i in ids)
            return (group, consumer, keys) if group is not None and half and good else None
        if option == b"GROUP" and len(values) >= 2:
            group, consumer = values[:2]
            at += 3
        elif option in (b"COUNT", b"BLOCK") and values and _is_integer(values[0]):
            if option == b"BLOCK" and int(values[0]) < 0:
                return None
            at += 2
        elif option == b"NOACK":
            at += 1
        else:
            return None
    return None


_ANY = object()
_CLAIM = {b"IDLE": _is_integer, b"TIME": _is_integer, b"RETRYCOUNT": _is_integer, b"LASTID": _is_id,
          b"FORCE": None, b"JUSTID": None}
_AUTOCLAIM = {b"COUNT": lambda text: _is_integer(text) and 0 < int(text) < 2 ** 58, b"JUSTID": None}


def _claimer(args, options):
    """The same of an XCLAIM or XAUTOCLAIM."""
    if len(args) < 6 or not _is_integer(args[4]):
        return None
    at = 5
    if options is _AUTOCLAIM:
        start = args[5].removeprefix(b"(")
        behind_all = start != args[5] and _is_id(start) and \
            _parts(start) == (_MAX_ID_PART, _MAX_ID_PART)
        if behind_all or not (_is_id(start) or args[5] in (b"-", b"+")):
            return None
        at = 6
    while options is _CLAIM and at < len(args) and _is_id(args[at]):
        at += 1
    while at < len(args):
        check = options.get(args[at].upper(), _ANY)
        if check is _ANY or (check and not (at + 1 < len(args) and check(args[at + 1]))):
            return None
        at += 2 if check else 1
    return args[2], args[3], (args[1],)
