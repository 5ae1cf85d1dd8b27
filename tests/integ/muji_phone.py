#!/usr/bin/python3
"""Muji calls between phones and people who use Dino: a phone is invited by a message to itself, in both forms of invites; and
a phone starts a call in a private room, to which the others are invited."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import MUJI, NEW, OLD, Contact, said, wait_said  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

with Lab("muji_phone", members_only=True) as lab:
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    call_room = lab.server.room("c0ffee00")
    gateway = lab.daemon(sip={"ring_limit": 20}, rooms=[
        {"number": "8000", "room": lab.room, "flavour": "muji", "call": "private", "people": [lab.server.jid("carol")]}])
    alice, carol, dave = (lab.keep(Contact(lab.server, user)) for user in ("alice", "carol", "dave"))
    alice.enter(lab.room, "Alice")
    wait_for("the watcher to see Alice", lambda: gateway.ctl("room", "list")[0]["participants"] >= 1, 60)
    answering = lab.answering("102")
    wait_for("phone 102 to be registered", lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
    phone = lab.keep(SipPhone(gateway, "103")).register()
    bob = lab.muji_peer("bob", room=call_room).wait_joined()
    bob.command("configure", jid("102"), jid("103"))
    bob.join().wait("in", before=[])

    def invite(who, number, call, ns=OLD, word="propose"):
        way = f"<muji xmlns='{MUJI}' room='{call_room}'/>" if word in ("invite", "propose") else ""
        before = len(who.messages)
        who.send(f"<message to='{jid(number)}' type='chat'><{word} xmlns='{ns}' id='{call}' video='false' multi='true'>{way}</{word}></message>")
        return before

    for number, (ns, word, left) in enumerate(((OLD, "propose", "finish"), (NEW, "invite", "left"))):
        with lab.case(f"{word}: the phone rings, the inviter is answered in that form, the phone is in the call", go_on=True):
            before = invite(alice, "102", f"call-{number}", ns, word)
            assert wait_said(alice, jid("102"), ns, "accept", f"call-{number}", before)[3] == call_room
            call = gateway.wait_talking("102")
            assert (call["direction"], call["flavour"], call["room"]) == ("out", "muji", call_room), call
            lab.check_hears([bob], "Phone 102", 1400)
            gateway.let_listen("102", 2)
            gateway.ctl("call", "hangup", call["id"])
            wait_said(alice, jid("102"), ns, left, f"call-{number}", before)
            assert {s[0] for s in said(alice, jid("102"), before)} == {ns}, said(alice, jid("102"), before)
            gateway.wait_idle()

    with lab.case("the phone declines: the inviter is told, nothing else is said", go_on=True):
        phone.manner = "decline"
        before = invite(alice, "103", "call-no")
        wait_said(alice, jid("103"), OLD, "reject", "call-no", before)
        gateway.wait_idle()
        assert [s[1] for s in said(alice, jid("103"), before)] == ["reject"]

    with lab.case("taken back: it stops ringing", go_on=True):
        phone.manner = "ring"
        rung = phone.count("INVITE")
        before = invite(alice, "103", "call-back")
        wait_for("phone 103 to ring", lambda: phone.count("INVITE") > rung, 10)
        invite(dave, "103", "call-back", OLD, "retract")  # by somebody else: nothing
        assert gateway.call("103")["state"] == "ringing"
        invite(alice, "103", "call-back", OLD, "retract")
        gateway.wait_idle()
        assert not said(alice, jid("103"), before)

    with lab.case("a stranger is refused, and nothing rings", go_on=True):
        rung = phone.count("INVITE")
        before = invite(dave, "103", "call-dave")
        wait_said(dave, jid("103"), OLD, "reject", "call-dave", before)
        assert phone.count("INVITE") == rung and not gateway.calls()

    with lab.case("a phone starts a call: a private room is made, the room and the people are invited in both forms", go_on=True):
        since, since_carol = len(alice.messages), len(carol.messages)
        ua = lab.dial("100")
        new = wait_said(alice, lab.room, NEW, "invite", since=since)
        old = wait_said(alice, lab.room, OLD, "propose", since=since)
        own = new[3]
        assert new[2:] == old[2:] and own != lab.room and own.endswith("@" + lab.server.muc), (new, old)
        assert wait_said(carol, jid("100"), NEW, "invite", since=since_carol)[2:] == new[2:]
        assert wait_said(carol, jid("100"), OLD, "propose", since=since_carol)[2:] == new[2:]

    with lab.case("who was invited comes into it and is heard; a second phone comes into the same call", go_on=True):
        anna = lab.muji_peer("alice", room=own).wait_joined()
        anna.join().wait("in", before=["Phone 100"])
        gateway.wait_talking("100")
        lab.check_hears([anna], "Phone 100", 1000)
        second = lab.dial("101")
        gateway.wait_talking("101", peers=2)
        lab.check_hears([anna], "Phone 101", 1200)
        assert sum(s[1] == "invite" for s in said(alice, lab.room, since)) == 1, "nobody is invited twice"

    with lab.case("the phones leave: those who were invited are told, and the others go on", go_on=True):
        gateway.let_listen("100", 2)
        ua.hang_up()
        assert not [s for s in said(alice, lab.room, since) if s[1] in ("left", "retract")]
        second.hang_up()
        wait_said(alice, lab.room, NEW, "left", new[2], since)
        wait_said(carol, jid("100"), OLD, "finish", new[2], since_carol)
        gateway.wait_idle()

    with lab.case("a phone comes back into the call that goes on", go_on=True):
        ua = lab.dial("100")
        gateway.wait_talking("100")
        lab.check_hears([anna], "Phone 100", 1000)
        anna.leave()
        ua.hang_up()
        gateway.wait_idle()

    with lab.case("nobody comes: it is taken back", go_on=True):
        since = len(alice.messages)
        ua = lab.dial("100")
        mine = wait_said(alice, lab.room, NEW, "invite", since=since)
        assert mine[3] != own
        ua.hang_up()
        wait_said(alice, lab.room, NEW, "retract", mine[2], since)
        wait_said(alice, lab.room, OLD, "retract", mine[2], since)
        gateway.wait_idle()
