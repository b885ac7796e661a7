"""Runs one sequence of steps on both servers and yields the differences.

A step is (client, args): client is a small number, args a tuple of bytes. Consecutive steps of one
client travel as one pipeline (a run); the next client's run begins when every reply of this one is
there, so what the clients see of each other has one order.

Two steps are made of several commands and run alone:
    (client, (b"*SCAN", options...))   SCAN to the end; the keys are compared as a set
    (client, (b"*STATE",))             compares all that is stored, key by key
"""

import itertools

import accepted
import compare
from client_model import ClientModel, is_message
from resp import Connection, Stalled, encode, parse_all, parse_complete
from state import read_state, scan_all

RUN_LIMIT = 400
_tokens = itertools.count()


class Difference:
    """Where two servers part: `args` is the command to blame, `what` says it in words."""

    def __init__(self, step, args, redis, leat, what, kind=None):
        self.step, self.args, self.redis, self.leat, self.what = step, args, redis, leat, what
        self.kind = kind or what

    @property
    def signature(self):
        """Differences of one signature are reported once."""
        first = lambda nodes: _shape(nodes[0]) if nodes else b""
        return compare.rule_name(self.args), self.kind, first(self.redis), first(self.leat)


def _shape(node):
    """A reply without its contents: the type, and of an error its first words."""
    kind, value = node
    if kind == "-":
        return b"-" + b" ".join(value.split()[:3])
    if value is None:
        return kind.encode() + b"nil"
    return kind.encode()


class _Client:
    """One client on both servers."""

    def __init__(self, pair):
        self.pair = pair
        self.model = ClientModel()
        self.queued = []        # commands that were answered +QUEUED
        self.connections = [pair.open(0), pair.open(1)]

    def close(self):
        for connection in self.connections:
            connection.close()


class Pair:
    """`redis` and `leat` are addresses. `open_connection` lets a test tamper with one side."""

    def __init__(self, redis, leat, context, timeout_s=10.0, tamper=None):
        self.addresses = (redis, leat)
        self.context = context
        self.timeout_s = timeout_s
        self.tamper = tamper
        self.clients = {}
        self.accepted = {}      # reason -> how often

    def open(self, side):
        connection = Connection(self.addresses[side], self.timeout_s)
        return self.tamper(connection) if self.tamper and side == 1 else connection

    def reset(self):
        """Empty servers, no clients."""
        for client in self.clients.values():
            client.close()
        self.clients = {}
        for side in (0, 1):
            connection = self.open(side)
            for command in ((b"CLIENT", b"UNPAUSE"), (b"FLUSHALL",), (b"CONFIG", b"RESETSTAT"),
                            (b"CONFIG", b"SET", b"timeout", b"0")):
                connection.call(*command)
            connection.close()

    def run(self, steps, stats=None):
        """Runs the steps up to the first difference, which it returns (or None)."""
        i = 0
        while i < len(steps):
            client_id, args = steps[i]
            if client_id not in self.clients:
                self.clients[client_id] = _Client(self)
            client = self.clients[client_id]
            if args[0].startswith(b"*"):
                difference = self._run_macro(client, i, args)
                j = i + 1
            else:
                j = i
                while (j < len(steps) and j - i < RUN_LIMIT and steps[j][0] == client_id and
                       not steps[j][1][0].startswith(b"*")):
                    j += 1
                    if steps[j - 1][1][0].upper() == b"QUIT":
                        break
                difference = self._run_pipeline(client, i, [s[1] for s in steps[i:j]], stats)
            if difference:
                return difference
            if client.model.closed:
                client.close()
                del self.clients[client_id]
            i = j
        return None

    def _run_pipeline(self, client, first, commands, stats):
        model = client.model
        model.begin_run()
        counts = [model.apply(args) for args in commands]
        end, answered = model.end_mark(b"end-%d" % next(_tokens))
        counts += [model.apply(args) for args in end]
        commands = commands + end
        raws = self._exchange(client, b"".join(map(encode, commands)), answered)
        if any(isinstance(raw, Stalled) for raw in raws):
            return self._stalled(client, first, commands, counts, raws, len(end))
        if raws[0] == raws[1]:
            redis = leat = parse_all(raws[0])
        else:
            redis, leat = (compare.sort_pattern_messages(parse_complete(raw)) for raw in raws)
        return self._compare_runs(client, first, commands, counts, redis, leat, stats, len(end))

    def _stalled(self, client, first, commands, counts, raws, ends):
        """Names the first command whose replies differ, or that has none."""
        sides = [raw.data if isinstance(raw, Stalled) else raw for raw in raws]
        difference = self._compare_runs(client, first, commands, counts,
                                        *map(parse_complete, sides), None, ends)
        what = "; ".join("%s: %s" % pair for pair in zip(("redis", "leat"), raws)
                         if isinstance(pair[1], Stalled))
        if difference:
            difference.what, difference.kind = what, "stalled"
            return difference
        answered = sum(not is_message(node) for node in parse_complete(sides[0]))
        index = next((i for i, count in enumerate(itertools.accumulate(counts))
                      if count > answered), len(commands) - ends - 1)
        return Difference(first + min(index, len(commands) - ends - 1), commands[index], [], [],
                          what, "stalled")

    def _exchange(self, client, request, answered):
        out = []
        for connection in client.connections:
            try:
                connection.send(request)
            except OSError:
                pass  # reading says why
        for connection in client.connections:
            try:
                out.append(connection.read_until(answered) if answered
                           else connection.read_to_end())
            except Stalled as error:
                out.append(error)
        return out

    def _compare_runs(self, client, first, commands, counts, redis, leat, stats, ends):
        by_command = [[], []]
        order = [[], []]
        for side, nodes in enumerate((redis, leat)):
            replies = by_command[side]
            pending = iter(nodes)
            for index, count in enumerate(counts):
                got = []
                while len(got) < count:
                    node = next(pending, None)
                    if node is None:
                        break
                    if is_message(node):
                        order[side].append((index, node))
                    else:
                        got.append(node)
                replies.append(got)
            order[side] += [(len(counts), node) for node in pending]
        # Messages between the replies: the same ones, at the same places.
        for index, args in enumerate(commands):
            step = first + min(index, len(commands) - ends - 1)
            a, b = by_command[0][index], by_command[1][index]
            difference = self._compare_command(client, step, args, a, b)
            if difference:
                return difference
            if stats is not None and index < len(commands) - ends:
                stats.count(args, a)
        for index in range(len(counts) + 1):
            a = [n for i, n in order[0] if i == index]
            b = [n for i, n in order[1] if i == index]
            if a != b:
                step = first + min(index, len(commands) - ends - 1)
                return Difference(step, commands[min(index, len(commands) - 1)], a, b,
                                  "messages that came before this command's reply")
            if stats is not None:
                stats.messages += len(a)
        return None

    def _compare_command(self, client, step, args, redis, leat):
        name = args[0].upper()
        if len(redis) == 1 and redis == leat:
            if redis[0] == ("+", b"QUEUED"):
                client.queued.append(args)
            elif name in (b"EXEC", b"DISCARD", b"RESET"):
                client.queued = []
            return None
        if compare.equal_lists(args, redis, leat, self.context):
            return None
        if name == b"EXEC" and len(redis) == len(leat) == 1:
            queued, client.queued = client.queued, []
            if self._comparable_transactions(queued, redis[0], leat[0]):
                return self._compare_transactions(step, queued, redis[0][1], leat[0][1])
        elif len(redis) == len(leat) == 1 and self._accept(args, redis[0], leat[0]):
            return None
        return Difference(step, args, redis, leat, "replies")

    def _accept(self, args, redis, leat):
        reason = accepted.reason_for(compare.rule_name(args), args, redis, leat)
        if reason:
            self.accepted[reason] = self.accepted.get(reason, 0) + 1
        return bool(reason)

    @staticmethod
    def _comparable_transactions(queued, redis, leat):
        return (redis[0] == leat[0] == "*" and redis[1] is not None and leat[1] is not None and
                len(redis[1]) == len(leat[1]) == len(queued))

    def _compare_transactions(self, step, queued, redis, leat):
        """An EXEC reply is compared element by element, each by its own command's rules."""
        for args, r, l in zip(queued, redis, leat):
            if not compare.equal(args, r, l, self.context) and not self._accept(args, r, l):
                return Difference(step, args, [r], [l], "replies (in a transaction)", "replies")
        return None

    def _run_macro(self, client, step, args):
        try:
            if args[0] == b"*SCAN":
                redis, leat = (scan_all(c, args[1:]) for c in client.connections)
                return None if redis == leat else Difference(step, args, [redis], [leat], "keys")
            states = []
            for side in (0, 1):
                connection = self.open(side)
                states.append(read_state(connection))
                connection.close()
        except Stalled as error:
            return Difference(step, args, [], [], str(error), "stalled")
        return self._compare_states(step, args, *states)

    def _compare_states(self, step, args, redis, leat):
        for place in sorted(set(redis) | set(leat)):
            a, b = redis.get(place), leat.get(place)
            if a is None or b is None:
                return Difference(step, args, a.replies if a else [], b.replies if b else [],
                                  "key %r of database %d is on one side only" % place[::-1],
                                  "keys")
            for command, r, l in zip(a.commands, a.replies, b.replies):
                if not (compare.equal(command, r, l, self.context) or self._accept(command, r, l)):
                    return Difference(step, args, [r], [l],
                                      "%r in database %d" % (b" ".join(command), place[0]),
                                      compare.rule_name(command))
        return None
