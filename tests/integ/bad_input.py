#!/usr/bin/python3
"""What strangers and broken programs send: the daemon answers or drops it, lives, and the running call keeps its sound."""
import os
import random
import re
import socket
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402

HEAD = ("{method} sip:{to}@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{me};branch=z9hG4bK{branch};rport\r\n"
        "From: {name} <sip:{user}@127.0.0.1>;tag=t{branch}\r\nTo: <sip:{to}@127.0.0.1>\r\nCall-ID: {branch}@test\r\n"
        "CSeq: 1 {method}\r\nContact: <sip:{user}@127.0.0.1:{me}>\r\nMax-Forwards: 70\r\n{more}Content-Length: {length}\r\n\r\n{body}")
STRANGE_SDP = ["", "v=0\r\n", "m=audio 1 RTP/AVP " + " ".join(map(str, range(3000))) + "\r\n", "v=0\r\n" * 2000,
               "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 224.0.0.1\r\nt=0 0\r\nm=audio 65535 RTP/AVP 0\r\na=ptime:0\r\n",
               "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n" + "m=audio 1 RTP/AVP 0\r\n" * 200]
CONTENT = ("<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
           "<payload-type id='111' name='opus' clockrate='48000' channels='2'/><rtcp-mux/></description>"
           "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='u' pwd='p'>{}</transport></content>")
FORGED = [f"<jingle xmlns='urn:xmpp:jingle:1' {inside}</jingle>" for inside in (
    "action='session-terminate' sid='CALL:guessed'><reason><success/></reason>",
    "action='session-initiate' sid='another:1'>" + CONTENT.format(""),
    "action='session-initiate' sid='CALL:nofingerprint'>" + CONTENT.format(""),
    "action='session-initiate' sid='CALL:x'>" + CONTENT.format("") * 60,
    "action='session-initiate' sid='" + "s" * 3000 + "'>",
    "action='session-accept' sid='CALL:never'>" + CONTENT.format(""),
    "action='transport-info' sid='CALL:never'>" + CONTENT.format(
        "<candidate component='1' foundation='1' generation='0' id='x' ip='127.0.0.1' network='0' port='0' priority='1' protocol='udp' type='host'/>" * 500),
    "action='nonsense' sid=''>", "sid='CALL:1'>", "action='session-info' sid='CALL:1'>" + "<a>" * 60 + "</a>" * 60)]


class Stranger:
    def __init__(self, port):
        self.port, self.n = port, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(3)

    def send(self, data):
        self.socket.sendto(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"), ("127.0.0.1", self.port))

    def text(self, method, to="8000", user="mallory", name="Mallory", more="", body=""):
        self.n += 1
        if body:
            more += "Content-Type: application/sdp\r\n"
        return HEAD.format(method=method, to=to, port=self.port, me=self.socket.getsockname()[1], branch=f"{self.n}x{random.random()}",
                           user=user, name=name, more=more, body=body, length=len(body))

    def ask(self, *a, **k):
        """Final status code, or None when there is no answer."""
        text = self.text(*a, **k)
        call_id = re.search(r"Call-ID: (\S+)", text).group(1)
        self.send(text)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            try:
                answer = self.socket.recv(65535).decode("utf-8", "replace")
            except TimeoutError:
                return None
            code = int(answer.split()[1]) if answer.startswith("SIP/2.0") else 0
            if code >= 200 and call_id in answer:
                return code
        return None


with Lab("bad_input") as lab:
    gateway = lab.daemon()
    alice, dave = lab.browser("alice"), lab.peer("dave")
    for p in (alice, dave):
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh([alice, dave])
    time.sleep(1.6)
    ua = lab.dial("100")
    gateway.wait_talking("100", peers=2)
    stranger = Stranger(gateway.port)

    with lab.case("strangers get no further than a challenge", go_on=True):
        assert stranger.ask("INVITE", body="v=0\r\n") in (401, 407)
        assert stranger.ask("REGISTER", to="100", user="100") == 401
        assert stranger.ask("INVITE", to="0049900123456", more="P-Asserted-Identity: <sip:100@127.0.0.1>\r\n") in (401, 407)
        for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY", "REFER", "INFO"):
            code = stranger.ask(method)
            assert code and code >= 400, f"{method}: {code}"
        assert len(gateway.calls()) == 1

    with lab.case("a wrong password and an unknown user look the same", go_on=True):
        wrong = 'Authorization: Digest username="{}", realm="x", nonce="x", uri="sip:x", response="' + "0" * 32 + '"\r\n'
        codes = {u: stranger.ask("REGISTER", to=u, user=u, more=wrong.format(u)) for u in ("100", "nobody")}
        assert len(set(codes.values())) == 1 and codes["100"] in (401, 403), codes

    with lab.case("junk on the SIP port", go_on=True):
        rng = random.Random(4475)
        good = stranger.text("INVITE", body="v=0\r\n").encode()
        for n in range(300):
            data = bytearray(good)
            for _ in range(rng.randint(1, 30)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            stranger.send(bytes(data[:rng.randint(1, len(data))]) if n % 3 else bytes(data))
        stranger.send(b"\r\n\r\n")
        stranger.send(bytes(rng.randrange(256) for _ in range(60000)))
        stranger.send(stranger.text("INVITE", name='"' + "A" * 20000 + '"'))
        stranger.send(stranger.text("INVITE", more="Via: SIP/2.0/UDP 127.0.0.1\r\n" * 500))
        stranger.send(stranger.text("INVITE", more="Content-Length: -1\r\n"))
        for sdp in STRANGE_SDP:
            stranger.send(stranger.text("INVITE", body=sdp))
        time.sleep(1)

    with lab.case("strange descriptions from a phone that may call are refused, not swallowed", go_on=True):
        code, heard = lab.dial("101", to="nobody-here", duration=2).result()
        assert heard["status"] == 404 and code == 1, heard

    with lab.case("TCP connections that say nothing or half a message", go_on=True):
        idle = [socket.create_connection(("127.0.0.1", gateway.port), 3) for _ in range(100)]
        for i, s in enumerate(idle):
            s.sendall([b"", b"INVITE sip:8000@127.0.0.1 SIP/2.0\r\nVia: ", b"\x16\x03\x01" * 50][i % 3])
        code, heard = lab.dial("101", duration=2, transport="tcp").result()
        assert heard["status"] == 200, heard
        for s in idle:
            s.close()

    with lab.case("junk and forged packets on the RTP ports", go_on=True):
        low, high = gateway.conf["media"]["rtp_ports"]
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for port in range(low, min(high, low + 300)):
            for packet in (b"\x80\x08\x00\x01" + b"\x00" * 8 + b"\xd5" * 160, b"\x80\xc8", b"\x16\xfe\xfd" + b"\x00" * 40, b"\x00\x01\xff\xff"):
                rtp.sendto(packet, ("127.0.0.1", port))
        time.sleep(0.5)

    with lab.case("junk on the control socket", go_on=True):
        for junk in (b"\x00" * 1000, b"{" * 100000 + b"\n", b'{"command": ["status"', b"status\n" * 1000):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(3)
                s.connect(gateway.socket)
                try:
                    s.sendall(junk)
                    s.shutdown(socket.SHUT_WR)
                    s.recv(65536)
                except OSError:
                    pass

    with lab.case("HTTP changes nothing and shows no files", go_on=True):
        base = f"http://127.0.0.1:{gateway.http}"
        for path, method in (("/../../etc/passwd", "GET"), ("/%2e%2e/%2e%2e/etc/passwd", "GET"), ("/status", "POST"), ("/", "DELETE")):
            try:
                answer = urllib.request.urlopen(urllib.request.Request(base + path, method=method), timeout=5)
                assert b"root:" not in answer.read() and method == "GET", path
            except urllib.error.HTTPError as e:
                assert 400 <= e.code < 500, (path, method, e.code)

    with lab.case("forged words in the room", go_on=True):
        call = alice.call_id
        mallory = lab.peer("bob").wait_joined()  # in the room, not in the call
        for n in range(60):
            mallory.command("say", "accept", f"no-such-call-{n}")
        for action, name in (("propose", "x" * 5000), ("retract", call), ("reject", call), ("ended", call), ("nonsense", call)):
            mallory.command("say", action, name)
        for xml in FORGED:
            mallory.command("raw", "Phone 100", xml.replace("CALL", call))
        time.sleep(2)

    with lab.case("after all this: the daemon is alive, the first call has kept its sound, a new one works"):
        assert gateway.process.alive()
        assert gateway.call("100")["state"] == "talking"
        lab.check_hears([alice, dave], "Phone 100", 1000)
        lab.check_mesh([alice, dave])
        code, heard = lab.dial("102", duration=6).result()
        assert code == 0, heard
        assert_heard(heard, 440, 2)
        code, heard = ua.hang_up()
        assert_heard(heard, 440, 8)
