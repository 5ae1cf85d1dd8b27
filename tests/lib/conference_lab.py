"""A conference service that speaks Jingle and its participants, as a test sees them."""
import json
import os
import subprocess
import threading

import people
import servers
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

    def join(self):
        self.command("join")
