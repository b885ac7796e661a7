"""Each line is published and appended; a subscriber and a later reader get every one, in order."""


def check(client, lines, servers):
    transcripts = {}
    for name, server in servers.items():
        topic = "log:" + client.label.replace(" ", "-")
        said = client.run("feed", server, topic, lines) + client.run("read", server, topic)
        try:
            transcripts[name] = _understand(said, lines, client.protocol)
        except AssertionError as error:
            raise AssertionError("%s: %s" % (name, error)) from None
    ours, theirs = transcripts.values()
    _same("the transcript on leat-server", ours, theirs)


def _understand(said, lines, protocol):
    """Checks what a client printed; returns it with IDs replaced by their place in the order."""
    of = {}
    for verb, rest in said:
        of.setdefault(verb, []).append(rest)
    _same("the protocol", of.pop("speaks", []), [b"%d" % protocol])
    _same("what the subscriber received", of.pop("received", []), lines)

    ranged = [entry.partition(b" ")[::2] for entry in of.pop("ranged", [])]
    _same("the lines of XRANGE", [line for _, line in ranged], lines)
    ids = [entry_id for entry_id, _ in ranged]
    assert all(a < b for a, b in zip(map(_number, ids), map(_number, ids[1:]))), "IDs do not grow"
    _same("XREAD", [tuple(e.partition(b" ")[::2]) for e in of.pop("read", [])], ranged)

    if "piped" in of:
        _same("the count of replies", of.pop("piped"),
              [b"errors: 0, replies: %d" % (2 * len(lines))])
    else:
        _same("the receivers of each PUBLISH", of.pop("published", []), [b"1"] * len(lines))
        _same("the IDs that XADD returned", of.pop("appended", []), ids)
    assert not of, "unexpected: %s" % of
    place = {entry_id: b"%d" % n for n, entry_id in enumerate(ids)}
    return [(verb, b" ".join(place.get(word, word) for word in rest.split(b" ")))
            for verb, rest in said]


def _number(entry_id):
    return tuple(map(int, entry_id.split(b"-")))


def _same(what, got, expected):
    """Equal sequences; says where they begin to differ."""
    got, expected = list(got), list(expected)
    if got == expected:
        return
    at = next((n for n, (a, b) in enumerate(zip(got, expected)) if a != b),
              min(len(got), len(expected)))
    raise AssertionError("%s: %d instead of %d; at %d %r instead of %r" % (
        what, len(got), len(expected), at, got[at:at + 1], expected[at:at + 1]))
