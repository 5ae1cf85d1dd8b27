"""A conference service that speaks Jingle and its participants, as a test sees them."""
import json
import os
import subprocess
import threading
import time

import people
import servers
from contact import Contact
from lab import PHONE_TONES, TONES, assert_heard
from procs import Process, wait_for
from sfu_lab import HERE, Service

TALKS = "talks." + servers.DOMAIN


class TalksServer(servers.Prosody):
    """Prosody with one more component for each service."""
    more = (TALKS,)

    def _write(self, config):
        super()._write(config)
        with open(config, "a") as f:
            for domain in self.more:
                f.write(f'Component "{domain}"\n  component_secret = "{servers.SECRET}"\n')


class Conference(Service):
    """conference_server.py: events and life as of the other service."""

    def __init__(self, folder, server, domain=TALKS):
        super().__init__(folder)
        self.server, self.domain = server, domain

    def start(self, *options):
        since = self.mark()
        self.process = Process(self.domain.split(".")[0], ["/usr/bin/python3", os.path.join(HERE, "conference_server.py"), "--domain", self.domain, "--secret",
                                         servers.SECRET, "--port", str(self.server.component), *options],
                               self.folder, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self.process.p.stdout,), daemon=True).start()
        self.wait("online", since=since)
        return self

    def command(self, name, *args):
        self.process.p.stdin.write(json.dumps({"name": name, "args": args}).encode() + b"\n")
        self.process.p.stdin.flush()

    def count(self, ev, since=0, **like):
        return sum(e["ev"] == ev and all(e.get(k) == v for k, v in like.items()) for e in self.events[since:])

    def wait_count(self, n, ev, since=0, timeout=20, **like):
        wait_for(f"{n} times {ev} {like}", lambda: self.count(ev, since, **like) >= n, timeout)


class ConferencePeer(people.Peer):
    """The scripted participant that calls the service."""
    program = "peer_conference.py"

    def join(self, place=None):
        self.command("join", *([place] if place else []))


def open_service(lab, *options):
    return lab.keep(Conference(lab.folder, lab.server)).start(*options)


def participants(lab, place, *names):
    """Peers in the lab's room, who call that conference when they are told to."""
    ret = [lab.keep(ConferencePeer(name, TONES[name], lab.server, lab.room, lab.folder, "--conference", place)) for name in names]
    lab.people += ret
    for p in ret:
        p.wait_joined()
    return ret


def check_leaving(lab, talks, more, others, since):
    """The phones besides 100 hang up one by one: each has heard everybody else, and not itself; the others go on."""
    for n in more:
        lab.gateway.let_listen(n, 2)
    left = ["100", *more]
    for n, ua in more.items():
        left.remove(n)
        code, heard = ua.hang_up()
        assert code == 0, heard
        for tone in (*(p.tone for p in others), *(PHONE_TONES[o] for o in left)):
            assert_heard(heard, tone, 1, "phone " + n)
        assert not any(abs(h["hz"] - PHONE_TONES[n]) < 20 for h in heard["heard"]), heard["heard"]
        talks.wait("leave", since=since, who=n)
        for o in left:
            lab.check_hears(others, f"Phone {o}", PHONE_TONES[o])


def check_server_restart(lab, talks, alice):
    """The XMPP server restarts: the sound goes on, and so does the call of phone 100."""
    since, at = talks.mark(), time.monotonic()
    lab.server.kill()
    wait_for("the gateway to notice", lambda: lab.gateway.ctl("status")["xmpp"]["state"] != "up", 15)
    lab.server.start()
    talks.wait("online", since=since, timeout=30)
    alice.wait("joined", since=at, timeout=30)
    wait_for("the gateway to be back", lambda: lab.gateway.ctl("status")["xmpp"]["state"] == "up", 30)
    lab.gateway.let_listen("100", 1)
    alice.wait_hears("Phone 100", 1000)
    assert lab.gateway.call("100")["state"] == "talking"


def check_record(lab, phone, cause):
    record = wait_for("the record", lambda: next((c for c in lab.gateway.ctl("history") if c["phone"] == phone), None), 10)
    assert record["cause"] == cause, record


def check_kicked(lab, talks, phone="103"):
    """The phone is put out of the room: its call ends, and it leaves the service."""
    since = talks.mark()
    owner = lab.keep(Contact(lab.server, "tipring")).enter(lab.room, "Owner")
    ua = lab.dial(phone)
    lab.gateway.wait_talking(phone, peers=1)
    owner.kick(lab.room, "Phone " + phone)
    code, heard = ua.result(30)
    assert heard["ended_by"] == "them", heard
    check_record(lab, phone, "room-closed")
    talks.wait("leave", since=since, who=phone)


def check_killed_service(lab, talks, alice, *options):
    """The service dies and comes back; alice begins anew, and the phone 100 is in again by itself: tones both ways."""
    since, at = talks.mark(), time.monotonic()
    talks.process.kill()
    talks.start(*options)
    alice.hangup()
    alice.join()
    talks.wait("join", since=since, who="100", timeout=60)
    lab.gateway.wait_talking("100", peers=1, timeout=30)
    alice.wait("pc", since=at, nick="Phone 100", state="connected", timeout=30)
    alice.heard.clear()
    alice.wait_hears("Phone 100", 1000)
    lab.gateway.let_listen("100", 2)


def check_put_out(lab, talks, phone="102"):
    """The service ends the phone's stream for good: it hears that, and the operator reads it."""
    since = talks.mark()
    ua = lab.dial(phone)
    talks.wait("join", since=since, who=phone)
    lab.gateway.wait_talking(phone, peers=1)
    talks.command("kick", phone)
    code, heard = ua.result(30)
    assert heard["ended_by"] == "them", heard
    check_record(lab, phone, "room-closed")


def check_refused(lab, cause, to):
    """A call that comes to nothing; what is said of it stands in the record."""
    code, heard = lab.dial("103", to=to).result(40)
    assert heard["ended_by"] == "them", heard
    assert lab.gateway.ctl("history")[0]["cause"] == cause, lab.gateway.ctl("history")[0]
