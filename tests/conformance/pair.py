"""Runs one sequence of steps on both servers and yields the differences.

A step is (client, args): client is a small number, args a tuple of bytes. Consecutive steps of one
client travel as one pipeline (a run); the next client's run begins when every reply of this one is
there, so what the clients see of each other has one order.

A read that may block is a run of its own, and its client waits until another client's run, or the
clock, gives it a reply. Where its own next step comes first, CLIENT UNBLOCK ends the wait.

Three steps are no commands of their own and run alone:
    (client, (b"*SCAN", options...))   SCAN to the end; the keys are compared as a set
    (client, (b"*STATE",))             compares all that is stored, key by key
    (client, (b"*CLOCK", ms))          moves the time on, for both servers
"""

import itertools
import time

import accepted
import compare
import later
from client import Client, Request, may_block, may_feed_nobody, waits_for_several
from client_model import is_message
from resp import Connection, Stalled, encode, parse_all, parse_complete
from state import empty_databases, read_state, reclaim_due, scan_all

RUN_LIMIT = 400
_LATE_S = 0.2
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


class Pair:
    """`redis` and `leat` are servers with one clock. `tamper` lets a test change one side's wire."""

    def __init__(self, redis, leat, clock, context, timeout_s=10.0, tamper=None):
        self.servers = [redis, leat]
        self.clock = clock
        self.context = context
        self.timeout_s = timeout_s
        self.tamper = tamper
        self.clients = {}
        self.control = []       # a connection to each server, for what is no step
        self.stats = None
        self.accepted = {}      # reason -> how often
        self._unsettled = 0     # how many round trips until all that was asked is answered

    def open(self, side):
        connection = Connection(self.servers[side].address, self.timeout_s)
        return self.tamper(connection) if self.tamper and side == 1 else connection

    def reset(self):
        """Empty servers, no clients, the time at its beginning."""
        for client in self.clients.values():
            client.close()
        for connection in self.control:
            connection.close()
        self.clients = {}
        for server in self.servers:
            if server.has_ended():
                server.start()
        self.control = [Connection(server.address, self.timeout_s) for server in self.servers]
        self.clock.reset()
        for connection in self.control:
            empty_databases(connection)
            for command in ((b"CLIENT", b"UNPAUSE"), (b"CONFIG", b"RESETSTAT"),
                            (b"CONFIG", b"SET", b"timeout", b"0")):
                connection.call(*command)

    def run(self, steps, stats=None):
        """Runs the steps up to the first difference, which it returns (or None)."""
        self.stats = stats
        begin = 0
        while begin < len(steps):
            end = self._end_of_run(steps, begin)
            client_id, args = steps[begin]
            try:
                difference = (self._run(begin, client_id, [args for _, args in steps[begin:end]])
                              or self._serve_waiting(end - 1))
            except (Stalled, OSError) as error:
                difference = Difference(begin, args, [], [], str(error), "stalled")
            if difference:
                return difference
            begin = end
        return None

    def _end_of_run(self, steps, begin):
        alone = lambda args: args[0].startswith(b"*") or may_block(args)
        waiting = any(client.waiting for client in self.clients.values())
        last = lambda args: args[0].upper() == b"QUIT" or (waiting and may_feed_nobody(args))
        end = begin + 1
        if alone(steps[begin][1]):
            return end
        while (end < len(steps) and end - begin < RUN_LIMIT and steps[end][0] == steps[begin][0] and
               not alone(steps[end][1]) and not last(steps[end - 1][1])):
            end += 1
        return end

    def _run(self, first, client_id, commands):
        args = commands[0]
        if args[0] == b"*CLOCK":
            return self._run_clock(first, args)
        if args[0] == b"*STATE":
            return self._run_state(first, args)
        if client_id not in self.clients:
            self.clients[client_id] = Client([self.open(0), self.open(1)])
        client = self.clients[client_id]
        difference = self._release(first, client) or self._release_before(first, commands)
        if difference:
            return difference
        if args[0] == b"*SCAN":
            return self._run_scan(first, client, args)
        if may_block(args) and not client.model.multi:
            return self._run_blocking(first, client, args)
        difference = self._run_pipeline(client, first, commands)
        if client.model.closed:
            client.close()
            del self.clients[client_id]
        return difference

    # --- a pipeline -------------------------------------------------------------------------
    def _requests(self, client, commands):
        """The requests for each side."""
        sides = [], []
        for args in commands:
            hidden = [] if client.model.reply_off else later.hidden_before(args)
            request = Request(args, client.model.apply(args))
            for requests, server in zip(sides, self.servers):
                if server.is_redis:
                    requests += [Request(other, 1, True) for other in hidden]
                    requests.append(request._replace(args=later.instead_of(args)))
                else:
                    requests.append(request)
        return sides

    def _run_pipeline(self, client, first, commands):
        model = client.model
        model.begin_run()
        sides = self._requests(client, commands)
        end, answered = model.end_mark(b"end-%d" % next(_tokens))
        for args in end:
            request = Request(args, model.apply(args))
            for requests in sides:
                requests.append(request)
        commands = commands + end
        raws = self._exchange(client, sides, answered)
        self._unsettled = 1     # others may be answered just behind this client
        if any(isinstance(raw, Stalled) for raw in raws):
            return self._stalled(client, first, commands, sides, raws, len(end))
        if raws[0] == raws[1]:
            redis = leat = parse_all(raws[0])
        else:
            redis, leat = (compare.sort_pattern_messages(parse_complete(raw)) for raw in raws)
        return self._compare_runs(client, first, commands, sides, (redis, leat), len(end))

    def _stalled(self, client, first, commands, sides, raws, ends):
        """Names the first command whose replies differ, or that has none."""
        parts = [parse_complete(raw.data if isinstance(raw, Stalled) else raw) for raw in raws]
        self.stats = None
        difference = self._compare_runs(client, first, commands, sides, parts, ends)
        what = "; ".join("%s: %s" % pair for pair in zip(("redis", "leat"), raws)
                         if isinstance(pair[1], Stalled))
        if difference:
            difference.what, difference.kind = what, "stalled"
            return difference
        answered = sum(not is_message(node) for node in parts[1])
        counts = [request.replies for request in sides[1]]
        index = next((i for i, count in enumerate(itertools.accumulate(counts))
                      if count > answered), len(sides[1]) - ends - 1)
        return Difference(first + min(index, len(commands) - ends - 1), sides[1][index].args,
                          [], [], what, "stalled")

    def _exchange(self, client, sides, answered):
        out = []
        for connection, requests in zip(client.connections, sides):
            try:
                connection.send(b"".join(encode(request.args) for request in requests))
            except OSError:
                pass  # reading says why
        for connection in client.connections:
            try:
                out.append(connection.read_until(answered) if answered
                           else connection.read_to_end())
            except Stalled as error:
                out.append(error)
        return out

    @staticmethod
    def _by_command(client, side, requests, nodes):
        """(the replies to each visible command, [(index of a command, message before its reply)])"""
        replies, messages = [], []
        index = 0       # among the visible
        pending = iter(nodes)
        for request in requests:
            got = []
            while len(got) < request.replies:
                node = next(pending, None)
                if node is None:
                    break
                if is_message(node):
                    messages.append((index, node))
                else:
                    got.append(node)
            replies.append(got)
            index += not request.hidden
        messages += [(index, node) for node in pending]
        return client.drop_hidden(side, requests, replies), messages

    def _compare_runs(self, client, first, commands, sides, nodes, ends):
        (redis, redis_messages), (leat, leat_messages) = (
            self._by_command(client, side, sides[side], nodes[side]) for side in (0, 1))
        step_of = lambda index: first + min(index, len(commands) - ends - 1)
        for index, args in enumerate(commands):
            difference = self._compare_command(client, step_of(index), args, redis[index],
                                               leat[index])
            if difference:
                return difference
            if self.stats and index < len(commands) - ends:
                self.stats.count(args, redis[index])
        # Messages between the replies: the same ones, at the same places.
        for index in range(len(commands) + 1):
            a = [node for i, node in redis_messages if i == index]
            b = [node for i, node in leat_messages if i == index]
            if a != b:
                return Difference(step_of(index), commands[min(index, len(commands) - 1)], a, b,
                                  "messages that came before this command's reply")
            if self.stats:
                self.stats.messages += len(a)
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
            self._count_accepted(reason)
        return bool(reason)

    def _count_accepted(self, reason):
        self.accepted[reason] = self.accepted.get(reason, 0) + 1

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

    # --- clients that wait ------------------------------------------------------------------
    def _settle(self, round_trips=2):
        """Returns when both servers have done, and answered, all that was asked of them before. The
        first round trip may overtake what came by another connection just before."""
        for _ in range(round_trips):
            for connection in self.control:
                connection.send(encode((b"PING",)))
            for connection in self.control:
                connection.read_reply()
        self._unsettled = 0

    def _run_blocking(self, first, client, args):
        client.learn_ids()
        sides = self._requests(client, [args])
        client.begin_wait(args, [len(requests) - 1 for requests in sides], self.clock.now_ms)
        for connection, requests in zip(client.connections, sides):
            connection.send(b"".join(encode(request.args) for request in requests))
        self._unsettled = 2
        return None

    def _serve_waiting(self, step):
        """Sees who of those that wait has been answered: the same ones on both sides, the same."""
        waiting = [client for client in self.clients.values() if client.waiting]
        if not waiting:
            return None
        self._settle(self._unsettled)
        for client in waiting:
            difference = self._receive(step, client)
            if difference:
                return difference
        return None

    def _receive(self, step, client):
        replies = client.receive()
        if not replies:
            return None
        args, client.waiting = client.waiting, None
        if not all(replies):
            replies = self._receive_late(client)
        if accepted.is_empty_answer(replies[0]) and not replies[1]:
            self._accept_empty_answer(client, args, replies[0][0])
            return None
        if not all(replies):
            return Difference(step, args, *replies, "one server goes on waiting", "waits")
        difference = self._compare_command(client, step, args, *replies)
        if difference:
            difference.what += " to a read that may have waited"
        elif self.stats:
            self.stats.count(args, replies[0])
        return difference

    def _accept_empty_answer(self, client, args, answer):
        """Leat's wait ends too, and there the consumer was seen just now as well."""
        self._unblock(client, 1)
        for command in later.look_of(args, accepted.streams_of(answer)):
            client.connections[1].call(*command)
        self._count_accepted(accepted.EMPTY_ANSWER)

    def _receive_late(self, client):
        """Gives the server that has not answered some time to do so."""
        deadline = time.monotonic() + min(_LATE_S, self.timeout_s)
        while True:
            self._settle()
            replies = client.receive()
            if all(replies) or time.monotonic() > deadline:
                return replies

    def _unblock(self, client, side):
        self.control[side].call(b"CLIENT", b"UNBLOCK", client.learn_ids()[side])
        self._settle()
        return client.receive()

    def _release(self, step, client):
        """Ends the wait of a client."""
        if not client.waiting:
            return None
        args = client.waiting
        for side in (0, 1):
            self._unblock(client, side)
        difference = self._receive(step, client)
        if not difference and client.waiting:
            return Difference(step, args, [], [], "no reply after CLIENT UNBLOCK", "stalled")
        return difference

    def _release_before(self, step, commands):
        """Ends waits that the servers would end at different times.

        A transaction may feed several keys of one reader, as do exchanged databases, and a renaming
        empties one: Redis 7.0 answers with what there is under the first; since 7.2 the reader's
        command runs again and sees all of them. A group that is set back feeds its readers without
        waking them; what wakes them later is not quite the same.
        """
        names = {args[0].upper() for args in commands}
        back = b"XGROUP" in names and any(args[1:2] and args[1].upper() == b"SETID"
                                          for args in commands)
        if not (back or names & {b"EXEC", b"RENAME", b"RENAMENX", b"SWAPDB"}):
            return None
        for client in self.clients.values():
            if client.waiting and (back or waits_for_several(client.waiting)):
                difference = self._release(step, client)
                if difference:
                    return difference
        return None

    # --- what is no command -----------------------------------------------------------------
    def _run_clock(self, step, args):
        """What falls due on the way does so in its order: keys that expire before a reader's wait
        ends may end that themselves."""
        end_ms = self.clock.now_ms + int(args[1])
        while True:
            deadlines = [client.deadline_ms for client in self.clients.values()
                         if client.waiting and client.deadline_ms]
            next_ms = min([end_ms, *deadlines])
            self._advance_to(next_ms)
            difference = self._serve_waiting(step)
            if difference or next_ms == end_ms:
                return difference
            self._advance_to(next_ms + 1)
            difference = self._serve_waiting(step)
            if difference:
                return difference

    def _advance_to(self, now_ms):
        self.clock.advance(max(0, now_ms - self.clock.now_ms))
        self._settle(1)         # whoever has waited for long enough is answered
        for connection in self.control:
            reclaim_due(connection)
        self._unsettled = 1     # and now whoever waits for a key that has expired

    def _run_scan(self, step, client, args):
        redis, leat = (scan_all(c, args[1:]) for c in client.connections)
        return None if redis == leat else Difference(step, args, [redis], [leat], "keys")

    def _run_state(self, step, args):
        try:
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
