#!/usr/bin/python3
"""A scripted participant of JMUCI group calls: slixmpp for the words, aiortc for ICE, DTLS-SRTP and Opus.

Joins a room, proposes or accepts by the order rules (everybody earlier in the accept order calls everybody later), sends a
tone, measures the tones it receives. Prints one JSON object per line; takes commands as JSON lines on stdin:
{"name": "propose"|"accept"|"hangup"|"mute"|"leave", "args": [...]}. Unlike browsers it puts all candidates into the offer
or answer. Debian packages only.
"""
import asyncio
import fractions
import json
import re
import time
import uuid

import numpy as np
import scripted
import slixmpp
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

JMUCI = "urn:xmpp:jingle-muc-message:0"
J, RTP = "urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1"
ICE, DTLS, INFO = "urn:xmpp:jingle:transports:ice-udp:1", "urn:xmpp:jingle:apps:dtls:0", "urn:xmpp:jingle:apps:rtp:info:1"
SSMA, GROUP = "urn:xmpp:jingle:apps:rtp:ssma:0", "urn:xmpp:jingle:apps:grouping:0"
MUC, DISCO = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/disco#info"
FEATURES = [DISCO, J, RTP, "urn:xmpp:jingle:apps:rtp:audio", ICE, DTLS, SSMA, GROUP, JMUCI]
RATE, FRAME = 48000, 960
SENDERS = {"sendrecv": "both", "sendonly": "initiator", "recvonly": "responder", "inactive": "none"}
FLIP = {"sendonly": "recvonly", "recvonly": "sendonly"}


def emit(ev, **more):
    print(json.dumps(dict(ev=ev, **more)), flush=True)


def element(ns, tag, text=None, children=(), **attrs):
    e = ET.Element(f"{{{ns}}}{tag}", {k.replace("_", "-"): str(v) for k, v in attrs.items() if v is not None})
    e.text = text
    e.extend(c for c in children if c is not None)
    return e


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, hz, level=0.25):
        super().__init__()
        self.hz, self.level, self.n, self.start, self.muted = hz, level, 0, None, False

    async def recv(self):
        if self.readyState != "live":
            raise MediaStreamError
        self.start = self.start or time.time() - self.n / RATE
        await asyncio.sleep(max(0, self.start + self.n / RATE - time.time()))
        level = 0 if self.muted or not self.hz else self.level * 32767
        wave = (np.sin(2 * np.pi * self.hz * (self.n + np.arange(FRAME)) / RATE) * level).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self.n, RATE, fractions.Fraction(1, RATE)
        self.n += FRAME
        return frame


class Ear:
    """The tones in the last fifth of a second of one stream."""

    def __init__(self):
        self.samples, self.frames = np.zeros(8192, np.float32), 0

    def feed(self, frame):
        x = frame.to_ndarray().reshape(-1).astype(np.float32) / 32768
        if len(frame.layout.channels) == 2:
            x = x.reshape(-1, 2).mean(axis=1)
        self.samples = np.concatenate([self.samples, x])[-8192:]
        self.frames += 1

    def tones(self, floor=-60):
        window = np.hanning(len(self.samples))
        spectrum = 20 * np.log10(np.abs(np.fft.rfft(self.samples * window)) * 2 / window.sum() + 1e-9)
        peaks = [i for i in range(3, len(spectrum) - 3) if spectrum[i] > floor and spectrum[i] == spectrum[i - 3:i + 4].max()
                 and spectrum[i] > max(spectrum[i - 3], spectrum[i + 3]) + 6]
        peaks.sort(key=lambda i: -spectrum[i])
        return [{"hz": round(i * RATE / len(self.samples)), "db": round(float(spectrum[i]), 1)} for i in peaks[:6]]

    def level(self):
        return round(10 * float(np.log10(np.mean(self.samples[-2048:] ** 2) + 1e-13)))


def values(lines, key):
    return [line[len(key) + 3:] for line in lines if line.startswith(f"a={key}:")]


def to_content(part, head, by_initiator):
    media, fmts = part[0][2:].split()[0], part[0].split()[3:]
    direction = next((d for d in SENDERS if "a=" + d in part), "sendrecv")
    fmtp = dict(v.split(" ", 1) for v in values(part, "fmtp"))
    types = []
    for v in values(part, "rtpmap"):
        pt, name = v.split(" ", 1)
        if pt not in fmts:
            continue
        name, clock, *channels = name.split("/")
        params = [element(RTP, "parameter", name=p.partition("=")[0], value=p.partition("=")[2])
                  for p in re.split(r"; ?", fmtp.get(pt, "")) if p]
        types.append(element(RTP, "payload-type", children=params, id=pt, name=name, clockrate=clock, channels=(channels or ["1"])[0]))
    sources = {}
    for v in values(part, "ssrc"):
        ssrc, attribute = v.split(" ", 1)
        name, _, value = attribute.partition(":")
        sources.setdefault(ssrc, []).append(element(SSMA, "parameter", name=name, value=value))
    description = element(RTP, "description", media=media, children=types + [element(RTP, "rtcp-mux")] +
                          [element(SSMA, "source", ssrc=s, children=p) for s, p in sources.items()])
    both = head + part
    prints = [v.split() for v in values(both, "fingerprint")]
    kind, value = next((p for p in prints if p[0] == "sha-256"), prints[0])
    transport = element(ICE, "transport", ufrag=values(both, "ice-ufrag")[0], pwd=values(both, "ice-pwd")[0], children=[
        element(DTLS, "fingerprint", text=value, hash=kind, setup=values(both, "setup")[0])])
    for n, v in enumerate(values(part, "candidate")):
        f = v.split()
        extra = dict(zip(f[8::2], f[9::2]))
        transport.append(element(ICE, "candidate", id=f"c{n}", foundation=f[0][:32], component=f[1], protocol=f[2].lower(),
                                 priority=f[3], ip=f[4], port=f[5], type=f[7], generation=0, network=0,
                                 rel_addr=extra.get("raddr"), rel_port=extra.get("rport")))
    name = (values(part, "mid") or [media])[0]
    written = direction if by_initiator else FLIP.get(direction, direction)
    return element(J, "content", creator="initiator", name=name, senders=SENDERS[written], children=[description, transport])


def to_jingle(sdp, action, sid):
    parts = [p.split("\n") for p in re.split(r"\n(?=m=)", sdp.replace("\r", "").strip())]
    contents = [to_content(p, parts[0], action == "session-initiate") for p in parts[1:]]
    group = element(GROUP, "group", semantics="BUNDLE", children=[element(GROUP, "content", name=c.get("name")) for c in contents])
    return element(J, "jingle", action=action, sid=sid, children=contents + [group])


def candidate_line(c):
    line = f"{c.get('foundation')} {c.get('component')} {c.get('protocol')} {c.get('priority')} {c.get('ip')} {c.get('port')} typ {c.get('type')}"
    return line + (f" raddr {c.get('rel-addr')} rport {c.get('rel-port')}" if c.get("rel-addr") else "")


def usable(transport):
    return [c for c in transport.findall(f"{{{ICE}}}candidate") if c.get("protocol") == "udp" and c.get("component") == "1"
            and not c.get("ip", "").startswith("fe80") and not c.get("ip", "").endswith(".local")]


def to_sdp(jingle):
    by_initiator = jingle.get("action") == "session-initiate"
    names = [c.get("name") for c in jingle.findall(f"{{{J}}}content")]
    out = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(names), "a=msid-semantic:WMS *"]
    for content in jingle.findall(f"{{{J}}}content"):
        d, t = content.find(f"{{{RTP}}}description"), content.find(f"{{{ICE}}}transport")
        types = d.findall(f"{{{RTP}}}payload-type")
        direction = next(k for k, v in SENDERS.items() if v == content.get("senders", "both"))
        fp = t.find(f"{{{DTLS}}}fingerprint")
        out += [f"m={d.get('media')} 9 UDP/TLS/RTP/SAVPF " + " ".join(p.get("id") for p in types), "c=IN IP4 0.0.0.0",
                "a=mid:" + content.get("name"), "a=" + (direction if by_initiator else FLIP.get(direction, direction)), "a=rtcp-mux"]
        for p in types:
            channels = p.get("channels", "1")
            out.append(f"a=rtpmap:{p.get('id')} {p.get('name')}/{p.get('clockrate', '8000')}" + ("" if channels == "1" else "/" + channels))
            params = [f"{x.get('name')}={x.get('value')}" for x in p.findall(f"{{{RTP}}}parameter") if x.get("name")]
            if params:
                out.append(f"a=fmtp:{p.get('id')} " + ";".join(params))
        for s in d.findall(f"{{{SSMA}}}source"):
            out += [f"a=ssrc:{s.get('ssrc')} {p.get('name')}:{p.get('value')}" for p in s]
        out += [f"a=ice-ufrag:{t.get('ufrag')}", f"a=ice-pwd:{t.get('pwd')}", f"a=fingerprint:{fp.get('hash')} {fp.text.strip()}",
                "a=setup:" + fp.get("setup", "actpass" if by_initiator else "active")]
        out += ["a=candidate:" + candidate_line(c) for c in usable(t)]
    return "\r\n".join(out) + "\r\n"


class Session:
    def __init__(self, bot, peer, sid, outgoing):
        self.bot, self.peer, self.sid, self.outgoing, self.ended = bot, peer, sid, outgoing, False
        self.nick = next((n for n, j in bot.occupants.items() if j == peer), peer)
        self.ear = Ear()
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("track", self.on_track)
        self.pc.on("connectionstatechange", self.on_state)
        emit("session", sid=sid, peer=peer, nick=self.nick, outgoing=outgoing, state="new")

    def on_track(self, track):
        if track.kind == "audio":
            asyncio.ensure_future(self.listen(track))

    async def listen(self, track):
        try:
            while True:
                self.ear.feed(await track.recv())
        except MediaStreamError:
            pass

    def on_state(self):
        emit("pc", peer=self.peer, nick=self.nick, state=self.pc.connectionState)
        if self.pc.connectionState == "failed":
            asyncio.ensure_future(self.end("failed-transport"))

    async def initiate(self):
        self.pc.addTrack(self.bot.tone_track())
        await self.pc.setLocalDescription(await self.pc.createOffer())
        self.bot.jingle(self.peer, to_jingle(self.pc.localDescription.sdp, "session-initiate", self.sid))

    async def answer(self, jingle):
        self.bot.jingle(self.peer, element(J, "jingle", action="session-info", sid=self.sid, children=[element(INFO, "ringing")]))
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "offer"))
        if self.bot.options.send:
            self.pc.addTrack(self.bot.tone_track())
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        self.bot.jingle(self.peer, to_jingle(self.pc.localDescription.sdp, "session-accept", self.sid))

    async def accepted(self, jingle):
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "answer"))

    async def candidates(self, jingle):
        for content in jingle.findall(f"{{{J}}}content"):
            for c in usable(content.find(f"{{{ICE}}}transport")):
                candidate = candidate_from_sdp(candidate_line(c))
                candidate.sdpMid = content.get("name")
                await self.pc.addIceCandidate(candidate)

    async def end(self, reason="success", tell=True):
        if self.ended:
            return
        self.ended = True
        self.bot.sessions.pop(self.sid, None)
        if tell:
            self.bot.jingle(self.peer, element(J, "jingle", action="session-terminate", sid=self.sid, children=[
                element(J, "reason", children=[element(J, reason)])]))
        emit("session", sid=self.sid, peer=self.peer, nick=self.nick, outgoing=self.outgoing, state="ended", reason=reason)
        await self.pc.close()

    async def figures(self):
        out = dict(peer=self.peer, nick=self.nick, packets=0, lost=0, sent=0)
        for s in (await self.pc.getStats()).values():
            if s.type == "inbound-rtp":
                out.update(packets=s.packetsReceived, lost=s.packetsLost)
            elif s.type == "outbound-rtp":
                out["sent"] = s.packetsSent
        return out


class Bot:
    def __init__(self, options):
        self.options, self.occupants, self.orders, self.sessions = options, {}, {}, {}
        self.nick, self.own, self.joined, self.done = options.nick, None, False, asyncio.Event()
        self.tone, self.tracks = options.tone, []
        x = self.xmpp = slixmpp.ClientXMPP(options.jid + "/" + uuid.uuid4().hex[:8], options.password)
        x.add_event_handler("session_start", self.online)
        x.add_event_handler("disconnected", self.offline)
        ns = x.default_ns
        for name, path, handler in (("jingle", f"{{{ns}}}iq/{{{J}}}jingle", self.on_jingle), ("disco", f"{{{ns}}}iq/{{{DISCO}}}query", self.on_disco),
                                    ("message", f"{{{ns}}}message", self.on_message), ("presence", f"{{{ns}}}presence", self.on_presence)):
            x.register_handler(Callback(name, MatchXPath(path), handler))

    def tone_track(self):
        track = Tone(self.tone)
        self.tracks.append(track)
        return track

    def stanza(self, kind, to, *children, **attrs):
        e = element(self.xmpp.default_ns, kind, to=to, id=uuid.uuid4().hex[:12], children=children, **attrs)
        self.xmpp.send_raw(ET.tostring(e, encoding="unicode"))

    def jingle(self, peer, payload):
        self.stanza("iq", peer, payload, type="set")

    def say(self, action, call, *children):
        self.stanza("message", self.options.room, element(JMUCI, action, id=call, children=children), type="groupchat")

    def online(self, _):
        emit("online", jid=str(self.xmpp.boundjid))
        self.xmpp.send_raw("<presence/>")
        self.stanza("presence", f"{self.options.room}/{self.nick}", element(MUC, "x", children=[element(MUC, "history", maxstanzas=0)]))

    def offline(self, _):
        emit("offline")
        self.joined = False
        self.occupants.clear()
        if not self.done.is_set():  # back as the same full JID: running sessions go by it
            asyncio.get_event_loop().call_later(1, self.connect)

    def connect(self):
        self.xmpp.connect((self.options.host, self.options.port), disable_starttls=True)

    def on_disco(self, iq):
        if iq["type"] != "get":
            return
        asked = iq.xml.find(f"{{{DISCO}}}query")
        children = [element(DISCO, "identity", category="client", type="bot", name="Tipring scripted peer")]
        children += [element(DISCO, "feature", var=f) for f in FEATURES]
        query = element(DISCO, "query", node=asked.get("node"), children=children)
        e = element(self.xmpp.default_ns, "iq", to=str(iq["from"]), id=iq["id"], type="result", children=[query])
        self.xmpp.send_raw(ET.tostring(e, encoding="unicode"))

    def on_presence(self, p):
        nick = p["from"].resource
        if p["from"].bare != self.options.room or not nick:
            return
        x, kind = p.xml.find(f"{{{MUC}#user}}x"), p.xml.get("type")
        if kind == "error":
            return emit("error", text="room refused: " + ET.tostring(p.xml, encoding="unicode"))
        item = x.find(f"{{{MUC}#user}}item") if x is not None else None
        jid = item.get("jid") if item is not None else None
        codes = [s.get("code") for s in x.findall(f"{{{MUC}#user}}status")] if x is not None else []
        if kind == "unavailable":
            gone = self.occupants.pop(nick, None)
            emit("occupant", nick=nick, jid=gone, present=False)
            for s in [s for s in self.sessions.values() if s.peer == gone]:
                asyncio.ensure_future(s.end())
            return
        self.occupants[nick] = jid
        if "110" in codes and not self.joined:
            self.joined, self.nick = True, nick
            emit("joined", nick=nick)
        elif "110" not in codes:
            emit("occupant", nick=nick, jid=jid, present=True, status=p["status"])

    def on_message(self, m):
        word = next((e for e in m.xml if e.tag.startswith(f"{{{JMUCI}}}")), None)
        if word is None or m["type"] != "groupchat" or m.xml.find("{urn:xmpp:delay}delay") is not None:
            return
        action, call, nick = word.tag.split("}")[1], word.get("id"), m["from"].resource
        order = self.orders.setdefault(call, [])
        if action == "propose":
            order[:] = [nick]
            if nick != self.nick:
                emit("proposed", id=call, nick=nick)
                self.proposal = call
                if self.options.autoaccept is not None:
                    asyncio.get_event_loop().call_later(self.options.autoaccept, self.accept)
        elif action == "accept" and order:
            if nick in order:
                order.remove(nick)  # came back: now the latest
            order.append(nick)
            mine = order.index(self.nick) if self.nick in order else -1
            if call == self.own and nick != self.nick and nick.startswith(self.options.calls) and mine >= 0 and not self.options.lame:
                s = Session(self, self.occupants[nick], f"{call}:{uuid.uuid4()}", True)
                self.sessions[s.sid] = s
                asyncio.ensure_future(self.guard(s.initiate()))
        emit("word", id=call, action=action, nick=nick, order=order)

    async def guard(self, work):
        try:
            await work
        except Exception as e:  # reported to the test, which decides
            emit("error", text=repr(e))

    def acknowledge(self, iq):
        reply = element(self.xmpp.default_ns, "iq", to=str(iq["from"]), id=iq["id"], type="result")
        self.xmpp.send_raw(ET.tostring(reply, encoding="unicode"))

    def on_jingle(self, iq):
        if iq["type"] != "set":
            return
        self.acknowledge(iq)
        jingle, peer = iq.xml.find(f"{{{J}}}jingle"), str(iq["from"])
        action, sid = jingle.get("action"), jingle.get("sid")
        session = self.sessions.get(sid)
        if action == "session-initiate":
            if sid.split(":")[0] != self.own:
                return emit("error", text=f"session-initiate {sid} from {peer} belongs to no call of ours")
            session = self.sessions[sid] = Session(self, peer, sid, False)
            asyncio.ensure_future(self.guard(session.answer(jingle)))
        elif session is None:
            return
        elif action == "session-accept":
            asyncio.ensure_future(self.guard(session.accepted(jingle)))
        elif action == "transport-info":
            asyncio.ensure_future(self.guard(session.candidates(jingle)))
        elif action == "session-terminate":
            reason = jingle.find(f"{{{J}}}reason")
            asyncio.ensure_future(session.end(reason[0].tag.split("}")[1] if reason is not None and len(reason) else "none", tell=False))

    # commands
    def propose(self):
        self.own = str(uuid.uuid4())
        emit("own", id=self.own)
        self.say("propose", self.own, element(RTP, "description", media="audio"))

    def accept(self, call=None):
        self.own = call or self.proposal
        self.say("accept", self.own)

    def raw(self, nick, xml):
        """An IQ of a test's own making to an occupant's real JID."""
        self.stanza("iq", self.occupants[nick], ET.fromstring(xml), type="set")

    def hangup(self):
        if self.own and self.orders.get(self.own) == [self.nick]:
            self.say("retract", self.own)
        for s in list(self.sessions.values()):
            asyncio.ensure_future(s.end())
        self.own = None

    def mute(self, on=True):
        for t in self.tracks:
            t.muted = on

    def leave(self):
        self.hangup()
        asyncio.get_event_loop().call_later(0.5, self.done.set)

    async def report(self):
        while True:
            await asyncio.sleep(0.5)
            live = [s for s in self.sessions.values() if s.ear.frames]
            if live:
                emit("audio", streams=[dict(nick=s.nick, peer=s.peer, level=s.ear.level(), tones=s.ear.tones()) for s in live],
                     stats=[await s.figures() for s in live])

    async def commands(self):
        await scripted.obey(self, emit)
        self.done.set()

    async def run(self):
        self.connect()
        tasks = [asyncio.ensure_future(self.commands()), asyncio.ensure_future(self.report())]
        await self.done.wait()
        for t in tasks:
            t.cancel()
        if self.joined:
            self.stanza("presence", f"{self.options.room}/{self.nick}", type="unavailable")
        await asyncio.sleep(0.2)
        await self.xmpp.disconnect(wait=0.5)


def main(bot=Bot):
    a = scripted.parser(__doc__)
    a.add_argument("--jid", required=True)
    a.add_argument("--password", required=True)
    a.add_argument("--host", default="127.0.0.1")
    a.add_argument("--port", type=int, required=True)
    a.add_argument("--room", required=True)
    a.add_argument("--nick", required=True)
    a.add_argument("--tone", type=int, default=0, help="Hz; 0 = silence")
    a.add_argument("--autoaccept", type=float, help="accept every proposal after so many seconds")
    a.add_argument("--no-send", dest="send", action="store_false", help="answer without a track of our own")
    a.add_argument("--calls", default="", metavar="PREFIX", help="call only whose nick begins so")
    a.add_argument("--no-jmi", action="store_true", help=scripted.UNSAID)
    a.add_argument("--lame", action="store_true", help="never call anybody, whatever the order says")
    scripted.run(a.parse_args(), bot)


if __name__ == "__main__":
    main()
