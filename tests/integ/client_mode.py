#!/usr/bin/python3
"""The gateway as an ordinary account: one connection for each call."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from servers import PASSWORD  # noqa: E402

with Lab("client_mode") as lab:
    account = {"mode": "client", "jid": lab.server.jid("tipring"), "password": PASSWORD, "host": "127.0.0.1",
               "port": lab.server.c2s, "tls": "off"}
    gateway = lab.daemon(start=False)
    gateway.conf["xmpp"] = account
    gateway.write()
    gateway.start()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    people = [alice, dave]
    for p in people:
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh(people)
    time.sleep(1.6)

    with lab.case("a phone dials in"):
        ua = lab.dial("100")
        gateway.wait_talking("100", peers=2)
        lab.check_hears(people, "Phone 100", 1000)
        gateway.let_listen("100", 4)
        code, heard = ua.hang_up()
        assert code == 0, heard
        for p in people:
            assert_heard(heard, p.tone, 3)
        gateway.wait_idle()

    with lab.case("two phones at once, each with a connection of its own"):
        a, b = lab.dial("100"), lab.dial("101")
        lab.check_hears(people, "Phone 100", 1000, timeout=20)
        lab.check_hears(people, "Phone 101", 1200, timeout=20)
        gateway.let_listen("101", 3)
        (code_a, heard_a), (code_b, heard_b) = a.hang_up(), b.hang_up()
        assert (code_a, code_b) == (0, 0), (heard_a, heard_b)
        assert_heard(heard_a, 1200, 2)
        assert_heard(heard_b, 1000, 2)
