#!/usr/bin/python3
"""A JMUCI call through a forwarding service: a phone among scripted participants, tones both ways; the constant picture; the
service killed and back; hang-ups without a word; a service that does not answer."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sfu_lab import Service, SfuPeer  # noqa: E402

PHONE = "Phone 100"

with Lab("sfu") as lab:
    service = lab.keep(Service(lab.folder)).start()
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "auto", "idle": "wait", "ring": ["102"]},
                                {"number": "8001", "room": lab.room, "flavour": "jmuci-sfu"}],
                         sfu=[{"name": "test", "url": service.url}])

    def peer(name):
        p = lab.keep(SfuPeer(name, TONES[name], lab.server, lab.room, lab.folder, "--service", service.url))
        lab.people.append(p)
        return p

    def name(nick):
        return f"{lab.room}/{nick}"

    alice, bob = peer("alice"), peer("bob")
    for p in (alice, bob):
        p.wait_joined()

    with lab.case("a phone dials into a running call: tones in both directions"):
        alice.propose()
        proposal = bob.wait("proposed", nick="alice")["id"]
        ua = lab.dial("100")
        call = gateway.wait_talking("100", peers=1)
        assert call["flavour"] == "jmuci-sfu" and [p["nick"] for p in call["peers"]] == ["alice"], call
        lab.check_hears([alice], PHONE, 1000)

    with lab.case("joined and published before it said accept"):
        order = [(e["ev"], e.get("src")) for e in service.events if e.get("name") == name(PHONE)]
        assert order[:2] == [("join", None), ("request", name(PHONE))], order
        assert service.find("join", name=name(PHONE))["room"] == proposal

    with lab.case("the constant picture: a key frame a second, beside the sound"):
        def frames():
            leg = service.leg(name(PHONE), name(PHONE))
            return leg if leg and leg["key_frames"] >= 3 else None
        leg = wait_for("three key frames", frames, 20)
        assert leg["key_frames"] == leg["video"], leg
        assert leg["audio"] >= 40 * (leg["video"] - 1), leg

    with lab.case("somebody accepts later: heard, and hears the phone"):
        bob.accept()
        gateway.wait_talking("100", peers=2)
        lab.check_hears([bob], PHONE, 1000)
        lab.check_hears([bob], "alice", alice.tone)
        gateway.let_listen("100", 3)

    with lab.case("the service is killed and comes back: the phone is in again"):
        service.process.kill()
        wait_for("the gateway to see it", lambda: "sfu-down" in gateway.process.log(60), 20)
        assert gateway.call("100"), "the call has ended"
        since = service.mark()
        service.stop()
        service.start()
        service.wait("request", since=since, name=name(PHONE), src=name(PHONE), timeout=30)
        order = [e["ev"] for e in service.events[since:] if e.get("name") == name(PHONE)]
        assert order[:3] == ["leave", "join", "request"], order
        at = time.monotonic()
        for p in (alice, bob):
            p.command("back")
        gateway.wait_talking("100", peers=2, timeout=30)
        for p in (alice, bob):
            p.wait("pc", since=at, nick=PHONE, state="connected")
            p.heard.clear()  # what the stream of before brought
            p.wait_hears(PHONE, 1000)
        gateway.let_listen("100", 3)

    with lab.case("alice hangs up as JSXC does, without a word: she counts no more"):
        alice.hangup()
        wait_for("her stream to be quiet", lambda: any(p["nick"] == "alice" and p["state"] != "up" for p in gateway.call("100")["peers"]), 30)
        assert gateway.call("100")["state"] == "talking"

    with lab.case("the phone hangs up: it leaves the service"):
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 4)
        assert_heard(heard, bob.tone, 4)
        service.wait("leave", since=since, name=name(PHONE), known=True)
        service.wait("closed", since=since)
        gateway.wait_idle()

    with lab.case("a phone proposes: the room answers"):
        bob.hangup()
        since, at = service.mark(), time.monotonic()
        ua = lab.dial("101", to="8001")
        asked = alice.wait("proposed", since=at, nick="Phone 101")
        service.wait("request", since=since, name=name("Phone 101"))
        alice.command("accept", asked["id"])
        gateway.wait_talking("101", peers=1)
        lab.check_hears([alice], "Phone 101", 1200)
        gateway.let_listen("101", 1)
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 0.8)
        gateway.wait_idle()
        alice.hangup()

    with lab.case("the service takes connections and says nothing: the phone hears why"):
        service.stop()
        service.start("--silent")
        ua = lab.dial("103", to="8001")
        code, heard = ua.result(40)
        assert heard["ended_by"] == "them", heard
        last = gateway.ctl("history")[0]
        assert last["cause"] == "sfu-down", last

    with lab.case("no service at all: the same, and sooner"):
        service.stop()
        ua = lab.dial("103", to="8001")
        ua.result(40)
        assert gateway.ctl("history")[0]["cause"] == "sfu-down"
        log = gateway.process.log(200)
        assert log.count("sfu-failed") == 2, log
        assert "sfu-unreachable" in log, log
        ladder = [e["text"] for e in gateway.ctl("call", "trace", gateway.ctl("history")[0]["id"])["events"]]
        assert any("refused" in text for text in ladder), ladder
