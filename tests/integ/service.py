#!/usr/bin/python3
"""What a service manager is told: ready, alive while the loop turns and only then, stopping."""
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402

EVERY = 0.1  # s between two signs of life: half of WATCHDOG_USEC


class Manager:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.told = []

    def look(self):
        """All that was told since the last look."""
        new = []
        while True:
            try:
                new.append(self.socket.recv(200).decode())
            except BlockingIOError:
                self.told += new
                return new


with Lab("service") as lab:
    manager = Manager(os.path.join(lab.folder, "notify"))
    os.environ.update(NOTIFY_SOCKET=os.path.join(lab.folder, "notify"), WATCHDOG_USEC=str(int(EVERY * 2e6)))
    gateway = lab.daemon()

    with lab.case("ready is told once, when SIP listens"):
        wait_for("READY=1", lambda: "READY=1" in manager.look() + manager.told, 5)
        assert manager.told.count("READY=1") == 1

    with lab.case("signs of life while it runs, with a call in it"):
        ua = lab.dial("100")
        wait_for("the call", gateway.calls, 10)
        manager.look()
        time.sleep(2)
        signs = manager.look().count("WATCHDOG=1")
        assert signs >= 5, signs

    with lab.case("none while it hangs; again when it goes on"):
        os.kill(gateway.pid, signal.SIGSTOP)
        time.sleep(0.3)
        manager.look()
        time.sleep(1)
        hung = manager.look()
        os.kill(gateway.pid, signal.SIGCONT)
        assert hung == [], hung
        wait_for("a sign of life", lambda: "WATCHDOG=1" in manager.look(), 5)

    with lab.case("stopping is told before it ends, with status 0"):
        assert gateway.stop() == 0
        manager.look()
        assert "STOPPING=1" in manager.told
