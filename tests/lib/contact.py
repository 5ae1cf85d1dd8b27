"""A person with an XMPP client, as seen from the test: what comes in is kept as elements, what goes out is written by hand.
slixmpp in a thread of its own."""
import asyncio
import logging
import threading
import uuid
import xml.etree.ElementTree as ET

from procs import wait_for
from servers import PASSWORD

USER, CONFERENCE = "http://jabber.org/protocol/muc#user", "jabber:x:conference"
NEW, OLD, MUJI = "urn:xmpp:call-invites:0", "urn:xmpp:call-message:1", "urn:xmpp:jingle:muji:0"


class Contact:
    def __init__(self, server, user, resource=None):
        logging.getLogger("slixmpp").setLevel(logging.ERROR)
        self.server, self.user = server, user
        self.jid = f"{server.jid(user)}/{resource or uuid.uuid4().hex[:8]}"
        self.presences, self.messages, self.ready = [], [], threading.Event()
        self.loop, self.client = asyncio.new_event_loop(), None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.ready.wait(20), user + " did not log in"

    def _run(self):
        import slixmpp
        from slixmpp.xmlstream.handler import Callback
        from slixmpp.xmlstream.matcher import MatchXPath

        asyncio.set_event_loop(self.loop)
        self.client = slixmpp.ClientXMPP(self.jid, PASSWORD)
        self.client.auto_authorize = self.client.auto_subscribe = None
        self.client.add_event_handler("session_start", self._started)
        for name, kept in (("presence", self.presences), ("message", self.messages)):  # without a body, too
            self.client.register_handler(Callback("all " + name, MatchXPath("{jabber:client}" + name),
                                                  lambda s, kept=kept: kept.append(s.xml)))
        self.client.connect(("127.0.0.1", self.server.c2s), disable_starttls=True)
        self.loop.run_forever()

    async def _started(self, _):
        self.client.send_presence()
        self.ready.set()

    def send(self, xml):
        self.loop.call_soon_threadsafe(self.client.send_raw, xml)

    def disco(self, jid):
        """(identities, features) of disco#info."""
        async def ask():
            info = (await self.client["xep_0030"].get_info(jid=jid, timeout=10))["disco_info"]
            return info["identities"], info["features"]
        self.loop.call_soon_threadsafe(self.client.register_plugin, "xep_0030")
        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(15)

    def ask(self, kind, to, payload):
        """The answer to an IQ ("get", "set"), result or error, as an element."""
        async def go():
            from slixmpp.exceptions import IqError
            iq = self.client.Iq()
            iq["type"], iq["to"] = kind, to
            iq.append(ET.fromstring(payload))
            try:
                return (await iq.send(timeout=15)).xml
            except IqError as e:
                return e.iq.xml
        return asyncio.run_coroutine_threadsafe(go(), self.loop).result(20)

    # --- rooms

    def enter(self, room, nick):
        self.send(f"<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>")
        wait_for(f"{nick} to be in {room}", lambda: any(p.get("from") == f"{room}/{nick}" for p in list(self.presences)), 10)
        return self

    def invite(self, room, who, reason="please come"):
        """Through the room (XEP-0045 7.8.2)."""
        self.send(f"<message to='{room}'><x xmlns='{USER}'><invite to='{who}'><reason>{reason}</reason></invite></x></message>")

    def invite_directly(self, room, who):
        """XEP-0249."""
        self.send(f"<message to='{who}'><x xmlns='{CONFERENCE}' jid='{room}'/></message>")

    def kick(self, room, nick):
        """As somebody whom the room lets do so (XEP-0045 8.2)."""
        self.send(f"<iq type='set' id='{uuid.uuid4().hex}' to='{room}'><query xmlns='http://jabber.org/protocol/muc#admin'>"
                  f"<item nick='{nick}' role='none'/></query></iq>")

    # --- what came

    def declined(self, room):
        """Reasons of refusals that came through the room."""
        found = [m.find(f"{{{USER}}}x/{{{USER}}}decline/{{{USER}}}reason") for m in list(self.messages) if m.get("from") == room]
        return [r.text for r in found if r is not None]

    def bodies(self, sender):
        """Texts of messages from that JID (bare or full)."""
        found = [m.find("{jabber:client}body") for m in list(self.messages)
                 if m.get("from") == sender or m.get("from", "").split("/")[0] == sender]
        return [b.text for b in found if b is not None]

    def sees(self, jid):
        """(type or show or "here", status) of the newest presence from that full JID; None: none came."""
        for p in reversed(list(self.presences)):
            if p.get("from") == jid:
                show, status = p.find("{jabber:client}show"), p.find("{jabber:client}status")
                return (p.get("type") or (show.text if show is not None else "here"), status.text if status is not None else None)
        return None

    async def _leave(self):
        await self.client.disconnect(wait=1)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        self.loop.call_later(0.1, self.loop.stop)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._leave(), self.loop)
        self.thread.join(5)


# --- invites to calls, in both forms

def said(contact, sender, since=0):
    """[(namespace, word, id, call room or None)] of what came from that bare JID, from the message with that number on."""
    out = []
    for m in list(contact.messages)[since:]:
        for e in m if m.get("from", "").split("/")[0] == sender else ():
            ns, _, word = e.tag[1:].partition("}")
            way = e.find(f"{{{MUJI}}}muji")
            if ns in (NEW, OLD):
                out.append((ns, word, e.get("id"), way.get("room") if way is not None else None))
    return out


def wait_said(contact, sender, ns, word, call=None, since=0):
    def look():
        return next((s for s in said(contact, sender, since) if s[:2] == (ns, word) and call in (None, s[2])), None)
    return wait_for(f"{contact.user} to be told {word} by {sender}", look, 15)
