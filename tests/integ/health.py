#!/usr/bin/python3
"""/health?call: a real call by a real phone, told with its hops; broken set-ups make it fail, and nobody can make it ring twice."""
import json
import os
import socket
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
from lab import Lab  # noqa: E402
from procs import free_port, wait_for  # noqa: E402


def ask(port, path="/health?call", host="127.0.0.1"):
    """(status, text) of that page."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=30) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def own_address():
    """An address of this machine that is not loopback, or None; what is sent there stays here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return None


with Lab("health") as lab:
    masked = lab.server.make_room("masked", whois="moderators")
    rooms = [{"number": "8000", "room": lab.room, "idle": "wait"}, {"number": "8001", "room": masked, "idle": "wait"}]
    port = free_port()
    health = {"phone": "199", "number": "8000", "program": daemons.TIPRING_UA, "every": 5}
    gateway = lab.daemon(rooms=rooms, phones=["100", {"number": "199", "password": "pw-199", "name": "Health check"}], health=health,
                         http={"listen": f"0.0.0.0:{port}"})
    alice = lab.peer("alice").wait_joined()

    with lab.case("healthy: the call gets into the room, hears something, and its hops are told"):
        status, text = ask(port)
        got = json.loads(text)["call"]
        lab.say(text)
        assert status == 200 and got["ok"] and got["status"] == 200 and got["why"] is None, text
        events = [h["event"] for h in got["hops"]]
        assert events[0] == "invite" and {"muc-joined", "answered"} <= set(events), events
        assert got["packets_received"] > 20 and got["setup_ms"] >= 0, text
        alice.wait("occupant", nick="Health check", present=False)

    with lab.case("asked again at once: the same result, no second call; without ?call it is quick and plain"):
        again = [ask(port) for _ in range(5)]
        assert all(a == (200, text) for a in again), again
        assert len([c for c in gateway.ctl("history") if c["phone"] == "199"]) == 1
        assert ask(port, "/health") == (200, "ready\n")

    with lab.case("whoever asks chooses nothing, and must be on this machine"):
        assert ask(port, "/health?call=8001&number=8001&phone=100")[1] == text
        own = own_address()
        if own:
            assert ask(port, host=own)[0] == 403
        with open(gateway.process.log_path) as f:
            assert "pw-199" not in f.read()

    def change(**keys):
        gateway.conf["health"] = {**health, **keys}
        gateway.write()
        gateway.ctl("reload")

    def fresh(before):
        """The first result that is not the one before."""
        return wait_for("a new test call", lambda: (a := ask(port)) and a[1] != before and a, 30, every=1)

    with lab.case("a room that refuses"):
        change(number="8001")
        status, refused = fresh(text)
        got = json.loads(refused)["call"]
        lab.say(refused)
        assert status == 503 and not got["ok"] and 400 <= got["status"] < 500 and got["why"] == "not answered", refused

    with lab.case("a phone that does not exist, and no test call at all"):
        change(phone="555")
        status, unknown = fresh(refused)
        assert status == 503 and "health.phone is no phone of this gateway" in unknown, unknown
        change(phone="")
        assert ask(port) == (404, "no test call: set health.phone and health.number\n")
        change()

    with lab.case("the XMPP server is away: not ready, and no call is tried"):
        calls = len(gateway.ctl("history"))
        lab.server.stop()
        wait_for("the stream to be down", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 20)
        assert ask(port) == (503, "not ready\n")
        assert len(gateway.ctl("history")) == calls
