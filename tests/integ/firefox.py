#!/usr/bin/python3
"""Phones in a JMUCI call with a Firefox, beside a Chromium: one calls it, one is called by it with sound and video."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("firefox") as lab:
    bob = lab.firefox("bob")
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room}])
    alice = lab.browser("alice")
    for p in (alice, bob):
        p.wait_joined(60)

    with lab.case("a phone proposes and calls a Firefox: both hear each other"):
        first = lab.dial("100")
        for p in (alice, bob):
            asked = p.wait("proposed", nick="Phone 100", timeout=30)
            p.accept(asked["id"])
        gateway.wait_talking("100", peers=2, timeout=30)
        lab.check_hears([alice], "Phone 100", 1000)
        got = bob.wait_gets("Phone 100")
        assert got["lost"] < got["packets"] / 20 and got["codec"] == "audio/opus", got

    with lab.case("a Firefox that has accepted calls a phone that comes later, with sound and video: the same"):
        second = lab.dial("101")
        gateway.wait_talking("101", peers=3, timeout=30)  # the other phone, too
        bob.wait("session", state="new", nick="Phone 101", outgoing=True)
        got = bob.wait_gets("Phone 101")
        assert got["lost"] < got["packets"] / 20, got
        gateway.let_listen("101", 2)

    with lab.case("what the phones heard: tones without a gap"):
        for ua in (first, second):
            code, heard = ua.hang_up()
            assert code == 0, heard
            assert_heard(heard, alice.tone, 1)
            assert_heard(heard, bob.tone, 1)
        gateway.wait_idle()
