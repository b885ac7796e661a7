"""What is kept on disk, over real sockets: saves, restarts, topics larger than the memory they get."""

import os
import signal

from resp import parse_all
from wire import WireTest, eventually, plain, request

ENTRIES_AT_ONCE = 500


class RestartingTest(WireTest):
    def restart(self, *options, how=signal.SIGTERM):
        """Ends the server and starts another on the same folder."""
        self.server.process.send_signal(how)
        self.server.process.wait(60)
        self.start(*options, folder=self.data)
        client = self.client(60)
        eventually(lambda: client.call("PING")[0] == "+", "the end of loading", 60)
        return client

    def begin(self, *options):
        self.data = self.folder()
        return self.start(*options, folder=self.data)

    def save(self, client):
        """A background save, and its end."""
        self.assertEqual(client.call("BGSAVE")[0], "+")
        eventually(lambda: self.info(client, "rdb_bgsave_in_progress") == "0", "the end of a save")
        self.assertEqual(self.info(client, "rdb_last_bgsave_status"), "ok")


class SaveTest(RestartingTest):
    def test_background_save_is_what_a_restart_begins_with(self):
        options = ("--appendonly", "yes", "--appendfsync", "always")
        self.begin(*options)
        client = self.client()
        before = int(client.call("LASTSAVE")[1])
        for number in range(200):
            client.call("SET", "key:%d" % number, "value", "EX", "1000")
        client.call("XADD", "topic", "1-1", "field", "value")
        client.call("XGROUP", "CREATE", "topic", "group", "0")
        client.call("XREADGROUP", "GROUP", "group", "reader", "STREAMS", "topic", ">")
        self.save(client)
        self.assertGreaterEqual(int(client.call("LASTSAVE")[1]), before)
        client.call("SET", "later", "1")
        client = self.restart(*options, how=signal.SIGKILL)
        self.assertEqual(plain(client.call("DBSIZE")), 202)
        self.assertGreater(plain(client.call("TTL", "key:7")), 900)
        self.assertEqual(plain(client.call("XPENDING", "topic", "group"))[0], 1)

    def test_shutdown_with_save(self):
        self.begin("--appendonly", "yes")
        client = self.client()
        client.call("SET", "key", "value")
        client.send(request("SHUTDOWN", "SAVE"))
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(self.server.process.wait(20), 0)
        self.start("--appendonly", "yes", folder=self.data)
        self.assertEqual(plain(self.client().call("GET", "key")), b"value")


class LargerThanMemoryTest(RestartingTest):
    """A hundred times what a topic may have in memory, scaled down from tests/bench."""

    def fill(self, client, entries, size):
        """Entry n says so, and what follows is not worth compressing."""
        for first in range(1, entries + 1, ENTRIES_AT_ONCE):
            batch = b"".join(
                request("XADD", "topic", "%d-0" % number, "n", str(number), "noise",
                        os.urandom(size)) for number in range(first, first + ENTRIES_AT_ONCE))
            client.send(batch)
            client.read_until(lambda got: len(parse_all(got)) == ENTRIES_AT_ONCE)

    def read(self, client, entries):
        """All of them are there once, in order."""
        number = 0
        while number < entries:
            reply = plain(client.call("XRANGE", "topic", "(%d-0" % number, "+", "COUNT", "700"))
            for entry_id, fields in reply:
                number += 1
                self.assertEqual(entry_id, b"%d-0" % number)
                self.assertEqual(fields[:2], [b"n", b"%d" % number])
            self.assertTrue(reply)
        self.assertEqual(number, entries)

    def test_a_topic_of_a_hundred_times_the_memory(self):
        entries, size = 50_000, 2000
        options = ["--appendonly", "yes"]
        if not self.is_redis:
            options += ["--topic-memory", "1mb", "--auto-aof-rewrite-min-size", "8mb"]
        self.begin(*options)
        client = self.client(60)
        self.fill(client, entries, size)
        if not self.is_redis:
            eventually(lambda: self.info(client, "topic_unstored_bytes") == "0", "all on disk")
            self.assertLessEqual(int(self.info(client, "topic_memory_bytes")), 1 << 20)
        self.read(client, entries)
        self.assertEqual(plain(client.call("XLEN", "topic")), entries)
        how = signal.SIGTERM if self.is_redis else signal.SIGKILL
        client = self.restart(*options, how=how)
        self.read(client, entries)
        self.assertEqual(plain(client.call("XTRIM", "topic", "MAXLEN", "1000")), entries - 1000)
        self.assertEqual(plain(client.call("XRANGE", "topic", "-", "+", "COUNT", "1"))[0][0],
                         b"%d-0" % (entries - 999))
        if not self.is_redis:
            self.assertGreater(int(self.info(client, "topic_calls_waited")), 0)
            self.save(client)
            self.assertLess(int(self.info(client, "block_live_bytes")), entries * size // 20)
            eventually(lambda: int(self.info(client, "block_dead_bytes")) < 150 << 20, "reclaim")
