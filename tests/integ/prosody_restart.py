#!/usr/bin/python3
"""A call of three phones and two browsers, roughly treated: a phone is kicked, the XMPP server dies and comes back."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("prosody_restart") as lab:
    gateway = lab.daemon()
    alice, bob = lab.browser("alice"), lab.browser("bob")
    owner = lab.keep(Contact(lab.server, "tipring")).enter(lab.room, "Owner")
    for p in (alice, bob):
        p.wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh([alice, bob])
    time.sleep(1.6)
    phones = {}

    def hear_phones(timeout=15):
        for n, ua in phones.items():
            lab.check_hears([alice, bob], f"Phone {n}", ua.tone, timeout)

    with lab.case("three phones and two browsers: everybody hears everybody"):
        for n in ("100", "101", "102"):
            phones[n] = lab.dial(n)
        for n in phones:
            gateway.wait_talking(n, peers=4, timeout=40)
        hear_phones()
        lab.check_mesh([alice, bob])
        lab.show([alice, bob], [(f"Phone {n}", u.tone) for n, u in phones.items()])

    with lab.case("a phone is kicked: it is out of the call, the others go on"):
        gateway.let_listen("101", 2)
        owner.kick(lab.room, "Phone 101")
        code, heard = phones.pop("101").result()
        assert heard["ended_by"] == "them", heard
        for hz in (alice.tone, bob.tone, phones["100"].tone, phones["102"].tone):
            assert_heard(heard, hz, 1, "phone 101")
        record = wait_for("its record", lambda: gateway.ctl("history"), 10)[0]
        assert record["cause"] == "room-closed", record
        for p in (alice, bob):
            p.wait("session", nick="Phone 101", state="ended")
        hear_phones()
        lab.check_mesh([alice, bob])

    with lab.case("audio goes on while the server is dead"):
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 10)
        before = gateway.process.log().count("rejoined")
        time.sleep(1.5)  # what is heard now was said while it was dead
        hear_phones(timeout=5)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}

    with lab.case("new calls are refused with 503 meanwhile"):
        code, refused = lab.dial("101", duration=2).result()
        assert code == 1 and refused["status"] == 503, refused

    with lab.case("the server is back: the gateway rejoins, audio still goes on"):
        at = time.monotonic()
        lab.server.start()
        for p in (alice, bob):
            p.wait("joined", timeout=20, since=at)
        wait_for("both phones to be back", lambda: gateway.process.log().count("rejoined") >= before + 2, 40)
        gateway.let_listen("100", 2)
        hear_phones(timeout=5)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}
        for n, other in (("100", "102"), ("102", "100")):
            code, heard = phones[n].hang_up()
            assert code == 0, heard
            for hz in (alice.tone, bob.tone):
                assert_heard(heard, hz, heard["duration_s"] - 5)  # all the time
            assert_heard(heard, {"100": 1000, "102": 1400}[other], 4)

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
