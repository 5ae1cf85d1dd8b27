#!/usr/bin/python3
"""The same with ejabberd."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("ejabberd", server="ejabberd") as lab:
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    people = [alice, dave]
    for p in people:
        p.wait_joined()

    with lab.case("a phone dials into a running call"):
        alice.propose()
        dave.wait("proposed", nick="alice")
        dave.accept()
        lab.check_mesh(people)
        time.sleep(1.6)
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        lab.check_hears(people, "Phone 100", 1000)
        lab.show(people, [("Phone 100", 1000)])
        gateway.let_listen("100", 4)
        code, heard = ua.hang_up()
        assert code == 0, heard
        for p in people:
            assert_heard(heard, p.tone, 3)
        gateway.wait_idle()

    with lab.case("a phone proposes"):
        other = lab.dial("101")  # whose sessions show that the call is over: clients say nothing in the room
        gateway.wait_talking("101", peers=2)
        for p in people:
            p.hangup()
        wait_for("their sessions to have ended", lambda: not any(p["state"] == "up" for p in gateway.call("101")["peers"]), 10)
        other.hang_up()
        gateway.wait_idle()
        at = time.monotonic()
        ua = lab.dial("100")
        alice.wait("proposed", since=at, nick="Phone 100")
        alice.accept()
        lab.check_hears([alice], "Phone 100", 1000)
        gateway.let_listen("100", 4)
        code, heard = ua.hang_up()
        assert_heard(heard, 440, 3)
        gateway.wait_idle()

    with lab.case("a members-only room: the gateway makes its phones members"):
        room = lab.server.make_room("closed", members_only=True, members=[lab.server.jid(u) for u in lab.server.users])
        gateway.ctl("room", "add", "8001", room)
        code, heard = lab.dial("100", to="8001", duration=3).result()
        assert heard["status"] == 200, heard
