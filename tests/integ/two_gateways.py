#!/usr/bin/python3
"""Two gateways, two component domains, one XMPP server. Each watches the other's room, rings phones of its own when somebody is invited
there, and invites the other's phones: nothing goes round, everybody is called once, and their phones hear each other; also in one JMUCI call."""
import contextlib
import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from conference_lab import TalksServer  # noqa: E402
from contact import NEW, OLD, Contact, said, wait_said  # noqa: E402
from daemon import Daemon, Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import DOMAIN  # noqa: E402

DESKS = "desk." + DOMAIN
TONE = {"100": 1000, "101": 1200, "200": 1400, "201": 1700, "202": 1900}


class Server(TalksServer):
    """One component more, for the other gateway, which may be an owner of rooms as the first one may."""
    more = (DESKS,)

    def _write(self, config):
        super()._write(config)
        with open(config) as f:
            text = f.read()
        with open(config, "w") as f:
            f.write(text.replace(f'admins = {{ "gateway@{self.phones}" }}', f'admins = {{ "gateway@{self.phones}", "gateway@{DESKS}" }}'))

    def roster(self):
        return super().roster() + [(f"{who}@{DESKS}", "Desk " + who) for who in ("200", "201", "202", "gateway", "phones")]


with Lab("two_gateways", server=Server) as lab:
    group = lab.server.make_room("group")
    desks = copy.copy(lab.server)
    desks.phones = DESKS

    def conf(number, ring, person, other):
        return dict(sip={"ring_limit": 20}, invites=[{"from": ["*@" + other], "rooms": ["*@" + lab.server.muc]}],
                    rooms=[{"number": number + "000", "room": lab.room, "flavour": "muji", "call": "private", "people": [f"{person}@{other}"],
                            "ring": ring},
                           {"number": number + "001", "room": group, "flavour": "jmuci-mesh"}])
    here = lab.daemon(**conf("8", ["101"], "200", DESKS))
    there = lab.keep(Daemon(lab.file("there"), desks, phones=("200", "201", "202"), **conf("9", ["200", "201"], "101", lab.server.phones))).start()
    lab.gateway = here
    alice = lab.keep(Contact(lab.server, "alice")).enter(lab.room, "Alice")
    for gateway in (here, there):
        wait_for("the watchers", lambda g=gateway: all(r["watching"] for r in g.ctl("room", "list")), 30)

    def answering(gateway, number):
        ua = lab.keep(Ua.answer(gateway, lab.folder, number, tone=TONE[number]))
        lab.phones.append(ua)
        wait_for(f"phone {number} to be registered", lambda: any(p["number"] == number and p["registered"] for p in gateway.ctl("phone", "list")), 10)
        return ua

    def dial(gateway, number, to):
        ua = lab.keep(Ua.call(gateway, lab.folder, number, to, tone=TONE[number]))
        lab.phones.append(ua)
        return ua

    def begun(gateway):
        """Phones of all calls that there have been, each as often as it had one."""
        return sorted([c["phone"] for c in gateway.calls()] + [c["phone"] for c in gateway.ctl("history")])

    def end_all(gateway):
        """TRUE: there was nothing to end."""
        calls = gateway.calls()
        for call in calls:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                gateway.ctl("call", "hangup", call["id"])
        return not calls

    def over():
        """Whatever still goes on, or has just begun, is ended."""
        wait_for("all calls to end", lambda: all([end_all(here), end_all(there)]), 30, every=0.3)

    def rejoined(gateway):
        return gateway.process.log().count("info rejoined ")

    def weighed(gateway):
        log = gateway.process.log()
        return log.count("info call-invite ") + log.count("info call-invite-passed-over ")

    def invites(since=0):
        """What was said in the room, from that message on."""
        return [s[:2] for s in said(alice, lab.room, since) if s[1] in ("invite", "propose")]

    phones = {n: answering(here if n == "101" else there, n) for n in ("101", "200", "201")}

    def heard(number, count):
        """What that phone heard in its latest call."""
        return wait_for(f"call {count} of phone {number} to be over", lambda: len(phones[number].documents()) >= count and phones[number].documents(), 15)[-1]

    with lab.case("a phone starts a call: those of the other gateway ring, each once, and all hear each other"):
        ua = dial(here, "100", "8000")
        for gateway, number in ((here, "100"), (there, "200"), (there, "201")):
            gateway.wait_talking(number, peers=2, timeout=40)
        here.let_listen("100", 1)

    with lab.case("the XMPP server restarts: the private room is made anew, all are let in again, the sound goes on"):
        back = {gateway: rejoined(gateway) for gateway in (here, there)}
        lab.server.kill()
        for gateway in (here, there):
            wait_for("the stream to be down", lambda g=gateway: g.ctl("status")["xmpp"]["state"] != "up", 15)
        lab.server.start()
        for gateway, phones_in in ((here, 1), (there, 2)):
            wait_for("its phones to be back", lambda g=gateway, n=phones_in: rejoined(g) >= back[g] + n, 40)
        here.let_listen("100", 1)
        for gateway, number in ((here, "100"), (there, "200"), (there, "201")):
            gateway.wait_talking(number, peers=2, timeout=5)
        code, document = ua.hang_up()
        assert code == 0, document
        for other in ("200", "201"):
            assert_heard(document, TONE[other], document["duration_s"] - 4, "phone 100")

    with lab.case("it is over for all: two heard the first one, nobody else was rung, one invite was said in each form"):
        over()
        for n in ("200", "201"):
            assert_heard(heard(n, 1), TONE["100"], 1, "phone " + n)
        assert (begun(here), begun(there)) == (["100"], ["200", "201"]), (begun(here), begun(there))
        assert invites() == [(NEW, "invite"), (OLD, "propose")], said(alice, lab.room)

    with lab.case("both start a call at once: at most one invite of each is said, and no phone is called twice"):
        alice = lab.keep(Contact(lab.server, "alice")).enter(lab.room, "Alice")  # who she was has not come back
        since, before = len(alice.messages), begun(here) + begun(there)
        seen = {gateway: weighed(gateway) for gateway in (here, there)}
        both = dial(here, "100", "8000"), dial(there, "202", "9000")
        # there the phones of one room are in one call: they go into theirs or into ours, whichever was there first
        wait_for("one of them to talk", lambda: any(c and c["state"] == "talking" for c in (here.call("100"), there.call("202"))), 40)
        for gateway, number in ((here, "100"), (there, "202")):
            wait_for(f"phone {number} to be in a call", lambda g=gateway, n=number: (g.call(n) or {}).get("state") in ("waiting", "talking"), 20)
        for gateway in (here, there):  # has weighed the other one's invite: who hangs up before that is rung for it
            wait_for("the other one's invite", lambda g=gateway: weighed(g) > seen[g], 20)
        for ua in both:
            document = ua.hang_up()[1]  # who is alone has heard nobody
            assert document["status"] == 200, document
        over()
        after = begun(here) + begun(there)
        assert all(after.count(n) - before.count(n) <= 1 for n in TONE), (before, after)
        assert 1 <= invites(since).count((NEW, "invite")) <= 2 and len(invites(since)) <= 4, said(alice, lab.room, since)

    with lab.case("in one JMUCI call: the phones of both and a person hear each other"):
        bob = lab.peer("bob", room=group).wait_joined()
        first = dial(here, "100", "8001")
        asked = bob.wait("proposed", nick="Phone 100")
        second = dial(there, "202", "9001")
        there.wait_talking("202", timeout=30)
        bob.accept(asked["id"])
        for gateway, number in ((here, "100"), (there, "202")):
            gateway.wait_talking(number, peers=2, timeout=40)
        bob.wait_hears("Phone 100", TONE["100"])
        bob.wait_hears("Phone 202", TONE["202"])
        here.let_listen("100", 2)
        for ua, other in ((first, "202"), (second, "100")):
            code, document = ua.hang_up()
            assert code == 0, document
            assert_heard(document, TONE[other], 1)
            assert_heard(document, bob.tone, 1)
        over()
