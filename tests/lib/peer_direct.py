#!/usr/bin/python3
"""One device of a person who calls phones and is called by them (XEP-0353, Jingle): slixmpp for the words, aiortc for the
media. Options and events are those of peer_jmuci.py (its room is not entered), and --no-jmi: a client that knows nothing of XEP-0353.
Commands: propose JID, retract, offer FULL_JID
(a session-initiate without asking before), ring, take, refuse REASON (a call that comes in), hold ON, mute ON, content_add,
action NAME (an unknown one), stray FULL_JID (a word of a session that is none), hangup."""
import asyncio
import sys
import uuid

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

import peer_jmuci
from peer_jmuci import INFO, J, RTP, element, emit, to_jingle

JMI, HINTS = "urn:xmpp:jingle-message:0", "urn:xmpp:hints"
CONFERENCE = "urn:ietf:params:xml:ns:conference-info"


class Session(peer_jmuci.Session):
    def __init__(self, bot, peer, sid, outgoing):
        super().__init__(bot, peer, sid, outgoing)
        self.nick = peer.split("@")[0]

    async def answer(self, jingle):
        self.bot.jingle(self.peer, element(J, "jingle", action="session-info", sid=self.sid, children=[element(INFO, "active")]))
        await super().answer(jingle)


class Bot(peer_jmuci.Bot):
    def __init__(self, options):
        super().__init__(options)
        self.peer = self.held = None  # who calls us, or whom we call; his offer that waits for a person

        path = f"{{{self.xmpp.default_ns}}}iq/{{{self.xmpp.default_ns}}}error"
        self.xmpp.register_handler(Callback("refused", MatchXPath(path), self.on_refused))

        path = f"{{{self.xmpp.default_ns}}}iq/{{{CONFERENCE}}}conference-info"
        self.xmpp.register_handler(Callback("conference", MatchXPath(path), self.on_conference))

    def on_conference(self, iq):
        info = iq.xml.find(f"{{{CONFERENCE}}}conference-info")
        users = info.findall(f"{{{CONFERENCE}}}users/{{{CONFERENCE}}}user")
        emit("conference", version=int(info.get("version")), peer=str(iq["from"]),
             users={u.get("entity"): u.find(f"{{{CONFERENCE}}}display-text").text for u in users})
        self.acknowledge(iq)

    def on_refused(self, iq):
        emit("refused", conditions=[e.tag.split("}")[1] for e in iq.xml.find(f"{{{self.xmpp.default_ns}}}error")])

    def online(self, _):
        emit("online", jid=str(self.xmpp.boundjid))
        self.xmpp.send_raw("<presence/>")
        emit("joined", nick=self.nick)

    def on_presence(self, p):
        emit("presence", jid=str(p["from"]), kind=p.xml.get("type"), caps=p.xml.find("{http://jabber.org/protocol/caps}c") is not None)

    def jmi(self, action, to, reason=None, *children):
        why = element(J, "reason", children=[element(J, reason)]) if reason else None
        self.stanza("message", to, element(JMI, action, id=self.own, children=[*children, why]), element(HINTS, "store"), type="chat")

    def on_message(self, m):
        word = next((e for e in m.xml if e.tag.startswith(f"{{{JMI}}}")), None)
        if word is None or m["type"] == "error" or self.options.no_jmi:
            return
        action, call, reason = word.tag.split("}")[1], word.get("id"), word.find(f"{{{J}}}reason")
        emit("jmi", action=action, id=call, peer=str(m["from"]), reason=reason[0].tag.split("}")[1] if reason is not None else None,
             tie=word.find(f"{{{JMI}}}tie-break") is not None, to=str(m["to"]))
        if action == "propose":
            self.own, self.peer = call, str(m["from"])
        elif action == "proceed" and call == self.own:
            self.start(str(m["from"]), call)

    def start(self, peer, sid):
        self.peer = peer
        session = self.sessions[sid] = Session(self, peer, sid, True)
        asyncio.ensure_future(self.guard(session.initiate()))

    def on_jingle(self, iq):
        jingle, peer = iq.xml.find(f"{{{J}}}jingle"), str(iq["from"])
        if iq["type"] != "set":
            return
        if jingle.get("action") == "session-initiate":
            self.acknowledge(iq)
            emit("offered", sid=jingle.get("sid"), peer=peer)
            self.held, self.peer = jingle, peer
            if jingle.get("sid") == self.own:
                self.answer()
            return
        for e in jingle.iter():
            if e.tag.startswith(f"{{{INFO}}}"):
                emit("info", name=e.tag.split("}")[1])
        emit("action", name=jingle.get("action"), sid=jingle.get("sid"))
        super().on_jingle(iq)

    def answer(self):
        jingle, self.held = self.held, None
        session = self.sessions[jingle.get("sid")] = Session(self, self.peer, jingle.get("sid"), False)
        asyncio.ensure_future(self.guard(session.answer(jingle)))

    # commands
    def propose(self, to, media="audio"):
        self.own, self.peer = str(uuid.uuid4()), to
        emit("own", id=self.own)
        self.jmi("propose", to, None, element(RTP, "description", media=media))

    def retract(self):
        self.jmi("retract", self.peer.split("/")[0], "cancel")

    def offer(self, to):
        self.own = str(uuid.uuid4())
        emit("own", id=self.own)
        self.start(to, self.own)

    def ring(self):
        self.jmi("ringing", self.peer.split("/")[0])

    def take(self):
        if self.held is not None:
            self.answer()
        else:
            self.jmi("proceed", self.peer.split("/")[0])

    def refuse(self, reason):
        self.jmi("reject", self.peer.split("/")[0], reason)

    def to_all(self, action, *children, **attrs):
        for s in self.sessions.values():
            self.jingle(s.peer, element(J, "jingle", action=action, sid=s.sid, children=children, **attrs))

    def hold(self, on=True):
        self.to_all("session-info", element(INFO, "hold" if on else "active"))

    def content_add(self):
        async def add():
            pc = peer_jmuci.RTCPeerConnection()
            pc.addTransceiver("video")
            await pc.setLocalDescription(await pc.createOffer())
            video = to_jingle(pc.localDescription.sdp, "session-initiate", "x").find(f"{{{J}}}content")
            video.set("name", "screen")
            self.to_all("content-add", video)
            await pc.close()
        asyncio.ensure_future(self.guard(add()))

    def action(self, name):
        self.to_all(name)

    def stray(self, to):
        self.jingle(to, element(J, "jingle", action="session-info", sid="nobody-knows-me", children=[element(INFO, "hold")]))

    def hangup(self):
        for s in list(self.sessions.values()):
            asyncio.ensure_future(s.end())


if __name__ == "__main__":
    peer_jmuci.FEATURES[:] = [f for f in peer_jmuci.FEATURES if f != peer_jmuci.JMUCI] + ([] if "--no-jmi" in sys.argv else [JMI])
    peer_jmuci.main(Bot)
