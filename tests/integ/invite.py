#!/usr/bin/python3
"""Phones that are invited into a room, through it and directly: they ring, are answered, are in the room's call. Who may
not is told so and nothing rings; when nobody comes, the inviter is told, and the room."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

with Lab("invite", server=sys.argv[1] if len(sys.argv) > 1 else "prosody") as lab:
    side = lab.server.make_room("side")
    gateway = lab.daemon(sip={"ring_limit": 5}, rooms=[
        {"number": "8000", "room": lab.room}, {"number": "8001", "room": lab.server.room("strict"), "invite": "rules"}],
        invites=[{"from": ["bob@*"], "rooms": ["side@*", lab.server.room("strict")], "numbers": ["10?"]}])
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    dave = lab.peer("dave").wait_joined()
    alice, bob = lab.keep(Contact(lab.server, "alice")), lab.keep(Contact(lab.server, "bob"))
    alice.enter(lab.room, "Alice")
    ua = lab.answering("102")
    wait_for("phone 102 to be registered", lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
    phone = lab.keep(SipPhone(gateway, "103")).register()
    dave.propose()

    def refusal(texts, *words):
        return wait_for("a refusal with " + " ".join(words), lambda: next((t for t in texts() if all(w in t for w in words)), None), 10)

    with lab.case("through the room: the phone rings, is answered, is in the room's call"):
        alice.invite(lab.room, jid("102"))
        call = gateway.wait_talking("102", peers=1)
        assert (call["direction"], call["number"], call["room"]) == ("out", "8000", lab.room), call
        lab.check_hears([dave], "Phone 102", 1400)
        alice.invite(lab.room, jid("102"))
        refusal(lambda: alice.declined(lab.room), "Phone 102", "in the room")
        gateway.ctl("call", "hangup", call["id"])
        gateway.wait_idle()

    with lab.case("directly, by somebody who is in the room"):
        dave.accept()
        alice.invite_directly(lab.room, jid("102"))
        call = gateway.wait_state("102", "waiting", 15)
        gateway.ctl("call", "hangup", call["id"])
        gateway.wait_idle()
        assert not alice.bodies(jid("102")), alice.bodies(jid("102"))

    for manner, words in (("busy", "is busy"), ("decline", "declined"), ("ring", "did not answer")):
        with lab.case(f"{words}: the inviter is told through the room, and so is the room", go_on=True):
            phone.manner = manner
            alice.invite(lab.room, jid("103"))
            refusal(lambda: alice.declined(lab.room), "Phone 103", words)
            if manner != "ring":  # the third within ten seconds is not said aloud
                refusal(lambda: alice.bodies(f"{lab.room}/Telephone gateway"), "Phone 103", words)
            gateway.wait_idle()

    with lab.case("a stranger to the room is refused, and nothing rings", go_on=True):
        before = phone.count("INVITE")
        bob.invite_directly(lab.room, jid("103"))
        refusal(lambda: bob.bodies(jid("103")), "only those who are in the room")
        assert phone.count("INVITE") == before and not gateway.calls()

    with lab.case("no such phone, no such room, not registered", go_on=True):
        bob.invite_directly("nowhere@" + lab.server.muc, jid("103"))
        refusal(lambda: bob.bodies(jid("103")), "no rule lets you invite into that room")
        bob.invite_directly(lab.server.room("strict"), jid("101"))
        refusal(lambda: bob.bodies(jid("101")), "not registered")
        bob.invite_directly(lab.server.room("strict"), jid("999"))
        refusal(lambda: bob.bodies(jid("999")), "no rule lets you")
        assert not gateway.calls()

    with lab.case("a rule opens a room that is not configured, for as long as the call lasts", go_on=True):
        carol = lab.peer("carol", room=side).wait_joined()
        carol_bob = lab.keep(Contact(lab.server, "bob")).enter(side, "Bob")
        carol_bob.invite(side, jid("102"))
        call = gateway.wait_state("102", "waiting", 15)
        assert call["room"] == side, call
        carol.wait("proposed", nick="Phone 102")
        carol.accept()
        gateway.wait_talking("102", peers=1)
        lab.check_hears([carol], "Phone 102", 1400)
        gateway.ctl("call", "hangup", call["id"])
        gateway.wait_idle()
        assert [r["room"] for r in gateway.ctl("room", "list")] == [lab.room, lab.server.room("strict")]

    with lab.case("invitations of one person have a pace: told once, then silence, and nothing rings", go_on=True):
        before = phone.count("INVITE")
        phone.manner = "busy"
        for _ in range(40):
            alice.invite(lab.room, jid("103"))
        refusal(lambda: alice.declined(lab.room), "too often")
        alice.invite(lab.room, jid("999"))  # after them: all have been weighed
        refusal(lambda: alice.declined(lab.room), "no rule lets you")
        assert 1 <= gateway.process.log().count("too often") <= 4  # once for each time that it had been fine again
        assert phone.count("INVITE") - before <= 20, phone.count("INVITE") - before
        assert sum("too often" in t for t in alice.declined(lab.room)) == 1
        gateway.wait_idle()
