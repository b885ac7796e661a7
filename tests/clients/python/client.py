#!/usr/bin/python3
"""The log through redis-py. What each client does and prints: tests/clients/README.md.

    client.py PARSER MODE PORT PROTOCOL NAME DEPTH <lines

PARSER is `hiredis` (the parser in C, and pipelines as they are by default: transactions) or `python`
(the parser in Python, and plain pipelines). Debian's redis-py has no RESP3, so PROTOCOL is 2.
"""

import itertools
import sys
import threading

import redis
from redis.connection import HiredisParser, PythonParser

PAGE = 500


def show(*words):
    sys.stdout.buffer.write(b" ".join(w if isinstance(w, bytes) else str(w).encode()
                                      for w in words) + b"\n")


def batches(depth):
    """The lines of the standard input, `depth` at a time, as soon as they are there."""
    lines = (line.rstrip(b"\n") for line in sys.stdin.buffer)
    while batch := list(itertools.islice(lines, depth)):
        yield batch


def feed(client, name, depth, transaction):
    show("speaks", client.execute_command("CLIENT INFO")["resp"].strip())
    end = name + ":end"
    subscriber = client.pubsub()
    subscriber.subscribe(name, end)
    for _ in range(2):
        assert subscriber.get_message(timeout=30)["type"] == "subscribe"
    received = []

    def listen():
        for message in subscriber.listen():
            if message["channel"] == end.encode():
                return
            received.append(message["data"])

    listener = threading.Thread(target=listen)
    listener.start()
    for batch in batches(depth):
        pipeline = client.pipeline(transaction=transaction)
        for line in batch:
            pipeline.publish(name, line)
            pipeline.xadd(name, {"line": line})
        replies = pipeline.execute()
        for receivers, entry_id in zip(replies[::2], replies[1::2]):
            show("published", receivers)
            show("appended", entry_id)
    client.publish(end, "")
    listener.join()
    for line in received:
        show("received", line)


def read(client, name):
    start = "-"
    while page := client.xrange(name, min=start, max="+", count=PAGE):
        for entry_id, fields in page:
            show("ranged", entry_id, fields[b"line"])
        start = b"(" + page[-1][0]
    last = b"0-0"
    while reply := client.xread({name: last}, count=PAGE):
        [[_, page]] = reply
        for entry_id, fields in page:
            show("read", entry_id, fields[b"line"])
        last = page[-1][0]


def append(client, name, depth):
    try:
        for batch in batches(depth):
            pipeline = client.pipeline(transaction=False)
            for line in batch:
                pipeline.xadd(name, {"line": line})
            for entry_id in pipeline.execute():
                show("appended", entry_id)
            sys.stdout.flush()
    except redis.ConnectionError:
        show("disconnected")


def main(parser, mode, port, protocol, name, depth):
    assert protocol == "2"
    parser_class = {"hiredis": HiredisParser, "python": PythonParser}[parser]
    pool = redis.ConnectionPool(host="127.0.0.1", port=int(port), parser_class=parser_class)
    client = redis.Redis(connection_pool=pool)
    if mode == "feed":
        feed(client, name, int(depth), transaction=parser == "hiredis")
    elif mode == "read":
        read(client, name)
    else:
        append(client, name, int(depth))


if __name__ == "__main__":
    main(*sys.argv[1:])
