#!/usr/bin/python3
"""A forwarding service with the words of the JSXC prototype (socket.io over Engine.IO 4, WebSocket only), written after
recordings of it: events join, leave, requestStream, iceCandidate, joined, left. RTP packets are passed on as they are, with
another SSRC and payload type; nothing is decoded. Prints one JSON object per line: what is asked, and every half second
what came in and went out of each stream. Like the real one it leaves questions of strangers without an answer, forgets
nobody whose connection breaks, and negotiates a stream once."""
import asyncio
import json
import ssl
import sys
import uuid

import scripted
import websockets
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

OPEN = {"upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}


def emit(ev, **more):
    print(json.dumps(dict(ev=ev, **more)), flush=True)


class Leg:
    """One negotiated stream: src publishes it (owner is src), or owner receives it."""

    def __init__(self, service, owner, src):
        self.service, self.owner, self.src = service, owner, src
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.packets, self.key_frames, self.seq = {"audio": 0, "video": 0}, 0, {}
        self.pc.on("connectionstatechange", self.on_state)

    @property
    def publishes(self):
        return self.owner is self.src

    def on_state(self):
        emit("leg", owner=self.owner.name, src=self.src.name, state=self.pc.connectionState)

    async def answer(self, offer):
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for t in self.pc.getTransceivers():
            t.direction = "recvonly" if self.publishes else "sendonly"
            if self.publishes:
                t.receiver._handle_rtp_packet = self.taker(t.kind)
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        lines = self.pc.localDescription.sdp.split("\r\n")
        self.candidates = list(dict.fromkeys(x[2:] for x in lines if x.startswith("a=candidate:")))
        return "\r\n".join(x for x in lines if not x.startswith(("a=candidate:", "a=end-of-candidates")))

    def taker(self, kind):
        async def take(packet, arrival_time_ms=0):
            self.packets[kind] += 1
            if kind == "video" and len(packet.payload) > 4 and packet.payload[4:7] == b"\x9d\x01\x2a":
                self.key_frames += 1
            for leg in list(self.service.legs.values()):
                if leg.src is self.src and not leg.publishes:
                    await leg.give(kind, packet)
        return take

    async def give(self, kind, packet):
        t = next((t for t in self.pc.getTransceivers() if t.kind == kind), None)
        self.packets[kind] += await scripted.give(self.pc, t, packet)


class Member:
    def __init__(self, room, name, socket):
        self.room, self.name, self.socket = room, name, socket


class Service:
    def __init__(self, options):
        self.options, self.rooms, self.legs, self.connected = options, {}, {}, set()

    async def tell(self, member, *event):
        try:
            await member.socket.send("42" + json.dumps(event))
        except websockets.ConnectionClosed:
            pass

    async def drop(self, member):
        for key in [k for k, leg in self.legs.items() if member in (leg.owner, leg.src)]:
            await self.legs.pop(key).pc.close()

    async def join(self, socket, o):
        if not o.get("roomId") or not o.get("name"):
            return False
        room = self.rooms.setdefault(o["roomId"], {})
        emit("join", room=o["roomId"], name=o["name"], again=o["name"] in room)
        for other in room.values():
            if other.name != o["name"]:
                await self.tell(other, "joined", {"roomId": o["roomId"], "name": o["name"]})
        others = [n for n in room if n != o["name"]]
        if o["name"] not in room:
            room[o["name"]] = Member(o["roomId"], o["name"], socket)
        return others

    async def leave(self, o):
        room = self.rooms.get(o.get("room"), {})
        member = room.pop(o.get("name"), None)
        emit("leave", room=o.get("room"), name=o.get("name"), known=member is not None)
        if member:
            await self.drop(member)
            for other in room.values():
                await self.tell(other, "left", {"room": o["room"], "name": o["name"]})

    async def request(self, o):
        """(answered?, result)"""
        room = self.rooms.get(o["roomId"], {})
        owner, src = room.get(o["name"]), room.get(o["src"])
        emit("request", name=o["name"], src=o["src"], known=owner is not None)
        if owner is None or self.options.no_answers:
            return False, None
        src = src or Member(o["roomId"], o["src"], None)
        key = owner, src.name
        if key in self.legs:
            return True, None
        leg = self.legs[key] = Leg(self, owner, src)
        try:
            sdp = await leg.answer(o["offer"])
        except Exception as e:
            emit("error", text=repr(e))
            return True, None
        asyncio.ensure_future(self.trickle(leg))
        return True, sdp

    async def trickle(self, leg):
        await asyncio.sleep(0.01)  # after the answer
        for c in leg.candidates:
            await self.tell(leg.owner, "iceCandidate", {"roomId": leg.owner.room, "peerId": leg.src.name, "candidate": {
                "candidate": c, "sdpMid": "0", "sdpMLineIndex": 0}})

    async def candidate(self, socket, o):
        leg = next((leg for (owner, name), leg in self.legs.items() if owner.socket is socket and name == o["name"]), None)
        text = o["candidate"]["candidate"]
        if leg is None or " udp " not in text.lower():
            return
        c = candidate_from_sdp(text.split(":", 1)[1])
        c.sdpMid = o["candidate"].get("sdpMid") or "0"
        await leg.pc.addIceCandidate(c)

    async def event(self, socket, number, name, o):
        await asyncio.sleep(0)
        if socket not in self.connected:
            return emit("lost", what=name)  # as socket.io does with what stands before a goodbye
        answered, result = False, None
        if name == "join":
            answered, result = True, await self.join(socket, o)
        elif name == "leave":
            await self.leave(o)
        elif name == "requestStream":
            answered, result = await self.request(o)
        elif name == "iceCandidate":
            await self.candidate(socket, o)
        if answered and number:
            await socket.send(f"43{number}" + json.dumps([result]))

    async def serve(self, socket, path="/"):
        emit("connection", path=path)
        if self.options.silent:
            await socket.wait_closed()
            return
        await socket.send("0" + json.dumps(dict(OPEN, sid=uuid.uuid4().hex)))
        self.connected.add(socket)
        try:
            async for text in socket:
                if text == "40":
                    await socket.send("40" + json.dumps({"sid": uuid.uuid4().hex}))
                elif text == "41":
                    self.connected.discard(socket)
                elif text.startswith("42"):
                    number = text[2:text.index("[")]
                    name, o = json.loads(text[2 + len(number):])[:2]
                    asyncio.ensure_future(self.event(socket, number, name, o))
        except websockets.ConnectionClosed:
            pass
        self.connected.discard(socket)
        emit("closed")

    async def report(self):
        while True:
            await asyncio.sleep(0.5)
            emit("stats", legs=[dict(owner=leg.owner.name, src=leg.src.name, state=leg.pc.connectionState, key_frames=leg.key_frames,
                                     **leg.packets) for leg in self.legs.values()],
                 rooms={r: sorted(m) for r, m in self.rooms.items()})

    async def run(self):
        tls = None
        if self.options.certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.options.certificate)
        async with websockets.serve(self.serve, "127.0.0.1", self.options.port, ping_interval=None, compression=None, ssl=tls):
            emit("ready")
            await self.report()


def main():
    a = scripted.parser(__doc__)
    a.add_argument("--port", type=int, required=True)
    a.add_argument("--silent", action="store_true", help="takes connections and says nothing")
    a.add_argument("--no-answers", action="store_true", help="lets join, but answers no offer")
    a.add_argument("--certificate", help="speaks TLS with this certificate and key, one PEM file")
    scripted.run(a.parse_args(), Service)


if __name__ == "__main__":
    sys.exit(main())
