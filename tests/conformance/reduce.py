"""Finds a short history that still shows a difference, by re-running with fewer steps."""

import time

import compare

_TIMEOUT_S = 1.0


def reduce(pair, steps, difference, budget_s=15.0):
    """A short list of steps that ends in a difference at the same command."""
    command = compare.rule_name(difference.args)
    deadline = time.monotonic() + budget_s
    patience, pair.timeout_s = pair.timeout_s, _TIMEOUT_S

    def fails(candidate):
        pair.reset()
        found = pair.run(candidate)
        if found and compare.rule_name(found.args) == command:
            return candidate[:found.step + 1]
        return None

    try:
        best = fails(steps[:difference.step + 1])
        if not best:
            return None
        best = _related_only(best, fails) or best
        size = max(1, len(best) // 2)
        while time.monotonic() < deadline:
            shorter = _drop_one_chunk(best, size, fails, deadline)
            if shorter:
                best = shorter
                size = min(size, max(1, len(best) // 2))
            elif size == 1:
                break
            else:
                size = max(1, size // 2)
        return best
    finally:
        pair.timeout_s = patience


def _related_only(steps, fails):
    """Most differences need only the steps that share a key with the last one."""
    last = set(steps[-1][1][1:]) - {b"", b"0", b"1", b"-", b"+"}
    return fails([step for step in steps[:-1] if last & set(step[1])] + steps[-1:])


def _drop_one_chunk(steps, size, fails, deadline):
    end = len(steps) - 1    # the last step is the one that differs
    while end > 0 and time.monotonic() < deadline:
        begin = max(0, end - size)
        shorter = fails(steps[:begin] + steps[end:])
        if shorter:
            return shorter
        end = begin
    return None
