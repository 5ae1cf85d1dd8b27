"""A UDP relay between a phone and the gateway that sees every SIP message, and loses those that it is told to lose."""
import re
import socket
import threading

from procs import free_port


def kind(data):
    """("INVITE", 1), ("200 INVITE", 1): the method or the answer to it, and its CSeq number."""
    head = data.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
    first = head.split("\r\n", 1)[0]
    cseq = next((line.split(":", 1)[1].split() for line in head.split("\r\n") if line.lower().startswith("cseq:")), ["0", "?"])
    return (f"{first.split()[1]} {cseq[1]}" if first.startswith("SIP/2.0") else first.split()[0] if first.strip() else "", int(cseq[0]))


class Relay:
    """lose: {("in", "INVITE"): 1} loses the first INVITE on its way to the gateway; "out" is what comes from there."""

    def __init__(self, gateway_port, lose=None, rewrite=None):
        self.gateway = ("127.0.0.1", gateway_port)
        self.lose = dict(lose or {})
        self.rewrite = rewrite  # (before, after) in what goes to the gateway
        self.seen, self.lost = [], []
        self.dialog = None  # (Call-ID, the gateway's tag, the phone's tag) of the last call of the phone that was answered
        self.port = free_port()
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", self.port))
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.far.bind(("127.0.0.1", 0))
        self.phone = None
        self.over = False
        for s in (self.near, self.far):
            s.settimeout(0.2)
        self.threads = [threading.Thread(target=self.run, args=a, daemon=True) for a in (("in",), ("out",))]
        for t in self.threads:
            t.start()

    def run(self, way):
        while not self.over:
            try:
                data, source = (self.near if way == "in" else self.far).recvfrom(65535)
            except (TimeoutError, OSError):
                continue
            what = kind(data)
            if not what[0]:
                continue  # a keep-alive
            if self.lose.get((way, what[0]), 0) > 0:
                self.lose[(way, what[0])] -= 1
                self.lost.append((way, *what))
                continue
            self.seen.append((way, *what))
            if (way, what[0]) == ("out", "200 INVITE"):
                self.dialog = tuple(re.search(p, data.decode("utf-8", "replace"), re.M | re.I).group(1) for p in (
                    r"^Call-ID:\s*(\S+)", r"^To:.*;tag=([^;\s]+)", r"^From:.*;tag=([^;\s]+)"))
            if way == "in":
                self.phone = source
                data = data.replace(*self.rewrite) if self.rewrite else data
                self.far.sendto(data, self.gateway)
            elif self.phone:
                self.near.sendto(data, self.phone)

    def count(self, way, what):
        return sum(1 for w, k, _ in self.seen if (w, k) == (way, what))

    def replaces(self):
        return "{};to-tag={};from-tag={}".format(*self.dialog)

    def stop(self):
        self.over = True
        for t in self.threads:
            t.join(1)
        self.near.close()
        self.far.close()
