#!/usr/bin/python3
"""Every kind of call where only a TURN server gets through: a firewall keeps the gateway's media apart from everybody and from every
forwarding service, so that neither host nor server-reflexive candidates lead anywhere. Tones both ways; all kinds at once."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from conference_lab import TALKS, Conference, ConferencePeer, TalksServer  # noqa: E402
from lab import TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import DOMAIN, PHONES  # noqa: E402
from sfu_lab import Service, SfuPeer  # noqa: E402
from turn_server import GATEWAY, RELAY, TurnServer, wall  # noqa: E402

MEETS = "meets." + DOMAIN
KINDS = ("jmuci-mesh", "muji", "jmuci-sfu", "xep-0521", "tigase-meet", "direct")
WHO = dict(zip(KINDS, ("alice", "bob", "carol", "dave", "alice", "bob")))
PHONE = {kind: f"10{i}" for i, kind in enumerate(KINDS)}
TONE = {kind: 1000 + 200 * i for i, kind in enumerate(KINDS)}


class Server(TalksServer):
    numbers = tuple(PHONE.values())
    more = (TALKS, MEETS)


with Lab("relays", server=Server) as lab:
    turn = lab.keep(TurnServer(lab.folder, RELAY).start())
    service = lab.keep(Service(lab.folder)).start()
    talks, meets = lab.keep(Conference(lab.folder, lab.server)), lab.keep(Conference(lab.folder, lab.server, MEETS))
    talks.start()
    meets.start("--meet", PHONES)
    room = {kind: lab.server.make_room(kind) for kind in KINDS[:-1]}
    room["direct"] = lab.server.jid(WHO["direct"])
    flavour = {kind: "jingle-sfu" if kind in ("xep-0521", "tigase-meet") else kind for kind in KINDS}
    place = {"xep-0521": f"{room['xep-0521'].split('@')[0]}@{TALKS}", "tigase-meet": f"m1@{MEETS}"}
    sfu = {"jmuci-sfu": "socket", "xep-0521": "talks", "tigase-meet": "meet"}
    wall()
    gateway = lab.daemon(
        rooms=[{"number": "8" + PHONE[k], "room": room[k], "flavour": flavour[k], **({"sfu": sfu[k]} if k in sfu else {})} for k in KINDS],
        phones=PHONE.values(), xmpp={"services": "off"},
        sfu=[{"name": "socket", "url": service.url}, {"name": "talks", "kind": "xep-0521", "jid": TALKS},
             {"name": "meet", "kind": "tigase-meet", "jid": place["tigase-meet"]}],
        media={"addresses": [GATEWAY], "turn_ca": turn.ca, "turn": [turn.configured("udp")]})

    def scripted(program, kind, *options):
        p = lab.keep(program(WHO[kind], TONES[WHO[kind]], lab.server, room[kind], lab.folder, *options))
        lab.people.append(p)
        return p

    people = {"jmuci-mesh": lab.browser(WHO["jmuci-mesh"], room["jmuci-mesh"], strict=False),
              "muji": lab.muji_peer(WHO["muji"], room=room["muji"]),
              "jmuci-sfu": scripted(SfuPeer, "jmuci-sfu", "--service", service.url),
              "xep-0521": scripted(ConferencePeer, "xep-0521", "--conference", place["xep-0521"]),
              "tigase-meet": scripted(ConferencePeer, "tigase-meet", "--conference", place["tigase-meet"]),
              "direct": lab.person(WHO["direct"])}
    for p in people.values():
        p.wait_joined()
    calls = {}

    def dial(kind):
        calls[kind] = lab.dial(PHONE[kind], "8" + PHONE[kind], tone=TONE[kind])

    def show(kind):
        """What the phone is called there."""
        return PHONE[kind] if kind == "direct" else "Phone " + PHONE[kind]

    for kind in ("jmuci-mesh", "jmuci-sfu"):
        people[kind].propose()
        people[kind].wait("word", action="propose", nick=WHO[kind])
    people["muji"].join().wait("in")
    people["tigase-meet"].join()
    meets.wait("join", who=WHO["tigase-meet"])
    for kind in KINDS:
        dial(kind)
    people["direct"].wait("jmi", action="propose")
    people["direct"].command("take")

    with lab.case("xep-0521: a phone alone waits; then somebody comes"):
        talks.wait("join", who=PHONE["xep-0521"])
        gateway.wait_state(PHONE["xep-0521"], "waiting")
        people["xep-0521"].join()

    for kind in KINDS:
        with lab.case(f"{kind}: by the relay alone: heard both ways", go_on=True):
            call = gateway.wait_talking(PHONE[kind], timeout=40)
            assert call["flavour"] == flavour[kind], call
            people[kind].wait_hears(show(kind), TONE[kind], 25)
            gateway.let_listen(PHONE[kind], 1)
            code, heard = calls[kind].hang_up()
            assert code == 0, heard
            assert_heard(heard, people[kind].tone, 0.8)

    with lab.case("the relay had a port for each of them, and gave them all back"):
        gateway.wait_idle()
        assert turn.carried() >= len(KINDS), turn.carried()
        wait_for("the allocations to end", lambda: turn.process.log().count("closed (2nd stage)") >= turn.carried(), 15)
        lab.say(f"{turn.carried()} ports of the relay")
