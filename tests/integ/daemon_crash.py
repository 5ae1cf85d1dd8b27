#!/usr/bin/python3
"""The daemon is killed in a call and started again: the others are told, the next call works."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

with Lab("daemon_crash") as lab:
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    people = [alice, dave]
    for p in people:
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh(people)
    time.sleep(1.6)
    ua = lab.dial("100")
    gateway.wait_talking("100", peers=2)
    lab.check_hears(people, "Phone 100", 1000)
    time.sleep(1)  # the store writes behind

    with lab.case("SIGKILL, start: everybody is told that the phone has gone"):
        gateway.kill()
        time.sleep(1)
        at = time.monotonic()
        gateway.start()
        for p in people:
            p.wait("session", timeout=10, since=at, nick="Phone 100", state="ended")
            p.wait("occupant", timeout=15, nick="Phone 100", present=False)
        lab.check_mesh(people)
        ua.stop()

    with lab.case("the next call works, into the same group call"):
        ua = lab.dial("101")
        gateway.wait_talking("101", peers=2)
        lab.check_hears(people, "Phone 101", 1200)
        gateway.let_listen("101", 4)
        code, heard = ua.hang_up()
        assert code == 0, heard
        for p in people:
            assert_heard(heard, p.tone, 3)

    with lab.case("a registered phone is still known after a crash"):
        lab.answering("102")
        time.sleep(2)
        assert [p["registered"] for p in gateway.ctl("phone", "list") if p["number"] == "102"] == [True]
        time.sleep(1)
        gateway.kill()
        gateway.start()
        assert [p["registered"] for p in gateway.ctl("phone", "list") if p["number"] == "102"] == [True]
