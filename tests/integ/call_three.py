#!/usr/bin/python3
"""Three browsers and a telephone."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard, phone_row  # noqa: E402

with Lab("call_three") as lab:
    gateway = lab.daemon()
    people = [lab.browser(n) for n in ("alice", "bob", "carol")]
    for p in people:
        p.wait_joined(40)
    alice, bob, carol = people
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    alice.wait_hears("bob", bob.tone)
    time.sleep(1.6)

    with lab.case("the phone accepts third, a browser after it"):
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        time.sleep(1.6)
        carol.accept(alice.call_id)
        gateway.wait_talking("100", peers=3)
        lab.check_mesh(people)
        lab.check_hears(people, "Phone 100", 1000)
        assert carol.order == ["alice", "bob", "Phone 100", "carol"], carol.order
        rows = lab.show(people, [("Phone 100", 1000)])
        gateway.let_listen("100", 5)
        code, heard = ua.hang_up()
        lab.show(people, [], [phone_row("Phone 100", 1000, heard, people)])
        assert code == 0, heard
        for p in people:
            assert_heard(heard, p.tone, 3)

    with lab.case("the call outlives the phone and the proposer"):
        gateway.wait_idle()
        alice.hangup()
        bob.wait("session", nick="alice", state="ended")
        lab.check_mesh([bob, carol])
