"""Finds a short history that still shows a difference, by re-running with fewer steps."""

import time

_TIMEOUT_S = 1.0


def reduce(pair, steps, difference, budget_s=15.0):
    """A short list of steps that ends in a difference of the same kind."""
    deadline = time.monotonic() + budget_s
    patience, pair.timeout_s = pair.timeout_s, _TIMEOUT_S

    def fails(candidate):
        pair.reset()
        found = pair.run(candidate)
        if found and _alike(found, difference):
            return candidate[:found.step + 1]
        return None

    try:
        best = fails(steps[:difference.step + 1])
        if not best:
            return None
        best = _related_only(best, fails) or best
        size = max(1, len(best) // 2)
        while time.monotonic() < deadline:
            shorter = _drop_chunks(best, size, fails, deadline)
            if size == 1 and len(shorter) == len(best):
                break
            best, size = shorter, max(1, min(size, len(shorter)) // 2)
        return best
    finally:
        pair.timeout_s = patience


def _alike(one, other):
    if "stalled" in (one.kind, other.kind) and not one.what.startswith("redis"):
        # What comes instead of a missing reply depends on what follows: only the command counts.
        return one.signature[0] == other.signature[0]
    return one.signature == other.signature


def _related_only(steps, fails):
    """Most differences need only the steps that share a key with the last one."""
    last = set(steps[-1][1][1:]) - {b"", b"0", b"1", b"-", b"+"}
    return fails([step for step in steps[:-1] if last & set(step[1])] + steps[-1:])


def _drop_chunks(steps, size, fails, deadline):
    """Tries to leave out each run of `size` steps once, from the end; the last step stays."""
    end = len(steps) - 1
    while end > 0 and time.monotonic() < deadline:
        begin = max(0, end - size)
        shorter = fails(steps[:begin] + steps[end:])
        if shorter:
            steps = shorter
        end = min(begin, len(steps) - 1)
    return steps
