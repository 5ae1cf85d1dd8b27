#!/usr/bin/python3
"""A call at a service that speaks as Tigase Meet does: one session up, one that grows down; phones among participants, tones both
ways; people coming and going while it stands, the service killed and back, put out, not let in. Meets that a phone makes and
invites to, and an invitation to one that rings a phone."""
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from conference_lab import (TALKS, TalksServer, check_kicked, check_killed_service, check_leaving, check_put_out,  # noqa: E402
                            check_refused, check_server_restart, open_service, participants)
from contact import Contact  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import PHONES  # noqa: E402

MEET = "tigase:meet:0"


class Client(Contact):
    """Whose client speaks of meets."""

    def said(self, verb, since=0):
        """What came in that form, as (sender, element)."""
        found = [(m.get("from"), m.find(f"{{{MEET}}}{verb}")) for m in list(self.messages)[since:]]
        return [(sender, e) for sender, e in found if e is not None]

    def wait_said(self, verb, since=0):
        return wait_for(f"{verb} to come to {self.user}", lambda: self.said(verb, since), 20)[-1]

    def say(self, to, verb, name, **attrs):
        named = "".join(f" {k}='{v}'" for k, v in attrs.items())
        media = "<media type='audio'/><media type='video'/>" if verb == "propose" else ""
        self.send(f"<message type='chat' to='{to}'><{verb} xmlns='{MEET}' id='{name}'{named}>{media}</{verb}></message>")


with Lab("meet", server=TalksServer) as lab:
    talks = open_service(lab, "--meet", PHONES)
    place = f"m1@{TALKS}"
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "jingle-sfu"},
                                {"number": "8001", "room": lab.room, "flavour": "jingle-sfu", "sfu": "made", "call": "private"}],
                         sfu=[{"name": "meet", "kind": "tigase-meet", "jid": place}, {"name": "made", "kind": "tigase-meet", "jid": TALKS}])

    alice, bob = participants(lab, place, "alice", "bob")

    with lab.case("a phone alone: in the meet, its presence before its session"):
        ua = lab.dial("100")
        talks.wait("join", who="100")
        words = [e["ev"] for e in talks.events if e["ev"] in ("presence", "jingle")]
        assert words[0] == "presence" and words[1] == "jingle", words
        assert gateway.wait_state("100", "waiting")

    with lab.case("somebody comes: the second session, tones in both directions"):
        alice.join()
        gateway.wait_talking("100", peers=1)
        lab.check_hears([alice], "Phone 100", 1000)
        gateway.let_listen("100", 2)

    with lab.case("somebody else comes: a content more in the same session"):
        since = talks.mark()
        bob.join()
        added = talks.wait("jingle", since=since, action="content-accept")
        assert added["senders"] == ["initiator"] and len(added["contents"]) == 1, added
        lab.check_hears([bob], "Phone 100", 1000)
        assert len(gateway.call("100")["peers"]) == 1
        gateway.let_listen("100", 4)

    with lab.case("three phones and two people: everybody hears everybody, the phones each other here and not by the service"):
        since = talks.mark()
        more = {n: lab.dial(n) for n in ("101", "102")}
        for n, one in more.items():
            gateway.wait_talking(n, peers=3, timeout=40)
            lab.check_hears([alice, bob], f"Phone {n}", one.tone)
        talks.wait("jingle", since=since, action="content-accept")  # of the first phone, for the others
        lab.check_mesh([alice, bob])

    with lab.case("they leave one by one: the others go on"):
        check_leaving(lab, talks, more, [alice, bob], since)

    with lab.case("one leaves and comes again: heard again"):
        since = talks.mark()
        bob.hangup()
        talks.wait("leave", since=since, who="bob")
        bob.join()
        talks.wait("jingle", since=since, action="content-accept")
        gateway.let_listen("100", 3)
        assert gateway.call("100")["state"] == "talking"

    with lab.case("everybody else leaves: the phone waits, and hears who comes next"):
        since = talks.mark()
        alice.hangup()
        bob.hangup()
        for name in ("alice", "bob"):
            talks.wait("leave", since=since, who=name)
        gateway.wait_state("100", "waiting")
        alice.join()
        gateway.wait_talking("100", peers=1)
        gateway.let_listen("100", 2)

    with lab.case("the service is killed and comes back: the phone is in again"):
        check_killed_service(lab, talks, alice, "--meet", PHONES)

    with lab.case("the XMPP server restarts: the sound goes on, and so does the call"):
        check_server_restart(lab, talks, alice)

    with lab.case("the phone hangs up: its sessions end, and it heard both"):
        since = talks.mark()
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 4)
        assert_heard(heard, bob.tone, 4)
        talks.wait("leave", since=since, who="100")
        gateway.wait_idle()

    with lab.case("the meet puts the phone out: it hears that"):
        check_put_out(lab, talks)

    with lab.case("the phone is put out of the room: its call ends, and it leaves the meet"):
        check_kicked(lab, talks)

    with lab.case("a number whose room wants a meet of its own: made for both media, who is in the room is let in, then invited"):
        carol = lab.keep(Client(lab.server, "tipring")).enter(lab.room, "Carol")
        since, carols = talks.mark(), len(carol.messages)
        ua = lab.dial("100", to="8001")
        made = talks.wait("meet", since=since, verb="create")
        assert made["at"] == TALKS and made["media"] == ["audio", "video"], made
        assert {lab.server.jid("tipring"), lab.server.jid("alice"), f"100@{PHONES}"} <= set(made["people"]), made
        sender, propose = carol.wait_said("propose", carols)
        own = propose.get("jid")
        assert sender == f"100@{PHONES}" and [m.get("type") for m in propose] == ["audio", "video"], (sender, propose.attrib)
        assert talks.find("meet", since=since, verb="allow", at=own, people=[lab.server.jid("tipring")])
        talks.wait("join", since=since, who="100")

    with lab.case("who comes is heard there; a second phone is let in by the first"):
        alice.join(own)
        gateway.wait_talking("100", peers=1)
        alice.wait_hears("Phone 100", 1000)
        gateway.let_listen("100", 2)
        second = lab.dial("101", to="8001")
        talks.wait("meet", since=since, verb="allow", at=own, who=f"100@{PHONES}", people=[f"101@{PHONES}"])
        talks.wait("join", since=since, who="101")
        assert second.hang_up()[0] == 0

    with lab.case("all go: whoever has not answered is told that it is taken back, the next phone comes into the same meet"):
        code, heard = ua.hang_up()
        assert_heard(heard, alice.tone, 2)
        assert carol.wait_said("retract", carols)[1].get("id") == propose.get("id")
        gateway.wait_idle()
        again, carols = talks.mark(), len(carol.messages)
        ua = lab.dial("101", to="8001")
        talks.wait("join", since=again, who="101")
        assert carol.wait_said("propose", carols)[1].get("jid") == own
        assert not talks.find("meet", since=again, verb="create")
        gateway.wait_talking("101", peers=1)
        ua.hang_up()
        alice.hangup()
        gateway.wait_idle()

    with lab.case("a person in the room asks a phone into a meet: it rings, and is heard there"):
        ringing = lab.answering("102", calls=1)
        wait_for("phone 102 to be registered",
                 lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
        carols, name = len(carol.messages), str(uuid.uuid4())
        alice.join(f"m9@{TALKS}")
        carol.say(f"102@{PHONES}", "propose", name, jid=f"m9@{TALKS}")
        sender, accept = carol.wait_said("accept", carols)
        assert sender == f"102@{PHONES}" and accept.get("id") == name, (sender, accept.attrib)
        gateway.wait_talking("102", peers=1)
        assert "Phone 102" not in alice.room, "it went into a room"
        alice.wait_hears(f"102@{PHONES}", 1400)
        gateway.let_listen("102", 2)
        code, heard = ringing.hang_up()
        assert_heard(heard, alice.tone, 1)
        gateway.wait_idle()
        alice.hangup()

    with lab.case("asked into a meet that will not have it: the phone hears why, the inviter that it failed"):
        talks.stop()
        talks.start("--meet", PHONES, "--refuse", "forbidden")
        ringing, carols, name = lab.answering("102", calls=1), len(carol.messages), str(uuid.uuid4())
        wait_for("phone 102 to be registered",
                 lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)
        carol.say(f"102@{PHONES}", "propose", name, jid=f"m9@{TALKS}")
        assert carol.wait_said("failure", carols)[1].get("id") == name
        ringing.result(40)

    with lab.case("the meet does not know the phone: refused, and why"):
        talks.stop()
        talks.start("--meet", PHONES, "--refuse", "forbidden")
        check_refused(lab, "forbidden", "8000")

    with lab.case("the service makes no meets for us: refused, and why"):
        talks.stop()
        talks.start("--meet", PHONES, "--no-create")
        check_refused(lab, "forbidden", "8001")
        assert "meet-refused" in gateway.process.log(60)
