"""The server as a process and its settings: CONFIG, INFO, SLOWLOG, SHUTDOWN, signals."""

import os
import signal
import time

from resp import Connection
from wire import SameBytesTest, WireTest, eventually, plain, request


class ShutdownTest(WireTest):
    def _ends(self, server):
        self.assertEqual(server.process.wait(20), 0)
        with self.assertRaises(OSError):
            Connection(server.address)

    def test_command(self):
        for form in ((), ("NOSAVE",), ("NOW",), ("nosave", "force")):
            server = self.start()
            client = self.client()
            client.call("SET", "a", "1")
            client.send(request("SHUTDOWN", *form))
            self.assertEqual(client.read_to_end(), b"")
            self._ends(server)

    def test_sigterm(self):
        server = self.start()
        clients = [self.client() for _ in range(5)]
        clients[0].call("SUBSCRIBE", "news")
        clients[1].send(request("XREAD", "BLOCK", "0", "STREAMS", "t", "$"))
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.read_to_end()
        self._ends(server)

    def test_sigint(self):
        server = self.start()
        server.process.send_signal(signal.SIGINT)
        self._ends(server)


class ConfigTest(WireTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.admin = self.client()

    def get(self, *patterns):
        reply = plain(self.admin.call("CONFIG", "GET", *patterns))
        return dict(zip(reply[::2], reply[1::2]))

    def test_set_is_seen_by_get(self):
        for name, value in (("timeout", b"100"), ("maxclients", b"500"), ("tcp-keepalive", b"10"),
                            ("slowlog-max-len", b"7"), ("proto-max-bulk-len", b"1048576"),
                            ("appendfsync", b"always"), ("requirepass", b"")):
            self.assert_ok(self.admin.call("CONFIG", "SET", name, value))
            self.assertEqual(self.get(name), {name.encode(): value})

    def test_several_at_once_or_none(self):
        self.assert_ok(self.admin.call("CONFIG", "SET", "timeout", "7", "tcp-keepalive", "8"))
        self.assertEqual(self.get("timeout", "tcp-k*"), {b"timeout": b"7", b"tcp-keepalive": b"8"})
        reply = self.admin.call("CONFIG", "SET", "timeout", "9", "tcp-keepalive", "abc")
        self.assertEqual(reply[0], "-")
        self.assertEqual(self.get("timeout", "tcp-keepalive"),
                         {b"timeout": b"7", b"tcp-keepalive": b"8"})

    def test_patterns(self):
        self.assertEqual(set(self.get("slowlog-*")), {b"slowlog-log-slower-than",
                                                      b"slowlog-max-len"})
        self.assertEqual(self.get("nosuch*"), {})
        self.assertIn(b"port", self.get("*"))

    def test_units_of_memory(self):
        self.assert_ok(self.admin.call("CONFIG", "SET", "proto-max-bulk-len", "2mb"))
        self.assertEqual(self.get("proto-max-bulk-len"), {b"proto-max-bulk-len": b"2097152"})

    def test_bulk_limit_holds(self):
        self.assert_ok(self.admin.call("CONFIG", "SET", "proto-max-bulk-len", "1048576"))
        client = self.client()
        client.send(request("PING") + b"*2\r\n$4\r\nECHO\r\n$1048577\r\n")
        self.assertEqual(client.read_to_end(),
                         b"+PONG\r\n-ERR Protocol error: invalid bulk length\r\n")

    def test_password_at_run_time(self):
        self.assert_ok(self.admin.call("CONFIG", "SET", "requirepass", "secret"))
        self.assertEqual(self.admin.call("PING"), ("+", b"PONG"))
        client = self.client()
        self.assert_error(client.call("PING"), "NOAUTH Authentication required.")
        self.assert_ok(client.call("AUTH", "secret"))
        self.assert_ok(self.admin.call("CONFIG", "SET", "requirepass", ""))
        self.assertEqual(self.client().call("PING"), ("+", b"PONG"))

    def test_output_buffer_limits(self):
        self.assert_ok(self.admin.call("CONFIG", "SET", "client-output-buffer-limit",
                                       "pubsub 1mb 512kb 30"))
        self.assertIn(b"pubsub 1048576 524288 30", self.get("client-output-buffer-limit")
                      [b"client-output-buffer-limit"])

    def test_resetstat(self):
        for _ in range(10):
            self.admin.call("GET", "nosuch")
        self.assertGreaterEqual(int(self.info(self.admin, "keyspace_misses")), 10)
        self.assert_ok(self.admin.call("CONFIG", "RESETSTAT"))
        self.assertEqual(self.info(self.admin, "keyspace_misses"), "0")
        self.assertLessEqual(int(self.info(self.admin, "total_commands_processed")), 3)

    def test_rewrite_without_a_file(self):
        self.assert_error(self.admin.call("CONFIG", "REWRITE"),
                          "ERR The server is running without a config file")


class ConfigRewriteTest(WireTest):
    def test_it_outlives_the_process(self):
        folder = self.folder()
        path = os.path.join(folder, "redis.conf" if self.is_redis else "leat.toml")
        with open(path, "w") as file:
            file.write("# kept\n" + ("maxclients 100\n" if self.is_redis else "maxclients = 100\n"))
        server = self.start(folder=folder, config_file=path)
        admin = self.client()
        self.assertEqual(plain(admin.call("CONFIG", "GET", "maxclients")), [b"maxclients", b"100"])
        self.assert_ok(admin.call("CONFIG", "SET", "maxclients", "123", "timeout", "456"))
        self.assert_ok(admin.call("CONFIG", "REWRITE"))
        server.close()
        self.start(folder=folder, config_file=path)
        admin = self.client()
        self.assertEqual(plain(admin.call("CONFIG", "GET", "maxclients")), [b"maxclients", b"123"])
        self.assertEqual(plain(admin.call("CONFIG", "GET", "timeout")), [b"timeout", b"456"])
        with open(path) as file:
            self.assertIn("# kept", file.read())


class SlowlogTest(WireTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.admin = self.client()
        self.admin.call("CLIENT", "SETNAME", "admin")
        self.admin.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
        self.admin.call("SLOWLOG", "RESET")

    def test_an_entry(self):
        self.admin.call("SET", "key", "value")
        newest = self.admin.call("SLOWLOG", "GET", "1")[1][0]
        self.assertEqual([n[0] for n in newest[1]], [":", ":", ":", "*", "$", "$"])
        number, at, micros, args, address, name = plain(newest)
        self.assertLess(abs(at - time.time()), 60)
        self.assertLess(micros, 10 ** 7)
        self.assertEqual(args, [b"SET", b"key", b"value"])
        self.assertEqual(address, b"127.0.0.1:%d" % self.admin.socket.getsockname()[1])
        self.assertEqual(name, b"admin")
        self.assertGreaterEqual(number, 0)

    def test_newest_first_with_growing_numbers(self):
        for i in range(5):
            self.admin.call("SET", "key", i)
        entries = plain(self.admin.call("SLOWLOG", "GET", "5"))
        self.assertEqual([e[3][2] for e in entries], [b"4", b"3", b"2", b"1", b"0"])
        numbers = [e[0] for e in entries]
        self.assertEqual(numbers, sorted(numbers, reverse=True))

    def test_long_arguments_are_cut(self):
        self.admin.call("SET", "key", "v" * 200)
        self.assertEqual(plain(self.admin.call("SLOWLOG", "GET", "1"))[0][3][2],
                         b"v" * 128 + b"... (72 more bytes)")
        self.admin.call("MGET", *range(50))
        args = plain(self.admin.call("SLOWLOG", "GET", "1"))[0][3]
        self.assertEqual((len(args), args[31]), (32, b"... (20 more arguments)"))

    def test_length_and_limit(self):
        for _ in range(20):
            self.admin.call("PING")
        self.assertEqual(len(plain(self.admin.call("SLOWLOG", "GET"))), 10)
        self.assertGreaterEqual(plain(self.admin.call("SLOWLOG", "LEN")), 20)
        self.admin.call("CONFIG", "SET", "slowlog-max-len", "4")
        self.admin.call("PING")
        self.assertEqual(len(plain(self.admin.call("SLOWLOG", "GET", "-1"))), 4)
        self.admin.call("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        self.assert_ok(self.admin.call("SLOWLOG", "RESET"))
        self.assertEqual(self.admin.call("SLOWLOG", "LEN"), (":", b"0"))

    def test_slow_only(self):
        self.admin.call("CONFIG", "SET", "slowlog-log-slower-than", "20000")
        self.admin.call("SLOWLOG", "RESET")
        self.admin.call("PING")
        self.admin.call("DEBUG", "SLEEP", "0.05")
        entries = plain(self.admin.call("SLOWLOG", "GET"))
        self.assertEqual([e[3] for e in entries], [[b"DEBUG", b"SLEEP", b"0.05"]])
        self.assertGreaterEqual(entries[0][2], 50000)


class InfoTest(WireTest):
    FIELDS = """redis_version redis_mode os arch_bits process_id run_id tcp_port uptime_in_seconds
        uptime_in_days connected_clients maxclients blocked_clients used_memory used_memory_human
        used_memory_rss used_memory_peak used_memory_peak_human maxmemory maxmemory_policy
        mem_fragmentation_ratio loading aof_enabled rdb_bgsave_in_progress
        rdb_changes_since_last_save total_connections_received total_commands_processed
        instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes rejected_connections
        expired_keys evicted_keys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns role
        connected_slaves used_cpu_sys used_cpu_user cluster_enabled""".split()

    def test_fields_that_clients_and_dashboards_read(self):
        client = self.client()
        text = client.call("INFO")[1].decode()
        fields = {line.split(":")[0] for line in text.splitlines() if ":" in line}
        self.assertEqual(sorted(set(self.FIELDS) - fields), [])
        self.assertEqual(self.info(client, "redis_mode"), "standalone")
        self.assertEqual(self.info(client, "role"), "master")
        self.assertEqual(self.info(client, "loading"), "0")
        self.assertEqual(self.info(client, "tcp_port"), str(self.server.port))
        self.assertEqual(self.info(client, "process_id"), str(self.server.process.pid))
        self.assertRegex(self.info(client, "redis_version"), r"^7\.\d+\.\d+$")

    def test_form(self):
        text = self.client().call("INFO")[1]
        self.assertTrue(text.startswith(b"# Server\r\n"), text[:40])
        for section in text.split(b"\r\n\r\n"):
            self.assertTrue(section.startswith(b"# "), section[:40])

    def test_sections(self):
        client = self.client()
        client.call("SET", "a", "1", "EX", "100")
        text = client.call("INFO", "keyspace")[1]
        self.assertRegex(text, rb"^# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=\d+\r\n$")
        both = client.call("INFO", "server", "Clients")[1]
        self.assertEqual([line for line in both.split(b"\r\n") if line.startswith(b"#")],
                         [b"# Server", b"# Clients"])
        self.assertEqual(client.call("INFO", "nosuch"), ("$", b""))

    def test_command_statistics(self):
        self.start()
        client = self.client()
        for _ in range(3):
            client.call("GET", "a")
        client.call("INCR", "a", "b")
        client.call("SET", "s", "x")
        client.call("INCR", "s")
        text = client.call("INFO", "commandstats")[1].decode()
        self.assertRegex(text, r"cmdstat_get:calls=3,usec=\d+,usec_per_call=[\d.]+,"
                               r"rejected_calls=0,failed_calls=0\r\n")
        self.assertRegex(text, r"cmdstat_incr:calls=1,usec=\d+,usec_per_call=[\d.]+,"
                               r"rejected_calls=1,failed_calls=1\r\n")

    def test_counters_count(self):
        self.start()
        client, subscriber = self.client(), self.client()
        subscriber.call("SUBSCRIBE", "a", "b")
        subscriber.call("PSUBSCRIBE", "c*")
        eventually(lambda: self.info(client, "pubsub_patterns") == "1", "the pattern is counted")
        self.assertEqual(self.info(client, "pubsub_channels"), "2")
        self.assertEqual(self.info(client, "connected_clients"), "2")
        client.call("SET", "a", "1")
        client.call("GET", "a")
        client.call("GET", "b")
        self.assertEqual((self.info(client, "keyspace_hits"), self.info(client, "keyspace_misses")),
                         ("1", "1"))


class SameSettingsTest(SameBytesTest):
    def test_errors(self):
        self.same(b"".join(request("CONFIG", *args) for args in (
            ("SET", "timeout", "abc"), ("SET", "timeout", "-1"), ("SET", "nosuch", "1"),
            ("SET", "maxclients", "0"), ("SET", "databases", "5"),
            ("SET", "appendfsync", "never"), ("SET", "timeout"), ("SET",), ("GET",),
            ("SET", "timeout", "1", "timeout", "2"), ("FOO",), ("RESETSTAT", "x"), ("REWRITE", "x"),
            ("SET", "client-output-buffer-limit", "foo 1 2 3"),
            ("SET", "client-output-buffer-limit", "pubsub 1 2"),
            ("SET", "client-output-buffer-limit", "pubsub x 2 3"),
            ("SET", "maxmemory", "12x"), ("SET", "slowlog-max-len", "-1"))))
