"""Requests as bytes: protocol errors, inline commands, splits, long pipelines."""

import threading

from wire import SameBytesTest, WireTest, request

_BEFORE = request("SET", "a", "1") + request("GET", "a") + b"PING\r\n"
_ANSWERED = b"+OK\r\n$1\r\n1\r\n+PONG\r\n"


class ProtocolErrorTest(SameBytesTest):
    """What stands before the error is answered, then comes the error, then the end."""

    def _error(self, data, text):
        for before, answered in ((b"", b""), (_BEFORE, _ANSWERED)):
            got = self.same(before + data, closes=True)
            self.assertEqual(got, answered + b"-ERR Protocol error: " + text + b"\r\n")

    def test_count_is_no_number(self):
        self._error(b"*abc\r\n", b"invalid multibulk length")
        self._error(b"*1x\r\n", b"invalid multibulk length")
        self._error(b"*\r\n", b"invalid multibulk length")
        self._error(b"* 1\r\n", b"invalid multibulk length")

    def test_count_is_too_large(self):
        self._error(b"*2147483648\r\n", b"invalid multibulk length")
        self._error(b"*99999999999999999999\r\n", b"invalid multibulk length")

    def test_count_line_without_end(self):
        self._error(b"*" + b"1" * 70000, b"too big mbulk count string")

    def test_argument_is_no_bulk(self):
        self._error(b"*1\r\n:5\r\n", b"expected '$', got ':'")
        self._error(b"*2\r\n$3\r\nGET\r\nfoo\r\n", b"expected '$', got 'f'")
        self._error(b"*1\r\n*1\r\n", b"expected '$', got '*'")
        self._error(b"*1\r\n\r\n", b"expected '$', got ' '")

    def test_argument_length_is_no_number(self):
        self._error(b"*1\r\n$abc\r\n", b"invalid bulk length")
        self._error(b"*1\r\n$\r\n", b"invalid bulk length")
        self._error(b"*1\r\n$1.5\r\n", b"invalid bulk length")

    def test_argument_length_is_negative(self):
        self._error(b"*1\r\n$-1\r\n", b"invalid bulk length")

    def test_argument_is_longer_than_the_limit(self):
        self._error(b"*1\r\n$536870913\r\n", b"invalid bulk length")
        self._error(b"*2\r\n$3\r\nGET\r\n$99999999999999999999\r\n", b"invalid bulk length")

    def test_argument_length_line_without_end(self):
        self._error(b"*1\r\n$" + b"1" * 70000, b"too big bulk count string")

    def test_inline_request_without_end(self):
        self._error(b"x" * 70000, b"too big inline request")

    def test_inline_request_with_unbalanced_quotes(self):
        self._error(b'SET "a b\r\n', b"unbalanced quotes in request")
        self._error(b"SET 'a\r\n", b"unbalanced quotes in request")
        self._error(b'SET "a"b c\r\n', b"unbalanced quotes in request")

    def test_what_follows_an_error_is_not_executed(self):
        self.same(b"*1\r\n$-1\r\n" + request("SET", "a", "after"), closes=True)
        self.assertEqual(self.same(request("GET", "a"))[:5], b"$-1\r\n")

    def test_http_is_hung_up_on(self):
        for line in (b"POST / HTTP/1.1\r\n", b"Host: localhost\r\n"):
            self.assertEqual(self.same(line, closes=True), b"")


class LenientProtocolTest(SameBytesTest):
    """What is odd and yet no error."""

    def test_empty_requests_are_skipped(self):
        self.same(b"*0\r\n" + request("PING") + b"*-1\r\n" + request("PING") + b"\r\n\r\n" +
                  request("PING") + b"*-5\r\n")

    def test_two_bytes_after_an_argument_are_not_looked_at(self):
        self.same(b"*1\r\n$4\r\nPINGxx" + b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\n\n")

    def test_numbers_with_odd_spelling(self):
        for data in (b"*+1\r\n$4\r\nPING\r\n", b"*01\r\n$4\r\nPING\r\n", b"*1\r\n$04\r\nPING\r\n",
                     b"*1\r\n$+4\r\nPING\r\n"):
            self.same(data, closes=True)

    def test_empty_arguments(self):
        self.same(b"*1\r\n$0\r\n\r\n" + request("", "a") + request("SET", "", "") +
                  request("GET", ""))


class InlineTest(SameBytesTest):
    def test_plain(self):
        self.same(b"PING\r\nPING\nSET a 1\r\nGET a\r\n  GET   a  \r\n\tGET\ta\r\n")

    def test_quotes(self):
        self.same(b"SET a \"b c\"\r\nGET a\r\nSET 'a' 'b\\'c'\r\nGET a\r\nSET a \"\"\r\nGET a\r\n"
                  b"SET a \"\\x41\\x00\\n\\r\\t\\a\\b\\\\\\q\\xzz\"\r\nGET a\r\nECHO '\\x41\\n'\r\n")

    def test_mixed_with_arrays(self):
        self.same(b"PING\r\n" + request("PING") + b"PING\r\n\r\n" + request("ECHO", "x"))

    def test_blank_lines(self):
        self.same(b"\r\n \r\n\n  \nPING\r\n")

    def test_unknown_command(self):
        self.same(b"FOO bar \"b z\"\r\n")


class SplitTest(WireTest):
    """A request may arrive in any pieces."""

    DATA = (request("SET", "key", "value\r\nmore") + request("GET", "key") + b"PING\r\n" +
            request("XADD", "topic", "1-1", "f", "") + b"ECHO 'a b'\r\n" + request("ECHO",
                                                                                   "x" * 20))
    REPLIES = (b"+OK\r\n$11\r\nvalue\r\nmore\r\n+PONG\r\n$3\r\n1-1\r\n$3\r\na b\r\n$20\r\n" +
               b"x" * 20 + b"\r\n")

    def _received(self, other):
        # The server has read what was sent before this, for it is answered after that arrived.
        self.assertEqual(other.call("PING"), ("+", b"PONG"))

    def _read(self, client):
        return client.read_until(lambda got: len(got) >= len(self.REPLIES))

    def test_at_every_byte(self):
        client, other = self.client(), self.client()
        for i in range(1, len(self.DATA)):
            other.call("DEL", "topic")
            client.send(self.DATA[:i])
            self._received(other)
            client.send(self.DATA[i:])
            self.assertEqual(self._read(client), self.REPLIES, "split at %d" % i)

    def test_byte_by_byte(self):
        client, other = self.client(), self.client()
        for i in range(len(self.DATA)):
            client.send(self.DATA[i:i + 1])
            self._received(other)
        self.assertEqual(self._read(client), self.REPLIES)

    def test_large_argument_in_pieces(self):
        client, other = self.client(30), self.client()
        value = bytes(range(256)) * 8192
        data = request("SET", "big", value) + request("STRLEN", "big")
        for start in range(0, len(data), 300001):
            client.send(data[start:start + 300001])
            self._received(other)
        self.assert_ok(client.read_reply())
        self.assertEqual(client.read_reply(), (":", b"2097152"))
        self.assertEqual(client.call("GET", "big"), ("$", value))

    def test_argument_lengths_around_powers_of_two(self):
        client = self.client()
        for power in (10, 14, 15, 16, 17, 20):
            for length in range(2 ** power - 3, 2 ** power + 4):
                value = b"v" * (length - 1) + b"\n"
                self.assertEqual(client.call("ECHO", value), ("$", value))


class PipelineTest(WireTest):
    COUNT = 100000

    def _pipeline(self, data, size):
        client = self.client(60)
        sender = threading.Thread(target=client.send, args=(data,))
        sender.start()
        got = client.read_until(lambda data: len(data) >= size)
        sender.join()
        return got

    def test_a_hundred_thousand_counters(self):
        data = request("INCR", "n") * self.COUNT
        expected = b"".join(b":%d\r\n" % i for i in range(1, self.COUNT + 1))
        self.assertEqual(self._pipeline(data, len(expected)), expected)

    def test_a_hundred_thousand_inline(self):
        data, expected = b"PING\r\n" * self.COUNT, b"+PONG\r\n" * self.COUNT
        self.assertEqual(self._pipeline(data, len(expected)), expected)

    def test_a_hundred_thousand_appends(self):
        client = self.client()
        data = b"".join(request("XADD", "t", "%d-0" % i, "f", "v") for i in range(1, self.COUNT +
                                                                                  1))
        expected = b"".join(b"$%d\r\n%d-0\r\n" % (len("%d-0" % i), i)
                            for i in range(1, self.COUNT + 1))
        self.assertEqual(self._pipeline(data, len(expected)), expected)
        self.assertEqual(client.call("XLEN", "t"), (":", b"%d" % self.COUNT))

    def test_nothing_is_read_before_everything_is_sent(self):
        client = self.client(60)
        data, expected = request("GET", "absent") * self.COUNT, b"$-1\r\n" * self.COUNT
        client.send(data)
        self.assertEqual(client.read_until(lambda got: len(got) >= len(expected)), expected)
