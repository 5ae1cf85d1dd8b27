#!/usr/bin/python3
"""Phones by TLS and SRTP: calls in both directions, what is refused, and by reading the packets off the loopback device
that nothing of an encrypted call's sound can be read there."""
import os
import socket
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from certificates import certificate  # noqa: E402
from daemon import TIPRINGD, Ua  # noqa: E402
from eavesdropper import Capture, read_off  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402


def udp_ports(pid):
    """Bound UDP ports of a process: of tipring-ua by TLS that is its RTP port alone."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    found = set()
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for line in open(table).read().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in inodes:
                found.add(int(fields[1].split(":")[1], 16))
    return found


PIN = "471147"

with Lab("secure") as lab:
    certificate(lab.folder, "server")
    certificate(lab.folder, "expired", "-1")
    tls, tls6 = free_port(), free_port()
    path = lambda name: os.path.join(lab.folder, name)  # noqa: E731
    phone = lambda n, srtp: {"number": n, "password": "pw-" + n, "name": "Phone " + n, "srtp": srtp}  # noqa: E731
    gateway = lab.daemon([{"number": "8000", "room": lab.room, "ring": ["100"]}, {"number": "8001", "room": lab.room, "pin": PIN}],
                         menus=[{"number": "8999"}], start=False, phones=[phone("100", "required"), phone("101", "off"), phone("102", "optional")])
    gateway.conf["sip"].update({"certificate": path("expired.pem"), "key": path("expired.key")})
    gateway.conf["sip"]["listen"] += [f"tls:127.0.0.1:{tls}", f"tls:[::1]:{tls6}"]
    by_tls = {"proxy": f"127.0.0.1:{tls}", "transport": "tls", "codec": "PCMA"}

    with lab.case("an expired certificate, a missing key: said at the check and at the start"):
        for change, word in (({}, "expired"), ({"certificate": path("server.pem"), "key": path("none.key")}, "none.key"),
                             ({"key": path("expired.key")}, "another certificate")):
            gateway.conf["sip"].update(change)
            gateway.write()
            for flags in (["-t"], []):
                done = subprocess.run([TIPRINGD, "-c", gateway.config, *flags], capture_output=True, text=True, timeout=20)
                assert done.returncode == 1 and word in done.stderr, (flags, done)
        gateway.conf["sip"].update({"key": path("server.key")})
        gateway.write()
        gateway.start()

    with lab.case("by TLS with SRTP: tones both ways, and nobody on the way can read them"):
        capture = Capture()
        capture.start()
        a = lab.dial("100", srtp="sdes", **by_tls)
        b = lab.dial("101", codec="PCMA")
        gateway.wait_talking("100")
        closed, plain = udp_ports(a.process.pid), udp_ports(b.process.pid)
        calls = {c["phone"]: c["sip"]["srtp"] for c in gateway.calls()}
        gateway.let_listen("100", 6)
        (code_a, heard_a), (code_b, heard_b) = a.hang_up(), b.hang_up()
        gateway.wait_idle()
        capture.stop()
        assert (code_a, code_b) == (0, 0), (heard_a, heard_b)
        assert_heard(heard_a, 1200, 3, "phone 100")
        assert_heard(heard_b, 1000, 3, "phone 101")
        assert calls == {"100": True, "101": False}, calls
        assert heard_a["lost"] == 0 and heard_b["lost"] == 0, (heard_a, heard_b)
        assert len(closed) == 1, closed
        secret = read_off(capture.of(closed.pop()), (1000, 1200))
        control = max((read_off(capture.of(p), (1000, 1200)) for p in plain), key=lambda r: r["packets"])
        lab.say(f"encrypted: {secret}\nplain, for comparison: {control}")
        assert control["packets"] > 250 and control["worst_tone"] > 0.9 and control["lengths"] == {172}, "the eavesdropper hears nothing anywhere"
        assert control["plain_reports"] > 0
        assert secret["packets"] > 250 and secret["lengths"] == {182}, "a packet without its tag"
        assert secret["tone"] < 0.05 and secret["entropy"] > 7.9, "the sound can be read"
        assert secret["plain_reports"] == 0
        assert capture.keys == 0, "keys outside of TLS"

    with lab.case("encrypted before the PIN and after it, with one stream of sound: tones both ways"):
        for to, keys in (("8001", f"{PIN}#"), ("8999", f"8001#,,{PIN}#")):
            capture = Capture()
            capture.start()
            b = lab.dial("101", codec="PCMA")
            gateway.wait_state("101", "waiting")
            a = lab.dial("100", to=to, dtmf=keys, srtp="sdes", **by_tls)
            call = gateway.wait_state("100", "menu")
            assert call["sip"]["srtp"] and not call["peers"], call
            call = gateway.wait_talking("100", timeout=20)
            assert call["sip"]["srtp"], call
            port, = udp_ports(a.process.pid)
            gateway.let_listen("101", 4)  # the other's count goes on from what the prompts took
            (code_a, heard_a), (code_b, heard_b) = a.hang_up(), b.hang_up()
            gateway.wait_idle()
            capture.stop()
            assert heard_a["status"] == heard_b["status"] == 200, (heard_a, heard_b)
            assert_heard(heard_a, 1200, 3, f"phone 100 behind the PIN at {to}")
            assert_heard(heard_b, 1000, 3, f"phone 101, of phone 100 by {to}")
            sent, got = capture.of(port)
            sound = [p for p in got if len(p) == 182]
            assert len({p[8:12] for p in sound}) == 1, "another stream after the PIN"
            numbers = [struct.unpack("!H", p[2:4])[0] for p in sound]
            assert all((y - x) % 65536 == 1 for x, y in zip(numbers, numbers[1:])), "the stream was broken"
            secret = read_off((sent, got), (1000, 1200))
            lab.say(f"{to}: {secret}")
            assert secret["lengths"] == {182} and secret["tone"] < 0.05 and secret["plain_reports"] == 0, secret

    with lab.case("what is refused: no encryption where it is required, keys where they could be read"):
        capture = Capture()
        capture.start()
        for number, status, options in (
                ("100", 488, {**by_tls}), ("100", 403, {}), ("100", 403, {"srtp": "sdes"}), ("101", 488, {**by_tls, "srtp": "sdes"}),
                ("101", 488, {"srtp": "sdes"}), ("102", 488, {"srtp": "sdes"})):
            for to in ("8000", "8001", "8999"):
                code, said = lab.dial(number, to=to, duration=2, **options).result()
                assert code == 1 and said["status"] == status, (number, to, options, said)
                assert said["packets_received"] == 0, said
        gateway.wait_idle()
        capture.stop()
        assert capture.keys, "the eavesdropper finds no keys where a phone shows them by UDP"

    with lab.case("optional: either, by TLS; plain by UDP; sips: and IPv6"):
        at = lab.dial("101")
        for options, srtp in (({**by_tls, "srtp": "sdes"}, True), (by_tls, False), ({}, False)):
            u = lab.dial("102", **options)
            gateway.wait_talking("102")
            assert gateway.call("102")["sip"]["srtp"] is srtp, options
            gateway.let_listen("102", 2)
            assert_heard(u.hang_up()[1], 1200, 1, f"102 with {options}")
        at.hang_up()
        gateway.wait_idle()
        at = lab.dial("101")
        for uri in (f"sips:8000@127.0.0.1:{tls}", f"sips:8000@[::1]:{tls6}"):
            u = lab.keep(Ua(lab.folder, "sips", "call", uri, "--user", "100", "--password", "pw-100", "--tone", 1000,
                            "--srtp", "sdes"))
            gateway.wait_talking("100")
            gateway.let_listen("100", 2)
            code, said = u.hang_up()
            assert code == 0, (uri, said)
            assert_heard(said, 1200, 1, uri)
        at.hang_up()
        gateway.wait_idle()

    with lab.case("a phone that came by TLS is rung over its connection, with keys; one that came by UDP is not"):
        plain = lab.answering("100", calls=1)
        ringing = lab.answering("100", calls=1, srtp="sdes", **by_tls)
        wait_for("the phone to register twice", lambda: any(len(p["contacts"]) == 2 for p in gateway.ctl("phone", "list")), 10)
        alice = lab.peer("alice")
        alice.wait_joined()
        alice.propose()
        call = gateway.wait_talking("100")
        assert call["direction"] == "out" and call["sip"]["srtp"], call
        lab.check_hears([alice], "Phone 100", 1000)
        gateway.let_listen("100", 3)
        assert_heard(ringing.hang_up()[1], 440, 2, "the phone that was rung")
        assert not plain.documents(), "rung without encryption"
        plain.stop()
        alice.hangup()
        gateway.wait_idle()

    with lab.case("old TLS and what is no TLS at all: refused; the next phone gets in"):
        for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            try:
                with socket.create_connection(("127.0.0.1", tls), timeout=5) as raw, context.wrap_socket(raw) as s:
                    got = s.version()
            except (ssl.SSLError, OSError):
                got = None
            assert bool(got) == good, (version, got)
        waiting = []
        for junk in (b"INVITE sip:8000@x SIP/2.0\r\n\r\n", b"\x16\x03\x01\x40\x00" + b"\xff" * 3000, b"\x80\x2e\x01\x00\x02", b""):
            s = socket.create_connection(("127.0.0.1", tls), timeout=5)
            s.sendall(junk)
            waiting.append(s)
        code, said = lab.dial("100", duration=1.5, srtp="sdes", **by_tls).result()
        assert said["status"] == 200, said
        for s in waiting:
            s.close()
        assert gateway.stop() == 0
