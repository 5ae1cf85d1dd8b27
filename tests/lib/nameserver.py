"""A name server for one test: a table of records, and what was asked. And a world of its own for tests that need one: the
machine's resolver is not touched."""
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading

from servers import Missing

A, AAAA, SRV, NAPTR = 1, 28, 33, 35


def enter_own_world():
    """Runs the test again in a network and mount namespace of its own, where 127.0.0.1:53 is ours to use. Returns inside."""
    if os.environ.get("TIPRING_OWN_WORLD") == "inside":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        conf = "/tmp/tipring-resolv-%d.conf" % os.getpid()
        with open(conf, "w") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", conf, os.path.realpath("/etc/resolv.conf")], check=True)
        os.unlink(conf)
        return
    probe = ["unshare", "--net", "--mount", "true"]
    if not shutil.which("ip") or not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        raise Missing("network namespaces are not allowed here")
    os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv], {**os.environ, "TIPRING_OWN_WORLD": "inside"})


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.rstrip(".").split(".") if p) + b"\0"


def word(text):
    return bytes([len(text)]) + text.encode()


def data(kind, value):
    if kind == A:
        return socket.inet_aton(value)
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == SRV:
        priority, weight, port, target = value
        return struct.pack(">HHH", priority, weight, port) + name(target)
    order, preference, flags, service, replacement = value
    return struct.pack(">HH", order, preference) + word(flags) + word(service) + word("") + name(replacement)


class NameServer:
    """records: {(name, kind): [value, ...]}; may be changed while it runs."""

    def __init__(self, records, address=("127.0.0.1", 53)):
        self.records, self.asked = records, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, who = self.socket.recvfrom(4096)
            labels, i = [], 12
            while query[i]:
                labels.append(query[i + 1:i + 1 + query[i]].decode())
                i += query[i] + 1
            question, kind = query[12:i + 5], struct.unpack(">H", query[i + 1:i + 3])[0]
            asked = ".".join(labels).lower()
            self.asked.append((asked, kind))
            values = self.records.get((asked, kind), [])
            known = any(n == asked for n, _ in self.records)
            answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 5, len(d)) + d for d in (data(kind, v) for v in values))
            head = query[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else 3), 1, len(values), 0, 0)
            self.socket.sendto(head + question + answers, who)
