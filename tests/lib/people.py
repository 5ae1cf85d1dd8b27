"""Participants of a room as a test sees them: a browser with the test page, or the scripted peer. Same words for both.

Each reports events (see Participant.take); what it hears is kept per speaker, so a test asks `alice.hears("bob", 440)`.
"""
import collections
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

from procs import Process, wait_for
from servers import PASSWORD, Missing

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 0.02  # of a tone's frequency: a bin of the page's spectrum is 6 Hz wide


class Participant:
    def __init__(self, name, tone):
        self.name, self.tone = name, tone
        self.lock = threading.Lock()
        self.events = []
        self.heard = {}  # nick -> deque of (time, [{"hz", "db"}])
        self.stats = {}  # nick -> latest figures of that session
        self.room = {}   # nick -> real JID
        self.order, self.call_id, self.jid = [], None, None
        self.answered = 0.0  # moment of the last proposal that was waited for

    def take(self, event):
        ev = event["ev"]
        with self.lock:
            event["at"] = time.monotonic()
            if ev == "audio":
                for s in event["streams"]:
                    self.heard.setdefault(s["nick"], collections.deque(maxlen=4000)).append((event["at"], s["tones"]))
                for s in event.get("stats", []):
                    self.stats[s["nick"]] = s
                return
            self.events.append(event)
            if ev == "occupant":
                self.room.pop(event["nick"], None)
                if event["present"]:
                    self.room[event["nick"]] = event["jid"]
            elif ev == "word":
                self.order, self.call_id = event["order"], event["id"]
            elif ev == "online":
                self.jid = event["jid"]

    def seen(self, ev, since=0.0, **match):
        """Events named ev since that moment whose members are as given."""
        with self.lock:
            return [e for e in self.events if e["ev"] == ev and e["at"] >= since
                    and all(e.get(k) == v for k, v in match.items())]

    def wait(self, ev, timeout=15, since=0.0, **match):
        """The newest such event. A proposal is handed out once: who dials again with the same nick waits for the new one."""
        if ev == "proposed":
            since = max(since, self.answered)
        event = wait_for(f"{self.name}: {ev} {match or ''}", lambda: self.seen(ev, since, **match), timeout)[-1]
        if ev == "proposed":
            self.answered = event["at"] + 1e-6
        return event

    def wait_joined(self, timeout=25):
        self.wait("joined", timeout)
        return self

    def level(self, nick, hz, window=1.3, floor=-90.0):
        """Level in dBFS at which this one hears that tone from that speaker now: the median of the last window seconds."""
        now = time.monotonic()
        with self.lock:
            recent = [tones for at, tones in self.heard.get(nick, []) if now - at <= window]
        found = sorted(max([t["db"] for t in tones if abs(t["hz"] - hz) <= max(8, hz * TOLERANCE)], default=floor)
                       for tones in recent)
        return found[len(found) // 2] if found else floor

    def hears(self, nick, hz, over=-50):
        return self.level(nick, hz) > over

    def wait_hears(self, nick, hz, timeout=12, over=-50):
        wait_for(f"{self.name} to hear {hz} Hz from {nick}", lambda: self.hears(nick, hz, over), timeout)

    def wait_silence(self, nick, hz, timeout=8, under=-60):
        wait_for(f"{self.name} not to hear {hz} Hz from {nick}", lambda: self.level(nick, hz) < under, timeout)

    def command(self, name, *args):
        raise NotImplementedError

    def propose(self):
        """Said, and said by the room: whoever comes from now on finds a call there."""
        since = time.monotonic()
        self.command("propose")
        self.wait("word", since=since, action="propose")

    def accept(self, call=None):
        self.command("accept", *([call] if call else []))

    def hangup(self):
        self.command("hangup")

    def mute(self, on=True):
        self.command("mute", on)

    def leave(self):
        self.command("leave")


CHROMIUM_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-default-apps --disable-extensions --mute-audio "
    "--disable-background-timer-throttling --disable-renderer-backgrounding --disable-backgrounding-occluded-windows "
    "--use-fake-ui-for-media-stream --use-fake-device-for-media-stream --autoplay-policy=no-user-gesture-required "
    "--disable-features=WebRtcHideLocalIpsWithMdns,MediaRouter,OptimizationHints,Translate "
    "--allow-loopback-in-peer-connection --disable-dev-shm-usage").split()


class Browser(Participant):
    """A headless Chromium with an empty profile, showing the test page."""

    def __init__(self, name, tone, server, room, page, folder, strict=True, run=list, **query):
        """run: what makes of the words of a command those that run it elsewhere (Machine.inside)."""
        super().__init__(name, tone)
        program = shutil.which("chromium")
        if not program:
            raise Missing("chromium is not installed")
        self.page = page
        page.listeners[name] = self.take
        self.profile = tempfile.mkdtemp(prefix=f"chromium-{name}-", dir=folder)
        params = dict(agent=name, service=server.websocket, jid=server.jid(name), password=PASSWORD, room=room, nick=name,
                      tone=tone, autoconnect="1", **query)
        if strict:
            params["strict"] = "1"
        env = dict(os.environ, HOME=self.profile, XDG_CONFIG_HOME=self.profile, XDG_CACHE_HOME=self.profile,
                   XDG_RUNTIME_DIR=self.profile)
        env.pop("DBUS_SESSION_BUS_ADDRESS", None)
        self.process = Process("browser-" + name, run([program, *CHROMIUM_FLAGS, "--user-data-dir=" + self.profile,
                                                       page.url + "?" + urllib.parse.urlencode(params)]), folder, env=env)

    def command(self, name, *args):
        self.page.command(self.name, name, *args)

    def stop(self):
        self.process.stop(timeout=4)
        shutil.rmtree(self.profile, ignore_errors=True)


FIREFOX_PREFERENCES = {
    # the fake microphone: a tone; transports on loopback, with plain addresses
    "media.navigator.permission.disabled": True, "media.navigator.streams.fake": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False, "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0,
    # it calls nobody outside by itself
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False, "network.proxy.type": 0,
    "services.settings.server": "http://127.0.0.1:9", "media.gmp-manager.url": "http://127.0.0.1:9/",
    "media.gmp-manager.updateEnabled": False, "app.update.enabled": False, "extensions.systemAddon.update.enabled": False,
    "extensions.getAddons.cache.enabled": False, "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "browser.startup.homepage_override.mstone": "ignore", "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False, "browser.shell.checkDefaultBrowser": False}


class Firefox(Participant):
    """The test page in a headless Firefox. Without a sound card its page has no clock for tones, so its microphone is the
    browser's own, and what comes is read from its statistics (gets)."""

    def __init__(self, name, tone, server, room, page, folder):
        super().__init__(name, tone)
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if not program:
            raise Missing("firefox is not installed")
        self.page = page
        page.listeners[name] = self.take
        self.profile = tempfile.mkdtemp(prefix=f"firefox-{name}-", dir=folder)
        with open(os.path.join(self.profile, "user.js"), "w") as f:
            for key, value in {**FIREFOX_PREFERENCES, "media.navigator.audio.fake_frequency": tone}.items():
                f.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
        params = dict(agent=name, service=server.websocket, jid=server.jid(name), password=PASSWORD, room=room, nick=name,
                      autoconnect="1", strict="1")
        env = dict(os.environ, HOME=self.profile, MOZ_HEADLESS="1", MOZ_CRASHREPORTER_DISABLE="1")
        env.pop("DBUS_SESSION_BUS_ADDRESS", None)
        self.process = Process("firefox-" + name, [program, "--headless", "--no-remote", "--new-instance", "--profile", self.profile,
                                                   page.url + "?" + urllib.parse.urlencode(params)], folder, env=env)

    def wait_gets(self, nick, packets=100, timeout=30):
        """Sound of that one: decoded, louder than silence. The statistics of that session."""
        def there():
            s = self.stats.get(nick)
            return s and s["packets"] >= packets and (s.get("energy") or 0) > 0.005 and s
        return wait_for(f"{self.name} to get sound of {nick}", there, timeout)

    def command(self, name, *args):
        self.page.command(self.name, name, *args)

    def stop(self):
        self.process.stop(timeout=6)
        shutil.rmtree(self.profile, ignore_errors=True)


class Peer(Participant):
    """The scripted peer (slixmpp + aiortc) in a process of its own."""
    program = "peer_jmuci.py"

    def __init__(self, name, tone, server, room, folder, *options):
        super().__init__(name, tone)
        self.process = Process("peer-" + name, [
            "/usr/bin/python3", os.path.join(HERE, self.program), "--jid", server.jid(name), "--password", PASSWORD,
            "--port", str(server.c2s), "--room", room, "--nick", name, "--tone", str(tone), *options],
            folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.p.stdout:
            try:
                self.take(json.loads(line))
            except ValueError:
                continue

    def command(self, name, *args):
        self.process.p.stdin.write(json.dumps({"name": name, "args": args}).encode() + b"\n")
        self.process.p.stdin.flush()

    def stop(self):
        self.process.stop(timeout=4)


class MujiPeer(Peer):
    """The same for Muji calls, with the manners of Dino."""
    program = "peer_muji.py"

    def join(self):
        self.command("join")
        return self


class DirectPeer(Peer):
    """One device of a person who calls phones and is called by them, without any room."""
    program = "peer_direct.py"


class GroupPeer(MujiPeer):
    """A person in a call with a phone, who leads it into a Muji call."""
    program = "peer_group.py"


def table(rows):
    """Who heard whom, as text. rows: (ear, {speaker: level or None}); None = not meant to be heard."""
    speakers = list(dict.fromkeys(s for _, levels in rows for s in levels))
    width = max([len(s) for s in speakers] + [9]) + 2
    first = max([len(ear) for ear, _ in rows] + [12]) + 2
    out = ["who hears".ljust(first) + "".join(s.rjust(width) for s in speakers)]
    for ear, levels in rows:
        cells = [("-" if levels.get(s) is None else f"{levels[s]:.1f} dB").rjust(width) for s in speakers]
        out.append(ear.ljust(first) + "".join(cells))
    return "\n".join(out)


