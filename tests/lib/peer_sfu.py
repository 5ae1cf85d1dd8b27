#!/usr/bin/python3
"""A scripted participant of JMUCI calls through a forwarding service: the words of peer_jmuci.py in the other namespace, the
streams asked for as JSXC does. joins and publishes before it proposes or accepts; asks for the streams of those before it
when it accepts, and of those behind it when they do. Hangs up like JSXC: without a word, its RTP stops."""
import asyncio
import json
import sys
import uuid

import peer_jmuci
import websockets
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from peer_jmuci import RTP, Bot, Session, element, emit

peer_jmuci.JMUCI = "urn:xmpp:jingle-muc-media-sfu:0"
peer_jmuci.FEATURES[-1] = peer_jmuci.JMUCI
SERVICE = sys.argv.pop(sys.argv.index("--service") + 1)
sys.argv.remove("--service")


class Stream(Session):
    def __init__(self, bot, nick):
        self.bot, self.nick, self.peer, self.ear = bot, nick, nick, peer_jmuci.Ear()
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("track", self.on_track)
        self.pc.on("connectionstatechange", lambda: emit("pc", nick=nick, state=self.pc.connectionState))

    async def ask(self):
        if self.nick == self.bot.nick:
            self.pc.addTrack(self.bot.tone_track())
            self.pc.getTransceivers()[0].direction = "sendonly"
        else:
            self.pc.addTransceiver("audio", direction="recvonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer = await self.bot.emit("requestStream", {"roomId": self.bot.own, "name": self.bot.name(self.bot.nick),
                                                       "src": self.bot.name(self.nick), "offer": self.pc.localDescription.sdp})
        if answer is None:
            return emit("error", text="refused: the stream of " + self.nick)
        await self.pc.setRemoteDescription(RTCSessionDescription(self.bot.with_candidates(self.nick, answer), "answer"))


class SfuBot(Bot):
    def __init__(self, options):
        super().__init__(options)
        options.lame = True  # no Jingle here
        self.socket, self.number, self.waiting, self.trickled = None, 0, {}, {}

    def name(self, nick):
        return f"{self.options.room}/{nick}"

    def with_candidates(self, nick, answer):
        """The service trickles, aiortc wants a first candidate with the answer."""
        head, *parts = answer.split("m=")
        extra = "".join(f"a={c}\r\n" for c in self.trickled.get(nick, []))
        return head + "".join(f"m={p}{extra}" for p in parts)

    async def emit(self, *event, answered=True):
        if not answered:
            await self.socket.send("42" + json.dumps(event))
            return None
        number, self.number = self.number, self.number + 1
        answer = self.waiting[number] = asyncio.get_event_loop().create_future()
        await self.socket.send(f"42{number}" + json.dumps(event))
        result = await answer
        await asyncio.sleep(0.1)  # so that the candidates behind it are there
        return result

    async def listen(self):
        try:
            async for text in self.socket:
                if text == "2":
                    await self.socket.send("3")
                elif text.startswith("43"):
                    at = text.index("[")
                    self.waiting.pop(int(text[2:at])).set_result(json.loads(text[at:])[0])
                elif text.startswith("42"):
                    name, o = json.loads(text[2:])
                    if name == "iceCandidate":
                        self.trickled.setdefault(o["peerId"].split("/")[1], []).append(o["candidate"]["candidate"])
                    emit("sfu", what=name, name=o.get("name"))
        except websockets.ConnectionClosed:
            pass
        emit("sfu", what="closed", name=None)

    async def enter(self):
        """Connected, joined and published; a broken connection is taken up again with leave and join."""
        again = bool(self.sessions)
        self.socket = await websockets.connect(SERVICE + "/socket.io/?EIO=4&transport=websocket", ping_interval=None, compression=None)
        self.number, self.waiting, self.trickled = 0, {}, {}
        await self.socket.recv()
        await self.socket.send("40")
        await self.socket.recv()
        asyncio.ensure_future(self.listen())
        if again:
            await self.emit("leave", {"room": self.own, "name": self.name(self.nick)}, answered=False)
        others = await self.emit("join", {"roomId": self.own, "name": self.name(self.nick)})
        emit("sfu", what="in", name=others)
        self.sessions.clear()
        await self.stream(self.nick)

    async def stream(self, nick):
        if nick in self.sessions:
            return
        s = self.sessions[nick] = Stream(self, nick)
        await self.guard(s.ask())

    async def start(self, word, *children):
        await self.enter()
        self.say(word, self.own, *children)

    def propose(self):
        self.own = str(uuid.uuid4())
        emit("own", id=self.own)
        asyncio.ensure_future(self.guard(self.start("propose", element(RTP, "description", media="audio"))))

    def accept(self, call=None):
        self.own = call or self.proposal
        asyncio.ensure_future(self.guard(self.join_running()))

    async def join_running(self):
        await self.start("accept")
        for nick in list(self.orders.get(self.own, [])):
            if nick != self.nick:
                await self.stream(nick)

    def on_message(self, m):
        super().on_message(m)
        word = next((e for e in m.xml if e.tag == f"{{{peer_jmuci.JMUCI}}}accept"), None)
        nick = m["from"].resource
        if word is not None and word.get("id") == self.own and nick != self.nick and self.nick in self.orders.get(self.own, []):
            asyncio.ensure_future(self.stream(nick))

    def back(self):
        """After the service has been away."""
        async def again():
            order = [n for n in self.orders.get(self.own, []) if n != self.nick]
            await self.enter()
            for nick in order:
                await self.stream(nick)
        asyncio.ensure_future(self.guard(again()))

    def hangup(self):
        if self.own and self.orders.get(self.own) == [self.nick]:
            self.say("retract", self.own)
        for s in list(self.sessions.values()):
            asyncio.ensure_future(s.pc.close())
        self.sessions.clear()
        self.own = None

    async def figures_of(self, s):
        return await s.figures()


if __name__ == "__main__":
    peer_jmuci.main(SfuBot)
