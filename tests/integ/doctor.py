#!/usr/bin/python3
"""tipringctl check against broken set-ups, with the daemon running and without: each is named with its mend, and nothing
else is blamed."""
import http.server
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
from lab import Lab  # noqa: E402
from procs import free_port, wait_for  # noqa: E402
from sfu_lab import Service  # noqa: E402
from turn_server import PASSWORD, SECRET, TurnProsody, TurnServer  # noqa: E402


class SilentPort:
    """A host that takes SIP and says nothing, or something that is no SIP; by TCP it refuses."""

    def __init__(self, says=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port, self.says, self.heard = self.socket.getsockname()[1], says, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            request, who = self.socket.recvfrom(4096)
            self.heard.append(request.decode())
            if self.says:
                self.socket.sendto(self.says(self.heard[-1]), who)


class StunServer:
    """Answers every Binding request with one address that it claims to see."""

    def __init__(self, seen):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port, self.seen = self.socket.getsockname()[1], socket.inet_aton(seen)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            request, who = self.socket.recvfrom(1500)
            cookie = request[4:8]
            address = bytes(a ^ b for a, b in zip(self.seen, cookie))
            port = bytes(a ^ b for a, b in zip(who[1].to_bytes(2, "big"), cookie))
            attribute = b"\x00\x20\x00\x08\x00\x01" + port + address
            self.socket.sendto(b"\x01\x01" + len(attribute).to_bytes(2, "big") + request[4:20] + attribute, who)


def examine(gateway):
    done = subprocess.run([daemons.TIPRINGCTL, "-c", gateway.config, "check"], capture_output=True, text=True, timeout=60)
    rows = gateway.ctl_check = done.stdout.splitlines()
    failed = [r for r in rows if r.startswith("FAIL")]
    assert done.returncode == (1 if failed else 0), done
    return failed


def only(failed, what, *words):
    assert len(failed) >= 1 and all(f.startswith("FAIL " + what + ":") for f in failed), failed
    assert all(w in failed[0] for w in words) and " -- " in failed[0], failed
    print("# " + failed[0], flush=True)


def broken(lab, **sections):
    """A gateway of its own with these keys changed; not started."""
    sections["media"] = {"turn_ca": lab.file("both.pem"), **sections.get("media", {})}
    return daemons.Daemon(os.path.join(lab.folder, f"broken-{lab.number}"), lab.server, sections.pop("rooms", [{"number": "8000", "room": lab.room}]),
                          **sections)


turns = []


class Server(TurnProsody):
    """Names one TURN server; the gateway may ask."""

    def __init__(self, folder):
        super().__init__(folder)
        self.turn = turns[0]


def with_turn(folder):
    turns.append(TurnServer(folder, secret=True).start())
    turns.append(TurnServer(folder, "127.0.0.4", name="own-turn").start())
    return Server(folder)


with Lab("doctor", server=with_turn) as lab:
    for one in turns:
        lab.keep(one)
    with open(lab.file("both.pem"), "w") as f:
        f.write("".join(open(t.ca).read() for t in turns))

    with lab.case("a set-up that is well: nothing to mend, daemon running or not", go_on=True):
        good = broken(lab)
        assert examine(good) == [], good.ctl_check
        lab.keep(good.start())
        wait_for("the watcher", lambda: good.ctl("room", "list")[0]["watching"], 5)
        assert examine(good) == [], good.ctl_check
        assert any("the running daemon is in it" in r for r in good.ctl_check), good.ctl_check
        good.stop()

    with lab.case("a number that leads to a person is no room", go_on=True):
        person = lab.server.jid("bob")
        d = broken(lab, rooms=[{"number": "8100", "room": person, "flavour": "direct"}, {"number": "8000", "room": lab.room}])
        lab.keep(d)
        for running in (False, True):
            if running:
                d.start()
                wait_for("the watcher", lambda: any(r["watching"] for r in d.ctl("room", "list")), 5)
            assert examine(d) == [] and not any(person in r for r in d.ctl_check), d.ctl_check
            assert any(lab.room in r for r in d.ctl_check), d.ctl_check
        d.stop()

    with lab.case("a wrong component secret", go_on=True):
        d = broken(lab, xmpp={"secret": "nobody-knows-it"})
        d.conf["xmpp"].pop("secret_file")
        d.write()
        only(examine(d), "XMPP log-in", "not-authorized", "give xmpp.secret and the server's component the same secret")
        assert "nobody-knows-it" not in "".join(d.ctl_check)
        lab.keep(d.start(wait=0))
        wait_for("its control socket", lambda: os.path.exists(d.socket), 10)
        only(examine(d), "XMPP log-in", "not-authorized", "the same secret")
        d.stop()

    with lab.case("a component that the server does not know", go_on=True):
        d = broken(lab, xmpp={"domain": "other." + lab.server.domain})
        only(examine(d), "XMPP log-in", "add the component xmpp.domain to the server")

    with lab.case("a room that hides real JIDs", go_on=True):
        room = lab.server.make_room("masked", whois="moderators")
        d = broken(lab, rooms=[{"number": "8000", "room": room}])
        only(examine(d), "room", room, "hides the addresses", "whois = anyone")
        lab.keep(d.start())
        wait_for("the watcher to be refused", lambda: d.ctl("room", "list")[0]["problem"], 10)
        only(examine(d), "room", room, "hides real JIDs", "whois = anyone")
        d.stop()

    with lab.case("a room service that is not there", go_on=True):
        d = broken(lab, rooms=[{"number": "8000", "room": "standup@nowhere." + lab.server.domain}])
        only(examine(d), "room", "standup@nowhere.", "is the room service running, and its name right?")

    with lab.case("a closed component port", go_on=True):
        d = broken(lab, xmpp={"port": free_port()})
        only(examine(d), "XMPP log-in", "refused", "xmpp.host, xmpp.port")

    with lab.case("forwarding services: one that answers, one that is not there, one behind another path", go_on=True):
        service = lab.keep(Service(lab.folder)).start()
        d = broken(lab, sfu=[{"name": "here", "url": service.url}, {"name": "conference", "kind": "xep-0521", "jid": "av.example.org"}])
        assert examine(d) == [] and any("here" in r and "answers" in r for r in d.ctl_check), d.ctl_check
        d = broken(lab, sfu=[{"name": "gone", "url": f"ws://127.0.0.1:{free_port()}"}])
        only(examine(d), "forwarding service", "gone", "refused", "whether it runs")
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)  # knows no method at all
        threading.Thread(target=web.serve_forever, daemon=True).start()
        d = broken(lab, sfu=[{"name": "elsewhere", "url": f"ws://127.0.0.1:{web.server_port}/other/"}])
        only(examine(d), "forwarding service", "elsewhere", "HTTP 501", "path")
        web.shutdown()
        service.stop()

    with lab.case("a SIP port that another program has", go_on=True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
            d = broken(lab, sip={"listen": [f"udp:127.0.0.1:{port}"]})
            only(examine(d), "SIP port", f"udp:127.0.0.1:{port} is taken", f"grep :{port}; or change sip.listen")

    with lab.case("a SIP address that is not of this machine", go_on=True):
        d = broken(lab, sip={"listen": ["udp:11.22.33.44:5060"]})
        only(examine(d), "SIP port", "11.22.33.44", "change sip.listen to an address of this machine")

    with lab.case("public addresses that nobody can reach", go_on=True):
        for address in ("127.0.0.1", "203.0.113.7", "224.0.0.1"):
            d = broken(lab, media={"public_address": address})
            only(examine(d), "public address", address, "set media.public_address to the address that the other side sees")

    with lab.case("a public address that is somebody else's: a STUN server sees another one", go_on=True):
        stun = StunServer("11.22.33.44")
        d = broken(lab, media={"public_address": "11.22.33.45", "stun": [f"127.0.0.1:{stun.port}"]})
        only(examine(d), "public address", "11.22.33.45", 'set media.public_address = "11.22.33.44"')
        d = broken(lab, media={"public_address": "11.22.33.44", "stun": [f"127.0.0.1:{stun.port}"]})
        assert examine(d) == [], d.ctl_check

    with lab.case("trunks: one that answers, one that is dead, one whose name leads nowhere, one that refuses us", go_on=True):
        phones = daemons.Daemon(os.path.join(lab.folder, "registrar"), lab.server, [{"number": "8000", "room": lab.room}])
        phones.conf["xmpp"]["port"] = free_port()  # any SIP server will do
        phones.write()
        lab.keep(phones).start(wait=0)
        wait_for("it to listen", lambda: os.path.exists(phones.socket), 10)
        alive = {"name": "alive", "proxy": f"127.0.0.1:{phones.port}"}
        d = broken(lab, trunks=[alive])
        assert examine(d) == [] and any("alive: udp:127.0.0.1" in r and "200 OK" in r for r in d.ctl_check), d.ctl_check
        only(examine(broken(lab, trunks=[alive, {"name": "dead", "proxy": f"127.0.0.1:{free_port()}"}])), "trunk", "dead:", "look at its proxy")
        only(examine(broken(lab, trunks=[{"name": "lost", "proxy": "nowhere.invalid"}])), "trunk", "lost: nowhere.invalid leads to no address")
        d = broken(lab, trunks=[{**alive, "register": True, "user": "100", "password": "wrong"}])
        lab.keep(d.start(wait=0))
        wait_for("the refusal", lambda: os.path.exists(d.socket) and d.ctl("trunk", "list")[0]["state"] == "down", 10)
        failed = [r for r in examine(d) if r.startswith("FAIL trunk:")]
        only(failed, "trunk", "401 Unauthorized", "look at its user and password")
        for one in (d, phones):
            one.stop()

    with lab.case("a STUN server that is not there", go_on=True):
        d = broken(lab, media={"stun": [f"127.0.0.1:{free_port()}"]})
        only(examine(d), "STUN", "look at its address")

    def rows(what):
        return [r for r in d.ctl_check if r.startswith("ok") and f" {what}:" in r]

    with lab.case("TURN servers: allocations by UDP, TCP and TLS, those of the file and those that the XMPP server names", go_on=True):
        d = broken(lab, media={"turn": [turns[1].configured(t) for t in ("udp", "tcp", "tls")]})
        assert examine(d) == [], d.ctl_check
        found = rows("TURN")
        assert sum("127.0.0.4" in r and "lets us relay from 127.0.0.4" in r for r in found) == 3, found
        assert sum("127.0.0.3" in r and "lets us relay from 127.0.0.3" in r for r in found) == 3, found
        lab.keep(d.start())
        wait_for("what the XMPP server names", lambda: len([r for r in d.ctl("status")["relays"] if r["source"] == "xmpp"]) >= 3, 10)
        assert examine(d) == [], d.ctl_check
        assert sum("the running daemon has its credentials" in r for r in rows("TURN")) == 3, d.ctl_check
        assert not any(s in "".join(d.ctl_check) for s in (PASSWORD, SECRET))
        d.stop()

    with lab.case("TURN servers that refuse us, that are not there, whose certificate nobody knows, that are none", go_on=True):
        def alone(**turn):
            d = broken(lab, xmpp={"services": "off"}, media={"turn": [{**turns[1].configured("udp"), **turn}]})
            return examine(d)
        only(alone(password="wrong"), "TURN", "by udp refuses (401)", "look at its user and password")
        only(alone(port=free_port(host="127.0.0.4")), "TURN", "look at its address, its log and the firewall")
        only(alone(transport="tcp", port=free_port(host="127.0.0.4")), "TURN", "by tcp", "refused")
        only(alone(transport="tls", host="localhost", port=turns[1].tls_port), "TURN", "by tls", "look at its address")
        only(alone(host="127.0.0.1", port=StunServer("11.22.33.44").port), "TURN", "is no TURN server")
        d = broken(lab, xmpp={"services": "off"}, media={"turn_ca": "", "turn": [turns[1].configured("tls")]})
        only(examine(d), "TURN", "by tls", "its certificate (media.turn_ca)")

    with lab.case("an XMPP server that keeps its TURN servers to itself", go_on=True):
        d = broken(lab, xmpp={"services": "rooms." + lab.server.domain})
        assert examine(d) == [] and any("names no TURN servers" in r for r in d.ctl_check), d.ctl_check

    with lab.case("a trunk that is silent, and ones that speak no SIP", go_on=True):
        for silent in (SilentPort(), SilentPort(lambda r: b"HTTP/1.1 200 OK"), SilentPort(lambda r: b"SIP/2.0 200 OK")):
            d = broken(lab, trunks=[{"name": "provider", "proxy": f"127.0.0.1:{silent.port}", "addresses": ["127.0.0.1"]}])
            only(examine(d), "trunk", "provider:", "look at its proxy")
