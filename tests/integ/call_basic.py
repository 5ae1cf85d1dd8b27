#!/usr/bin/python3
"""Two browsers in a group call and a telephone that dials in: everybody hears everybody, and nobody oneself."""
import os
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard, phone_row  # noqa: E402

PHONE = "Phone 100"

with Lab("call_basic") as lab:
    gateway = lab.daemon()
    alice, bob = lab.browser("alice"), lab.browser("bob")
    people = [alice, bob]
    for p in people:
        p.wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh(people)
    time.sleep(2)

    with lab.case("a phone dials in: tones in both directions at every ear"):
        ua = lab.dial("100")
        call = gateway.wait_talking("100", peers=2)
        lab.check_hears(people, PHONE, 1000)
        lab.check_mesh(people)
        gateway.let_listen("100", 6)
        live = gateway.call("100")
        for stream in (live["sip"], *live["peers"]):  # a tone is somebody who speaks all the time
            assert stream["talk_ratio"] > 0.5 and stream["buffer_ms"] > 0 and stream["mos"] > 4, stream
        rows = lab.show(people, [(PHONE, 1000)])
        code, heard = ua.hang_up()
        lab.show(people, [], [phone_row(PHONE, 1000, heard, people)])
        assert code == 0 and heard["status"] == 200, heard
        for p in people:
            assert_heard(heard, p.tone, 4)
        assert heard["lost"] == 0, heard

    with lab.case("nobody hears oneself or the wrong one"):
        for p in people:
            for tone in (440, 660):
                assert p.level(PHONE, tone, window=8) < -60, f"{p.name} hears {tone} Hz from the phone"

    with lab.case("what call list said of the running call"):
        assert call["direction"] == "in" and call["phone"] == "100" and call["number"] == "8000", call
        assert call["room"] == lab.room and call["nick"] == PHONE and call["flavour"] == "jmuci-mesh", call
        assert {p["nick"] for p in call["peers"]} == {"alice", "bob"}, call
        assert all(p["jid"].split("/")[0] == lab.server.jid(p["nick"]) for p in call["peers"]), call

    with lab.case("after the phone has hung up: the record, the room, the others"):
        gateway.wait_idle()
        shown = gateway.ctl("call", "show", call["id"])
        assert shown["state"] == "ended" and shown["hops"], shown
        assert [h["id"] for h in gateway.ctl("history")][0] == call["id"]
        for p in people:
            p.wait("occupant", nick=PHONE, present=False)
            p.wait("session", nick=PHONE, state="ended")
        lab.check_mesh(people)

    with lab.case("the same phone dials in again: everybody calls it again", go_on=True):
        ua = lab.dial("100")
        call = gateway.wait_talking("100", peers=2)
        lab.check_hears(people, call["nick"], 1000)
        assert ua.hang_up()[0] == 0

    with lab.case("the operator mutes, unmutes and hangs up"):
        for u in lab.phones:
            u.stop()
        gateway.wait_idle()
        ua = lab.dial("101")
        call = gateway.wait_talking("101", peers=2)
        lab.check_hears(people, call["nick"], ua.tone)
        gateway.ctl("call", "mute", call["id"])
        assert gateway.call("101")["muted"]
        for p in people:
            p.wait_silence(call["nick"], ua.tone)
        gateway.ctl("call", "unmute", call["id"])
        lab.check_hears(people, call["nick"], ua.tone)
        gateway.ctl("call", "hangup", call["id"])
        code, heard = ua.result(10)
        assert heard["ended_by"] == "them", heard
        gateway.wait_idle()

    with lab.case("health and metrics over HTTP"):
        base = f"http://127.0.0.1:{gateway.http}"
        assert urllib.request.urlopen(base + "/health", timeout=5).status == 200
        assert "\ntipring_" in urllib.request.urlopen(base + "/metrics", timeout=5).read().decode()

    with lab.case("SIGTERM: a running call is ended politely, exit 0"):
        ua = lab.dial("102")
        call = gateway.wait_talking("102", peers=2)
        at = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - at < 6
        assert ua.result(10)[1]["ended_by"] == "them"
        for p in people:
            p.wait("session", since=at, nick=call["nick"], state="ended")
