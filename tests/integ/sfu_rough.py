#!/usr/bin/python3
"""A call through a forwarding service with three phones and two people, roughly treated: a phone is kicked, a phone comes late,
the XMPP server dies and comes back."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sfu_lab import Service, SfuPeer  # noqa: E402

with Lab("sfu_rough") as lab:
    service = lab.keep(Service(lab.folder)).start()
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "flavour": "jmuci-sfu"}], sfu=[{"name": "test", "url": service.url}])
    owner = lab.keep(Contact(lab.server, "tipring")).enter(lab.room, "Owner")
    phones = {}

    def peer(name):
        p = lab.keep(SfuPeer(name, TONES[name], lab.server, lab.room, lab.folder, "--service", service.url))
        lab.people.append(p)
        return p.wait_joined()

    def dial(number, peers):
        phones[number] = lab.dial(number)
        gateway.wait_talking(number, peers=peers)

    alice, bob = peer("alice"), peer("bob")

    with lab.case("three phones and two people: everybody hears everybody"):
        phones["100"] = lab.dial("100")
        asked = alice.wait("proposed", nick="Phone 100")
        alice.command("accept", asked["id"])
        gateway.wait_talking("100", peers=1)
        bob.command("accept", asked["id"])
        gateway.wait_talking("100", peers=2)
        dial("101", 3)
        dial("102", 4)
        for number in phones:
            lab.check_hears([alice, bob], f"Phone {number}", phones[number].tone)
        lab.show([alice, bob], [(f"Phone {n}", u.tone) for n, u in phones.items()])

    with lab.case("a phone is kicked: it is out of the call and of the service, the others go on"):
        gateway.let_listen("101", 2)
        since = service.mark()
        owner.kick(lab.room, "Phone 101")
        code, heard = phones.pop("101").result()
        assert heard["ended_by"] == "them", heard
        assert_heard(heard, alice.tone, 1)
        assert_heard(heard, phones["102"].tone, 1)
        service.wait("leave", since=since, name=f"{lab.room}/Phone 101")
        lab.check_hears([alice, bob], "Phone 102", phones["102"].tone)

    with lab.case("the XMPP server dies: the sound goes on; it comes back: the phones are in the room again"):
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 15)
        before = gateway.process.log(1000).count("rejoined")
        time.sleep(1.5)  # what is heard now was said while it was dead
        lab.check_hears([alice, bob], "Phone 100", phones["100"].tone, timeout=5)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}
        lab.server.start()
        wait_for("both phones to be back", lambda: gateway.process.log(1000).count("rejoined") >= before + 2, 40)
        lab.check_hears([alice, bob], "Phone 100", phones["100"].tone)
        assert {gateway.call(n)["state"] for n in phones} == {"talking"}
        gateway.let_listen("100", 2)
        for ua in phones.values():
            code, heard = ua.hang_up()
            assert code == 0, heard
            assert_heard(heard, alice.tone, 3)
            assert_heard(heard, bob.tone, 3)
