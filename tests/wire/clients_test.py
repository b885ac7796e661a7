"""CLIENT and what its forms do to other connections; MONITOR."""

import re
import time

from wire import SameBytesTest, WireTest, eventually, plain, request


class _ClientTest(WireTest):
    def setUp(self):
        super().setUp()
        self.admin = self.client()
        self.addCleanup(self._unpause)

    def _unpause(self):
        # Clean-ups run last in first out: the admin's connection is still open.
        self.admin.call("CLIENT", "UNPAUSE")

    def id_of(self, client):
        return plain(client.call("CLIENT", "ID"))

    def fields_of(self, client):
        line = client.call("CLIENT", "INFO")[1].decode()
        return dict(field.split("=", 1) for field in line.split())

    def listed(self, *args):
        lines = self.admin.call("CLIENT", "LIST", *args)[1].decode().splitlines()
        return [dict(field.split("=", 1) for field in line.split(" ")) for line in lines]

    def assert_closed(self, client):
        try:
            self.assertEqual(client.read_to_end(), b"")
        except ConnectionError:
            pass


class ClientListTest(_ClientTest):
    def test_fields(self):
        other = self.client()
        other.call("CLIENT", "SETNAME", "worker")
        other.call("SELECT", "3")
        other.call("GET", "x")
        fields = self.listed("ID", self.id_of(other))[0]
        other_fields = self.fields_of(other)
        self.assertEqual(fields["name"], "worker")
        self.assertEqual(fields["db"], "3")
        self.assertEqual(fields["cmd"], "client|id")
        self.assertEqual(fields["flags"], "N")
        self.assertEqual(fields["sub"], "0")
        self.assertEqual(fields["multi"], "-1")
        self.assertEqual(fields["addr"], "127.0.0.1:%d" % other.socket.getsockname()[1])
        self.assertEqual(fields["laddr"], "127.0.0.1:%d" % self.server.port)
        self.assertEqual(fields["user"], "default")
        self.assertEqual(list(fields), list(other_fields))

    def test_subscriptions_and_transactions_show(self):
        subscriber, queueing = self.client(), self.client()
        queue_id, subscriber_id = self.id_of(queueing), self.id_of(subscriber)
        subscriber.call("SUBSCRIBE", "news")
        subscriber.call("PSUBSCRIBE", "chat*")
        queueing.call("MULTI")
        queueing.call("GET", "a")
        fields = self.listed("ID", subscriber_id)[0]
        self.assertEqual((fields["sub"], fields["psub"], fields["flags"]), ("1", "1", "P"))
        self.assertEqual([f["id"] for f in self.listed("TYPE", "pubsub")], [str(subscriber_id)])
        fields = self.listed("ID", queue_id)[0]
        self.assertEqual((fields["multi"], fields["flags"]), ("1", "x"))

    def test_protocol_shows(self):
        other = self.client()
        other.call("HELLO", "3")
        self.assertEqual(self.fields_of(other)["resp"], "3")

    def test_several_ids(self):
        ids = [str(self.id_of(self.client())) for _ in range(3)]
        self.assertEqual([f["id"] for f in self.listed("ID", ids[0], ids[2])], [ids[0], ids[2]])

    def test_ids_grow(self):
        ids = [self.id_of(self.client()) for _ in range(5)]
        self.assertEqual(ids, sorted(set(ids)))


class ClientKillTest(_ClientTest):
    def test_by_id(self):
        other = self.client()
        self.assertEqual(self.admin.call("CLIENT", "KILL", "ID", self.id_of(other)), (":", b"1"))
        self.assert_closed(other)

    def test_by_address(self):
        for form in ((), ("ADDR",)):
            other = self.client()
            reply = self.admin.call("CLIENT", "KILL", *form, self.fields_of(other)["addr"])
            self.assertEqual(reply, (":", b"1") if form else ("+", b"OK"))
            self.assert_closed(other)

    def test_nobody(self):
        self.assert_error(self.admin.call("CLIENT", "KILL", "127.0.0.1:1"), "ERR No such client")
        self.assertEqual(self.admin.call("CLIENT", "KILL", "ADDR", "127.0.0.1:1"), (":", b"0"))

    def test_by_type(self):
        normal, subscriber = self.client(), self.client()
        subscriber.call("SUBSCRIBE", "news")
        self.assertEqual(self.admin.call("CLIENT", "KILL", "TYPE", "pubsub"), (":", b"1"))
        self.assert_closed(subscriber)
        self.assertEqual(normal.call("PING"), ("+", b"PONG"))

    def test_filters_combine(self):
        one, two = self.client(), self.client()
        reply = self.admin.call("CLIENT", "KILL", "ID", self.id_of(one), "ADDR",
                                self.fields_of(two)["addr"])
        self.assertEqual(reply, (":", b"0"))
        reply = self.admin.call("CLIENT", "KILL", "ID", self.id_of(one), "TYPE", "normal",
                                "USER", "default")
        self.assertEqual(reply, (":", b"1"))
        self.assert_closed(one)

    def test_oneself(self):
        client = self.client()
        number = self.id_of(client)
        self.assertEqual(client.call("CLIENT", "KILL", "ID", number), (":", b"0"))
        client.send(request("CLIENT", "KILL", "ID", number, "SKIPME", "no") + request("PING"))
        self.assertEqual(client.read_to_end(), b":1\r\n")

    def test_a_blocked_client(self):
        other = self.client()
        number = self.id_of(other)
        other.send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$"))
        self.wait_blocked(self.admin, 1)
        self.assertEqual(self.admin.call("CLIENT", "KILL", "ID", number), (":", b"1"))
        self.assert_closed(other)
        self.wait_blocked(self.admin, 0)

    def test_a_subscriber_is_gone_for_publishers(self):
        other = self.client()
        number = self.id_of(other)
        other.call("SUBSCRIBE", "news")
        self.admin.call("CLIENT", "KILL", "ID", number)
        self.assertEqual(self.admin.call("PUBLISH", "news", "x"), (":", b"0"))


class ClientPauseTest(_ClientTest):
    def test_all_wait_until_the_end(self):
        other = self.client()
        began = time.monotonic()
        self.assert_ok(self.admin.call("CLIENT", "PAUSE", "300"))
        self.assertEqual(other.call("PING"), ("+", b"PONG"))
        self.assertGreaterEqual(time.monotonic() - began, 0.25)

    def test_writes_wait_reads_do_not(self):
        writer, reader = self.client(), self.client()
        self.assert_ok(self.admin.call("CLIENT", "PAUSE", "60000", "WRITE"))
        for command in (("SET", "a", "1"), ("PUBLISH", "news", "x")):
            writer.send(request(*command))
            self.assertEqual(reader.call("GET", "a"), ("$", None))
            self.assert_silent(writer, reader)
            self.assert_ok(self.admin.call("CLIENT", "UNPAUSE"))
            writer.read_reply()
            self.admin.call("DEL", "a")
            self.assert_ok(self.admin.call("CLIENT", "PAUSE", "60000", "WRITE"))

    def test_transactions_that_write_wait(self):
        writer, reader = self.client(), self.client()
        self.assert_ok(self.admin.call("CLIENT", "PAUSE", "60000", "WRITE"))
        reader.send(request("MULTI") + request("GET", "a") + request("EXEC"))
        self.assertEqual([plain(reader.read_reply()) for _ in range(3)],
                         [b"OK", b"QUEUED", [None]])
        writer.send(request("MULTI") + request("SET", "a", "1") + request("EXEC"))
        self.assert_ok(writer.read_reply())
        self.assertEqual(reader.call("GET", "a"), ("$", None))
        self.assert_silent(writer, reader)
        self.assert_ok(self.admin.call("CLIENT", "UNPAUSE"))
        self.assertEqual([plain(writer.read_reply()) for _ in range(2)], [b"QUEUED", [b"OK"]])

    def test_a_pipeline_goes_on_in_order(self):
        writer = self.client()
        self.assert_ok(self.admin.call("CLIENT", "PAUSE", "60000", "WRITE"))
        writer.send(request("GET", "a") + request("SET", "a", "1") + request("GET", "a"))
        self.assertEqual(writer.read_reply(), ("$", None))
        self.assert_silent(writer, self.client())
        self.assert_ok(self.admin.call("CLIENT", "UNPAUSE"))
        self.assert_ok(writer.read_reply())
        self.assertEqual(writer.read_reply(), ("$", b"1"))

    def test_keys_do_not_expire_in_a_pause(self):
        self.admin.call("SET", "a", "1", "PX", "30")
        self.assert_ok(self.admin.call("CLIENT", "PAUSE", "60000", "WRITE"))
        eventually(lambda: self.admin.call("GET", "a")[1] is None, "it reads as expired")
        self.assertEqual(self.admin.call("DBSIZE"), (":", b"1"))
        self.assert_ok(self.admin.call("CLIENT", "UNPAUSE"))
        eventually(lambda: self.admin.call("DBSIZE")[1] == b"0", "it is reclaimed")


class ClientReplyTest(_ClientTest):
    def test_off_is_silent_but_executes(self):
        client = self.client()
        client.send(request("CLIENT", "REPLY", "OFF") + request("SET", "a", "1") + request("FOO"))
        eventually(lambda: self.admin.call("GET", "a")[1] == b"1", "it is executed")
        client.send(request("CLIENT", "REPLY", "ON") + request("GET", "a"))
        self.assert_ok(client.read_reply())
        self.assertEqual(client.read_reply(), ("$", b"1"))

    def test_pushes_arrive_all_the_same(self):
        client = self.client()
        client.call("HELLO", "3")
        client.call("SUBSCRIBE", "news")
        client.send(request("CLIENT", "REPLY", "OFF"))
        self.admin.call("PUBLISH", "news", "x")
        self.assertEqual(client.read_reply(), (">", [("$", b"message"), ("$", b"news"), ("$",
                                                                                         b"x")]))


class MonitorTest(_ClientTest):
    def setUp(self):
        super().setUp()
        self.monitor = self.client()
        self.assert_ok(self.monitor.call("MONITOR"))

    def _line(self):
        kind, line = self.monitor.read_reply()
        self.assertEqual(kind, "+")
        match = re.fullmatch(rb"(\d+\.\d{6}) \[(\d+) ([^\]]+)\] (.*)", line, re.DOTALL)
        self.assertTrue(match, line)
        self.assertLess(abs(float(match[1]) - time.time()), 60)
        return int(match[2]), match[3].decode(), match[4].decode("latin1")

    def test_format(self):
        other = self.client()
        address = "127.0.0.1:%d" % other.socket.getsockname()[1]
        other.call("SET", "key", b"a b\x00\xff\"\\\r\n\t'")
        self.assertEqual(self._line(), (0, address,
                                        r'"SET" "key" "a b\x00\xff\"\\\r\n\t' + "'\""))
        other.call("SELECT", "5")
        other.call("get", "")
        self.assertEqual(self._line()[2], '"SELECT" "5"')
        self.assertEqual(self._line(), (5, address, '"get" ""'))

    def test_what_is_shown(self):
        other = self.client()
        other.call("NOSUCH", "x")
        other.call("GET")
        other.call("AUTH", "secret")
        other.call("CONFIG", "GET", "timeout")
        other.call("PING")
        self.assertEqual(self._line()[2], '"AUTH" "(redacted)"')
        self.assertEqual(self._line()[2], '"PING"')

    def test_transactions_are_shown_when_executed(self):
        other = self.client()
        for command in (("MULTI",), ("SET", "a", "1"), ("INCR", "a"), ("EXEC",)):
            other.call(*command)
        lines = [self._line()[2] for _ in range(4)]
        self.assertEqual(lines, ['"MULTI"', '"SET" "a" "1"', '"INCR" "a"', '"EXEC"'])

    def test_reset_ends_it(self):
        self.monitor.send(request("RESET"))
        kinds = [self.monitor.read_reply()]
        while kinds[-1] != ("+", b"RESET"):
            kinds.append(self.monitor.read_reply())
        self.admin.call("SET", "a", "1")
        self.assert_silent(self.monitor, self.client())

    def test_flags(self):
        self.assertIn("O", [f["flags"] for f in self.listed()])


class SubscribedModeTest(SameBytesTest):
    def test_only_some_commands(self):
        self.same(request("SUBSCRIBE", "a") + request("GET", "a") + request("get") +
                  request("FOO") +
                  request("PING") + request("PING", "x") + request("MULTI") + request("HELLO",
                                                                                      "3") +
                  request("UNSUBSCRIBE") + request("GET", "a"))

    def test_all_commands_under_resp3(self):
        self.same(request("CLIENT", "SETNAME", "x") + b"CLIENT REPLY SKIP\r\n" +
                  request("HELLO", "3") + request("SUBSCRIBE", "a") + request("SET", "k", "1") +
                  request("GET", "k") + request("PUBLISH", "a", "x") + request("MULTI") +
                  request("GET", "k") + request("EXEC") + request("PING") + request("UNSUBSCRIBE"))

    def test_quit_from_it(self):
        self.same(request("SUBSCRIBE", "a") + request("QUIT"), closes=True)

    def test_reset_from_it(self):
        self.same(request("SUBSCRIBE", "a") + request("RESET") + request("GET", "a") +
                  request("PUBSUB", "CHANNELS"))
