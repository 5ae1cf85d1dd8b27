"""The forwarding service of the tests and its participants, as a test sees them."""
import json
import os
import subprocess
import threading
import time

import people
from procs import Process, free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))


class Service:
    """sfu_server.py: started, killed and started again on one port."""

    def __init__(self, folder):
        self.folder, self.port, self.process, self.events, self.scheme = folder, free_port(), None, [], "ws"

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self, *options):
        since = self.mark()
        self.process = Process("sfu", ["/usr/bin/python3", os.path.join(HERE, "sfu_server.py"), "--port", str(self.port), *options],
                               self.folder, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self.process.p.stdout,), daemon=True).start()
        self.wait("ready", since=since)
        return self

    def mark(self):
        return len(self.events)

    def _read(self, stream):
        for line in stream:
            try:
                self.events.append(json.loads(line))
            except ValueError:
                continue

    def find(self, ev, since=0, **like):
        return next((e for e in self.events[since:] if e["ev"] == ev and all(e.get(k) == v for k, v in like.items())), None)

    def wait(self, ev, since=0, timeout=20, **like):
        return wait_for(f"the service to say {ev} {like}", lambda: self.find(ev, since, **like), timeout)

    def legs(self):
        last = next((e for e in reversed(self.events) if e["ev"] == "stats"), {"legs": []})
        return last["legs"]

    def leg(self, owner, src):
        return next((x for x in self.legs() if x["owner"] == owner and x["src"] == src), None)

    def stop(self):
        if self.process:
            self.process.stop(timeout=4)
            time.sleep(0.1)


class SfuPeer(people.Peer):
    """The scripted participant that speaks with the service."""
    program = "peer_sfu.py"
