#!/usr/bin/python3
"""A members-only room on Prosody, as JSXC needs it: the gateway makes its phones members."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("members_only", members_only=True) as lab:
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    for p in (alice, dave):
        p.wait_joined()

    with lab.case("a phone that is no member yet dials in"):
        alice.propose()
        dave.wait("proposed", nick="alice")
        dave.accept()
        lab.check_mesh([alice, dave])
        time.sleep(1.6)
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, dave], "Phone 100", 1000)
        gateway.let_listen("100", 4)
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, 440, 3)
