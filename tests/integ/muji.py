#!/usr/bin/python3
"""Muji calls (XEP-0272) with peers that behave as Dino does: who calls whom, one Opus for all, late ones, mute, leaving."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard, phone_row  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("muji") as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "muji"}, {"number": "8001", "room": lab.room}])
    alice, bob = lab.muji_peer("alice").wait_joined(), lab.muji_peer("bob").wait_joined()

    with lab.case("a phone starts the call; who comes later calls it"):
        ua = lab.dial("100")
        gateway.wait_state("100", "waiting")
        alice.wait("muji", nick="Phone 100", preparing=False)
        alice.join().wait("in", before=["Phone 100"])
        gateway.wait_talking("100")
        alice.wait_hears("Phone 100", 1000)
        assert not alice.seen("session", nick="Phone 100", outgoing=False), "the newcomer calls"

    with lab.case("a third one: everybody hears everybody"):
        bob.join()
        gateway.wait_talking("100", peers=2)
        lab.check_mesh([alice, bob])
        lab.check_hears([alice, bob], "Phone 100", 1000)
        assert gateway.call("100")["flavour"] == "muji"

    with lab.case("mute is shown, both ways"):
        gateway.ctl("call", "mute", gateway.call("100")["id"])
        for p in (alice, bob):
            p.wait("mute", nick="Phone 100", on=True, name="audio")
            p.wait_silence("Phone 100", 1000)
        gateway.ctl("call", "unmute", gateway.call("100")["id"])
        alice.wait("mute", nick="Phone 100", on=False)
        lab.check_hears([alice, bob], "Phone 100", 1000)
        alice.mute()
        bob.wait_silence("alice", alice.tone)
        alice.mute(False)

    with lab.case("a second phone comes late, through flavour auto: it calls those who are there"):
        late = lab.dial("101", to="8001")
        gateway.wait_talking("101", peers=3)  # the other phone too, within the gateway
        assert gateway.call("101")["flavour"] == "muji"
        lab.check_hears([alice, bob], "Phone 101", 1200)
        for p in (alice, bob):
            assert p.seen("session", nick="Phone 101", outgoing=False), "the newcomer calls"
        lab.show([alice, bob], [("Phone 100", 1000), ("Phone 101", 1200)])

    with lab.case("the first phone leaves: the others go on"):
        gateway.let_listen("100", 3)
        first = gateway.call("100")["id"]
        code, heard = ua.hang_up()
        lab.show([alice, bob], [], [phone_row("Phone 100", 1000, heard, [alice, bob])])
        assert code == 0, heard
        assert_heard(heard, alice.tone, 3)
        assert_heard(heard, bob.tone, 3)
        for p in (alice, bob):
            assert p.wait("session", nick="Phone 100", state="ended")["reason"] == "success"
            p.wait("occupant", nick="Phone 100", present=False)
        said = [e["text"] for e in gateway.ctl("call", "trace", first)["events"]]
        assert said.index("takes no part any more") < said.index("session-terminate: success") < said.index("leave"), said
        lab.check_mesh([alice, bob])
        lab.check_hears([alice, bob], "Phone 101", 1200)

    with lab.case("a peer leaves: the phone goes on with the other"):
        alice.command("quit")
        wait_for("one peer left", lambda: [p["nick"] for p in gateway.call("101")["peers"]] == ["bob"], 10)
        bob.wait_hears("Phone 101", 1200)
        gateway.let_listen("101", 3)
        code, heard = late.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 2)
        assert_heard(heard, bob.tone, 4)

    with lab.case("nobody was passed over, and all had one Opus"):
        gateway.wait_idle()
        for p in (alice, bob):
            trouble = p.seen("error") + p.seen("ignored")
            assert not trouble, trouble
