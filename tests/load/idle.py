#!/usr/bin/python3
"""What the gateway does when there is nothing to do: no call, 100 phones registered by UDP for an hour, 20 rooms watched. Counts how
often each of its threads goes to sleep (that is: has been woken) in a minute. idle.py [SECONDS [NETWORK]]: the phones are at
NETWORK.2 and so on, all of them addresses of this machine; those in 127.0.0 are not asked for signs of life, others are:
    unshare -n sh -c 'ip link set lo up; ip route add local 10.99.0.0/24 dev lo; tests/load/idle.py 60 10.99.0'"""
import os
import selectors
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

PHONES, ROOMS, SETTLE_S, MOST = 100, 20, 40, 5  # a phone is first asked for a sign of life within half a minute


class Desks:
    """All phones in one thread, which answers what they are asked."""

    def __init__(self, phones):
        self.selector, self.running = selectors.DefaultSelector(), True
        for phone in phones:
            phone.running = False
        for phone in phones:
            phone.thread.join()
            self.selector.register(phone.socket, selectors.EVENT_READ, phone)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.running:
            for key, _ in self.selector.select(1):
                phone, text = key.data, key.data.socket.recv(65535).decode(errors="replace")
                if text.strip() and not text.startswith("SIP/2.0"):
                    phone.asked.append(text)
                    phone._meet(text, text.split()[0])

    def stop(self):
        self.running = False
        self.thread.join(3)


def threads(pid):
    """Of each thread: name, times it went to sleep, CPU in ms."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        at = f"/proc/{pid}/task/{task}/"
        status = dict(line.split(":", 1) for line in open(at + "status").read().splitlines())
        found[int(task)] = (status["Name"].strip(), int(status["voluntary_ctxt_switches"]),
                            int(open(at + "schedstat").read().split()[0]) / 1e6)
    return found


seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
network = sys.argv[2] if len(sys.argv) > 2 else "127.0.0"
numbers = [str(200 + i) for i in range(PHONES)]
with Lab("idle") as lab:
    rooms = [{"number": str(8000 + i), "room": lab.server.room(f"room{i}"), "flavour": "jmuci-mesh", "watch": True} for i in range(ROOMS)]
    gateway = lab.daemon(rooms=rooms, phones=numbers, start=False)
    gateway.conf["sip"]["listen"] = [f"udp:{network}.1:{gateway.port}"]
    gateway.write()
    gateway.start()
    phones = [SipPhone(gateway, n, host=f"{network}.{2 + i}", server=f"{network}.1").register(3600) for i, n in enumerate(numbers)]
    desks = lab.keep(Desks(phones))
    with lab.case(f"{PHONES} phones are registered, {ROOMS} rooms watched"):
        until = time.monotonic() + 30
        while time.monotonic() < until and not all(r["watching"] for r in gateway.ctl("room", "list")):
            time.sleep(0.5)
        assert gateway.ctl("status")["phones"]["registered"] == PHONES
        assert all(r["watching"] for r in gateway.ctl("room", "list"))
    time.sleep(SETTLE_S)
    asked, before, began = sum(len(p.asked) for p in phones), threads(gateway.pid), time.monotonic()
    time.sleep(seconds)
    after, took = threads(gateway.pid), time.monotonic() - began
    lab.say(f"{took:.0f} s; phones were asked {sum(len(p.asked) for p in phones) - asked} times")
    lab.say(f"{'thread':18s}{'wake-ups/s':>12s}{'CPU ms/s':>10s}")
    rates = {}
    for task, (name, woken, cpu) in sorted(after.items()):
        start = before.get(task, (name, 0, 0))
        rates[f"{name} {task}"] = (woken - start[1]) / took
        lab.say(f"{name:18s}{(woken - start[1]) / took:12.2f}{(cpu - start[2]) / took:10.3f}")
    with lab.case(f"no thread wakes more than {MOST} times a second, media workers not at all"):
        assert max(rates.values()) <= MOST, rates
        assert all(r == 0 for n, r in rates.items() if n.startswith("media-")), rates
