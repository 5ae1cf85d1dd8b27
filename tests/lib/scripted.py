"""What the scripted participants and services of the tests have in common: a command line, commands by stdin, RTP passed on."""
import argparse
import asyncio
import json
import logging
import sys

import aioice.ice

UNSAID = argparse.SUPPRESS  # help of an option that only programs use


def parser(about):
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(options, make):
    """make(options).run(), on loopback only."""
    logging.basicConfig(level=logging.WARNING)
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

    async def go():
        await make(options).run()
    asyncio.get_event_loop().run_until_complete(go())


async def obey(actor, emit):
    """{"name": "join", "args": []} on a line of stdin calls actor.join(), until stdin ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        c = json.loads(line)
        try:
            getattr(actor, c["name"])(*c.get("args", []))
        except Exception as e:  # the test decides
            emit("error", text=f"{c['name']}: {e!r}")


async def give(pc, transceiver, packet, ssrc=None):
    """An RTP packet of somebody else, as of that transceiver. True: it went out."""
    if transceiver is None or pc.connectionState != "connected" or not transceiver._codecs:
        return False
    saved = packet.ssrc, packet.payload_type
    packet.ssrc, packet.payload_type = ssrc or transceiver.sender._ssrc, transceiver._codecs[0].payloadType
    try:
        await transceiver.sender.transport._send_rtp(packet.serialize())
    except ConnectionError:
        pass
    packet.ssrc, packet.payload_type = saved
    return True
