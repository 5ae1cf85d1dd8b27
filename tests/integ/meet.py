#!/usr/bin/python3
"""A call at a service that speaks as Tigase Meet does: one session up, one that grows down; phones among participants, tones both
ways; people coming and going while it stands, the service killed and back, put out, not let in."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from conference_lab import TALKS, Conference, ConferencePeer, TalksServer  # noqa: E402
from contact import Contact  # noqa: E402
from lab import PHONE_TONES, TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import PHONES  # noqa: E402

with Lab("meet", server=TalksServer) as lab:
    talks = lab.keep(Conference(lab.folder, lab.server)).start("--meet", PHONES)
    place = f"m1@{TALKS}"
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "jingle-sfu"}],
                         sfu=[{"name": "meet", "kind": "tigase-meet", "jid": place}])

    def peer(name):
        p = lab.keep(ConferencePeer(name, TONES[name], lab.server, lab.room, lab.folder, "--conference", place))
        lab.people.append(p)
        return p

    alice, bob = peer("alice"), peer("bob")
    for p in (alice, bob):
        p.wait_joined()

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
        for n in more:
            gateway.let_listen(n, 2)
        for n, others in (("101", ("100", "102")), ("102", ("100",))):
            code, heard = more[n].hang_up()
            assert code == 0, heard
            for tone in (alice.tone, bob.tone, *(PHONE_TONES[o] for o in others)):
                assert_heard(heard, tone, 1, "phone " + n)
            assert not any(abs(h["hz"] - PHONE_TONES[n]) < 20 for h in heard["heard"]), heard["heard"]
            talks.wait("leave", since=since, who=n)
            for o in others:
                lab.check_hears([alice, bob], f"Phone {o}", PHONE_TONES[o])

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
        since, at = talks.mark(), time.monotonic()
        talks.process.kill()
        talks.start("--meet", PHONES)
        alice.hangup()
        alice.join()
        talks.wait("join", since=since, who="100", timeout=60)
        gateway.wait_talking("100", peers=1, timeout=30)
        alice.wait("pc", since=at, nick="Phone 100", state="connected", timeout=30)
        alice.heard.clear()
        alice.wait_hears("Phone 100", 1000)
        gateway.let_listen("100", 2)

    with lab.case("the XMPP server restarts: the sound goes on, and so does the call"):
        since, at = talks.mark(), time.monotonic()
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 15)
        lab.server.start()
        talks.wait("online", since=since, timeout=30)
        alice.wait("joined", since=at, timeout=30)
        wait_for("the gateway to be back", lambda: gateway.ctl("status")["xmpp"]["state"] == "up", 30)
        gateway.let_listen("100", 1)
        alice.wait_hears("Phone 100", 1000)
        assert gateway.call("100")["state"] == "talking"

    with lab.case("the phone hangs up: its sessions end, and it heard both"):
        since = talks.mark()
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 4)
        assert_heard(heard, bob.tone, 4)
        talks.wait("leave", since=since, who="100")
        gateway.wait_idle()

    with lab.case("the meet puts the phone out: it hears that"):
        since = talks.mark()
        ua = lab.dial("102")
        talks.wait("join", since=since, who="102")
        gateway.wait_talking("102", peers=1)
        talks.command("kick", "102")
        code, heard = ua.result(30)
        assert heard["ended_by"] == "them", heard
        assert gateway.ctl("history")[0]["cause"] == "room-closed", gateway.ctl("history")[0]

    with lab.case("the phone is put out of the room: its call ends, and it leaves the meet"):
        since = talks.mark()
        owner = lab.keep(Contact(lab.server, "tipring")).enter(lab.room, "Owner")
        ua = lab.dial("103")
        gateway.wait_talking("103", peers=1)
        owner.kick(lab.room, "Phone 103")
        code, heard = ua.result(30)
        assert heard["ended_by"] == "them", heard
        record = wait_for("the record", lambda: next((c for c in gateway.ctl("history") if c["phone"] == "103"), None), 10)
        assert record["cause"] == "room-closed", record
        talks.wait("leave", since=since, who="103")

    with lab.case("the meet does not know the phone: refused, and why"):
        talks.stop()
        talks.start("--meet", PHONES, "--refuse", "forbidden")
        ua = lab.dial("103")
        ua.result(40)
        assert gateway.ctl("history")[0]["cause"] == "forbidden", gateway.ctl("history")[0]
