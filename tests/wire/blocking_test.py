"""XREAD BLOCK: waking up, waiting in vain, being unblocked."""

import time

from wire import WireTest, eventually, plain, request


class BlockingTest(WireTest):
    def setUp(self):
        super().setUp()
        self.other = self.client()

    def blocked(self, *args, count=1, proto=2):
        """A client that is blocked in XREAD with these arguments."""
        client = self.client()
        if proto == 3:
            client.call("HELLO", "3")
        client.send(request("XREAD", *args))
        self.wait_blocked(self.other, count)
        return client

    def entry(self, key, number, fields=("f", "v")):
        return [key.encode(), [[number.encode(), [f.encode() for f in fields]]]]

    def test_an_entry_wakes(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("XADD", "t", "5-1", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "5-1")])
        self.wait_blocked(self.other, 0)

    def test_an_entry_wakes_under_resp3(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$", proto=3)
        self.other.call("XADD", "t", "5-1", "f", "v")
        kind, value = client.read_reply()
        self.assertEqual(kind, "%")
        self.assertEqual([plain(n) for n in value], self.entry("t", "5-1"))

    def test_the_stream_that_has_it_answers(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "a", "b", "c", "0", "0", "0")
        self.other.call("XADD", "b", "5-1", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("b", "5-1")])

    def test_one_key_twice(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "a", "a", "0", "$")
        self.other.call("XADD", "a", "5-1", "f", "v")
        self.assertEqual(plain(client.read_reply())[0], self.entry("a", "5-1"))

    def test_several_waiters_are_all_served(self):
        clients = [self.blocked("BLOCK", "0", "STREAMS", "t", "$", count=i + 1) for i in range(5)]
        self.other.call("XADD", "t", "5-1", "f", "v")
        for client in clients:
            self.assertEqual(plain(client.read_reply()), [self.entry("t", "5-1")])

    def test_waiters_run_their_pipelines_in_the_order_they_came(self):
        clients = []
        for i in range(4):
            client = self.client()
            client.send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$") +
                        request("APPEND", "order", str(i)))
            self.wait_blocked(self.other, i + 1)
            clients.append(client)
        self.other.call("XADD", "t", "5-1", "f", "v")
        for client in clients:
            client.read_reply()
            client.read_reply()
        self.assertEqual(self.other.call("GET", "order"), ("$", b"0123"))

    def test_a_transaction_wakes_when_it_is_complete(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        for command in (("MULTI",), ("XADD", "t", "1-1", "f", "v"), ("XADD", "t", "1-2", "f", "w"),
                        ("EXEC",)):
            self.other.call(*command)
        self.assertEqual(plain(client.read_reply()),
                         [[b"t", [[b"1-1", [b"f", b"v"]], [b"1-2", [b"f", b"w"]]]]])

    def test_an_entry_that_a_transaction_takes_back_does_not_wake(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        for command in (("MULTI",), ("XADD", "t", "1-1", "f", "v"), ("DEL", "t"), ("EXEC",)):
            self.other.call(*command)
        self.assert_silent(client, self.other)
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_count_is_kept(self):
        client = self.blocked("COUNT", "1", "BLOCK", "0", "STREAMS", "t", "$")
        for command in (("MULTI",), ("XADD", "t", "1-1", "f", "v"), ("XADD", "t", "1-2", "f", "w"),
                        ("EXEC",)):
            self.other.call(*command)
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_the_timeout(self):
        for proto, nil in ((2, ("*", None)), (3, ("_", b""))):
            client = self.client()
            if proto == 3:
                client.call("HELLO", "3")
            began = time.monotonic()
            self.assertEqual(client.call("XREAD", "BLOCK", "60", "STREAMS", "t", "$"), nil)
            self.assertGreaterEqual(time.monotonic() - began, 0.055)

    def test_timeouts_end_in_the_order_of_their_deadlines(self):
        late, soon = self.client(), self.client()
        late.send(request("XREAD", "BLOCK", "200", "STREAMS", "t", "$") + request("APPEND", "o",
                                                                                  "b"))
        soon.send(request("XREAD", "BLOCK", "50", "STREAMS", "t", "$") + request("APPEND", "o",
                                                                                 "a"))
        for client in (late, soon):
            self.assertEqual(client.read_reply(), ("*", None))
            client.read_reply()
        self.assertEqual(self.other.call("GET", "o"), ("$", b"ab"))

    def test_waking_up_for_nothing_does_not_restart_the_timeout(self):
        client = self.client()
        began = time.monotonic()
        client.send(request("XREAD", "BLOCK", "400", "STREAMS", "t", "100-0"))
        self.wait_blocked(self.other, 1)
        number = 0
        while int(self.info(self.other, "blocked_clients")):
            number += 1
            self.other.call("XADD", "t", "1-%d" % number, "f", "v")
            self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(client.read_reply(), ("*", None))
        self.assertGreaterEqual(time.monotonic() - began, 0.39)

    def test_unblock(self):
        for form, reply in (((), ("*", None)), (("TIMEOUT",), ("*", None)),
                            (("ERROR",), ("-", b"UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
            client = self.client()
            number = plain(client.call("CLIENT", "ID"))
            client.send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$"))
            self.wait_blocked(self.other, 1)
            self.assertEqual(self.other.call("CLIENT", "UNBLOCK", number, *form), (":", b"1"))
            self.assertEqual(client.read_reply(), reply)
            self.assertEqual(self.other.call("CLIENT", "UNBLOCK", number, *form), (":", b"0"))

    def test_what_follows_in_the_pipeline_waits(self):
        client = self.client()
        client.send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$") + request("PING") +
                    request("XLEN", "t"))
        self.wait_blocked(self.other, 1)
        self.assert_silent(client, self.other)
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])
        self.assertEqual(client.read_reply(), ("+", b"PONG"))
        self.assertEqual(client.read_reply(), (":", b"1"))

    def test_what_comes_while_it_is_blocked_waits_too(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        client.send(request("PING"))
        self.assert_silent(client, self.other)
        self.other.call("XADD", "t", "1-1", "f", "v")
        client.read_reply()
        self.assertEqual(client.read_reply(), ("+", b"PONG"))

    def test_going_away_while_blocked(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        client.close()
        self.wait_blocked(self.other, 0)
        self.other.call("XADD", "t", "1-1", "f", "v")

    def test_renaming_to_the_key_wakes(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("XADD", "u", "1-1", "f", "v")
        self.other.call("RENAME", "u", "t")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_copying_to_the_key_wakes(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("XADD", "u", "1-1", "f", "v")
        self.other.call("COPY", "u", "t")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_moving_to_the_key_wakes(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("SELECT", "7")
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assert_silent(client, self.other)
        self.other.call("MOVE", "t", "0")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_swapping_databases_wakes(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("SELECT", "7")
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.other.call("SWAPDB", "0", "7")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_a_key_of_another_type_does_not_wake(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("SET", "t", "x")
        self.assert_silent(client, self.other)
        self.other.call("DEL", "t")
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "1-1")])

    def test_deleting_the_key_does_not_wake(self):
        self.other.call("XADD", "t", "5-5", "f", "v")
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("DEL", "t")
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assert_silent(client, self.other)
        self.other.call("XADD", "t", "6-0", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "6-0")])

    def test_a_stream_emptied_by_xdel_still_blocks(self):
        self.other.call("XADD", "t", "5-5", "f", "v")
        self.other.call("XDEL", "t", "5-5")
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "0")
        self.other.call("XADD", "t", "5-6", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "5-6")])

    def test_the_key_expires_while_blocked(self):
        self.other.call("XADD", "t", "5-5", "f", "v")
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "5-5")
        self.other.call("PEXPIRE", "t", "20")
        eventually(lambda: self.other.call("EXISTS", "t")[1] == b"0", "it expires")
        self.other.call("XADD", "t", "3-3", "f", "v")
        self.assert_silent(client, self.other)
        self.other.call("XADD", "t", "6-0", "f", "v")
        self.assertEqual(plain(client.read_reply()), [self.entry("t", "6-0")])

    def test_other_databases_do_not_wake(self):
        client = self.blocked("BLOCK", "0", "STREAMS", "t", "$")
        self.other.call("SELECT", "7")
        self.other.call("XADD", "t", "1-1", "f", "v")
        self.assert_silent(client, self.other)

    def test_data_that_is_there_does_not_block(self):
        self.other.call("XADD", "t", "1-1", "f", "v")
        reply = self.other.call("XREAD", "BLOCK", "0", "STREAMS", "t", "0")
        self.assertEqual(plain(reply), [self.entry("t", "1-1")])

    def test_a_transaction_does_not_block(self):
        for command in (("MULTI",), ("XREAD", "BLOCK", "0", "STREAMS", "t", "$")):
            self.other.call(*command)
        self.assertEqual(self.other.call("EXEC"), ("*", [("*", None)]))


class ExpiryTest(WireTest):
    def test_keys_expire_on_time_without_being_touched(self):
        client = self.client()
        for i in range(500):
            client.call("SET", "k%d" % i, "v", "PX", str(40 + i % 20))
        eventually(lambda: client.call("DBSIZE")[1] == b"0", "all have gone", 3)

    def test_reads_never_show_what_is_due(self):
        client = self.client()
        for _ in range(20):
            began = time.monotonic()
            client.call("SET", "a", "1", "PX", "10")
            while client.call("GET", "a")[1] is not None:
                self.assertLess(time.monotonic() - began, 5)
            self.assertGreaterEqual(time.monotonic() - began, 0.009)

    def test_a_watched_key_that_expires(self):
        client, other = self.client(), self.client()
        client.call("SET", "a", "1", "PX", "20")
        client.call("WATCH", "a")
        eventually(lambda: other.call("EXISTS", "a")[1] == b"0", "it expires")
        client.call("MULTI")
        client.call("PING")
        self.assertEqual(client.call("EXEC"), ("*", None))
