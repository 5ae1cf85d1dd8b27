#!/usr/bin/python3
"""A bad network between two machines of a test, for kernels without netem: a process that takes packets from one end of a cable and
puts them into the other, too late or not at all.

Sound only is treated so (UDP whose first octet is 128 to 191: RTP and RTCP, RFC 7983); SIP, STUN, DTLS and TCP pass as they come.
Each packet is late by anything up to jitter_ms, evenly spread, and may be overtaken; loss is by chance, or in bursts of three
packets on the average (Gilbert's model: all is lost in the bad state). Both ways alike, each with its own chance, from one seed."""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

import netns
from procs import Process

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000
LEAVE_BURST = 1 / 3
NO_PACKET = dict(seen=0, lost=0, overtaken=0, own_delay_ms=0.0, worst_delay_ms=0.0)


class Link:
    """The cable between machine (with address `there`) and the test itself (address `here`)."""

    def __init__(self, folder, name, machine, here, there):
        self.process = Process("link-" + name, ["/usr/bin/python3", os.path.abspath(__file__), machine.name, name + "0", name + "1"],
                               folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.p.stdout.readline()  # both ends are there
        netns.run("ip", "address", "add", here, "peer", there, "dev", name + "0")
        netns.run("ip", "link", "set", name + "0", "up")
        machine.ip("address", "add", there, "peer", here, "dev", name + "1")
        machine.ip("link", "set", name + "1", "up")

    def ask(self, words):
        self.process.p.stdin.write(json.dumps(words).encode() + b"\n")
        self.process.p.stdin.flush()
        return json.loads(self.process.p.stdout.readline())

    def set(self, loss=0.0, burst=False, jitter_ms=0, delay_ms=0, seed=1):
        """From now on; figures begin anew. loss: part of the packets."""
        self.ask(dict(loss=loss, burst=burst, jitter_ms=jitter_ms, delay_ms=delay_ms, seed=seed))

    def figures(self):
        """For both ways, "in" to the test and "out" to the machine: sound seen and lost, overtaken, what this process itself added
        (median and worst), and per stream (SSRC) the moment of its first packet as the sender's rhythm says (time.time())."""
        return self.ask({"figures": True})

    def stop(self):
        self.process.stop()


class Way:
    """Packets in one direction: what is lost, and when the others are due."""

    def __init__(self, into, words):
        self.into, self.due, self.n = into, [], 0
        self.loss, self.burst = words.get("loss", 0), words.get("burst", False)
        self.jitter, self.delay = words.get("jitter_ms", 0) / 1000, words.get("delay_ms", 0) / 1000
        self.chance, self.bad, self.figures = random.Random(words.get("seed", 1) * 2 + into), False, dict(NO_PACKET)
        self.late, self.streams, self.last_sent = [], {}, -1

    def is_lost(self):
        if not self.burst:
            return self.chance.random() < self.loss
        enter = LEAVE_BURST * self.loss / (1 - self.loss)
        self.bad = self.chance.random() >= LEAVE_BURST if self.bad else self.chance.random() < enter
        return self.bad

    def take(self, packet, now):
        sound = sound_of(packet)
        if sound is None:
            return os.write(self.into, packet)
        self.figures["seen"] += 1
        self.rhythm(sound)
        if self.is_lost():
            self.figures["lost"] += 1
            return None
        self.n += 1
        heapq.heappush(self.due, (now + self.delay + self.chance.random() * self.jitter, self.n, packet))
        return None

    def rhythm(self, sound):
        """The first packet's moment, by the one of the stream that came earliest for its number."""
        if 64 <= sound[1] & 127 <= 95:
            return  # RTCP
        seq, _, ssrc = struct.unpack("!HII", sound[2:12])
        first, moment = self.streams.setdefault(ssrc, [seq, float("inf")])
        self.streams[ssrc][1] = min(moment, time.time() - 0.02 * ((seq - first) & 0xFFFF))

    def give(self, now):
        """Sends what is due; seconds until the next, None: nothing waits."""
        while self.due and self.due[0][0] <= now:
            when, n, packet = heapq.heappop(self.due)
            self.figures["overtaken"] += n < self.last_sent
            self.last_sent = max(n, self.last_sent)
            os.write(self.into, packet)
            self.late.append((time.monotonic() - when) * 1000)
        return self.due[0][0] - now if self.due else None

    def told(self):
        late = sorted(self.late) or [0]
        return {**self.figures, "own_delay_ms": round(late[len(late) // 2], 3), "worst_delay_ms": round(late[-1], 3),
                "began": {ssrc: moment for ssrc, (_, moment) in self.streams.items()}}


def sound_of(packet):
    """What a UDP packet carries if that is RTP or RTCP."""
    head = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != 17 or len(packet) < head + 20:
        return None
    payload = packet[head + 8:]
    return payload if 128 <= payload[0] <= 191 else None


def open_end(name):
    """A network device whose packets this process reads and writes."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


def read_all(end, way):
    try:
        while packet := os.read(end, 65535):
            way.take(packet, time.monotonic())
    except OSError:
        pass  # nothing more; or the device is down


def obey(line, ways, here, there):
    words = json.loads(line)
    if "figures" in words:
        answer = {"in": ways[there].told(), "out": ways[here].told()}
    else:
        for end, into in ((here, there), (there, here)):
            left = ways[end].due if end in ways else []
            ways[end] = Way(into, words)
            ways[end].due = left
        answer = {}
    print(json.dumps(answer), flush=True)


def main(machine, here_name, there_name):
    here = open_end(here_name)
    with netns.visit(machine):
        there = open_end(there_name)
    ways, words = {}, open(sys.stdin.fileno(), "rb", buffering=0)
    obey("{}", ways, here, there)
    while True:
        waits = [w for w in (way.give(time.monotonic()) for way in ways.values()) if w is not None]
        for end in select.select([here, there, words], [], [], max(0, min(waits)) if waits else None)[0]:
            if end is not words:
                read_all(end, ways[end])
            elif line := words.readline():
                obey(line, ways, here, there)
            else:
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
