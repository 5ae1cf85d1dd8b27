#!/usr/bin/python3
"""Hold and resume from the telephone."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("hold") as lab:
    gateway = lab.daemon()
    alice, bob = lab.browser("alice"), lab.browser("bob")
    for p in (alice, bob):
        p.wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh([alice, bob])
    time.sleep(1.6)

    with lab.case("before, during and after hold"):
        ua = lab.dial("100", duration=18, hold="6:5")
        gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, bob], "Phone 100", 1000)
        for p in (alice, bob):
            p.wait_silence("Phone 100", 1000, timeout=8)
        assert alice.hears("bob", 660) and bob.hears("alice", 440)
        assert gateway.call("100")["state"] == "talking"
        for p in (alice, bob):
            p.wait_hears("Phone 100", 1000, timeout=10)
        code, heard = ua.result()
        assert code == 0, heard
        for p in (alice, bob):  # 18 s less 5 s of hold and the beginning
            assert_heard(heard, p.tone, 8)
        seconds = max(t["seconds"] for t in heard["heard"])
        assert seconds < 14.5, f"the phone was sent {seconds} s of sound in a call of 18 s with 5 s of hold"
