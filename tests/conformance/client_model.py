"""What one client's connection is in the middle of, followed from the commands that it sends.

A pipeline's replies can only be told apart by knowing how many each command gives: SUBSCRIBE gives
one for each channel, CLIENT REPLY OFF none, a message comes without being asked for. The model
knows that, and how to end a pipeline with something whose reply marks the end.
"""

_SUBSCRIBE = {b"SUBSCRIBE": "channels", b"PSUBSCRIBE": "patterns", b"SSUBSCRIBE": "shards"}
_UNSUBSCRIBE = {b"UNSUBSCRIBE": "channels", b"PUNSUBSCRIBE": "patterns", b"SUNSUBSCRIBE": "shards"}
_ALLOWED_SUBSCRIBED = set(_SUBSCRIBE) | set(_UNSUBSCRIBE) | {b"PING", b"QUIT", b"RESET"}
MESSAGE_KINDS = (b"message", b"pmessage", b"smessage")
WATCH_IN_MULTI = b"-ERR WATCH inside MULTI is not allowed\r\n"


class ClientModel:
    def __init__(self, proto=2):
        self._clear(proto)

    def _clear(self, proto):
        self.proto = proto
        self.multi = False
        self.watch_errors = 0
        self.reply_off = False
        self.skip_next = False
        self.closed = False
        self.channels, self.patterns, self.shards = set(), set(), set()

    @property
    def subscribed(self):
        return bool(self.channels or self.patterns or self.shards)

    def apply(self, args):
        """Follows one command; returns how many replies it gives."""
        skipped, self.skip_next = self.skip_next, False
        count = self._apply(args[0].upper(), args)
        return 0 if skipped or self.reply_off else count

    def begin_run(self):
        """A run is one pipeline whose replies are read together."""
        self.watch_errors = 0

    def _apply(self, name, args):
        if name == b"QUIT":
            self.closed = True
            return 1
        if name == b"RESET" and len(args) == 1:
            self._clear(2)
            return 1
        if self.multi:
            # EXEC with arguments is an error that ends the transaction all the same.
            if name == b"EXEC" or (name == b"DISCARD" and len(args) == 1):
                self.multi = False
            elif name == b"WATCH" and len(args) > 1:
                self.watch_errors += 1
            return 1
        if self.proto == 2 and self.subscribed and name not in _ALLOWED_SUBSCRIBED:
            return 1
        if name in _SUBSCRIBE and len(args) > 1:
            getattr(self, _SUBSCRIBE[name]).update(args[1:])
            return len(args) - 1
        if name in _UNSUBSCRIBE:
            names = getattr(self, _UNSUBSCRIBE[name])
            if len(args) > 1:
                names.difference_update(args[1:])
                return len(args) - 1
            count = max(1, len(names))
            names.clear()
            return count
        if name == b"MULTI" and len(args) == 1:
            self.multi = True
        elif name == b"HELLO":
            self._hello(args)
        elif name == b"CLIENT" and len(args) == 3 and args[1].upper() == b"REPLY":
            return self._client_reply(args[2].upper())
        return 1

    def _hello(self, args):
        plain = len(args) == 2 or (len(args) == 4 and args[2].upper() == b"SETNAME" and
                                   args[3].isalnum())
        if plain and args[1] in (b"2", b"3"):
            self.proto = int(args[1])

    def _client_reply(self, mode):
        if mode == b"OFF":
            self.reply_off = True
            return 0
        if mode == b"ON":
            self.reply_off = False
        elif mode == b"SKIP":
            self.skip_next = not self.reply_off
            return 0
        return 1

    def end_mark(self, token):
        """(commands to end the pipeline with, test of the bytes that says they were answered)."""
        if self.closed:
            return [], None
        if self.multi:
            count = self.watch_errors + 1
            return ([(b"WATCH", b"_")],
                    lambda data: (data.endswith(WATCH_IN_MULTI) and
                                  data.count(WATCH_IN_MULTI) >= count))
        commands = []
        if self.reply_off:
            commands.append((b"CLIENT", b"REPLY", b"ON"))
        elif self.skip_next:
            commands.append((b"PING",))
        commands.append((b"PING", token))
        tail = b"$%d\r\n%b\r\n" % (len(token), token)
        return commands, lambda data: data.endswith(tail)


def is_message(node):
    kind, value = node
    return (kind in "*>" and isinstance(value, list) and len(value) >= 3 and
            value[0][0] == "$" and value[0][1] in MESSAGE_KINDS)
