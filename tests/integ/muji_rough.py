#!/usr/bin/python3
"""A Muji call of three phones and two people, roughly treated: somebody is kicked, a phone is kicked, one phone comes late, the
server dies and comes back."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

with Lab("muji_rough") as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "muji"}])
    alice, bob = lab.muji_peer("alice").wait_joined(), lab.muji_peer("bob").wait_joined()
    owner = lab.keep(Contact(lab.server, "tipring")).enter(lab.room, "Owner")
    phones = {}

    def dial(number, peers):
        phones[number] = lab.dial(number)
        gateway.wait_talking(number, peers=peers)

    with lab.case("three phones and two people: everybody hears everybody"):
        alice.join().wait("in", before=[])
        dial("100", 1)
        bob.join().wait("in")
        gateway.wait_talking("100", peers=2)
        dial("101", 3)
        dial("102", 4)
        lab.check_mesh([alice, bob])
        for number in phones:
            lab.check_hears([alice, bob], f"Phone {number}", phones[number].tone)
        for number, ua in phones.items():
            assert {p["codec"] for p in gateway.call(number)["peers"]} == {"opus", "local"}
        lab.show([alice, bob], [(f"Phone {n}", u.tone) for n, u in phones.items()])

    with lab.case("a phone is kicked: it is out of the call, the others go on"):
        gateway.let_listen("101", 2)
        owner.kick(lab.room, "Phone 101")
        code, heard = phones.pop("101").result()
        assert heard["ended_by"] == "them", heard
        for p in (alice, bob):
            assert_heard(heard, p.tone, 1)
        assert_heard(heard, phones["102"].tone, 1)
        record = wait_for("its record", lambda: gateway.ctl("history"), 10)[0]
        assert record["cause"] == "room-closed", record
        lab.check_mesh([alice, bob])
        lab.check_hears([alice, bob], "Phone 102", phones["102"].tone)

    with lab.case("somebody is kicked: the phones go on with the others"):
        owner.kick(lab.room, "bob")
        wait_for("bob to be gone", lambda: all(p["nick"] != "bob" for n in phones for p in gateway.call(n)["peers"]), 15)
        lab.check_hears([alice], "Phone 100", phones["100"].tone)

    with lab.case("the server dies: the sound goes on; it comes back: the phones are in the room again"):
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 15)
        before = gateway.process.log(1000).count("rejoined")
        time.sleep(1.5)  # what is heard now was said while it was dead
        lab.check_hears([alice], "Phone 100", phones["100"].tone, timeout=5)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}
        lab.server.start()
        wait_for("both phones to be back", lambda: gateway.process.log(1000).count("rejoined") >= before + 2, 40)
        lab.check_hears([alice], "Phone 100", phones["100"].tone)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}

    with lab.case("who comes then is called and heard"):
        carol = lab.muji_peer("carol").wait_joined()
        carol.join().wait("in")
        lab.check_hears([carol], "Phone 100", phones["100"].tone, timeout=25)
        lab.check_hears([carol], "Phone 102", phones["102"].tone)
        gateway.let_listen("100", 2)
        for ua in phones.values():
            code, heard = ua.hang_up()
            assert code == 0, heard
            assert_heard(heard, carol.tone, 1)
            assert_heard(heard, alice.tone, 4)
