#!/usr/bin/python3
"""What a hundred calls leave behind: file descriptors and resident memory after call 10 and after call 100, as a ratio."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402

QUIET_S = 36  # SIP keeps each answer for 32 s (RFC 3261 17.2)

with Lab("memory") as lab:
    gateway = lab.daemon()
    people = [lab.peer("alice"), lab.peer("bob")]
    for p in people:
        p.wait_joined()
    people[0].propose()
    people[1].wait("proposed", nick="alice")
    people[1].accept()
    lab.check_mesh(people)
    time.sleep(1.6)

    def after(n):
        code, document = lab.load("100", calls=n, concurrency=1, rate=100, duration=1).result(n * 4 + 20)
        assert code == 0 and document["answered"] == n, document
        gateway.wait_idle()
        time.sleep(QUIET_S)
        return gateway.fds(), gateway.rss_kib()

    with lab.case("10 calls, then 90 more: all answered with audio"):
        fds, rss = after(10)
        fds_100, rss_100 = after(90)

    lab.say(f"{'':12s}{'descriptors':>12s}{'resident KiB':>14s}")
    lab.say(f"{'after 10':12s}{fds:12d}{rss:14d}")
    lab.say(f"{'after 100':12s}{fds_100:12d}{rss_100:14d}   {100 * (rss_100 / rss - 1):.1f} % more")
    with lab.case("no descriptor more"):
        assert fds_100 <= fds, os.listdir(f"/proc/{gateway.pid}/fd")
