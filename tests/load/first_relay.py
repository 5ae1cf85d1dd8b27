#!/usr/bin/python3
"""How long a caller waits for the first sound of the room where it can only come through a TURN server: a browser behind a firewall. All at
hand, and with participant and TURN server 100 ms away (there and back). Runs in network namespaces of its own, which needs root."""
import heapq
import os
import select
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from lab import Lab  # noqa: E402
from turn_server import TurnServer  # noqa: E402

GATEWAY, ALICE, RELAY, DOOR, TRIALS, ROUND_MS = "198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", 7, 100
HOPS = ("muc-joined", "accept", "session-received", "session-accept", "ice", "dtls", "peer-rtp")


class FarServer:
    """The server's UDP port at another address, each packet later by half of round_ms; one socket towards it for each client."""

    def __init__(self, server):
        self.server, self.round_ms, self.clients, self.due, self.n = (server.address, server.port), 0, {}, [], 0
        self.here = self.open()
        self.port = self.here.getsockname()[1]
        self.running, self.thread = True, threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def open(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((DOOR, 0))
        return s

    def later(self, out, to, packet):
        self.n += 1
        heapq.heappush(self.due, (time.monotonic() + self.round_ms / 2000, self.n, out, to, packet))

    def take(self, s):
        packet, source = s.recvfrom(4096)
        if s is not self.here:
            return self.later(self.here, self.clients[s], packet)
        towards = next((k for k, client in self.clients.items() if client == source), None) or self.open()
        self.clients[towards] = source
        self.later(towards, self.server, packet)

    def run(self):
        while self.running:
            wait = max(0, self.due[0][0] - time.monotonic()) if self.due else 0.2
            for s in select.select([self.here, *self.clients], [], [], wait)[0]:
                self.take(s)
            while self.due and self.due[0][0] <= time.monotonic():
                _, _, out, to, packet = heapq.heappop(self.due)
                out.sendto(packet, to)

    def stop(self):
        self.running = False
        self.thread.join(3)


def wall():
    """Between the gateway's media and the participant nothing passes."""
    netns.run("nft", "flush ruleset; add table inet wall; add chain inet wall out { type filter hook output priority 0; };"
              "add chain inet wall in { type filter hook input priority 0; };"
              f"add rule inet wall out ip saddr {GATEWAY} ip daddr {ALICE} meta l4proto udp drop;"
              f"add rule inet wall in ip saddr {ALICE} ip daddr {GATEWAY} meta l4proto udp drop;")


def call_once(lab, gateway, alice):
    """ms until the phone heard the room."""
    since = time.monotonic()
    alice.propose()
    alice.wait("word", action="propose", nick="alice", since=since)
    time.sleep(2)  # the accept is the first one for a while
    phone = lab.dial("100")
    gateway.wait_talking("100", timeout=30)
    gateway.let_listen("100", 1)
    code, document = phone.hang_up()
    assert code == 0 and document["first_audio_ms"], document
    gateway.wait_idle()
    alice.hangup()
    hops = {h["event"]: h["ms"] for h in gateway.ctl("call", "show", gateway.ctl("history")[0]["id"])["hops"]}
    lab.say(f"first sound {document['first_audio_ms']} ms; " + " ".join(f"{e} {hops[e]}" for e in HOPS if e in hops))
    return document["first_audio_ms"]


machine = netns.Machine("far")
netns.link(None, "far0", GATEWAY + "/24", machine, "far1", ALICE + "/24")
for address in (RELAY, DOOR):
    netns.run("ip", "address", "add", address + "/24", "dev", "far0")
machine.route(GATEWAY)
with Lab("first_relay") as lab:
    turn = lab.keep(TurnServer(lab.folder, RELAY).start())
    far = lab.keep(FarServer(turn))
    wall()
    gateway = lab.daemon(media={"addresses": [GATEWAY], "turn": [dict(turn.configured("udp"), host=DOOR, port=far.port)]}, start=False)
    gateway.conf["xmpp"]["services"] = "off"
    gateway.write()
    gateway.start()
    words = netns.bring(machine, lab.server.http, lab.page().port)
    alice = lab.browser("alice", run=machine.inside).wait_joined()
    for what, far.round_ms in (("at hand", 0), (f"{ROUND_MS} ms away", ROUND_MS)):
        words.late_s = far.round_ms / 2000
        with lab.case(f"each of {TRIALS} calls is heard, participant and TURN server {what}", go_on=True):
            times = [call_once(lab, gateway, alice) for _ in range(TRIALS)]
            lab.say(f"{what}: first sound after {statistics.median(times):.0f} ms (median; {min(times)}-{max(times)})")
