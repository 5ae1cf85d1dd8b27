"""A telephone made of a few lines: registers by UDP with digest, and meets each call as it is told: "busy" (486), "decline"
(603), "unavailable" (480), "ring" (180 and nothing more); as a trunk: "overload" (503, without ringing), "silent" (nothing at all);
"answer" (200, silent). It writes texts (MESSAGE) and meets those that come with `text_status`.
Everything that it was asked is kept. For audio there is tipring-ua."""
import hashlib
import re
import socket
import threading
import time
import uuid

from procs import wait_for

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
ANSWERS = {"busy": "486 Busy Here", "decline": "603 Decline", "unavailable": "480 Temporarily Unavailable"}


def header(text, name):
    m = re.search(rf"^{name}\s*:\s*(.*?)\s*$", text, re.I | re.M)
    return m.group(1) if m else ""


def headers(text, name):
    return re.findall(rf"^{name}\s*:[^\r\n]*", text, re.I | re.M)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class SipPhone:
    def __init__(self, daemon, number, manner="ring", port=0, host="127.0.0.1", server="127.0.0.1"):
        self.server, self.number, self.manner = (server, daemon.port), number, manner
        self.asked, self.answered, self.invite, self.invited_at, self.text_status = [], [], None, 0.0, "200 OK"
        self.met = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.settimeout(0.2)
        self.here = "%s:%d" % self.socket.getsockname()
        self.running, self.call_id, self.seq, self.tag = True, uuid.uuid4().hex, 0, uuid.uuid4().hex[:8]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.running:
            try:
                text = self.socket.recv(65535).decode(errors="replace")
            except (socket.timeout, OSError):
                continue
            if text.startswith("SIP/2.0"):
                self.answered.append(text)
            elif text.strip():
                once = (headers(text, "Via")[:1], header(text, "CSeq"))
                if once not in self.met:  # else it came once more because our answer was late
                    self.met.append(once)
                    self.asked.append(text)
                self._meet(text, text.split()[0])

    def _reply(self, request, status, body=""):
        to = header(request, "To") + ("" if "tag=" in header(request, "To") else ";tag=" + self.tag)
        lines = ["SIP/2.0 " + status, *headers(request, "Via"), *headers(request, "From"), "To: " + to,
                 *headers(request, "Call-ID"), *headers(request, "CSeq"), f"Contact: <sip:{self.number}@{self.here}>",
                 *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body]
        self.socket.sendto("\r\n".join(lines).encode(), self.server)

    def _meet(self, text, method):
        if method == "INVITE":
            if text != self.invite:
                self.invite, self.invited_at = text, time.time()
            if self.manner == "silent":
                return
            if self.manner == "overload":
                self._reply(text, "503 Service Unavailable")
                return
            self._reply(text, "180 Ringing")
            if self.manner in ANSWERS:
                self._reply(text, ANSWERS[self.manner])
            elif self.manner == "answer":
                self._reply(text, "200 OK", SDP)
        elif method == "MESSAGE":
            self._reply(text, self.text_status)
        elif method == "CANCEL":
            self._reply(text, "200 OK")
            self._reply(self.invite, "487 Request Terminated")
        elif method != "ACK":
            self._reply(text, "200 OK")

    def request(self, method, uri, *more, body=b"", call_id=None, to=None):
        """Sends a request outside of calls, or in the one whose Call-ID and remote end are given; the final answer to it."""
        self.seq += 1
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {self.here};rport;branch=z9hG4bK{uuid.uuid4().hex}",
                 "Max-Forwards: 70", f"From: <sip:{self.number}@{self.here}>;tag={self.tag}",
                 to or f"To: <sip:{self.number}@127.0.0.1>", f"Call-ID: {call_id or self.call_id}", f"CSeq: {self.seq} {method}",
                 f"Contact: <sip:{self.number}@{self.here}>", *more, f"Content-Length: {len(body)}", "", ""]
        seq, packet = self.seq, "\r\n".join(lines).encode() + body
        self.socket.sendto(packet, self.server)
        answer = wait_for(f"an answer to {method}", lambda: next(
            (a for a in self.answered if header(a, "CSeq").startswith(f"{seq} ") and a.split()[1] >= "200"), None), 10)
        if method == "INVITE":
            ack = [lines[0].replace("INVITE", "ACK"), lines[1], lines[2], lines[3], "To: " + header(answer, "To"), lines[5],
                   f"CSeq: {seq} ACK", "Content-Length: 0", "", ""]
            self.socket.sendto("\r\n".join(ack).encode(), self.server)
        return answer

    def authorized(self, method, uri, *more, password=None, **where):
        """The final answer to a request that is asked for a password first."""
        challenge = header(self.request(method, uri, *more, **where), "WWW-Authenticate")
        part = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
        ha1, ha2 = md5(f"{self.number}:{part['realm']}:{password or 'pw-' + self.number}"), md5(f"{method}:{uri}")
        response = md5(f"{ha1}:{part['nonce']}:00000001:c:auth:{ha2}")
        return self.request(method, uri, *more,
                            f'Authorization: Digest username="{self.number}", realm="{part["realm"]}", nonce="{part["nonce"]}", '
                            f'uri="{uri}", qop=auth, nc=00000001, cnonce="c", response="{response}", algorithm=MD5', **where)

    def write(self, to, text, kind="text/plain", password=None, in_call=False):
        """A MESSAGE; the status line of the answer and the answer. in_call: in the dialog of the call that it has answered."""
        where = {"body": text if isinstance(text, bytes) else text.encode()}
        if in_call:
            where.update(call_id=header(self.invite, "Call-ID"), to="To: " + header(self.invite, "From"))
        answer = self.authorized("MESSAGE", f"sip:{to}@127.0.0.1:{self.server[1]}", f"Content-Type: {kind}", password=password, **where)
        return int(answer.split()[1]), answer

    def texts(self):
        """Bodies of the MESSAGEs that have come."""
        return [a.split("\r\n\r\n", 1)[1] for a in list(self.asked) if a.startswith("MESSAGE ")]

    def register(self, expires=300):
        answer = self.authorized("REGISTER", "sip:%s:%d" % self.server, f"Expires: {expires}")
        assert answer.startswith("SIP/2.0 200"), answer
        return self

    def count(self, method):
        return sum(a.split()[0] == method for a in self.asked)

    def stop(self):
        self.running = False
        self.thread.join(3)
        self.socket.close()
