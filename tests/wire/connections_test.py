"""Many connections, idle ones, half-closed ones, ones that never read; limits on clients."""

import os
import socket
import time

from resp import Connection, Stalled
from wire import SameBytesTest, WireTest, eventually, plain, request

_MB = 1 << 20


class HalfClosedTest(WireTest):
    """The client has sent all it will: it still gets every reply, then the end."""

    def test_replies_arrive(self):
        client = self.client()
        client.send(request("SET", "a", "1") + request("GET", "a") + request("INCR", "a"))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.read_to_end(), b"+OK\r\n$1\r\n1\r\n:2\r\n")

    def test_an_incomplete_request_is_dropped(self):
        client = self.client()
        client.send(request("SET", "a", "1") + b"*2\r\n$3\r\nGET\r\n$1\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.read_to_end(), b"+OK\r\n")

    def test_replies_larger_than_the_socket_buffers_arrive(self):
        if self.is_redis:
            self.skipTest("redis-server drops what it could not write at once")
        client = self.client(30)
        client.call("SET", "big", "v" * _MB)
        client.send(request("GET", "big") * 40)
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.read_to_end(), b"$%d\r\n%b\r\n" % (_MB, b"v" * _MB) * 40)

    def test_closed_at_once(self):
        for _ in range(100):
            client = self.client()
            client.send(request("SET", "a", "1") + b"*1\r\n$4\r\nPI")
            client.close()
        self.assertEqual(self.client().call("PING"), ("+", b"PONG"))


class QuitTest(SameBytesTest):
    def test_quit_answers_and_ends(self):
        self.same(request("SET", "a", "1") + request("QUIT"), closes=True)
        self.same(b"QUIT\r\n", closes=True)

    def test_what_follows_quit_is_not_executed(self):
        self.same(request("QUIT") + request("SET", "after", "1"), closes=True)
        self.same(request("EXISTS", "after"))


class ManyConnectionsTest(WireTest):
    IDLE = 10000

    def test_ten_thousand_idle_connections(self):
        server = self.start("--maxclients", str(self.IDLE + 500), "--tcp-backlog", "511")
        idle = []
        try:
            for _ in range(self.IDLE):
                idle.append(socket.create_connection(server.address, 10))
            worker = self.client(30)
            eventually(lambda: int(self.info(worker, "connected_clients")) == self.IDLE + 1,
                       "all are connected", 30)
            began = time.monotonic()
            for i in range(2000):
                self.assertEqual(worker.call("INCR", "n"), (":", b"%d" % (i + 1)))
            self.assertLess(time.monotonic() - began, 10)
            for connection in idle[::97]:
                connection.settimeout(10)
                connection.sendall(b"PING\r\n")
                self.assertEqual(connection.recv(100), b"+PONG\r\n")
        finally:
            for connection in idle:
                connection.close()
        eventually(lambda: int(self.info(worker, "connected_clients")) == 1, "all have gone", 30)

    def test_connections_come_and_go(self):
        worker = self.client()
        base = int(self.info(worker, "connected_clients"))
        for _ in range(20):
            batch = [self.server.connect() for _ in range(50)]
            for connection in batch:
                connection.send(request("PING"))
            for connection in batch:
                self.assertEqual(connection.read_reply(), ("+", b"PONG"))
                connection.close()
        eventually(lambda: int(self.info(worker, "connected_clients")) <= base, "all have gone")


class NeverReadsTest(WireTest):
    def _quick(self, other):
        began = time.monotonic()
        for _ in range(50):
            self.assertEqual(other.call("PING"), ("+", b"PONG"))
        self.assertLess(time.monotonic() - began, 5)

    def test_many_large_replies_hold_up_nobody_and_all_arrive(self):
        greedy, other = self.client(60), self.client()
        greedy.call("SET", "big", "v" * _MB)
        greedy.send(request("GET", "big") * 100)
        self._quick(other)
        expected = 100 * len(b"$%d\r\n\r\n" % _MB + b"v" * _MB)
        chunks = 0
        while chunks < expected:
            chunks += len(greedy.socket.recv(_MB))
        self.assertEqual(chunks, expected)
        self.assertEqual(greedy.call("PING"), ("+", b"PONG"))

    def test_a_subscriber_over_the_hard_limit_is_closed(self):
        self.start()
        admin = self.client()
        self.assert_ok(admin.call("CONFIG", "SET", "client-output-buffer-limit",
                                  "pubsub 4194304 0 0"))
        deaf, reader = self.client(), self.client(30)
        for client in (deaf, reader):
            client.call("SUBSCRIBE", "news")
        payload = "x" * 65536
        # Far more than the limit and what the kernel's socket buffers hold.
        for sent in range(1, 2000):
            receivers = admin.call("PUBLISH", "news", payload)[1]
            self.assertEqual(len(reader.read_reply()[1][2][1]), len(payload))
            if receivers == b"1":
                break
        self.assertEqual(receivers, b"1", "the deaf subscriber is still there")
        self.assertGreater(sent * len(payload), 4194304)
        self._quick(admin)
        with self.assertRaises((Stalled, OSError)):
            for _ in range(3000):
                deaf.read_reply()

    def test_a_subscriber_over_the_soft_limit_is_closed_after_its_time(self):
        self.start()
        admin = self.client()
        self.assert_ok(admin.call("CONFIG", "SET", "client-output-buffer-limit",
                                  "pubsub 1073741824 1048576 1"))
        deaf = self.client()
        deaf.call("SUBSCRIBE", "news")
        for _ in range(200):
            admin.call("PUBLISH", "news", "x" * 65536)
        eventually(lambda: admin.call("PUBLISH", "news", "x")[1] == b"0", "it is closed")


class ClientLimitTest(WireTest):
    def test_one_too_many(self):
        server = self.start("--maxclients", "3")
        clients = [self.client()]
        eventually(lambda: self.info(clients[0], "connected_clients") == "1", "it is alone")
        clients += [self.client() for _ in range(2)]
        for client in clients:
            self.assertEqual(client.call("PING"), ("+", b"PONG"))
        refused = self.open(server)
        self.assertEqual(refused.read_to_end(), b"-ERR max number of clients reached\r\n")
        self.assertEqual(clients[0].call("PING"), ("+", b"PONG"))
        self.assertEqual(self.info(clients[0], "rejected_connections"), "1")
        clients[2].close()
        eventually(lambda: int(self.info(clients[0], "connected_clients")) == 2, "one has gone")
        self.assertEqual(self.client().call("PING"), ("+", b"PONG"))

    def test_the_limit_can_be_changed(self):
        self.start("--maxclients", "5")
        first = self.client()
        self.assert_ok(first.call("CONFIG", "SET", "maxclients", "50"))
        for _ in range(10):
            self.assertEqual(self.client().call("PING"), ("+", b"PONG"))


class TimeoutTest(WireTest):
    def test_idle_clients_are_closed(self):
        self.start("--timeout", "1")
        idle, subscriber, blocked = self.client(20), self.client(), self.client()
        subscriber.call("SUBSCRIBE", "news")
        blocked.send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$"))
        began = time.monotonic()
        self.assertEqual(idle.read_to_end(), b"")
        self.assertGreaterEqual(time.monotonic() - began, 0.9)
        # Subscribers and blocked clients wait by trade.
        admin = self.client()
        self.assertEqual(admin.call("PUBLISH", "news", "x"), (":", b"1"))
        self.assertEqual(plain(subscriber.read_reply()), [b"message", b"news", b"x"])
        admin.call("XADD", "t", "1-1", "f", "v")
        self.assertEqual(plain(blocked.read_reply()), [[b"t", [[b"1-1", [b"f", b"v"]]]]])

    def test_busy_clients_are_not(self):
        self.start("--timeout", "1")
        client = self.client()
        began = time.monotonic()
        while time.monotonic() - began < 2.5:
            self.assertEqual(client.call("PING"), ("+", b"PONG"))
            time.sleep(0.2)     # being idle for less than the timeout is what is tested


class UnixSocketTest(WireTest):
    def test_it_serves(self):
        path = os.path.join(self.folder(), "socket")
        self.start("--unixsocket", path)
        client = Connection(path)
        self.addCleanup(client.close)
        self.assert_ok(client.call("SET", "a", "1"))
        self.assertEqual(self.client().call("GET", "a"), ("$", b"1"))
        fields = dict(f.split(b"=", 1) for f in client.call("CLIENT", "INFO")[1].split())
        self.assertEqual(fields[b"addr"], path.encode() + b":0")


class PasswordTest(SameBytesTest):
    options = ("--requirepass", "secret")

    def test_nothing_without_it(self):
        got = self.same(request("GET", "a") + request("PING") + request("NOSUCH") + request("GET") +
                        request("SUBSCRIBE", "a") + request("MULTI") + request("CLIENT", "ID") +
                        request("AUTH", "wrong") + request("AUTH", "nobody", "secret") +
                        request("AUTH", "default", "wrong") + request("AUTH", "secret"))
        self.assertTrue(got.startswith(b"-NOAUTH Authentication required.\r\n"), got)

    def test_hello(self):
        got = self.same(request("HELLO") + request("HELLO", "3") +
                        request("HELLO", "3", "AUTH", "default", "wrong") +
                        request("HELLO", "9") + request("AUTH", "secret"))
        self.assertTrue(got.startswith(b"-NOAUTH HELLO must be called"), got)

    def test_reset_forgets_it(self):
        self.same(request("AUTH", "secret") + request("SET", "a", "1") + request("RESET") +
                  request("GET", "a") + request("AUTH", "secret") + request("GET", "a"))

    def test_quit_is_allowed(self):
        self.same(request("GET", "a") + request("QUIT"), closes=True)

    def test_requests_without_it_are_small(self):
        self.same(request("PING") + b"*11\r\n", closes=True)
        self.same(request("PING") + b"*1\r\n$16385\r\n", closes=True)
        self.same(request(*["PING"] * 10) + request("AUTH", "x" * 16384) + request("AUTH",
                                                                                   "secret"))


