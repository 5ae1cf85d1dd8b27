"""Dino itself, the client of Debian 12 (0.4.2), without a screen: a display, a message bus and a sound server of its own, and fingers that
press its buttons. Its microphone is a tone; what its loudspeaker plays is kept and looked at.

The test must have entered a network namespace (netns.enter): Dino speaks with nobody on loopback addresses, and insists on port 5222 of
the domain that is in the JID and on a certificate that the machine trusts.
"""
import asyncio
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import time

import numpy

import netns
import servers
from procs import Process, wait_for

ADDRESS = "10.77.0.1"  # of the namespace, for sound
PROGRAMS = ("dino-im", "Xvfb", "openbox", "xdotool", "dbus-daemon", "gdbus", "pulseaudio", "parec", "openssl")
RATE = 16000
# Where Dino 0.4.2 has its buttons: on a display of 1280x800, in the window of a call (696 wide), and in that which asks whom to add (460).
CALL, CALL_IN_ROOM, AUDIO, VIDEO = (1018, 78), (978, 78), 133, 162
HANG_UP, ADD = (417, 471), (24, 24)
FIRST_FOUND, INVITE = (228, 133), (415, 24)


def enter():
    """As netns.enter; besides, the names of the test's domain, its certificate and an address that is not loopback."""
    netns.enter()
    for program in PROGRAMS:
        if not shutil.which(program):
            netns.skip(f"{program} is not installed (dino-im xvfb openbox xdotool dbus libglib2.0-bin pulseaudio pulseaudio-utils "
                       "gstreamer1.0-pulseaudio gstreamer1.0-plugins-good)")
    for words in (["link", "add", "d0", "type", "veth", "peer", "name", "d1"], ["link", "set", "d1", "up"], ["link", "set", "d0", "up"],
                  ["addr", "add", ADDRESS + "/24", "dev", "d0"], ["route", "add", "default", "via", "10.77.0.254", "dev", "d0"]):
        netns.run("ip", *words)


class Server(servers.Prosody):
    """Prosody as a client of today wants it: TLS, contacts' events, bookmarks, copies for other devices."""

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.c2s = 5222
        self._certify()
        hosts, resolver = self._file("hosts"), self._file("resolv.conf")
        with open(hosts, "w") as f:
            f.write(f"127.0.0.1 localhost {self.domain} {self.muc} {self.phones}\n")
        with open(resolver, "w") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        for mine, theirs in ((hosts, "/etc/hosts"), (resolver, "/etc/resolv.conf"),
                             (self._file("trusted"), "/etc/ssl/certs/ca-certificates.crt")):
            netns.run("mount", "--bind", mine, os.path.realpath(theirs))

    def _file(self, name):
        return os.path.join(self.folder, name)

    def _certify(self):
        key, cert = self._file("key.pem"), self._file("cert.pem")
        netns.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert,
                  "-subj", "/CN=" + self.domain, "-addext", f"subjectAltName=DNS:{self.domain},DNS:*.{self.domain}")
        with open("/etc/ssl/certs/ca-certificates.crt") as known, open(cert) as ours, open(self._file("trusted"), "w") as f:
            f.write(known.read() + ours.read())
        for path in (key, cert):
            os.chmod(path, 0o644)

    def _write(self, config):
        super()._write(config)
        with open(config) as f:
            text = f.read()
        text = text.replace("modules_enabled = {", 'modules_enabled = { "tls"; "private"; "pep"; "carbons"; "stanza_debug"; "vcard4";')
        text = text.replace('min = "info"', 'min = "debug"')
        ssl = f'ssl = {{ key = "{self._file("key.pem")}"; certificate = "{self._file("cert.pem")}"; }}\n'
        with open(config, "w") as f:
            f.write(text.replace(f'VirtualHost "{self.domain}"', ssl + f'VirtualHost "{self.domain}"'))

    def said(self, since=0):
        """What went through it, as text; since: an earlier length of it."""
        return self.process.log()[since:]


class Dino:
    count = 0

    def __init__(self, lab, user, tone, chats=(), rooms=()):
        """chats: people with whom a conversation is open; rooms: that it is in."""
        Dino.count += 1
        self.lab, self.name, self.tone, self.display = lab, user, tone, f":{70 + Dino.count}"
        self.jid, self.home = lab.server.jid(user), lab.file("dino-" + user)
        self.database, self.heard = self.home + "/data/dino/dino.db", self.home + "/heard.raw"
        self.run = self.home + "/run"
        os.makedirs(self.run, mode=0o700)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.home, "XDG_RUNTIME_DIR": self.run, "XDG_DATA_HOME": self.home + "/data",
                    "XDG_CONFIG_HOME": self.home + "/config", "XDG_CACHE_HOME": self.home + "/cache", "DISPLAY": self.display,
                    "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo", "GTK_A11Y": "none", "LC_ALL": "C.UTF-8", "GSETTINGS_BACKEND": "memory",
                    "PULSE_SERVER": f"unix:{self.run}/sound", "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.run}/bus"}
        self._surroundings()
        if rooms:
            asyncio.run(_bookmark(lab.server, user, rooms))
        self._account(chats)
        self.process = self._spawn("dino", "dino-im")

    def _spawn(self, what, *argv):
        return self.lab.keep(Process(f"{self.name}-{what}", list(argv), self.home, env=self.env))

    def _surroundings(self):
        self._spawn("display", "Xvfb", self.display, "-screen", "0", "1280x800x24", "-nolisten", "tcp")
        self._spawn("bus", "dbus-daemon", "--session", "--nofork", "--address=" + self.env["DBUS_SESSION_BUS_ADDRESS"])
        with open(self.home + "/pulse.pa", "w") as f:
            f.write(f"""load-module module-native-protocol-unix socket={self.run}/sound auth-anonymous=1
load-module module-null-sink sink_name=loudspeaker rate=48000
load-module module-null-sink sink_name=air rate=48000
load-module module-remap-source source_name=microphone master=air.monitor source_properties=device.description=Microphone
set-default-sink loudspeaker
set-default-source microphone
load-module module-sine sink=air frequency={self.tone}
""")
        self._spawn("sound", "pulseaudio", "-n", "-F", self.home + "/pulse.pa", "--exit-idle-time=-1", "--daemonize=no", "--disable-shm",
                    "--use-pid-file=no", "--high-priority=no", "--realtime=no")
        for path in (self.run + "/bus", self.run + "/sound", "/tmp/.X11-unix/X" + self.display[1:]):
            wait_for(path, lambda p=path: os.path.exists(p), 30)
        self._spawn("windows", "openbox")
        self._spawn("ear", "parec", "-d", "loudspeaker.monitor", f"--rate={RATE}", "--channels=1", "--format=s16le", "--raw", self.heard)

    def _account(self, chats):
        """Its first start makes its database, where we write what a user would type."""
        first = self._spawn("first", "dino-im")
        wait_for("Dino's database", lambda: self._has_tables(), 40)
        time.sleep(2)  # it has more of them to make
        first.stop()
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("insert into account (bare_jid, resourcepart, password, enabled) values (?, 'dino', ?, 1)", (self.jid, servers.PASSWORD))
            for jid in chats:
                row = db.execute("insert into jid (bare_jid) values (?)", (jid,)).lastrowid
                db.execute("insert into conversation (account_id, jid_id, active, last_active, type, encryption, notification, send_typing, "
                           "send_marker) values (1, ?, 1, ?, 0, 0, 0, 0, 0)", (row, int(time.time())))

    def _has_tables(self):
        try:
            self.ask("select count(*) from conversation")
            return self.ask("select count(*) from conversation_settings") != []
        except sqlite3.Error:
            return False

    def ask(self, question, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)) as db:
            return db.execute(question, values).fetchall()

    # --- fingers

    def _x(self, *words):
        return subprocess.run(["xdotool", *map(str, words)], env=self.env, capture_output=True, text=True, timeout=20).stdout

    def _window(self, low, high):
        """The newest window that is so wide; in front, from then on."""
        def there():
            found = []
            for w in self._x("search", "--onlyvisible", "--class", "dino").split():
                size = re.search(r"Geometry: (\d+)x", self._x("getwindowgeometry", w))
                if size and low <= int(size.group(1)) <= high:
                    found.append(int(w))
            return sorted(found)
        window = wait_for(f"a window of {self.name}", there, 15)[-1]
        self._x("windowactivate", "--sync", window)
        return window

    def press(self, at, window=None):
        self._x("mousemove", *(["--window", window] if window else []), *at)
        time.sleep(0.3)  # a popover takes its place
        self._x("click", 1)
        time.sleep(0.7)

    def _do(self, action, what):
        done = subprocess.run(["gdbus", "call", "--session", "--dest", "im.dino.Dino", "--object-path", "/im/dino/Dino", "--method",
                               "org.gtk.Actions.Activate", action, f"[<{what}>]", "{}"], env=self.env, capture_output=True, text=True, timeout=20)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {action}: {done.stderr}")

    def conversation(self, jid):
        def known():
            return self.ask("select c.id from conversation c join jid j on j.id = c.jid_id where j.bare_jid = ? and c.active = 1", jid)
        return wait_for(f"{self.name}'s conversation with {jid}", known, 20)[0][0]

    def call(self, jid, video=False):
        """By the button of that conversation; of a room it is one place further to the left."""
        self._window(1000, 1280)
        self._x("key", "Escape")
        self._do("open-conversation", self.conversation(jid))
        time.sleep(1)
        button = CALL_IN_ROOM if jid.endswith("@" + self.lab.server.muc) else CALL
        self.press(button)
        self.press((button[0], VIDEO if video else AUDIO))

    def add(self, jid):
        """That person, into the running call."""
        call = self._window(600, 800)
        self._x("mousemove", "--window", call, 300, 300)  # its buttons come back
        time.sleep(0.5)
        self.press(ADD, call)
        ask = self._window(400, 599)
        self._x("type", jid)
        time.sleep(1)
        self.press(FIRST_FOUND, ask)
        self.press(INVITE, ask)

    def hang_up(self):
        call = self._window(600, 800)
        self._x("mousemove", "--window", call, 300, 300)
        time.sleep(0.5)
        self.press(HANG_UP, call)

    def calls(self):
        """Ids of its calls that came from others."""
        return [row[0] for row in self.ask("select id from call where direction = 0 order by id")]

    def answer(self, before, action="accept-call"):
        """The call that rings and was not among before."""
        new = wait_for(f"a call at {self.name}", lambda: [c for c in self.calls() if c not in before], 25)[-1]
        where = self.ask("select c.id from conversation c join call k on k.counterpart_id = c.jid_id where k.id = ?", new)[0][0]
        self._do(action, f"({where},{new})")

    # --- ears

    def hears(self, hz, seconds=1.0, over=-45):
        count = int(seconds * RATE) * 2
        with open(self.heard, "rb") as f:
            f.seek(max(0, (os.path.getsize(self.heard) & ~1) - count))
            sound = numpy.frombuffer(f.read(count), dtype="<i2") / 32768
        if len(sound) < RATE // 2:
            return False
        window = numpy.hanning(len(sound))
        level = 20 * numpy.log10(numpy.abs(numpy.fft.rfft(sound * window)) * 2 / window.sum() + 1e-9)
        middle, width = hz * len(sound) / RATE, max(2, 0.01 * hz * len(sound) / RATE)
        return bool(level[int(middle - width):int(middle + width) + 1].max() > over)

    def wait_hears(self, *tones, timeout=20):
        for hz in tones:
            wait_for(f"{self.name} to hear {hz} Hz", lambda f=hz: self.hears(f), timeout)


async def _bookmark(server, user, rooms):
    import slixmpp

    client, ready = slixmpp.ClientXMPP(server.jid(user) + "/bookmarks", servers.PASSWORD), asyncio.Event()
    client.add_event_handler("session_start", lambda _: ready.set())
    client.connect(("127.0.0.1", server.c2s), disable_starttls=True)
    await asyncio.wait_for(ready.wait(), 15)
    iq = client.make_iq_set()
    kept = servers.ET.Element("{storage:bookmarks}storage")
    for room in rooms:
        mark = servers.ET.SubElement(kept, "{storage:bookmarks}conference", jid=room, autojoin="true", name=room)
        servers.ET.SubElement(mark, "{storage:bookmarks}nick").text = user
    query = servers.ET.Element("{jabber:iq:private}query")
    query.append(kept)
    iq.append(query)
    await iq.send(timeout=10)
    await client.disconnect(wait=1)
