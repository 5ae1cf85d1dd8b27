#!/usr/bin/python3
"""Two hundred calls: memory and file descriptors are where they were."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402

KIB_PER_CALL = 16  # the allocator keeps some; what leaks with each call shows above this

with Lab("churn") as lab:
    gateway = lab.daemon(phones=[{"number": "100", "password": "pw-100", "name": "Phone 100", "max_calls": 50}])
    people = [lab.peer("alice"), lab.peer("bob")]
    for p in people:
        p.wait_joined()
    people[0].propose()
    people[1].wait("proposed", nick="alice")
    people[1].accept()
    lab.check_mesh(people)
    time.sleep(1.6)

    def calls(n):
        load = lab.load("100", calls=n, concurrency=5, rate=4, duration=1)
        code, document = load.result(n * 3 + 60)
        gateway.wait_idle()
        time.sleep(3)
        return document

    # SIP keeps each answer for 32 s (RFC 3261 17.2): as many calls lie behind the first measurement as behind the second
    with lab.case("130 calls to warm up: all answered"):
        document = calls(130)
        assert document["answered"] == 130, document
        fds, rss = gateway.fds(), gateway.rss_kib()

    with lab.case("200 more, five at a time: all answered"):
        document = calls(200)
        lab.say(document)
        assert document["answered"] == 200, document

    with lab.case("no file descriptor is left"):
        lab.say(f"file descriptors: {fds} before, {gateway.fds()} after")
        assert gateway.fds() <= fds, os.listdir(f"/proc/{gateway.pid}/fd")

    with lab.case("no memory is left"):
        grown = gateway.rss_kib() - rss
        lab.say(f"resident memory: {rss} KiB before, {rss + grown} KiB after: {grown / 200:.1f} KiB a call")
        assert grown < 200 * KIB_PER_CALL, f"{grown} KiB more after 200 calls"

    with lab.case("the others are still talking to each other"):
        lab.check_mesh(people)
