"""A SIP scanner: REGISTERs and INVITEs of many kinds from addresses of its own, as fast as it is let, and what came back."""
import collections
import random
import re
import select
import socket
import time

REQUEST = ("{method} sip:{to}@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {ip}:{me};branch=z9hG4bK{branch};rport\r\n"
           "From: <sip:{user}@127.0.0.1>;tag=t{branch}\r\nTo: <sip:{to}@127.0.0.1>\r\nCall-ID: {branch}@scan\r\nCSeq: 1 {method}\r\n"
           "Contact: <sip:{user}@{ip}:{me}>\r\nMax-Forwards: 70\r\nUser-Agent: friendly-scanner\r\n{more}Content-Length: {length}\r\n\r\n{body}")
SDP = "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8\r\n"
TARGETS = ("8000", "8001", "100", "0049900123456", "900123456", "011441234567", "admin", "1001", "%00", "a" * 200)


class Scanner:
    """sources: loopback addresses. rate: requests a second at most."""

    def __init__(self, port, realm, sources=("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"), rate=2000, seed=1):
        self.port, self.realm, self.rate, self.rng = port, realm, rate, random.Random(seed)
        self.sockets, self.nonces = {}, {}
        self.answers, self.sent, self.n = collections.Counter(), collections.Counter(), 0
        self.answered = set()
        for ip in sources:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
            s.bind((ip, 0))
            s.setblocking(False)
            self.sockets[ip] = s

    def one(self, method, ip):
        """(kind, bytes) of one attempt."""
        self.n += 1
        kind = self.rng.choice(("no password", "no password", "wrong password", "made-up nonce", "other realm", "garbage"))
        user = self.rng.choice(("100", "101", "103", "admin", "root", str(self.rng.randrange(10000))))
        more = ""
        if kind in ("wrong password", "made-up nonce", "other realm"):
            nonce = self.nonces.get(ip, "0" * 64) if kind != "made-up nonce" else "%064x" % self.rng.getrandbits(256)
            realm = "elsewhere" if kind == "other realm" else self.realm
            more = (f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="sip:127.0.0.1", qop=auth, nc=00000001, '
                    f'cnonce="x", response="{self.rng.getrandbits(128):032x}", algorithm=MD5\r\n')
        body = SDP.format(ip=ip) if method == "INVITE" else ""
        if body:
            more += "Content-Type: application/sdp\r\n"
        text = REQUEST.format(method=method, to=user if method == "REGISTER" else self.rng.choice(TARGETS), port=self.port, ip=ip,
                              me=self.sockets[ip].getsockname()[1], branch=f"{self.n:x}x{self.rng.getrandbits(40):x}", user=user, more=more,
                              length=len(body), body=body).encode()
        if kind == "garbage":
            data = bytearray(text)
            for _ in range(self.rng.randint(1, 20)):
                data[self.rng.randrange(len(data))] = self.rng.randrange(256)
            text = bytes(data[:self.rng.randint(20, len(data))])
        return kind, text

    def read(self):
        for s in select.select(list(self.sockets.values()), [], [], 0)[0]:
            ip = s.getsockname()[0]
            for _ in range(200):
                try:
                    data = s.recv(65535)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                status = re.match(rb"SIP/2\.0 (\d+)", data)
                call = re.search(rb"\nCall-ID: ([^\r\n]+)", data)
                if not status or int(status[1]) < 200 or (call and call[1] in self.answered):
                    continue
                if call:
                    self.answered.add(call[1])
                self.answers[int(status[1])] += 1
                nonce = re.search(rb'nonce="([0-9a-f]+)"', data)
                if nonce:
                    self.nonces[ip] = nonce[1].decode()
                if int(status[1]) != 401 or b"INVITE" in data[-2000:]:
                    self.ack(s, data)

    def ack(self, s, data):
        """Ends the INVITE transaction, as a scanner does that wants to be quick."""
        head = data.decode("utf-8", "replace")
        if not re.search(r"\nCSeq: \d+ INVITE", head):
            return
        keep = "".join(line + "\r\n" for line in head.split("\r\n") if re.match(r"(Via|From|To|Call-ID):", line))
        s.sendto(f"ACK sip:x@127.0.0.1 SIP/2.0\r\n{keep}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n".encode(), ("127.0.0.1", self.port))

    def run(self, registers, invites):
        """All of them, mixed; then waits until nothing has come back for half a second (5 s at most)."""
        plan = ["REGISTER"] * registers + ["INVITE"] * invites
        self.rng.shuffle(plan)
        begun, ips = time.monotonic(), list(self.sockets)
        for i, method in enumerate(plan):
            ip = ips[i % len(ips)]
            kind, data = self.one(method, ip)
            self.sent[kind] += 1
            try:
                self.sockets[ip].sendto(data, ("127.0.0.1", self.port))
            except BlockingIOError:
                self.sent["not sent"] += 1
            if i % 20 == 19:
                self.read()
                ahead = (i + 1) / self.rate - (time.monotonic() - begun)
                if ahead > 0:
                    time.sleep(ahead)
        seconds = time.monotonic() - begun
        until, last = time.monotonic() + 5, time.monotonic()
        while time.monotonic() < until and time.monotonic() - last < 0.5:
            before = sum(self.answers.values())
            self.read()
            if sum(self.answers.values()) > before:
                last = time.monotonic()
            time.sleep(0.02)
        return {"sent": sum(self.sent.values()), "per_s": round(len(plan) / seconds), "kinds": dict(self.sent),
                "answered": sum(self.answers.values()), "by_status": dict(sorted(self.answers.items()))}

    def stream(self, connection, attempts, ip):
        """The same over one connection (TCP, or TLS), twenty at a time; garbage would only end it."""
        connection.settimeout(10)
        answers, sent, buffer = collections.Counter(), 0, b""
        while sent < attempts or sum(answers.values()) < sent:
            for _ in range(min(20, attempts - sent) if sum(answers.values()) == sent else 0):
                kind, data = "garbage", b""
                while kind == "garbage":
                    kind, data = self.one(self.rng.choice(("REGISTER", "INVITE")), ip)
                connection.sendall(data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TLS" if hasattr(connection, "cipher") else b"SIP/2.0/TCP"))
                sent += 1
            try:
                data = connection.recv(65536)
            except TimeoutError:
                break
            if not data:
                break
            buffer += data
            found = re.findall(rb"SIP/2\.0 ([2-6]\d\d) ", buffer)
            answers.update(int(x) for x in found)
            buffer = buffer[buffer.rfind(b"SIP/2.0 ", 0, -20) + 9:] if found else buffer
        return {"sent": sent, "answered": sum(answers.values()), "by_status": dict(sorted(answers.items()))}

    def stop(self):
        for s in self.sockets.values():
            s.close()
