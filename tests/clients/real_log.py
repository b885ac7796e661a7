"""Lines of a real log of this machine: what dpkg has written about the installed packages."""

import subprocess

LOG = "/var/log/dpkg.log"
ENOUGH = 2000
_STATES = ("half-installed", "unpacked", "half-configured", "installed")


def lines(limit):
    """At most `limit` lines, as bytes without line ends, and where they are from."""
    try:
        with open(LOG, "rb") as log:
            found = log.read().splitlines()
    except OSError:
        found = []
    if len(found) >= min(limit, ENOUGH):
        return found[:limit], LOG
    return (found + _from_packages(limit))[:limit], "dpkg-query"


def _from_packages(limit):
    """What dpkg would log if each installed package were installed now, again and again."""
    packages = subprocess.run(["dpkg-query", "-W", "-f", "${Package}:${Architecture} ${Version}\n"],
                              check=True, stdout=subprocess.PIPE).stdout.splitlines()
    made = []
    while len(made) < limit:
        for package in packages:
            for state in _STATES:
                second = len(made)
                clock = "%02d:%02d:%02d" % (second // 3600 % 24, second // 60 % 60, second % 60)
                made.append(b"2024-01-01 %b status %b %b"
                            % (clock.encode(), state.encode(), package))
    return made
