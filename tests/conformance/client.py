"""One client of the sequence: a connection to each of the two servers."""

from typing import NamedTuple

from client_model import ClientModel
from resp import split_complete

_BRING_STREAMS = (b"EXEC", b"XGROUP", b"COPY", b"RENAME", b"RENAMENX", b"MOVE", b"SWAPDB")
_ENDS_TRANSACTION = (b"EXEC", b"DISCARD", b"RESET")


class Request(NamedTuple):
    args: tuple
    replies: int            # how many come
    hidden: bool = False    # sent to one server only, its replies are thrown away


class Client:
    def __init__(self, connections):
        self.connections = connections
        self.model = ClientModel()
        self.queued = []                # commands that were answered +QUEUED
        self.hidden = ([], [])          # of each server's queued commands, which are hidden
        self.waiting = None             # the command that blocks it
        self._ids = None

    def close(self):
        for connection in self.connections:
            connection.close()

    def learn_ids(self):
        """CLIENT ID on both servers; a client that waits cannot ask any more."""
        if self._ids is None:
            self._ids = [c.call(b"CLIENT", b"ID")[1] for c in self.connections]
        return self._ids

    def drop_hidden(self, side, requests, replies):
        """The replies to the visible requests; the results of a transaction lose the hidden ones."""
        visible = []
        queue = self.hidden[side]
        for request, nodes in zip(requests, replies):
            if nodes == [("+", b"QUEUED")]:
                queue.append(request.hidden)
            elif nodes and request.args[0].upper() in _ENDS_TRANSACTION:
                nodes = [_without(nodes[0], queue)] + nodes[1:]
                queue.clear()
            if not request.hidden:
                visible.append(nodes)
        return visible

    # --- waiting ----------------------------------------------------------------------------
    def begin_wait(self, args, hidden, now_ms):
        """It may wait for the reply to `args`; on each side so many hidden ones come before it."""
        self.waiting, self._hidden_before = args, hidden
        words = [arg.upper() for arg in args]
        timeout = args[words.index(b"BLOCK") + 1:][:1]
        timed = timeout and timeout[0].isdigit() and int(timeout[0]) > 0
        self.deadline_ms = now_ms + int(timeout[0]) if timed else None
        self._bytes, self._arrived = [b"", b""], [[], []]

    def receive(self):
        """Takes what has come; returns the replies of each side, or None while both have none."""
        for side, connection in enumerate(self.connections):
            nodes, self._bytes[side] = split_complete(self._bytes[side] + connection.available())
            self._arrived[side] += nodes
        replies = [nodes[hidden:] for nodes, hidden in zip(self._arrived, self._hidden_before)]
        return replies if any(replies) else None


def _without(node, hidden):
    """The results of a transaction without those of its hidden commands."""
    kind, value = node
    if not isinstance(value, list) or len(value) != len(hidden):
        return node
    return kind, [result for result, left_out in zip(value, hidden) if not left_out]


def may_block(args):
    return (args[0].upper() in (b"XREAD", b"XREADGROUP") and
            any(arg.upper() == b"BLOCK" for arg in args))


def may_feed_nobody(args):
    """Whether this may wake a reader of a stream that has nothing for it any more."""
    name = args[0].upper()
    return name in _BRING_STREAMS or (name == b"XADD" and any(arg.upper() in (b"MAXLEN", b"MINID")
                                                              for arg in args[2:-2]))


def waits_for_several(args):
    """Whether a read that blocks has more than one key."""
    words = [arg.upper() for arg in args]
    return b"STREAMS" in words and len(words) - words.index(b"STREAMS") > 3
