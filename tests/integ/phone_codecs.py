#!/usr/bin/python3
"""Each codec of a telephone, in both directions."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("phone_codecs") as lab:
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    for p in (alice, dave):
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh([alice, dave])
    time.sleep(1.6)
    for number, codec in zip(("100", "101", "102", "103"), ("opus", "G722", "PCMA", "PCMU")):
        with lab.case(codec, go_on=True):
            ua = lab.dial(number, codec=codec)
            call = gateway.wait_talking(number, peers=2)
            lab.check_hears([alice, dave], call["nick"], ua.tone)
            assert call["sip"]["codec"].lower() == codec.lower(), call["sip"]
            gateway.let_listen(number, 4)
            code, heard = ua.hang_up()
            assert code == 0 and heard["codec"].lower().startswith(codec.lower()), heard
            for p in (alice, dave):
                assert_heard(heard, p.tone, 3)
            assert heard["lost"] == 0, heard
            gateway.wait_idle()
    with lab.case("no codec in common: 488", go_on=True):
        gateway.conf["media"]["codecs"] = ["opus"]
        gateway.write()
        gateway.ctl("reload")
        code, heard = lab.dial("100", duration=3, codec="PCMU").result()
        assert heard["status"] == 488 and code == 1, heard
