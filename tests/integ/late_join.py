#!/usr/bin/python3
"""Dialling in long after the call began, and people who come after the phone."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("late_join") as lab:
    gateway = lab.daemon()
    alice, bob, dave = lab.browser("alice"), lab.browser("bob"), lab.peer("dave")
    for p in (alice, bob, dave):
        p.wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh([alice, bob])

    with lab.case("the phone accepts a call that is 33 s old"):
        time.sleep(33)
        first = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, bob], "Phone 100", 1000)
        assert not alice.seen("session", nick="Phone 100", outgoing=False), "the newcomer called, it must be called"

    with lab.case("somebody accepts after the phone: the phone calls"):
        time.sleep(1.6)
        dave.accept(alice.call_id)
        gateway.wait_talking("100", peers=3)
        lab.check_hears([alice, bob, dave], "Phone 100", 1000)
        assert dave.seen("session", nick="Phone 100", outgoing=False)
        gateway.let_listen("100", 5)
        code, heard = first.hang_up()
        assert code == 0, heard
        for p, seconds in ((alice, 6), (bob, 6), (dave, 4)):
            assert_heard(heard, p.tone, seconds)

    with lab.case("a second phone accepts fifth"):
        gateway.wait_idle()
        ua = lab.dial("101")
        gateway.wait_talking("101", peers=3)
        lab.check_hears([alice, bob, dave], "Phone 101", 1200)
        assert ua.hang_up()[0] == 0

    with lab.case("an earlier accepter that never calls is called by the gateway"):
        gateway.wait_idle()
        lame = lab.peer("carol", "--lame").wait_joined()
        lame.accept(alice.call_id)
        alice.wait_hears("carol", 880)
        time.sleep(1.6)
        ua = lab.dial("102")
        gateway.wait_talking("102", peers=4, timeout=25)
        lab.check_hears([alice, bob, dave, lame], "Phone 102", 1400)
        assert ua.hang_up()[0] == 0
