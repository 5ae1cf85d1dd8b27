#!/usr/bin/python3
"""A proposal in a room rings the phones of its key ring."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("ring") as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "ring": ["102"]}])
    alice, bob = lab.browser("alice"), lab.peer("dave")
    for p in (alice, bob):
        p.wait_joined()

    with lab.case("the phone registers"):
        ua = lab.answering("102", calls=1)
        wait_for("phone 102 to be registered",
                 lambda: any(p["number"] == "102" and p["registered"] for p in gateway.ctl("phone", "list")), 10)

    with lab.case("a proposal rings it, it answers, it takes part"):
        alice.propose()
        call = gateway.wait_talking("102", peers=1)
        assert call["direction"] == "out", call
        lab.check_hears([alice], "Phone 102", 1400)
        time.sleep(1)
        bob.accept()
        gateway.wait_talking("102", peers=2)
        lab.check_hears([bob], "Phone 102", 1400)
        gateway.let_listen("102", 4)
        code, heard = ua.hang_up()
        assert_heard(heard, 440, 4)
        assert_heard(heard, 550, 2)

    with lab.case("a proposal that is retracted rings no longer"):
        gateway.wait_idle()
        alice.hangup()
        bob.hangup()
        time.sleep(2)
        alice.propose()  # the phone is gone: nothing rings, nothing breaks
        time.sleep(1)
        alice.hangup()
        gateway.wait_idle()
