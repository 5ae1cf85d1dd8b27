#!/usr/bin/python3
"""A conference service that speaks Jingle, as an XMPP component: whoever calls NAME@DOMAIN sends its sound there and is called
back with what the others send. Two dialects: XEP-0521 (a session for each stream, XEP-0298 names its owner) and, towards
participants of the domain --meet, Tigase Meet (one session that grows, iq `joined` and `left` name the owners, only
who has been seen present may come, and to a meet that somebody has made only who was let in). RTP packets are passed on as they are, with another SSRC and payload type. Prints one
JSON object per line; takes commands as JSON lines on stdin, as {"name": "kick", "args": ["100"]}."""
import asyncio
import sys
import uuid

import scripted
import slixmpp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from peer_jmuci import DISCO, GROUP, ICE, J, RTP, SSMA, candidate_line, element, emit, to_jingle, to_sdp, usable
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

COIN, AV, MEET = "urn:xmpp:coin:1", "urn:xmpp:jingle:av-conferences:0", "tigase:meet:0"


def bare(jid):
    return jid.split("/")[0]


def coin(*owners):
    users = [element(COIN, "user", entity="xmpp:" + bare(o)) for o in owners]
    return element(COIN, "conference-info", isfocus="true", children=[element(COIN, "users", children=users)] if users else [])


class Leg:
    """One session with one participant: what it publishes, or what it is sent."""

    def __init__(self, member, sid, source=None):
        self.member, self.sid, self.source = member, sid, source
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("connectionstatechange", self.on_state)
        self.accepted, self.waiting, self.packets = False, [], 0
        self.contents, self.first = {}, None  # of one that grows: source -> (mid, ssrc); what our side calls the only one it has

    def on_state(self):
        emit("leg", who=self.member.name, of=self.source.name if self.source else None, sid=self.sid, state=self.pc.connectionState)

    async def take(self, jingle):
        """Their stream: the answer to it."""
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "offer"))
        for t in self.pc.getTransceivers():
            t.direction = "recvonly"
            t.receiver._handle_rtp_packet = self.pass_on
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        self.accepted = True
        return to_jingle(self.pc.localDescription.sdp, "session-accept", self.sid)

    async def offer(self):
        self.pc.addTransceiver("audio", direction="sendonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return to_jingle(self.pc.localDescription.sdp, "session-initiate", self.sid)

    async def answered(self, jingle):
        self.accepted = True
        if self.first:
            for e in (jingle.find(f"{{{J}}}content"), jingle.find(f"{{{GROUP}}}group/{{{GROUP}}}content")):
                if e is not None:
                    e.set("name", self.first)
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "answer"))
        for c in self.waiting:
            await self.pc.addIceCandidate(c)

    async def candidates(self, jingle):
        for content in jingle.findall(f"{{{J}}}content"):
            for c in usable(content.find(f"{{{ICE}}}transport")):
                candidate = candidate_from_sdp(candidate_line(c))
                candidate.sdpMid = self.first or content.get("name")
                if self.accepted:
                    await self.pc.addIceCandidate(candidate)
                else:
                    self.waiting.append(candidate)

    async def pass_on(self, packet, arrival_time_ms=0):
        self.packets += 1
        for leg in list(self.member.service.legs.values()):
            if leg.source is self.member:
                await leg.give(packet, None)
            elif self.member in leg.contents:
                await leg.give(packet, leg.contents[self.member][1])

    async def give(self, packet, ssrc):
        self.packets += await scripted.give(self.pc, self.pc.getTransceivers()[0], packet, ssrc)


class Member:
    def __init__(self, service, jid, conference):
        self.service, self.jid, self.conference = service, jid, conference
        self.name, self.meet = bare(jid).split("@")[0], bare(jid).endswith("@" + (service.options.meet or "-"))
        self.publishes, self.growing = None, None


class Service:
    def __init__(self, options):
        self.options, self.members, self.legs, self.present, self.ids = options, {}, {}, set(), {}
        self.meets, self.ended_meets = {}, set()  # JID: who may come
        x = self.xmpp = slixmpp.ComponentXMPP(options.domain, options.secret, "127.0.0.1", options.port)
        x.add_event_handler("session_start", lambda _: emit("online"))
        x.add_event_handler("disconnected", self.offline)
        ns = x.default_ns
        for name, path, handler in (("jingle", f"{{{ns}}}iq/{{{J}}}jingle", self.on_jingle), ("disco", f"{{{ns}}}iq/{{{DISCO}}}query", self.on_disco),
                                    ("presence", f"{{{ns}}}presence", self.on_presence),
                                    *((verb, f"{{{ns}}}iq/{{{MEET}}}{verb}", self.on_meet) for verb in ("create", "allow", "destroy"))):
            x.register_handler(Callback(name, MatchXPath(path), handler))

    def offline(self, _):
        emit("offline")
        asyncio.get_event_loop().call_later(0.5, self.xmpp.connect)

    # --- stanzas

    def stanza(self, kind, to, sender, *children, **attrs):
        e = element(self.xmpp.default_ns, kind, to=to, children=children, **{"from": sender, **attrs})
        self.xmpp.send_raw(ET.tostring(e, encoding="unicode"))

    def jingle(self, member, payload):
        self.stanza("iq", member.jid, member.conference, payload, type="set", id=uuid.uuid4().hex[:12])

    def end(self, leg, reason="success"):
        self.legs.pop(leg.sid, None)
        self.jingle(leg.member, element(J, "jingle", action="session-terminate", sid=leg.sid, children=[
            element(J, "reason", children=[element(J, reason)])]))
        asyncio.ensure_future(leg.pc.close())

    def on_disco(self, iq):
        if iq["type"] == "get":
            children = [element(DISCO, "identity", category="conference", type="audio-video", name="talks")]
            children += [element(DISCO, "feature", var=f) for f in (AV, MEET, MEET + ":media:audio")]
            self.stanza("iq", str(iq["from"]), str(iq["to"]), element(DISCO, "query", children=children), type="result", id=iq["id"])

    def on_meet(self, iq):
        if iq["type"] != "set":
            return None
        asked, at, answer = next(c for c in iq.xml if c.tag.startswith(f"{{{MEET}}}")), str(iq["to"]), []
        verb, people = asked.tag.split("}")[1], [p.text for p in asked.findall(f"{{{MEET}}}participant")]
        emit("meet", verb=verb, who=bare(str(iq["from"])), at=at, people=people, media=[m.get("type") for m in asked.findall(f"{{{MEET}}}media")])
        if verb == "create" and self.options.no_create:
            return self.refuse(iq, "forbidden")
        if verb == "create":
            name = uuid.uuid4().hex[:8]
            self.meets[f"{name}@{at}"] = {bare(str(iq["from"])), *people}
            answer = [element(MEET, "create", id=name)]
        elif at not in self.meets:
            return self.refuse(iq, "item-not-found")
        elif verb == "allow":
            self.meets[at].update(people)
        else:
            del self.meets[at]
            self.ended_meets.add(at)
        return self.stanza("iq", str(iq["from"]), at, *answer, type="result", id=iq["id"])

    def on_presence(self, p):
        emit("presence", who=str(p["from"]), type=p["type"])
        (self.present.discard if p["type"] == "unavailable" else self.present.add)(str(p["from"]))

    def refuse(self, iq, condition):
        error = element(self.xmpp.default_ns, "error", type="cancel", children=[element("urn:ietf:params:xml:ns:xmpp-stanzas", condition)])
        self.stanza("iq", str(iq["from"]), str(iq["to"]), error, type="error", id=iq["id"])

    def on_jingle(self, iq):
        if iq["type"] != "set":
            return emit("refused", who=str(iq["from"]), error=iq["error"]["condition"]) if iq["type"] == "error" else None
        jingle, who = iq.xml.find(f"{{{J}}}jingle"), str(iq["from"])
        action, sid = jingle.get("action"), jingle.get("sid")
        emit("jingle", who=who, action=action, sid=sid, senders=[c.get("senders") for c in jingle.findall(f"{{{J}}}content")],
             contents=[c.get("name") for c in jingle.findall(f"{{{J}}}content")], reason=self.reason(jingle))
        leg = self.legs.get(sid)
        if action == "session-initiate":
            if self.options.refuse:
                return self.refuse(iq, self.options.refuse)
            member = Member(self, who, str(iq["to"].bare))
            if (member.meet and who not in self.present) or bare(who) not in self.meets.get(member.conference, {bare(who)}):
                return self.refuse(iq, "forbidden")
            if member.conference in self.ended_meets:
                return self.refuse(iq, "item-not-found")
        elif not sid.startswith(("lie", "flood")) and (leg is None or leg.member.jid != who):
            return self.refuse(iq, "item-not-found")
        self.stanza("iq", who, str(iq["to"]), type="result", id=iq["id"])
        if action == "session-initiate":
            asyncio.ensure_future(self.guard(self.join(member, jingle)))
        elif leg is None:
            return None
        elif action == "session-accept":
            asyncio.ensure_future(self.guard(leg.answered(jingle)))
        elif action == "transport-info":
            asyncio.ensure_future(self.guard(leg.candidates(jingle)))
        elif action == "session-terminate":
            self.ended(leg)
        return None

    @staticmethod
    def reason(jingle):
        reason = jingle.find(f"{{{J}}}reason")
        return reason[0].tag.split("}")[1] if reason is not None and len(reason) else None

    async def guard(self, work):
        try:
            await work
        except Exception as e:  # the test decides
            emit("error", text=repr(e))

    # --- who is there

    async def join(self, member, jingle):
        for old in [m for m in self.members.values() if m.jid == member.jid]:
            self.leave(old)
        leg = member.publishes = self.legs[jingle.get("sid")] = Leg(member, jingle.get("sid"))
        answer = await leg.take(jingle)
        if not self.options.no_focus:
            answer.append(coin())
        self.jingle(member, answer)
        others = [m for m in self.members.values() if m.conference == member.conference]
        self.members[member.jid] = member
        emit("join", who=member.name)
        for other in others:
            await self.send(member, other)
            await self.send(other, member)

    def ended(self, leg):
        self.legs.pop(leg.sid, None)
        asyncio.ensure_future(leg.pc.close())
        if leg.member.publishes is leg:
            self.leave(leg.member)

    def leave(self, member):
        emit("leave", who=member.name)
        self.members.pop(member.jid, None)
        for leg in [leg for leg in self.legs.values() if leg.member is member or leg.source is member]:
            self.end(leg)
        for other in [m for m in self.members.values() if m.growing and member in m.growing.contents]:
            mid, _ = other.growing.contents.pop(member)
            self.jingle(other, element(J, "jingle", action="content-remove", sid=other.growing.sid, children=[
                element(J, "content", creator="initiator", name=mid)]))
            self.say_meet(other, "left", [(member, mid)])

    def say_meet(self, to, word, whom):
        who = [element(MEET, "participant", jid=bare(m.jid), children=[element(MEET, "stream", mid=mid)]) for m, mid in whom]
        self.stanza("iq", to.jid, to.conference, element(MEET, word, children=who), type="set", id=uuid.uuid4().hex[:12])

    async def send(self, to, source):
        """A stream of source for `to`, in the way that it likes."""
        if to.meet:
            return await self.grow(to, source)
        leg = Leg(to, uuid.uuid4().hex, source)
        self.legs[leg.sid] = leg
        jingle = await leg.offer()
        jingle.append(coin(source.jid) if not self.options.no_owner else coin())
        self.jingle(to, jingle)

    async def grow(self, to, source):
        first = to.growing is None
        if first:
            to.growing = Leg(to, uuid.uuid4().hex)
            self.legs[to.growing.sid] = to.growing
            to.template = await to.growing.offer()
        mid, ssrc = str(uuid.uuid4().int % 10000), uuid.uuid4().int % 2**32
        to.growing.contents[source] = mid, ssrc
        self.say_meet(to, "joined", [(source, mid)])
        jingle = ET.fromstring(ET.tostring(to.template))
        content = jingle.find(f"{{{J}}}content")
        if first:
            to.growing.first = content.get("name")
        description = content.find(f"{{{RTP}}}description")
        for s in description.findall(f"{{{SSMA}}}source"):
            description.remove(s)
        description.append(element(SSMA, "source", ssrc=ssrc, children=[element(SSMA, "parameter", name="cname", value="meet")]))
        content.set("name", mid)
        group = jingle.find(f"{{{GROUP}}}group")
        group[0].set("name", mid)
        if not first:
            jingle.set("action", "content-add")
            while not to.growing.accepted:
                await asyncio.sleep(0.02)
        self.jingle(to, jingle)

    # --- commands of a test

    def by_name(self, name):
        return next(m for m in self.members.values() if m.name == name)

    def kick(self, name, reason="success"):
        member = self.by_name(name)
        self.end(member.publishes, reason)
        self.leave(member)

    def owner(self, name, of, other):
        """What `name` gets from `of` is somebody else's from now on (XEP-0298 in session-info)."""
        for leg in [x for x in self.legs.values() if x.member is self.by_name(name) and x.source is self.by_name(of)]:
            self.jingle(leg.member, element(J, "jingle", action="session-info", sid=leg.sid, children=[coin(other)]))

    def flood(self, name, count):
        """Sessions without end, each as of somebody new."""
        async def go():
            member = self.by_name(name)
            jingle = await Leg(member, "flood").offer()
            self.flooded = member, count
            for i in range(count):
                copy = ET.fromstring(ET.tostring(jingle))
                copy.set("sid", f"flood-{i}")
                copy.append(coin(f"nobody{i}@example.test"))
                self.jingle(member, copy)
        asyncio.ensure_future(self.guard(go()))

    def unflood(self):
        member, count = self.flooded
        for i in range(count):
            self.jingle(member, element(J, "jingle", action="session-terminate", sid=f"flood-{i}", children=[
                element(J, "reason", children=[element(J, "success")])]))

    def lie(self, name, sender):
        """A session from another address of this service, which nobody has called."""
        async def go():
            member = self.by_name(name)
            jingle = await Leg(member, "lie").offer()
            self.stanza("iq", member.jid, sender, jingle, type="set", id="lie")
        asyncio.ensure_future(self.guard(go()))

    async def run(self):
        self.xmpp.connect()
        await scripted.obey(self, emit)


def main():
    a = scripted.parser(__doc__)
    a.add_argument("--domain", required=True)
    a.add_argument("--secret", required=True)
    a.add_argument("--port", type=int, required=True)
    a.add_argument("--meet", help="participants of this domain are spoken with as Tigase Meet does")
    a.add_argument("--no-create", action="store_true", help="makes no meet for anybody")
    a.add_argument("--refuse", help="answers each call with this stanza error")
    a.add_argument("--no-focus", action="store_true", help="does not call itself a conference")
    a.add_argument("--no-owner", action="store_true", help="does not say whose streams it sends")
    scripted.run(a.parse_args(), Service)


if __name__ == "__main__":
    sys.exit(main())
