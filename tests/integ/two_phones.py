#!/usr/bin/python3
"""Two telephones of one gateway: they hear each other, with and without others."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("two_phones") as lab:
    gateway = lab.daemon()

    def listen_and_end(*phones):
        """What the phones have heard, after some seconds of everything together."""
        for ua, number in phones:
            gateway.let_listen(number, 6)
        return [ua.hang_up() for ua, _ in phones]

    with lab.case("alone in the room"):
        a, b = lab.dial("100"), lab.dial("101")
        for number in ("100", "101"):
            gateway.wait_talking(number)
        (code_a, heard_a), (code_b, heard_b) = listen_and_end((a, "100"), (b, "101"))
        assert (code_a, code_b) == (0, 0), (heard_a, heard_b)
        assert_heard(heard_a, 1200, 3, "phone 100")
        assert_heard(heard_b, 1000, 3, "phone 101")
        gateway.wait_idle()

    with lab.case("with a browser and a scripted peer"):
        alice, dave = lab.browser("alice"), lab.peer("dave")
        for p in (alice, dave):
            p.wait_joined()
        alice.propose()
        dave.wait("proposed", nick="alice")
        dave.accept()
        lab.check_mesh([alice, dave])
        time.sleep(1.6)  # an accept right after another one would make a mute pair: the phones would wait for that
        a, b = lab.dial("100"), lab.dial("101")
        for number in ("100", "101"):
            gateway.wait_talking(number, peers=3, timeout=40)  # two people and the other phone
        peers = {p["nick"]: p["codec"] for p in gateway.call("100")["peers"]}
        assert peers["Phone 101"] == "local", peers
        for p in (alice, dave):
            lab.check_hears([p], "Phone 100", 1000)
            lab.check_hears([p], "Phone 101", 1200)
        lab.show([alice, dave], [("Phone 100", 1000), ("Phone 101", 1200)])
        for nick, other in (("Phone 100", 1200), ("Phone 101", 1000)):  # each phone's own sound only, none heard through the other
            alice.wait_silence(nick, other)
        (code_a, heard_a), (code_b, heard_b) = listen_and_end((a, "100"), (b, "101"))
        assert (code_a, code_b) == (0, 0), (heard_a, heard_b)
        for heard, other in ((heard_a, 1200), (heard_b, 1000)):
            for hz in (other, alice.tone, dave.tone):
                assert_heard(heard, hz, 4)
