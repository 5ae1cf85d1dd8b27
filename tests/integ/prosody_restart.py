#!/usr/bin/python3
"""The XMPP server dies during a call and comes back."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("prosody_restart") as lab:
    gateway = lab.daemon()
    alice, bob = lab.browser("alice"), lab.browser("bob")
    for p in (alice, bob):
        p.wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh([alice, bob])
    time.sleep(1.6)
    ua = lab.dial("100")
    gateway.wait_talking("100", peers=2)
    lab.check_hears([alice, bob], "Phone 100", 1000)

    with lab.case("audio goes on while the server is dead"):
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 10)
        time.sleep(3)
        lab.check_hears([alice, bob], "Phone 100", 1000, timeout=1)
        assert gateway.call("100")["state"] == "talking"

    with lab.case("new calls are refused with 503 meanwhile"):
        code, refused = lab.dial("101", duration=2).result()
        assert code == 1 and refused["status"] == 503, refused

    with lab.case("the server is back: the gateway rejoins, audio still goes on"):
        at = time.monotonic()
        lab.server.start()
        for p in (alice, bob):
            p.wait("joined", timeout=20, since=at)
        wait_for("the stream to be up", lambda: gateway.ctl("status")["ready"], 30)
        time.sleep(8)
        lab.check_hears([alice, bob], "Phone 100", 1000, timeout=1)
        assert gateway.call("100")["state"] == "talking"
        code, heard = ua.hang_up()
        assert code == 0, heard
        for p in (alice, bob):
            assert_heard(heard, p.tone, heard["duration_s"] - 5)  # all the time

    with lab.case("the next call works"):
        gateway.wait_idle()
        for p in (alice, bob):
            p.hangup()
        time.sleep(1)
        at = time.monotonic()
        alice.propose()
        bob.wait("proposed", since=at, nick="alice")
        bob.accept()
        lab.check_mesh([alice, bob])
        time.sleep(1.6)
        ua = lab.dial("100")
        lab.check_hears([alice, bob], "Phone 100", 1000, timeout=20)
        assert ua.hang_up()[0] == 0
