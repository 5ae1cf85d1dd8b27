#!/usr/bin/python3
"""How long a caller waits for the first sound of the room, with one and with nine participants, against a floor of what cannot be avoided,
each part timed by itself in the same run (the participants have sessions with the phone only: Python would need the machine for itself); and joining a room of fifty, against a client that does not ask for quick acknowledgements.
first_sound.py BARE (the program that connects bare sessions)

The floor: a SIP request answered (OPTIONS, round trip), a join and a message through the room (by a bare client), the participant's own time
(from our word in the room to its offer), ICE and DTLS of a bare session, one packet of 20 ms and one frame in the jitter buffer."""
import base64
import os
import re
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from people import Peer  # noqa: E402
from servers import PASSWORD, Prosody  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

TRIALS, CROWD, FRAMES_MS, MOST, MOST_JOIN = 5, 50, 40, 2.0, 0.5
NAMES = [f"p{i}" for i in range(9)]


class Client:
    """An XMPP client of a few lines, for joining rooms."""

    def __init__(self, server, user, quick):
        self.server, self.quick, self.seen = server, quick, b""
        self.socket = socket.create_connection(("127.0.0.1", server.c2s))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(30)
        head = f"<stream:stream to='{server.domain}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        self.say(head, b"</stream:features>")
        plain = base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode()
        self.say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>", b"<success")
        self.say(head, b"</stream:features>")
        self.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", b"</jid>")

    def say(self, text, until):
        """ms until that is seen in the answer."""
        began, self.seen = time.monotonic(), b""
        self.socket.sendall(text.encode())
        while until not in self.seen:
            if self.quick:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = self.socket.recv(1 << 20)
            assert piece, self.seen[-300:]
            self.seen += piece
        return (time.monotonic() - began) * 1000

    def join(self, room, nick):
        return self.say(f"<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>", b"110")

    def leave(self, room, nick):
        self.say(f"<presence type='unavailable' to='{room}/{nick}'/>", b"110")

    def round_trip(self, room, word):
        return self.say(f"<message type='groupchat' to='{room}'><body>{word}</body></message>", f"<body>{word}</body>".encode())


def median(values):
    return statistics.median(values)


def sip_floor(gateway):
    phone = SipPhone(gateway, "101").register()
    times = []
    phone.running = False
    phone.thread.join()
    for i in range(TRIALS):
        text = (f"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {phone.here};branch=z9hG4bKo{i}\r\nMax-Forwards: 70\r\nFrom: <sip:101@127.0.0.1>"
                f";tag=o\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: o{i}@x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
        phone.socket.settimeout(5)
        began = time.monotonic()
        phone.socket.sendto(text.encode(), phone.server)
        phone.socket.recv(4096)
        times.append((time.monotonic() - began) * 1000)
    phone.socket.close()
    return median(times)


def room_floor(lab, room):
    client, joins, words = Client(lab.server, NAMES[0], True), [], []
    for i in range(TRIALS):
        joins.append(client.join(room, "floor"))
        words.append(client.round_trip(room, f"word-{i}"))
        client.leave(room, "floor")
    client.socket.close()
    return median(joins), median(words)


def bare_ms(bare):
    """Until a bare pair is connected, ICE and DTLS."""
    return median(float(re.search(r"([\d.]+) ms/pair", subprocess.run([bare, "-t"], capture_output=True, text=True, timeout=60).stdout).group(1))
                  for _ in range(TRIALS))


def call_once(lab, gateway):
    """ms until the phone heard the room, and of that the quickest participant's own time."""
    phone = lab.dial("100")
    gateway.wait_talking("100")
    gateway.let_listen("100", 1)
    code, document = phone.hang_up()
    assert code == 0 and document["first_audio_ms"], document
    gateway.wait_idle()
    hops = {h["event"]: h["ms"] for h in gateway.ctl("call", "show", gateway.ctl("history")[0]["id"])["hops"]}
    lab.say(f"first sound {document['first_audio_ms']} ms; " + " ".join(f"{e} {ms}" for e, ms in hops.items()))
    return document["first_audio_ms"], max(0, hops["session-received"] - hops["accept"])


def measure(lab, gateway, people, floor_ms):
    """The call runs; no accept within 1.5 s before each phone. The ratio of the medians."""
    trials = []
    for _ in range(TRIALS):
        if len(people) == 1:  # whoever is left alone has no call any more
            people[0].hangup()
            people[0].propose()
        time.sleep(2.5)
        trials.append(call_once(lab, gateway))
    first, own = median(t[0] for t in trials), median(t[1] for t in trials)
    lab.say(f"{len(people)} participants: first sound after {first:.0f} ms; floor {floor_ms:.0f} + {own:.0f} ms of the participant itself; "
            f"ratio {first / (floor_ms + own):.2f}")
    return first / (floor_ms + own)


def join_fifty(lab, room):
    crowd = [Client(lab.server, NAMES[0], True) for _ in range(CROWD - 1)]
    for i, c in enumerate(crowd):
        c.join(room, f"n{i}")
    plain = []
    for _ in range(TRIALS):
        slow = Client(lab.server, NAMES[1], False)
        plain.append(slow.join(room, "slow"))
        slow.socket.close()
        time.sleep(0.5)
    return crowd, median(plain)


with Lab("first_sound", server=lambda folder: Prosody(folder, users=(*NAMES, "tipring"))) as lab:
    fifty = lab.server.make_room("fifty")
    rooms = [{"number": "8000", "room": lab.room}, {"number": "8050", "room": fifty, "idle": "wait"}]
    gateway = lab.daemon(rooms=rooms)
    join, word = room_floor(lab, lab.server.make_room("floor"))
    sip, bare = sip_floor(gateway), bare_ms(sys.argv[1])
    floor = sip + join + word + bare + FRAMES_MS
    lab.say(f"floor: SIP {sip:.1f} + join {join:.1f} + message {word:.1f} + ICE and DTLS {bare:.1f} + frames {FRAMES_MS} = {floor:.0f} ms")
    people = [lab.keep(Peer(NAMES[0], 500, lab.server, lab.room, lab.folder, "--calls", "Phone")).wait_joined()]
    ratios = {}
    people[0].propose()
    with lab.case(f"one participant: at most {MOST} times the floor", go_on=True):
        ratios[1] = measure(lab, gateway, people, floor)
        assert ratios[1] <= MOST, ratios
    with lab.case(f"joining a room of {CROWD}: at most {MOST_JOIN} of a client without quick acknowledgements", go_on=True):
        crowd, slow = join_fifty(lab, fifty)
        joins = []
        for _ in range(TRIALS):
            phone = lab.dial("101", "8050")
            gateway.wait_state("101", "waiting")
            phone.hang_up()
            gateway.wait_idle()
            hops = {h["event"]: h["ms"] for h in gateway.ctl("call", "show", gateway.ctl("history")[0]["id"])["hops"]}
            joins.append(hops["muc-joined"])
        ours = median(joins)
        lab.say(f"joined {CROWD} after {ours:.0f} ms (from the INVITE on), a client without after {slow:.0f} ms; ratio {ours / slow:.2f}")
        assert ours <= MOST_JOIN * slow
        for c in crowd:
            c.socket.close()
    for name in NAMES[1:]:
        people.append(lab.keep(Peer(name, 500 + 100 * len(people), lab.server, lab.room, lab.folder, "--calls", "Phone")).wait_joined())
    people[0].hangup()
    since = time.monotonic()
    people[0].propose()
    for p in people[1:]:
        p.wait("proposed", nick=NAMES[0], since=since)
        p.accept()
    with lab.case(f"nine participants: at most {MOST} times the floor", go_on=True):
        ratios[9] = measure(lab, gateway, people, floor)
        assert ratios[9] <= MOST, ratios
