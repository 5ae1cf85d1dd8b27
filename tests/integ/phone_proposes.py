#!/usr/bin/python3
"""A phone dials into a room where no call runs: it proposes one."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("phone_proposes") as lab:
    gateway = lab.daemon()
    alice, bob = lab.browser("alice"), lab.browser("bob")
    for p in (alice, bob):
        p.wait_joined()

    with lab.case("nobody accepts and the phone hangs up: retract"):
        ua = lab.dial("100")
        alice.wait("proposed", nick="Phone 100")
        gateway.wait_state("100", "waiting")
        ua.hang_up()
        alice.wait("word", action="retract", nick="Phone 100")
        gateway.wait_idle()
        time.sleep(1)

    with lab.case("both accept: the phone calls both, they call each other"):
        at = time.monotonic()
        ua = lab.dial("100")
        for p in (alice, bob):
            p.wait("proposed", since=at, nick="Phone 100")
        alice.accept()
        lab.check_hears([alice], "Phone 100", 1000)
        time.sleep(1.2)
        bob.accept()
        gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, bob], "Phone 100", 1000)
        lab.check_mesh([alice, bob])
        lab.show([alice, bob], [("Phone 100", 1000)])
        assert alice.order == ["Phone 100", "alice", "bob"], alice.order
        assert all(not s["outgoing"] for s in alice.seen("session", nick="Phone 100")), "only the proposer calls"
        gateway.let_listen("100", 5)
        code, heard = ua.hang_up()
        assert code == 0, heard
        for p in (alice, bob):
            assert_heard(heard, p.tone, 4)

    with lab.case("the call goes on without its proposer"):
        gateway.wait_idle()
        lab.check_mesh([alice, bob])

    with lab.case("everybody has hung up, later another call runs: a phone that dials gets into that one", go_on=True):
        for p in (alice, bob):
            p.hangup()
        time.sleep(2)
        at = time.monotonic()
        bob.propose()
        alice.wait("proposed", since=at, nick="bob")
        alice.accept()
        lab.check_mesh([alice, bob])
        time.sleep(1.6)
        ua = lab.dial("101")
        call = gateway.wait_talking("101", peers=2, timeout=8)
        lab.check_hears([alice, bob], call["nick"], ua.tone)
        assert ua.hang_up()[0] == 0

    with lab.case("everybody has hung up: a phone that dials proposes anew, without a long silence", go_on=True):
        gateway.wait_idle()
        for p in (alice, bob):
            p.hangup()
        time.sleep(2)
        at = time.monotonic()
        ua = lab.dial("102")
        alice.wait("proposed", timeout=14, since=at, nick="Phone 102")
        alice.accept()
        lab.check_hears([alice], "Phone 102", ua.tone)
        assert ua.hang_up()[0] == 0
