#!/usr/bin/python3
"""A scripted participant of Muji calls (XEP-0272) that behaves as Dino 0.4 was seen to: slixmpp for the words, aiortc for
the media. Options, events and commands are those of peer_jmuci.py, and {"name": "join"|"quit"} to come into the call of the
room and to leave it (the room as well, as Dino does).

Like Dino it is not kind to others: it waits for those who prepare without end, calls only those who were there before it,
answers only those whom it expects to call and passes over all others in silence, takes one payload type in its answer, and
goes mute towards whoever has another Opus than the one it met first.
"""
import asyncio
import uuid

from aiortc.codecs import CODECS

import peer_jmuci
from aiortc import RTCSessionDescription
from peer_jmuci import ICE, INFO, J, MUC, RTP, element, emit, to_jingle, to_sdp

MUJI, GROUP, INVITES, OLD_INVITES = "urn:xmpp:jingle:muji:0", peer_jmuci.GROUP, "urn:xmpp:call-invites:0", "urn:xmpp:call-message:1"
OWN_TYPES = [dict(id="111", name="opus", clockrate="48000", channels="2", useinbandfec="1"),
             dict(id="112", name="speex", clockrate="32000"), dict(id="0", name="PCMU", clockrate="8000"),
             dict(id="8", name="PCMA", clockrate="8000")]
DINO_LIMIT = 4  # others in the call: with more it does not come in
CODECS["audio"][0].payloadType, CODECS["audio"][0].parameters = 111, {"useinbandfec": "1"}


def types_of(description):
    out = []
    for p in description.findall(f"{{{RTP}}}payload-type"):
        out.append({**p.attrib, **{x.get("name"): x.get("value") for x in p.findall(f"{{{RTP}}}parameter")}})
    return out


def type_element(t):
    params = [element(RTP, "parameter", name=k, value=v) for k, v in t.items() if k not in ("id", "name", "clockrate", "channels")]
    return element(RTP, "payload-type", children=params, **{k: t[k] for k in ("id", "name", "clockrate", "channels") if k in t})


class Session(peer_jmuci.Session):
    def wire(self, jingle):
        """As Dino writes it: no group, the content is called audio, an answer has one payload type."""
        group = jingle.find(f"{{{GROUP}}}group")
        if group is not None:
            jingle.remove(group)
        for content in jingle.findall(f"{{{J}}}content"):
            content.set("name", "audio")
            description = content.find(f"{{{RTP}}}description")
            keep = 1 if jingle.get("action") == "session-accept" else 3
            for p in description.findall(f"{{{RTP}}}payload-type")[keep:]:
                description.remove(p)
        return jingle

    def note_opus(self, jingle):
        """One encoder for each payload type, named by its codec: a second kind of Opus is silence for that peer."""
        for t in types_of(jingle.find(f"{{{J}}}content/{{{RTP}}}description")):
            if t["name"].lower() == "opus":
                mine = tuple(sorted(t.items()))
                self.bot.opus = self.bot.opus or mine
                if mine != self.bot.opus:
                    emit("error", text=f"{self.nick} has another Opus: {t}, this one is not heard there")
                    self.bot.tracks[-1].hz = 0

    async def initiate(self):
        self.pc.addTrack(self.bot.tone_track())
        await self.pc.setLocalDescription(await self.pc.createOffer())
        jingle = self.wire(to_jingle(self.pc.localDescription.sdp, "session-initiate", self.sid))
        jingle.append(element(MUJI, "muji", room=self.bot.options.room))
        self.bot.jingle(self.peer, jingle)

    async def answer(self, jingle):
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "offer"))
        self.pc.addTrack(self.bot.tone_track())
        self.note_opus(jingle)
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        self.bot.jingle(self.peer, self.wire(to_jingle(self.pc.localDescription.sdp, "session-accept", self.sid)))

    async def accepted(self, jingle):
        self.note_opus(jingle)
        for content in jingle.findall(f"{{{J}}}content"):
            content.set("name", "0")  # what it is called in our own description
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "answer"))

    async def candidates(self, jingle):
        for content in jingle.findall(f"{{{J}}}content"):
            content.set("name", "0" if self.outgoing else "audio")
        await super().candidates(jingle)


class Bot(peer_jmuci.Bot):
    def __init__(self, options):
        super().__init__(options)
        self.muji, self.wait_for, self.expected, self.early = {}, set(), set(), []  # nick -> types, None: preparing
        self.preparing = self.finished = False
        self.opus = None

    def present(self, *children):
        self.stanza("presence", f"{self.options.room}/{self.nick}", element(MUJI, "muji", children=children))

    def on_presence(self, p):
        nick, kind = p["from"].resource, p.xml.get("type")
        codes = [s.get("code") for s in p.xml.iter(f"{{{MUC}#user}}status")]
        super().on_presence(p)
        if p["from"].bare != self.options.room or not nick or kind == "error":
            return
        muji = p.xml.find(f"{{{MUJI}}}muji")
        if "110" in codes:
            if muji is not None and muji.find(f"{{{MUJI}}}preparing") is not None:
                self.wait_for = {n for n, types in self.muji.items() if types is None}
                self.preparing = True
                emit("waits", nicks=sorted(self.wait_for))
                asyncio.ensure_future(self.guard(self.maybe_finish()))
            return
        if kind == "unavailable":
            self.muji.pop(nick, None)
        elif muji is None:
            return  # a presence that only loses it means nothing to Dino
        else:
            self.note(nick, muji)
        if nick in self.wait_for and self.muji.get(nick, ()) is not None:
            self.wait_for.discard(nick)
            asyncio.ensure_future(self.guard(self.maybe_finish()))

    def note(self, nick, muji):
        description = muji.find(f"{{{J}}}content/{{{RTP}}}description")
        was = self.muji.get(nick)
        self.muji[nick] = types_of(description) if description is not None else None
        emit("muji", nick=nick, preparing=description is None, types=self.muji[nick])
        if description is not None and was is None and self.finished:
            self.expected.add(nick)
            held, self.early = self.early, []
            for iq in held:
                self.offered(*iq)

    def map(self):
        """Strictly equal entries only, as Dino compares them; nothing in common: its own list."""
        lists = [types for types in self.muji.values() if types is not None]
        common = [t for t in OWN_TYPES if all(t in types for types in lists)]
        if not common:
            emit("error", text=f"no payload type in common with {lists}")
        return common or OWN_TYPES

    async def maybe_finish(self):
        if not self.preparing or self.wait_for:
            return
        self.preparing = False
        await asyncio.sleep(0.3)  # it probes its codecs
        before = [n for n, types in self.muji.items() if types is not None]
        description = element(RTP, "description", media="audio", children=[type_element(t) for t in self.map()])
        self.present(element(J, "content", name="audio", creator="initiator", children=[description]))
        self.finished = True
        emit("in", before=before)
        if len(before) > DINO_LIMIT:
            emit("error", text="call too full")
            return self.quit()
        await asyncio.sleep(0.2)  # it asks for everybody's features
        for nick in before:
            s = Session(self, self.occupants[nick], str(uuid.uuid4()), True)
            self.sessions[s.sid] = s
            asyncio.ensure_future(self.guard(s.initiate()))

    def on_jingle(self, iq):
        jingle, peer = iq.xml.find(f"{{{J}}}jingle"), str(iq["from"])
        if iq["type"] != "set":
            return
        if jingle.get("action") == "session-initiate":
            self.acknowledge(iq)
            return self.offered(jingle, peer)
        info = next((e.tag.split("}")[1] for e in jingle if e.tag.startswith(f"{{{INFO}}}")), None)
        if info in ("mute", "unmute"):
            emit("mute", nick=next((n for n, j in self.occupants.items() if j == peer), peer), on=info == "mute",
                 name=jingle[0].get("name"))
        super().on_jingle(iq)

    def offered(self, jingle, peer):
        muji, sid = jingle.find(f"{{{MUJI}}}muji"), jingle.get("sid")
        if muji is None or muji.get("room") != self.options.room:
            return emit("error", text=f"an offer of {peer} rings as a call of its own")
        nick = next((n for n, j in self.occupants.items() if j == peer), None)
        if nick not in self.muji:
            self.early.append((jingle, peer))
        elif nick in self.expected:
            self.expected.discard(nick)
            session = self.sessions[sid] = Session(self, peer, sid, False)
            asyncio.ensure_future(self.guard(session.answer(jingle)))
        else:
            emit("ignored", nick=nick)

    def on_message(self, m):
        for ns, names in ((INVITES, ("invite", "accept", "reject", "retract", "left")), (OLD_INVITES, ("propose", "accept", "finish"))):
            for e in m.xml:
                if e.tag.startswith(f"{{{ns}}}") and e.tag.split("}")[1] in names:
                    room = e.find(f"{{{MUJI}}}muji")
                    emit("invite", action=e.tag.split("}")[1], id=e.get("id"), nick=m["from"].resource, by=m["from"].bare, old=ns == OLD_INVITES,
                         room=room.get("room") if room is not None else None)

    # commands
    def configure(self, *owners):
        """The call room as Dino makes it: private, and everybody who was in the parent room is an owner of it."""
        ns = f"{MUC}#owner"
        fields = {"muc#roomconfig_membersonly": "1", "muc#roomconfig_whois": "anyone", "muc#roomconfig_persistentroom": "0"}
        data = "jabber:x:data"
        form = element(data, "x", type="submit", children=[element(data, "field", var="FORM_TYPE", children=[
            element(data, "value", text=f"{MUC}#roomconfig")])] + [element(data, "field", var=k, children=[element(data, "value", text=v)])
                                                                   for k, v in fields.items()])
        self.stanza("iq", self.options.room, element(ns, "query", children=[form]), type="set")
        for jid in owners:
            item = element(f"{MUC}#admin", "item", affiliation="owner", jid=jid)
            self.stanza("iq", self.options.room, element(f"{MUC}#admin", "query", children=[item]), type="set")

    def join(self):
        self.present(element(MUJI, "preparing"))

    def mute(self, on=True):
        super().mute(on)
        for s in self.sessions.values():
            self.jingle(s.peer, element(J, "jingle", action="session-info", sid=s.sid, children=[
                element(INFO, "mute" if on else "unmute", creator="initiator", name="audio")]))

    def invite(self, call_room, call, both=False):
        """Into a call room, said in this one. Dino 0.4 knows the older form alone, later ones say both in one message."""
        way, more = element(MUJI, "muji", room=call_room), dict(id=call, video="false", multi="true")
        forms = [element(INVITES, "invite", children=[way], **more)] if both else []
        self.stanza("message", self.options.room, *forms, element(OLD_INVITES, "propose", children=[way], **more), type="groupchat")

    def retract(self, call):
        self.stanza("message", self.options.room, element(OLD_INVITES, "retract", id=call), type="groupchat")

    def quit(self):
        self.stanza("presence", f"{self.options.room}/{self.nick}", type="unavailable")
        for s in list(self.sessions.values()):
            asyncio.ensure_future(s.end())
        self.muji.clear()
        self.finished = self.joined = False

    def leave(self):
        self.quit()
        asyncio.get_event_loop().call_later(0.5, self.done.set)


if __name__ == "__main__":
    peer_jmuci.FEATURES[:] = [f for f in peer_jmuci.FEATURES if f != peer_jmuci.JMUCI] + [MUJI, INVITES]
    peer_jmuci.main(Bot)
