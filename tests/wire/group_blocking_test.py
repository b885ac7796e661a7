"""XREADGROUP BLOCK: being served in turn, being ended, waiting in vain."""

import time

from wire import WireTest, plain, request


class GroupBlockingTest(WireTest):
    def setUp(self):
        super().setUp()
        self.other = self.client()
        self.other.call("XGROUP", "CREATE", "t", "g", "$", "MKSTREAM")

    def reader(self, count=1, timeout="0", proto=2, keys=("t",)):
        """A client that is blocked in XREADGROUP, the `count`th."""
        client = self.client()
        if proto == 3:
            client.call("HELLO", "3")
        client.send(request("XREADGROUP", "GROUP", "g", "c%d" % count, "BLOCK", timeout, "STREAMS",
                            *keys, *(">" * len(keys))))
        self.wait_blocked(self.other, count)
        return client

    def append(self, number, key="t"):
        self.other.call("XADD", key, number, "f", "v")

    def served(self, client, number, key="t"):
        entries = [[number.encode(), [b"f", b"v"]]]
        kind, value = client.read_reply()
        if kind == "*":
            self.assertEqual([plain(n) for n in value], [[key.encode(), entries]])
        else:
            self.assertEqual((kind, [plain(n) for n in value]), ("%", [key.encode(), entries]))

    def test_one_entry_is_for_the_one_who_came_first(self):
        first, second, third = self.reader(1), self.reader(2, proto=3), self.reader(3)
        self.append("1-1")
        self.served(first, "1-1")
        self.append("1-2")
        self.served(second, "1-2")
        self.assert_silent(third, self.other)
        summary = plain(self.other.call("XPENDING", "t", "g"))
        self.assertEqual(summary, [2, b"1-1", b"1-2", [[b"c1", b"1"], [b"c2", b"1"]]])

    def test_the_timeout(self):
        for proto, nil in ((2, ("*", None)), (3, ("_", b""))):
            began = time.monotonic()
            client = self.reader(timeout="80", proto=proto)
            self.assertEqual(client.read_reply(), nil)
            self.assertGreaterEqual(time.monotonic() - began, 0.075)
            self.wait_blocked(self.other, 0)

    def test_who_goes_away_leaves_the_entry_to_the_next(self):
        closed, killed, unblocked, last = [self.reader(i + 1) for i in range(4)]
        closed.close()
        self.wait_blocked(self.other, 3)
        clients = self.other.call("CLIENT", "LIST")[1].decode().splitlines()
        waiting = [dict(f.split("=", 1) for f in line.split()) for line in clients]
        ids = sorted(int(c["id"]) for c in waiting if c["cmd"] == "xreadgroup")
        self.other.call("CLIENT", "KILL", "ID", str(ids[0]))
        self.assertEqual(killed.read_to_end(), b"")
        self.assertEqual(self.other.call("CLIENT", "UNBLOCK", str(ids[1]), "ERROR"), (":", b"1"))
        self.assert_error(unblocked.read_reply(), "UNBLOCKED client unblocked via CLIENT UNBLOCK")
        self.append("1-1")
        self.served(last, "1-1")

    def test_what_follows_in_the_pipeline_acknowledges(self):
        client = self.client()
        client.send(request("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "t", ">") +
                    request("XACK", "t", "g", "1-1"))
        self.wait_blocked(self.other, 1)
        self.append("1-1")
        self.served(client, "1-1")
        self.assertEqual(client.read_reply(), (":", b"1"))

    def test_the_group_or_the_key_goes(self):
        gone = "UNBLOCKED the stream key no longer exists"
        no_group = "NOGROUP the consumer group this client was blocked on no longer exists"
        for call, error in ((("XGROUP", "DESTROY", "t", "g"), no_group), (("DEL", "t"), gone),
                            (("SET", "t", "x"), gone), (("FLUSHALL",), gone),
                            (("PEXPIRE", "t", "20"), gone)):
            client = self.reader()
            self.other.call(*call)
            self.assert_error(client.read_reply(), error)
            self.other.call("DEL", "t")
            self.other.call("XGROUP", "CREATE", "t", "g", "$", "MKSTREAM")

    def test_any_of_several_streams_answers(self):
        self.other.call("XGROUP", "CREATE", "u", "g", "$", "MKSTREAM")
        client = self.reader(keys=("t", "u"))
        self.append("7-7", "u")
        self.served(client, "7-7", "u")
