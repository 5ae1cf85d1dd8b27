#!/usr/bin/python3
"""Calls that can only go through a TURN server, because a firewall keeps the gateway and the participant apart: by UDP, by TCP
where no UDP gets out, by TLS where nothing else does; credentials from the XMPP server (XEP-0215) and from the file."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from turn_server import GATEWAY, OWN_RELAY, PASSWORD, RELAY, SECRET, TurnProsody, TurnServer, wall  # noqa: E402

TTL = 15  # s that the server's credentials are good


class Server(TurnProsody):
    ttl = TTL

    def __init__(self, folder):
        super().__init__(folder)
        self.turn = turns[0]


turns = []


def make_server(folder):
    turns.append(TurnServer(folder, RELAY, secret=True))
    turns[0].start()
    return Server(folder)


with Lab("turn", server=make_server) as lab:
    lab.keep(turns[0])
    turns.append(lab.keep(TurnServer(lab.folder, OWN_RELAY, name="own-turn").start()))
    with open(lab.file("both.pem"), "w") as f:
        f.write("".join(open(t.ca).read() for t in turns))
    media = {"addresses": [GATEWAY], "turn_ca": lab.file("both.pem")}
    gateway = lab.daemon(media=media)
    born = time.monotonic()
    alice = lab.peer("alice").wait_joined()

    def relays():
        return gateway.ctl("status")["relays"]

    def talk(phone, how, server):
        """One call: each hears the other, and the relay had the packets."""
        before = server.carried()
        since = time.monotonic()
        alice.propose()
        alice.wait("word", action="propose", nick="alice", since=since)
        ua = lab.dial(phone)
        call = gateway.wait_talking(phone)
        alice.wait_hears(call["nick"], ua.tone)
        gateway.let_listen(phone, 1)
        hops = {h["event"]: h["ms"] for h in gateway.ctl("call", "show", call["id"])["hops"]}
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, alice.tone, 0.8, "the phone")
        gateway.wait_idle()
        alice.hangup()
        wait_for("the relay to have been asked", lambda: server.carried() > before, 5)
        lab.say(f"by {how}: heard both ways; gaps {heard['gaps']}, ICE {hops.get('ice')} ms, DTLS {hops.get('dtls')} ms after the INVITE")

    with lab.case("the XMPP server names STUN and TURN servers; status shows them, and no secret anywhere"):
        wait_for("the services", lambda: len(relays()) == 4, 10)
        said = {(r["type"], r["transport"], r["port"], r["source"]) for r in relays()}
        assert said == {("stun", "udp", turns[0].port, "xmpp"), ("turn", "udp", turns[0].port, "xmpp"),
                        ("turn", "tcp", turns[0].port, "xmpp"), ("turn", "tls", turns[0].tls_port, "xmpp")}, said

    with lab.case("by UDP, the credentials from the XMPP server", go_on=True):
        wall()
        talk("100", "UDP", turns[0])

    with lab.case("by TCP, where no UDP gets out", go_on=True):
        wall(udp=False)
        talk("101", "TCP", turns[0])

    with lab.case("by TLS, where nothing else gets out; with the same credentials, which the server did not repeat", go_on=True):
        wall(udp=False, tcp=False, turns=turns)
        talk("102", "TLS", turns[0])

    with lab.case("the credentials have been renewed before they expired, and the log holds none of them"):
        wait_for("new credentials", lambda: gateway.process.log(100000).count("relays-told by=") >= 2, TTL)
        time.sleep(max(0, born + TTL + 1 - time.monotonic()))
        wall()
        talk("103", "UDP, after the first credentials have expired", turns[0])
        assert not any(s in gateway.process.log(100000) for s in (SECRET, PASSWORD))
        gateway.stop()

    with lab.case("from the file: by UDP, TCP and TLS, changed by a reload", go_on=True):
        gateway.conf["xmpp"]["services"] = "off"
        for how, phone in (("udp", "100"), ("tcp", "101"), ("tls", "102")):
            gateway.conf["media"]["turn"] = [turns[1].configured(how)]
            gateway.write()
            if how == "udp":
                gateway.start()
                wait_for("the watcher", lambda: gateway.ctl("room", "list")[0]["watching"], 5)
            else:
                gateway.ctl("reload")
            assert [(r["transport"], r["source"]) for r in relays()] == [(how, "file")], relays()
            wall(udp=how == "udp", tcp=how != "tls", turns=turns)
            talk(phone, how.upper() + ", from the file", turns[1])
        assert PASSWORD not in gateway.process.log(100000)
