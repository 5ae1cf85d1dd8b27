"""What every integration test shares: a folder, servers, a daemon, people and phones that all end with the test; cases
reported in TAP; the table of who heard whom. A missing program of the machine skips the test, anything else fails it."""
import contextlib
import os
import re
import shutil
import sys
import tempfile
import traceback

import daemon as daemons
import people
import servers
from page_server import PageServer

TONES = {"alice": 440, "bob": 660, "carol": 880, "dave": 550}  # what each user sends
REPORT = re.compile(r"(Address|Leak|Thread)Sanitizer|: runtime error: ")
PHONE_TONES = {"100": 1000, "101": 1200, "102": 1400, "103": 1700}


class Lab:
    def __init__(self, name, server="prosody", room="standup", members_only=False):
        self.name, self.kind, self.room_name, self.members_only = name, server, room, members_only
        self.open, self.number, self.failed, self.page_server = [], 0, 0, None
        self.people, self.phones, self.gateway = [], [], None

    def __enter__(self):
        base = os.environ.get("TIPRING_TEST_DIR") or tempfile.gettempdir()
        os.makedirs(base, exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix=f"tipring-{self.name}-", dir=base)
        try:
            for program in (daemons.TIPRINGD, daemons.TIPRINGCTL, daemons.TIPRING_UA) if self.needs_build else ():
                if not os.path.exists(program):
                    raise RuntimeError(program + " is not built")
            kind = {"prosody": servers.Prosody, "ejabberd": servers.Ejabberd}.get(self.kind, self.kind)  # or a class of the test's own
            self.server = self.keep(kind(self.folder)).start()
            self.room = self.server.make_room(self.room_name, self.members_only,
                                              [self.server.jid(u) for u in self.server.users] if self.members_only else ())
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    needs_build = True

    def keep(self, thing):
        """Stopped at the end, last one first."""
        self.open.append(thing)
        return thing

    def __exit__(self, kind, error, trace):
        if kind is servers.Missing:
            print(f"1..0 # SKIP {error}", flush=True)
        elif kind and kind is not CaseFailed:
            self.failed += 1
            self.number += 1
            print(f"not ok {self.number} - between the cases", flush=True)
            self.say("".join(traceback.format_exception(kind, error, trace)))
        if self.failed:
            self.show_logs()
        for thing in reversed(self.open):
            with contextlib.suppress(Exception):
                thing.stop()
        if self.page_server:
            self.page_server.stop()
        self.look_for_reports()
        if self.failed or os.environ.get("TIPRING_KEEP"):
            self.say("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        if kind is servers.Missing:
            sys.exit(0)
        print(f"1..{self.number}", flush=True)
        sys.exit(1 if self.failed else 0)

    def look_for_reports(self):
        """What a sanitizer wrote into a log of ours fails the test, whatever the cases said."""
        for top, _, files in os.walk(self.folder):
            for name in (f for f in files if f.endswith(".log")):
                with open(os.path.join(top, name), errors="replace") as f:
                    bad = [line for line in f if REPORT.search(line)]
                if bad:
                    self.number += 1
                    self.failed += 1
                    print(f"not ok {self.number} - no sanitizer report in {name}", flush=True)
                    self.say("".join(bad[:10]))

    def show_logs(self):
        for p in self.people:
            bad = [e for e in p.events if e["ev"] in ("error", "offline")]
            self.say(f"{p.name}: order {p.order} hears {sorted(p.heard)} trouble {bad[-4:]}")
        for u in self.phones:
            self.say(f"{u.process.name}: {u.process.log(5)} {u.documents()[-1:]}")
        if self.gateway and self.gateway.process:
            self.say(f"tipringd (last lines):\n{self.gateway.process.log(40)}")

    def say(self, text):
        print("\n".join("# " + line for line in str(text).rstrip().splitlines()), flush=True)

    @contextlib.contextmanager
    def case(self, name, go_on=False):
        """One case of the test. A failure ends the test, unless the following cases do not need this one (go_on)."""
        self.number += 1
        try:
            yield
            print(f"ok {self.number} - {name}", flush=True)
        except Exception as e:
            self.failed += 1
            print(f"not ok {self.number} - {name}", flush=True)
            self.say(f"{type(e).__name__}: {e}")
            if not isinstance(e, (AssertionError, TimeoutError)):
                self.say(traceback.format_exc())
            if not go_on:
                raise CaseFailed() from e

    # --- actors

    def daemon(self, rooms=None, start=True, **more):
        """tipringd with room 8000 = the lab's room unless rooms are given."""
        self.gateway = self.keep(daemons.Daemon(self.folder, self.server, rooms or [{"number": "8000", "room": self.room}], **more))
        return self.gateway.start() if start else self.gateway

    def prompts(self):
        """The folder of prompts in the build tree; without a synthesiser there is none, and the test is skipped."""
        folder = os.path.join(daemons.BUILD, "data/prompts")
        if not os.path.exists(os.path.join(folder, "en", "enter-pin.wav")):
            raise servers.Missing("no prompts are built: espeak-ng is missing")
        return folder

    def file(self, name):
        return os.path.join(self.folder, name)

    def page(self):
        if not self.page_server:
            self.page_server = PageServer()
        return self.page_server

    def browser(self, name, room=None, **query):
        b = self.keep(people.Browser(name, TONES[name], self.server, room or self.room, self.page(), self.folder, **query))
        self.people.append(b)
        return b

    def firefox(self, name, room=None):
        b = self.keep(people.Firefox(name, TONES[name], self.server, room or self.room, self.page(), self.folder))
        self.people.append(b)
        return b

    def peer(self, name, *options, room=None):
        p = self.keep(people.Peer(name, TONES[name], self.server, room or self.room, self.folder, *options))
        self.people.append(p)
        return p

    def muji_peer(self, name, *options, room=None):
        p = self.keep(people.MujiPeer(name, TONES[name], self.server, room or self.room, self.folder, *options))
        self.people.append(p)
        return p

    def group_peer(self, name, room):
        p = self.keep(people.GroupPeer(name, TONES[name], self.server, room, self.folder))
        self.people.append(p)
        return p

    def person(self, name, tone=None, *options):
        """One device of a user; another one of the same user wants a tone of its own."""
        p = self.keep(people.DirectPeer(name, tone or TONES[name], self.server, "none@" + self.server.muc, self.folder, *options))
        self.people.append(p)
        return p.wait_joined()

    def dial(self, number="100", to="8000", duration=None, **options):
        options.setdefault("tone", PHONE_TONES.get(number, 1000))
        u = self.keep(daemons.Ua.call(self.gateway, self.folder, number, to, duration=duration, **options))
        u.tone = options["tone"]
        self.phones.append(u)
        return u

    def load(self, number, to="8000", **options):
        options.setdefault("tone", PHONE_TONES.get(number, 1000))
        u = self.keep(daemons.Ua.load(self.gateway, self.folder, number, to, **options))
        self.phones.append(u)
        return u

    def answering(self, number="100", **options):
        options.setdefault("tone", PHONE_TONES.get(number, 1000))
        u = self.keep(daemons.Ua.answer(self.gateway, self.folder, number, **options))
        self.phones.append(u)
        return u

    # --- judgement

    def check_hears(self, ears, nick, hz, timeout=15):
        for ear in ears:
            ear.wait_hears(nick, hz, timeout)

    def check_mesh(self, group, timeout=15):
        for ear in group:
            for p in group:
                if p is not ear:
                    ear.wait_hears(p.name, p.tone, timeout)

    def show(self, group, phones=(), more=()):
        """Table of who hears whom now. phones: (nick, tone) that the people should hear; more: finished rows."""
        rows = people_rows(group, phones)
        self.say(people.table(rows + list(more)))
        return rows


class CaseFailed(Exception):
    pass


def people_rows(group, phones):
    rows = []
    for ear in group:
        levels = {p.name: None if p is ear else ear.level(p.name, p.tone) for p in group}
        levels.update({nick: ear.level(nick, hz) for nick, hz in phones})
        rows.append((f"{ear.name} ({ear.tone} Hz)", levels))
    return rows


def phone_row(nick, tone, document, group):
    """The phone's row, from the document of its finished call."""
    levels = {p.name: daemons.heard(document, p.tone)[1] for p in group}
    return (f"{nick} ({tone} Hz)", {k: -90.0 if v is None else v for k, v in levels.items()})


def assert_heard(document, hz, seconds, who="the phone"):
    got, level = daemons.heard(document, hz)
    assert got >= seconds, f"{who} heard {hz} Hz for {got} s, expected at least {seconds} s; heard: {document['heard']}"
    return level
