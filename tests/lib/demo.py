"""The demonstration behind ./demo: a private XMPP server, the gateway, two browsers in a group call, and a telephone."""
import argparse
import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time

import people
from daemon import BUILD, TIPRINGCTL, TIPRING_UA, Daemon, Ua
from lab import TONES, people_rows, phone_row
from page_server import PageServer
from servers import PASSWORD, Prosody

ROOM_NUMBER, BUNDLED, OWN = "8000", "100", "101"
PIN_NUMBER, PIN, MENU_NUMBER = "8500", "4711", "8999"
BUNDLED_TONE, SECONDS = 1000, 12
started = time.monotonic()


def say(text=""):
    print(f"[{time.monotonic() - started:5.1f} s] {text}" if text else "", flush=True)


class Demo:
    def __init__(self, stack, listen):
        self.folder = tempfile.mkdtemp(prefix="tipring-demo-")
        self.stack, self.listen, self.good = stack, listen, False
        stack.callback(self.tidy)
        say(f"everything lives in {self.folder}")
        self.server = Prosody(self.folder, domain="demo.example")
        stack.callback(self.server.stop)
        self.server.start()
        self.room = self.server.make_room("standup")
        say(f"Prosody is up on 127.0.0.1:{self.server.c2s}; room {self.room}")
        self.password = {BUNDLED: "pw-" + BUNDLED, OWN: secrets.token_hex(4)}
        self.gateway = Daemon(self.folder, self.server, [
            {"number": ROOM_NUMBER, "room": self.room}, {"number": PIN_NUMBER, "room": self.room, "pin": PIN}], phones=[
            {"number": BUNDLED, "password": self.password[BUNDLED], "name": "Front desk"},
            {"number": OWN, "password": self.password[OWN], "name": "Your phone"}],
            menus=[{"number": MENU_NUMBER, "language": "en"}], media={"prompts": os.path.join(BUILD, "data/prompts")})
        if listen:
            self.gateway.conf["sip"]["listen"] += [f"udp:{listen}:{self.gateway.port}", f"tcp:{listen}:{self.gateway.port}"]
            self.password[BUNDLED] = self.gateway.conf["phones"][0]["password"] = secrets.token_hex(8)
            self.gateway.write()
        stack.callback(self.gateway.stop)
        self.gateway.start()
        say(f"tipringd is up: SIP on 127.0.0.1:{self.gateway.port}; number {ROOM_NUMBER} leads into the room")
        self.page = PageServer()
        stack.callback(self.page.stop)

    def tidy(self):
        if self.good:
            shutil.rmtree(self.folder, ignore_errors=True)

    def browser(self, name):
        b = people.Browser(name, TONES[name], self.server, self.room, self.page, self.folder)
        self.stack.callback(b.stop)
        return b

    def group_call(self):
        self.people = [self.browser("alice"), self.browser("bob")]
        for b in self.people:
            b.wait_joined(60)
            say(f"{b.name}'s browser (Chromium) is in the room; its microphone is a tone of {b.tone} Hz")
        alice, bob = self.people
        alice.propose()
        bob.wait("proposed", nick="alice")
        bob.accept()
        alice.wait_hears("bob", bob.tone, 20)
        bob.wait_hears("alice", alice.tone, 20)
        say("alice has proposed a group call, bob has accepted: they hear each other")

    def dial_in(self):
        """The bundled phone's call; its document, what the people heard of it, and whether all was heard."""
        say(f"the bundled phone dials {ROOM_NUMBER}; it says a tone of {BUNDLED_TONE} Hz for {SECONDS} s")
        ua = Ua(self.folder, BUNDLED, "call", self.gateway.uri(ROOM_NUMBER), "--user", BUNDLED, "--password",
                self.password[BUNDLED], "--tone", BUNDLED_TONE, "--duration", SECONDS)
        self.stack.callback(ua.stop)
        with contextlib.suppress(TimeoutError):
            call = self.gateway.wait_talking(BUNDLED, peers=2, timeout=SECONDS)
            say("connected: " + ", ".join(f"{p['nick']} ({p['codec']})" for p in call["peers"]))
        with contextlib.suppress(TimeoutError):
            for b in self.people:
                b.wait_hears("Front desk", BUNDLED_TONE, SECONDS)
        rows = people_rows(self.people, [("Front desk", BUNDLED_TONE)])
        code, document = ua.result(SECONDS + 30)
        rows.append(phone_row("Front desk", BUNDLED_TONE, document, self.people))
        say(f"the phone has hung up (tipring-ua: exit {code}, {document['codec']}, answered after {document['setup_ms']} ms, "
            f"first audio after {document['first_audio_ms']} ms, {document['packets_received']} packets, {document['lost']} lost)")
        return rows

    def instructions(self):
        host = self.listen or "127.0.0.1"
        ctl = f"{TIPRINGCTL} -s {self.gateway.socket}"
        return f"""
It is all still running. A softphone of your own can dial in:
    SIP server  {host}, port {self.gateway.port}, UDP or TCP
    user        {OWN}
    password    {self.password[OWN]}
    dial        {ROOM_NUMBER}
You will hear alice and bob as two tones. Keys: *6 mute, *5 and *9 hand, *3 how many, *1 help, *0 leave.
{PIN_NUMBER} leads there too and asks for the PIN {PIN}; {MENU_NUMBER} asks for the number of a room. Or dial with the bundled phone:
    {TIPRING_UA} call sip:{ROOM_NUMBER}@{host}:{self.gateway.port} --user {OWN} --password {self.password[OWN]} --tone 700 --duration 10
Your own browser can take part too (microphone: allow it), as carol:
    {self.page.url}?service={self.server.websocket}&jid={self.server.jid('carol')}&password={PASSWORD}&room={self.room}&nick=carol
What the gateway knows of it:
    {ctl} status
    {ctl} call list
Ctrl-C ends everything."""

    def follow(self):
        """Says when calls come and go, and what the browsers hear of them, until the user has enough."""
        known = {}
        while True:
            time.sleep(1)
            for name, process in [("Prosody", self.server.process), ("tipringd", self.gateway.process)]:
                if not process.alive():
                    raise RuntimeError(f"{name} has ended; its log: {process.log_path}")
            calls = {c["id"]: c for c in self.gateway.calls()}
            for i, c in calls.items():
                if known.get(i) != c["state"]:
                    say(f"{c['nick'] or c['phone']}: {c['state']}")
            for i in known.keys() - calls.keys():
                say("a call has ended")
            known = {i: c["state"] for i, c in calls.items()}


def main():
    a = argparse.ArgumentParser(prog="./demo", description=__doc__)
    a.add_argument("--once", action="store_true", help="end by itself; exit 0 only if audio was heard in both directions")
    a.add_argument("--listen", help="also take softphones on this address of the machine")
    options = a.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        demo = Demo(stack, options.listen)
        demo.group_call()
        rows = demo.dial_in()
        good = demo.good = all(level is None or level > -50 for _, levels in rows for level in levels.values())
        print(f"\nLevels of the tones (sent at about -12 dB; -90.0 = not heard):\n\n{people.table(rows)}\n", flush=True)
        say("audio was heard in both directions" if good else "NOT everybody was heard; logs: " + demo.folder)
        if options.once:
            return 0 if good else 1
        print(demo.instructions(), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            demo.follow()
        print("\nending", flush=True)
        return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
