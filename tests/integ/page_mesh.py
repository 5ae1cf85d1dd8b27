#!/usr/bin/python3
"""The test page and the scripted peer among themselves, without the gateway: what the other tests measure with must be right."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402


class PageLab(Lab):
    needs_build = False


with PageLab("page_mesh", room="mesh") as lab:
    alice, bob = lab.browser("alice"), lab.browser("bob")
    dave = lab.peer("dave")
    for p in (alice, bob, dave):
        p.wait_joined()

    with lab.case("two browsers hear each other"):
        alice.propose()
        bob.wait("proposed", nick="alice")
        bob.accept()
        lab.check_mesh([alice, bob])

    with lab.case("a scripted peer accepts late: both earlier ones call it"):
        dave.accept()
        lab.check_mesh([alice, bob, dave])
        lab.show([alice, bob, dave])
        assert [s["nick"] for s in dave.seen("session", state="new", outgoing=True)] == [], "the newcomer called somebody"
        assert dave.order == ["alice", "bob", "dave"], dave.order

    with lab.case("tones at their own level, nobody else's tone"):
        for ear in (alice, bob, dave):
            for p in (alice, bob, dave):
                if p is not ear:
                    wait_for(f"{ear.name} to hear {p.name} at the -12 dB that were sent",
                             lambda: -15 < ear.level(p.name, p.tone) < -9, 6)
                    for other in (440, 660, 880, 550):
                        if other != p.tone:
                            assert not ear.hears(p.name, other), f"{ear.name} hears {other} Hz from {p.name}"

    with lab.case("mute is silence, unmute is not"):
        alice.mute(True)
        bob.wait_silence("alice", 440)
        dave.wait_silence("alice", 440)
        alice.mute(False)
        bob.wait_hears("alice", 440)

    with lab.case("hanging up ends one's own sessions only"):
        at = time.monotonic()
        alice.hangup()
        bob.wait("session", since=at, state="ended", nick="alice")
        dave.wait("session", since=at, state="ended", nick="alice")
        assert bob.hears("dave", 550) and dave.hears("bob", 660)

    with lab.case("a peer proposes, browsers accept: it calls both, they call each other"):
        bob.hangup()
        dave.hangup()
        wait_for("the first call to be over", lambda: dave.seen("session", state="ended", nick="bob"), 10)
        at = time.monotonic()
        dave.propose()
        for p in (alice, bob):
            p.wait("proposed", since=at, nick="dave")
        alice.accept()
        alice.wait("session", since=at, nick="dave")
        time.sleep(1.6)  # two accepts closer together make a mute pair among JSXC's (the page is strict about it)
        bob.accept()
        lab.check_mesh([alice, bob, dave])
        lab.show([alice, bob, dave])
        assert dave.order == ["dave", "alice", "bob"], dave.order

    with lab.case("three browsers"):
        carol = lab.browser("carol").wait_joined()
        for p in (alice, bob, dave):
            p.hangup()
        time.sleep(1)
        at = time.monotonic()
        carol.propose()
        bob.wait("proposed", since=at, nick="carol")
        bob.accept()
        bob.wait_hears("carol", 880)
        alice.accept()
        lab.check_mesh([alice, bob, carol])
        lab.show([alice, bob, carol])
        assert carol.order == ["carol", "bob", "alice"], carol.order

    with lab.case("the server dies and comes back: everybody rejoins as the same JID, nobody falls silent"):
        lab.server.kill()
        time.sleep(2)
        at = time.monotonic()
        lab.server.start()
        for p in (alice, bob, carol, dave):
            jid = p.jid
            p.wait("joined", timeout=20, since=at)
            assert p.jid == jid, (p.jid, jid)
        lab.check_mesh([alice, bob, carol], timeout=1)
