#!/usr/bin/python3
"""A scripted participant of calls at a conference service (XEP-0521): one session of its own that sends a tone, one from the
service for each stream that comes. Options, events and commands are those of peer_jmuci.py, and {"name": "join"|"hangup"};
streams are reported under the nick of their owner, as XEP-0298 names him."""
import asyncio
import sys
import uuid

import peer_jmuci
from aiortc import RTCSessionDescription
from peer_jmuci import J, Bot, element, emit, to_jingle, to_sdp

COIN = "urn:xmpp:coin:1"
CONFERENCE = sys.argv.pop(sys.argv.index("--conference") + 1)
sys.argv.remove("--conference")


def bare(jid):
    return jid.split("/")[0]


def owner_of(jingle):
    user = jingle.find(f"{{{COIN}}}conference-info/{{{COIN}}}users/{{{COIN}}}user")
    return user.get("entity").removeprefix("xmpp:") if user is not None else None


class Session(peer_jmuci.Session):
    def __init__(self, bot, peer, sid, outgoing, owner=None):
        super().__init__(bot, peer, sid, outgoing)
        self.nick = next((n for n, j in bot.occupants.items() if owner and j and bare(j) == bare(owner)), owner or peer)

    async def initiate(self):
        self.pc.addTrack(self.bot.tone_track())
        self.pc.getTransceivers()[0].direction = "sendonly"
        await self.pc.setLocalDescription(await self.pc.createOffer())
        self.bot.jingle(self.peer, to_jingle(self.pc.localDescription.sdp, "session-initiate", self.sid))

    async def answer(self, jingle):
        await self.pc.setRemoteDescription(RTCSessionDescription(to_sdp(jingle), "offer"))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        self.bot.jingle(self.peer, to_jingle(self.pc.localDescription.sdp, "session-accept", self.sid))


class ConferenceBot(Bot):
    place = CONFERENCE

    def join(self, place=None):
        sid, self.place = str(uuid.uuid4()), place or CONFERENCE
        session = self.sessions[sid] = Session(self, self.place, sid, True)
        asyncio.ensure_future(self.guard(session.initiate()))

    def on_jingle(self, iq):
        jingle, peer = iq.xml.find(f"{{{J}}}jingle"), str(iq["from"])
        sid = jingle.get("sid")
        if iq["type"] == "set" and jingle.get("action") == "session-initiate":
            self.acknowledge(iq)
            if bare(peer) != self.place:
                return emit("error", text=f"{peer} calls, and not the conference")
            session = self.sessions[sid] = Session(self, peer, sid, False, owner_of(jingle))
            asyncio.ensure_future(self.guard(session.answer(jingle)))
        else:
            super().on_jingle(iq)


if __name__ == "__main__":
    peer_jmuci.main(ConferenceBot)
