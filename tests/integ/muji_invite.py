#!/usr/bin/python3
"""A Muji call as Dino starts it in a private room: a room of its own, and an invite (XEP-0482, or the older form) to it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("muji_invite", members_only=True) as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "ring": ["102"]}])
    call_room = lab.server.room("c0ffee00")
    alice = lab.muji_peer("alice").wait_joined()
    wait_for("the watcher", lambda: gateway.ctl("room", "list")[0]["watching"], 60)

    with lab.case("somebody makes a call room and sits in it, alone"):
        bob = lab.muji_peer("bob", room=call_room).wait_joined()
        bob.command("configure", lab.server.jid("alice"), f"gateway@{lab.server.phones}")
        bob.join().wait("in", before=[])

    with lab.case("an invite in the parent room rings its phone, which goes into the call room"):
        ringing = lab.answering("102", calls=1)
        wait_for("phone 102 to be registered",
                 lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
        alice.command("invite", call_room, "call-1", True)
        call = gateway.wait_talking("102")
        assert call["direction"] == "out" and call["flavour"] == "muji", call
        bob.wait_hears("Phone 102", 1400)
        assert bob.seen("session", nick="Phone 102", outgoing=False), "the newcomer calls"

    with lab.case("a phone that dials the parent room's number comes into the same call"):
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        bob.wait_hears("Phone 100", 1000)
        assert "Phone 100" not in alice.room, "the parent room saw it"

    with lab.case("everybody else leaves: the call is over for the phones"):
        gateway.let_listen("100", 3)
        bob.command("quit")
        gateway.wait_idle(timeout=40)
        for u in (ua, ringing):
            code, heard = u.result()
            assert_heard(heard, bob.tone, 2)
        assert not bob.seen("error") + bob.seen("ignored"), bob.events

    with lab.case("the call room is no more: who dials now comes into the room itself"):
        ua = lab.dial("101")
        alice.wait("occupant", nick="Phone 101", present=True)
        alice.wait("muji", nick="Phone 101", preparing=False)
        ua.hang_up()
