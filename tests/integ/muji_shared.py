#!/usr/bin/python3
"""identity = "shared": the phones of a room are one participant of its Muji call, whoever of them comes and goes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("muji_shared") as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "muji", "identity": "shared"}])
    alice, bob = lab.muji_peer("alice").wait_joined(), lab.muji_peer("bob").wait_joined()

    with lab.case("two phones and two people: the phones are one participant, and everybody hears everybody"):
        alice.join().wait("in", before=[])
        first = lab.dial("100")
        gateway.wait_talking("100")
        bob.join().wait("in")
        gateway.wait_talking("100", peers=2)
        second = lab.dial("101")
        gateway.wait_talking("101", peers=3)
        for hz in (first.tone, second.tone):
            lab.check_hears([alice, bob], "Phones", hz)
        lab.check_mesh([alice, bob])
        assert {e["nick"] for e in alice.seen("muji")} == {"Phones", "bob"}
        lab.show([alice, bob], [("Phones", first.tone), ("Phones", second.tone)])

    with lab.case("the one that came first hangs up: the other is heard on, by the same sessions"):
        before = [len(p.seen("session", nick="Phones")) for p in (alice, bob)]
        gateway.let_listen("100", 2)
        code, heard = first.hang_up()
        assert code == 0, heard
        for p in (alice, bob):
            assert_heard(heard, p.tone, 2)
        assert_heard(heard, second.tone, 1)
        for p in (alice, bob):
            p.wait_silence("Phones", first.tone)
            p.wait_hears("Phones", second.tone)
        assert [len(p.seen("session", nick="Phones")) for p in (alice, bob)] == before
        assert gateway.call("101")["state"] == "talking"

    with lab.case("a third one comes into it; the last one leaves the call"):
        third = lab.dial("102")
        gateway.wait_talking("102", peers=3)
        lab.check_hears([alice, bob], "Phones", third.tone)
        gateway.let_listen("102", 2)
        for ua, least in ((second, 4), (third, 1)):
            code, heard = ua.hang_up()
            assert code == 0, heard
            for p in (alice, bob):
                assert_heard(heard, p.tone, least)
        for p in (alice, bob):
            p.wait("occupant", nick="Phones", present=False)
        lab.check_mesh([alice, bob])
        assert not [e for p in (alice, bob) for e in p.seen("error") + p.seen("ignored")]
