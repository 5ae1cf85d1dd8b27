#!/usr/bin/python3
"""What the figures of sound over bad networks are taken with: the network (lib/impaired.py) loses what it says, is as late as it says, and leaves
everything but sound alone; the measures (lib/heard.py) find what was done to a sound."""
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

import numpy as np  # noqa: E402

import heard  # noqa: E402
from impaired import Link  # noqa: E402
from lab import Lab  # noqa: E402

HERE, THERE, N, BATCH = "198.51.100.1", "198.51.100.2", 6000, 20


class LinkLab(Lab):
    needs_build = False


def sound(i):
    return struct.pack("!BBHIId", 0x80, 0, i & 0xFFFF, i * 160, 7, time.monotonic()) + bytes(20)


def socket_in(machine, address):
    with netns.visit(machine.name):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, 0))
    return s


def pass_through(packets, source, sink):
    """The numbers that came, in their order, and how late each was (ms)."""
    came, late = [], []

    def read(wait):
        while select.select([sink], [], [], wait)[0]:
            data = sink.recv(2000)
            came.append(struct.unpack("!H", data[2:4])[0])
            late.append((time.monotonic() - struct.unpack("!d", data[12:20])[0]) * 1000)

    for i in range(packets):
        source.sendto(sound(i), sink.getsockname())
        if i % BATCH == BATCH - 1:
            read(0.001)
    read(0.3)
    return came, late


def bursts(came):
    """Lengths of what is missing between two that came."""
    return [b - a - 1 for a, b in zip(came, came[1:]) if b - a > 1]


with LinkLab("impaired") as lab:
    far = netns.Machine("far")
    link = lab.keep(Link(lab.folder, "bad", far, HERE, THERE))
    here, there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket_in(far, THERE)
    here.bind((HERE, 0))

    with lab.case("nothing asked for: everything comes, in order, and its own delay is small", go_on=True):
        for source, sink in ((here, there), (there, here)):
            came, late = pass_through(500, source, sink)
            assert came == list(range(500)), (len(came), came[:10])
            lab.say(f"there and back again: median {sorted(late)[len(late) // 2]:.2f} ms")
        own = link.figures()["out"]["own_delay_ms"]
        assert own < 2, own

    with lab.case("loss by chance: as much as was asked for, both ways, and each way another", go_on=True):
        link.set(loss=0.05, seed=3)
        lost = []
        for source, sink in ((here, there), (there, here)):
            came, _ = pass_through(N, source, sink)
            assert 0.04 < 1 - len(came) / N < 0.06, len(came)
            assert 1 <= sum(bursts(came)) / len(bursts(came)) < 1.2, "they are lost one by one"
            lost.append(set(range(N)) - set(came))
        assert lost[0] != lost[1]
        told = link.figures()
        assert (told["out"]["lost"], told["in"]["lost"]) == tuple(map(len, lost)), told

    with lab.case("the same seed loses the same packets", go_on=True):
        link.set(loss=0.05, seed=3)
        came, _ = pass_through(N, here, there)
        assert set(range(N)) - set(came) == lost[0]

    with lab.case("bursts: as much in all, three at a time on the average", go_on=True):
        link.set(loss=0.05, burst=True, seed=3)
        came, _ = pass_through(N, here, there)
        missing = bursts(came)
        lab.say(f"{N - len(came)} of {N}, {sum(missing) / len(missing):.1f} at a time")
        assert 0.03 < 1 - len(came) / N < 0.07 and 2.3 < sum(missing) / len(missing) < 3.9, missing

    with lab.case("jitter: late by anything up to so much, overtaken, none lost", go_on=True):
        link.set(jitter_ms=80, seed=3)
        came, late = pass_through(1000, here, there)
        late.sort()
        lab.say(f"late by {late[0]:.1f} to {late[-1]:.1f} ms, median {late[500]:.1f}")
        assert sorted(came) == list(range(1000)) and came != sorted(came)
        assert late[10] < 10 and 30 < late[500] < 60 and late[990] > 70, late[::100]

    with lab.case("what is no sound passes: SIP, STUN and DTLS by UDP"):
        link.set(loss=1 - 1e-9)
        for first in (b"OPTIONS sip:x", b"\x00\x01\x00\x00", b"\x16\xfe\xfd"):
            here.sendto(first + bytes(30), there.getsockname())
            assert select.select([there], [], [], 5)[0] and there.recv(2000).startswith(first)
        assert pass_through(100, here, there) == ([], [])

    with lab.case("the measures: how late, how long a hole, how loud, how far from what was said"):
        rate, chance = heard.RATE, np.random.default_rng(5)
        n = np.arange(10 * rate)
        sine = 8000 * np.sin(2 * np.pi * 440 * n / rate)
        voice = np.convolve(chance.normal(0, 3000, len(n)), np.ones(8) / 3, "same") * (1 + np.sin(2 * np.pi * 3 * n / rate))
        said = heard.Sound(100.0, np.concatenate([sine, voice]))
        ear = heard.Sound(99.5, np.concatenate([np.zeros(rate // 2 + rate * 77 // 1000), said.pcm / 2, np.zeros(rate)]))
        speech = heard.speech(said, ear, 110, 120)
        assert abs(speech["median_ms"] - 77) < 0.2 and speech["found"] == speech["words"] >= 18, speech
        assert 4 < speech["distance"] < 7, speech  # half as loud: 6 dB everywhere
        whole = heard.tone(ear, 101, 109, 440, 0.25)
        assert (whole["gaps"], whole["longest_ms"]) == (0, 0) and abs(whole["level"] + 18.3) < 0.2, whole
        ear.pcm[ear.at(105):ear.at(105.1)] = 0
        ear.pcm[ear.at(107):ear.at(107.05)] = 0
        holed = heard.tone(ear, 101, 109, 440, 0.25)
        assert holed["gaps"] == 1 and 80 <= holed["longest_ms"] <= 110, holed
        assert heard.speech(said, heard.Sound(99.5, chance.normal(0, 3000, 22 * rate)), 110, 120)["found"] == 0, "nothing is like noise"
