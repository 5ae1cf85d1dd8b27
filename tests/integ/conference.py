#!/usr/bin/python3
"""A call at a conference service that speaks Jingle (XEP-0521): phones among scripted participants, tones both ways; leaving,
being put out, the service killed and back; a service that lies, floods, refuses and does not answer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from conference_lab import (TALKS, TalksServer, check_kicked, check_killed_service, check_leaving, check_put_out,  # noqa: E402
                            check_refused, check_server_restart, open_service, participants)
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("conference", server=TalksServer) as lab:
    talks = open_service(lab)
    place = f"{lab.room_name}@{TALKS}"
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "sfu": "talks"},
                                {"number": "8001", "room": lab.room, "flavour": "jingle-sfu"}],
                         sfu=[{"name": "talks", "kind": "xep-0521", "jid": TALKS}])

    alice, bob = participants(lab, place, "alice", "bob")

    with lab.case("a phone dials in beside somebody: tones in both directions"):
        alice.join()
        talks.wait("join", who="alice")
        ua = lab.dial("100")
        call = gateway.wait_talking("100", peers=1)
        assert call["flavour"] == "jingle-sfu" and [p["nick"] for p in call["peers"]] == ["alice"], call
        lab.check_hears([alice], "Phone 100", 1000)
        gateway.let_listen("100", 2)

    with lab.case("unidirectional both ways, sound only"):
        offer = talks.find("jingle", action="session-initiate", who=talks.find("jingle", action="session-accept")["who"])
        assert offer["senders"] == ["initiator"], offer
        assert talks.find("jingle", action="session-accept", who=offer["who"])["senders"] == ["initiator"]

    with lab.case("somebody comes later: a session more, accepted by itself"):
        bob.join()
        gateway.wait_talking("100", peers=2)
        lab.check_hears([bob], "Phone 100", 1000)
        lab.check_hears([bob], "alice", alice.tone)

    with lab.case("three phones and two people: everybody hears everybody, the phones each other here and not by the service"):
        since = talks.mark()
        more = {n: lab.dial(n, to="8001") for n in ("101", "102")}
        for n, one in more.items():
            gateway.wait_talking(n, peers=4, timeout=40)
            lab.check_hears([alice, bob], f"Phone {n}", one.tone)
        talks.wait_count(6, "jingle", since=since, action="session-terminate", reason="decline")
        lab.check_mesh([alice, bob])

    with lab.case("they leave one by one: the others go on"):
        check_leaving(lab, talks, more, [alice, bob], since)

    with lab.case("sessions from an address that nobody called, and without end: refused, the call goes on"):
        since = talks.mark()
        talks.command("lie", "100", f"elsewhere@{TALKS}")
        talks.wait("jingle", since=since, action="session-terminate", sid="lie", reason="decline")
        talks.command("flood", "100", 120)
        wait_for("one line about it", lambda: "sfu-notes" in gateway.process.log(), 20)
        talks.wait_count(1, "jingle", since=since, action="session-terminate", reason="busy")
        talks.command("unflood")
        gateway.wait_talking("100", peers=2, timeout=40)
        lab.check_hears([alice, bob], "Phone 100", 1000)
        assert gateway.process.log().count("sfu-notes") == 1

    with lab.case("whose stream it is changes while it runs: so do the names, and nothing else"):
        talks.command("owner", "100", "bob", "dave@elsewhere.test")
        wait_for("the new name", lambda: "dave@elsewhere.test" in [p["nick"] for p in gateway.call("100")["peers"]], 10)
        gateway.let_listen("100", 1)
        talks.command("owner", "100", "bob", bob.jid)
        wait_for("the old name", lambda: "bob" in [p["nick"] for p in gateway.call("100")["peers"]], 10)

    with lab.case("one leaves: his session ends, the call goes on"):
        bob.hangup()
        talks.wait("leave", who="bob")
        wait_for("bob to be gone", lambda: not any(p["nick"] == "bob" and p["state"] == "up" for p in gateway.call("100")["peers"]), 20)
        assert gateway.call("100")["state"] == "talking"

    with lab.case("the service is killed and comes back: the phone is in again"):
        check_killed_service(lab, talks, alice)

    with lab.case("the XMPP server restarts: the sound goes on, and so does the call"):
        check_server_restart(lab, talks, alice)

    with lab.case("the phone hangs up: its sessions end"):
        since = talks.mark()
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 3)
        talks.wait("leave", since=since, who="100")
        gateway.wait_idle()

    with lab.case("the service puts the phone out: it hears that, and the operator reads it"):
        check_put_out(lab, talks)

    with lab.case("the phone is put out of the room: its call ends, and it leaves the service"):
        check_kicked(lab, talks)

    with lab.case("a service that says neither what it is nor whose streams it sends: heard all the same, and noted"):
        talks.stop()
        talks.start("--no-focus", "--no-owner")
        before = gateway.process.log().count("sfu-notes")
        since = talks.mark()
        alice.hangup()
        alice.join()
        talks.wait("join", since=since, who="alice")
        ua = lab.dial("101")
        call = gateway.wait_talking("101", peers=1)
        assert [p["nick"] for p in call["peers"]] == ["unknown"], call
        gateway.let_listen("101", 1)
        code, heard = ua.hang_up()
        assert_heard(heard, alice.tone, 1)
        assert gateway.process.log().count("sfu-notes") == before + 2

    for option, cause in ((("--refuse", "not-allowed"), "forbidden"), (("--refuse", "service-unavailable"), "sfu-down")):
        with lab.case(f"it answers {option[1]}: {cause}"):
            talks.stop()
            talks.start(*option)
            check_refused(lab, cause, "8001")
            assert "sfu-refused" in gateway.process.log(60)

    with lab.case("no service at all: the same"):
        talks.stop()
        check_refused(lab, "sfu-down", "8001")
