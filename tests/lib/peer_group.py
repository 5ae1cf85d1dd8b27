#!/usr/bin/python3
"""A person who leads a call with a phone into a Muji call, as Dino 0.4 was seen to: the session with the phone goes on, the phone
must neither call her again nor accept the invite. Options, events and commands are those of peer_muji.py (the room is the one
that she will lead into), and: call FULL_JID (a session-initiate to a phone), lead (the phone of the running call and then
OTHERS, bare JIDs, are invited). A phone that calls her is answered at once."""
import asyncio
import uuid

import peer_muji
from peer_jmuci import element, emit
from peer_jmuci import Session as PlainSession
from peer_muji import INVITES, MUJI, OLD_INVITES

JMI = "urn:xmpp:jingle-message:0"


class OneToOne(PlainSession):
    """With the phone alone; only what is said in it differs from a session of the group."""

    def __init__(self, bot, peer, sid, outgoing):
        super().__init__(bot, peer, sid, outgoing)
        self.nick = peer.split("@")[0]


class Bot(peer_muji.Bot):
    def __init__(self, options):
        super().__init__(options)
        self.partner = None  # the session with the phone

    def on_message(self, m):
        word = next((e for e in m.xml if e.tag == f"{{{JMI}}}propose"), None)
        if word is not None and m["type"] != "error":
            self.own = word.get("id")
            self.stanza("message", str(m["from"]), element(JMI, "proceed", id=self.own), type="chat")
        super().on_message(m)

    def on_presence(self, p):
        super().on_presence(p)
        if not p["from"].resource or p["from"].bare != self.options.room:
            return
        for nick in [n for n in self.expected if self.partner and self.occupants.get(n) == self.partner.peer]:
            self.expected.discard(nick)  # her session with it is there already
            emit("stays", nick=nick)

    def offered(self, jingle, peer):
        if jingle.get("sid") != self.own or jingle.find(f"{{{MUJI}}}muji") is not None:
            return super().offered(jingle, peer)
        self.partner = self.sessions[self.own] = OneToOne(self, peer, self.own, False)
        asyncio.ensure_future(self.guard(self.partner.answer(jingle)))

    # commands
    def call(self, to):
        self.own = str(uuid.uuid4())
        self.partner = self.sessions[self.own] = OneToOne(self, to, self.own, True)
        asyncio.ensure_future(self.guard(self.partner.initiate()))

    def lead(self, *others):
        self.configure(self.partner.peer.split("/")[0], *others)
        self.join()
        asyncio.get_event_loop().call_later(0.6, self.ask, self.partner.peer, *others)  # it is in by then, as Dino is

    def ask(self, *whom):
        way, more = element(MUJI, "muji", room=self.options.room), dict(id=str(uuid.uuid4()), video="false", multi="true")
        for jid in whom:
            self.stanza("message", jid, element(INVITES, "invite", children=[way], **more),
                        element(OLD_INVITES, "propose", children=[way], **more), type="chat")


if __name__ == "__main__":
    peer_muji.peer_jmuci.FEATURES[:] = [f for f in peer_muji.peer_jmuci.FEATURES if f != peer_muji.peer_jmuci.JMUCI] + [MUJI, INVITES, JMI]
    peer_muji.peer_jmuci.main(Bot)
