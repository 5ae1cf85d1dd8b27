#!/usr/bin/python3
"""Calls with Dino 0.4.2 itself (package dino-im), its buttons pressed on a display that nobody sees: to one person and from one, with video,
in a room, into a running call, and a call between two that becomes one of more. By hand: Dino's microphone does not always start."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import dino  # noqa: E402

dino.enter()
from lab import TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

with Lab("dino", server=dino.Server, members_only=True) as lab:
    people = [lab.server.jid(u) for u in ("alice", "bob")]
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    gateway = lab.daemon(sip={"ring_limit": 40}, xmpp={"callers": people}, media={"addresses": [dino.ADDRESS]},
                         rooms=[{"number": "8000", "room": lab.room, "ring": ["102"]},
                                {"number": "8001", "room": lab.room, "flavour": "muji", "call": "private"},
                                {"number": "8101", "room": people[0], "flavour": "direct"}])
    start = lambda user: dino.Dino(lab, user, TONES[user], [jid("101"), jid("103")], [lab.room])  # noqa: E731
    alice, bob = start("alice"), start("bob")
    ringing = lab.answering("101", calls=20)
    wait_for("both in the room", lambda: gateway.ctl("room", "list")[0]["participants"] >= 2, 40)

    def over(*callers):
        for d in callers:
            d.hang_up()
        gateway.wait_idle(40)

    def heard_by(phone, peers):
        """Each peer is heard: packets of its session are counted."""
        wait_for(f"phone {phone} to hear {peers}", lambda: sum(bool(p["packets_in"]) for p in gateway.call(phone)["peers"]) >= peers, 20)

    with lab.case("a phone calls a person: Dino rings, is picked up, both hear each other"):
        before, ua = alice.calls(), lab.dial("100", "8101")
        alice.answer(before)
        gateway.wait_talking("100")
        alice.wait_hears(1000)
        heard_by("100", 1)
        gateway.let_listen("100", 2)
        assert_heard(ua.hang_up()[1], alice.tone, 1)
        gateway.wait_idle()

    with lab.case("she declines, and the phone is told", go_on=True):
        before, ua = alice.calls(), lab.dial("100", "8101")
        alice.answer(before, "reject-call")
        assert ua.result()[1]["status"] == 603, ua.result()

    for video in (False, True):
        with lab.case(f"Dino calls a phone, {'with video, which is declined' if video else 'by its button'}: both hear each other", go_on=True):
            alice.call(jid("101"), video)
            gateway.wait_talking("101")
            alice.wait_hears(1200)
            heard_by("101", 1)
            over(alice)

    with lab.case("given up while the phone rings: CANCEL", go_on=True):
        phone = lab.keep(SipPhone(gateway, "103")).register()
        phone.manner = "ring"
        alice.call(jid("103"))
        wait_for("the phone to ring", lambda: phone.count("INVITE"), 15)
        alice.hang_up()
        wait_for("CANCEL", lambda: phone.count("CANCEL"), 15)
        gateway.wait_idle()

    with lab.case("a call that she leads on to a third: the phone goes along in the session that it has"):
        before = bob.calls()
        alice.call(jid("101"))
        gateway.wait_talking("101")
        alice.add(people[1])
        bob.answer(before)
        gateway.wait_talking("101", peers=2)
        alice.wait_hears(1200)
        bob.wait_hears(1200)
        assert gateway.call("101")["flavour"] == "muji", gateway.call("101")
        over(alice, bob)

    with lab.case("a call in a private room rings its phone; all three hear each other; a phone that dials in, and one that is asked in"):
        lab.answering("102", calls=2)
        wait_for("phone 102 to be registered", lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
        before = bob.calls()
        alice.call(lab.room)
        gateway.wait_talking("102")
        bob.answer(before)
        gateway.wait_talking("102", peers=2)
        alice.wait_hears(1400)
        bob.wait_hears(1400)
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=3)
        alice.add(jid("101"))
        gateway.wait_talking("101", peers=4)
        for d in (alice, bob):
            d.wait_hears(1000, 1200, 1400)
        ua.hang_up()
        over(alice, bob)

    with lab.case("a phone starts a call in a room of its own: both are asked, come, and go on without it", go_on=True):
        before = alice.calls(), bob.calls()
        ua = lab.dial("100", "8001")
        alice.answer(before[0])
        bob.answer(before[1])
        gateway.wait_talking("100", peers=2)
        alice.wait_hears(1000)
        bob.wait_hears(1000)
        ua.hang_up()
        over(alice, bob)
