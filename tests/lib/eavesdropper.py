"""Reads packets off a network device, and tells what can be heard in them."""
import math
import socket
import struct
import threading


class Capture(threading.Thread):
    """All UDP over IPv4 and IPv6 on one device, each datagram once: (source port, destination port, payload). On loopback
    every packet is seen going out and coming in; elsewhere going out alone is what we sent."""

    def __init__(self, device="lo"):
        super().__init__(daemon=True)
        self.loopback = device == "lo"
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.raw.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        self.raw.bind((device, 0))
        self.raw.settimeout(0.2)
        self.seen, self.running = [], True
        self.keys = 0  # packets of any kind in which keys of SDES can be read

    def run(self):
        while self.running:
            try:
                frame, (_, _, kind, _, _) = self.raw.recvfrom(65536)
            except TimeoutError:
                continue
            if kind == 4 and self.loopback:  # on its way out: the same packet comes in again
                continue
            self.keys += b"inline:" in frame
            self.take(frame[12:14], frame[14:])

    def take(self, ether, packet):
        if ether == b"\x08\x00" and packet[9] == 17:
            udp = packet[(packet[0] & 15) * 4:]
        elif ether == b"\x86\xdd" and packet[6] == 17:
            udp = packet[40:]
        else:
            return
        source, destination, length = struct.unpack("!HHH", udp[:6])
        self.seen.append((source, destination, udp[8:length]))

    def of(self, port):
        """What this phone sends, and what it is sent, reports included."""
        return [p for s, _, p in self.seen if s == port], [p for _, d, p in self.seen if d in (port, port + 1)]

    def stop(self):
        if not self.running:
            return
        self.running = False
        self.join()
        self.raw.close()


def alaw(byte):
    byte ^= 0x55
    low, segment = (byte & 15) << 4, (byte & 0x70) >> 4
    value = low + 8 if segment == 0 else (low + 0x108) << (segment - 1)
    return value if byte & 0x80 else -value


ALAW = [alaw(b) for b in range(256)]


def purity(samples, hz):
    """Share of the power that is in this tone (8000 samples a second)."""
    total = sum(x * x for x in samples) or 1
    re = sum(x * math.cos(2 * math.pi * hz * i / 8000) for i, x in enumerate(samples))
    im = sum(x * math.sin(2 * math.pi * hz * i / 8000) for i, x in enumerate(samples))
    return 2 * (re * re + im * im) / len(samples) / total


def entropy(data):
    counts = [data.count(bytes([b])) for b in range(256)]
    return -sum(c / len(data) * math.log2(c / len(data)) for c in counts if c)


def read_off(both, tones):
    ways = [read_one(packets, tones) for packets in both]
    return {"packets": min(w["packets"] for w in ways), "lengths": ways[0]["lengths"] | ways[1]["lengths"],
            "tone": max(w["tone"] for w in ways), "entropy": min(w["entropy"] for w in ways),
            "plain_reports": sum(w["plain_reports"] for w in ways), "worst_tone": min(w["tone"] for w in ways)}


def read_one(packets, tones):
    """What an eavesdropper makes of G.711 packets: how many, their lengths, entropy of the payload, purest tone in 0.2 s."""
    sound = [p[12:172] for p in packets if len(p) >= 172 and p[0] >> 6 == 2 and p[1] & 0x7f == 8]
    reports = [p for p in packets if len(p) >= 8 and p[0] >> 6 == 2 and 200 <= p[1] <= 204]
    best = 0
    for at in range(50, len(sound) - 10, 50):
        samples = [ALAW[b] for p in sound[at:at + 10] for b in p]
        best = max([best] + [purity(samples, hz) for hz in tones])
    return {"packets": len(sound), "lengths": {len(p) for p in packets if p[1] & 0x7f == 8}, "tone": best,
            "entropy": entropy(b"".join(sound)) if sound else 0, "plain_reports": sum(map(plain_sdes, reports))}


def plain_sdes(report):
    """A report whose parts can be walked through to the end and hold a CNAME, as only an unencrypted one can."""
    at, found = 0, False
    while at + 4 <= len(report):
        if report[at] >> 6 != 2 or not 200 <= report[at + 1] <= 204:
            return False
        found |= report[at + 1] == 202 and report[at + 8:at + 9] == b"\x01"
        at += 4 * (struct.unpack("!H", report[at + 2:at + 4])[0] + 1)
    return found and at == len(report)
