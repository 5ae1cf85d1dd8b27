#!/usr/bin/python3
"""Connections that want nothing but to be there: a thousand by TCP and TLS, silent, half-way through a handshake, one byte at a
time, garbage. They are bounded and closed again; the running call, the phones' own connections and new phones are not disturbed."""
import contextlib
import os
import resource
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from certificates import certificate  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402

MANY = 1000
KEPT = 250  # strangers' connections that may stay
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of a ClientHello

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))

with Lab("crowd") as lab:
    certificate(lab.folder, "server")
    tls = free_port()
    gateway = lab.daemon([{"number": "8000", "room": lab.room}, {"number": "8001", "room": lab.server.make_room("other"), "ring": ["102"]}],
                         start=False)
    gateway.conf["sip"]["listen"].append(f"tls:127.0.0.1:{tls}")
    gateway.conf["sip"].update({"certificate": lab.file("server.pem"), "key": lab.file("server.key")})
    gateway.write()
    gateway.start()
    by_tls = {"proxy": f"127.0.0.1:{tls}", "transport": "tls"}
    open_now = lab.keep(contextlib.ExitStack())
    open_now.stop = open_now.close

    def connect(port, ip, first=b""):
        s = socket.socket()
        open_now.callback(s.close)
        s.settimeout(5)
        s.bind((ip, 0))
        s.connect(("127.0.0.1", port))
        if first:
            s.sendall(first)
        s.setblocking(False)
        return s

    def alive(sockets):
        count = 0
        for s in sockets:
            try:
                count += s.recv(4096) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    with lab.case("two phones talk, one by TCP and one by TLS; a third has registered by TCP"):
        a, b = lab.dial("100", transport="tcp", codec="PCMA"), lab.dial("101", codec="PCMA", **by_tls)
        waiting = lab.answering("102", calls=1, transport="tcp")
        for n in ("100", "101"):
            gateway.wait_talking(n)
        wait_for("the phone to register", lambda: any(p["registered"] for p in gateway.ctl("phone", "list")), 10)
        rss, fds = gateway.rss_kib(), gateway.fds()

    with lab.case(f"{MANY} connections at once, from four addresses, of every broken kind: most are closed again"):
        kinds = ((gateway.port, b""), (tls, b""), (tls, HELLO), (tls, b"INVITE sip:8000@x SIP/2.0\r\n\r\n"), (tls, b"\xff" * 300),
                 (gateway.port, b"REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/TCP "), (gateway.port, b"\r\n\r\n"))
        crowd = [connect(*kinds[i % len(kinds)][:1], f"127.0.1.{i % 4}", kinds[i % len(kinds)][1]) for i in range(MANY)]
        most = gateway.fds()
        wait_for("most of them to be closed", lambda: alive(crowd) <= KEPT and gateway.fds() <= fds + KEPT + 20, 15)
        lab.say(f"descriptors {fds}, {most} at most, {gateway.fds()} now; memory {rss} KiB, {gateway.rss_kib()} now")
        assert gateway.rss_kib() - rss < 120 * 1024
        assert "sip-connections-closed" in gateway.process.log()

    with lab.case("a new phone gets in by UDP, TCP and TLS meanwhile", go_on=True):
        for options in ({}, {"transport": "tcp"}, by_tls):
            code, said = lab.dial("103", duration=2, **options).result()
            assert code == 0, (options, said)

    with lab.case("one byte at a time (slowloris): its connections go, too", go_on=True):
        slow = [connect(gateway.port, f"127.0.2.{i % 200 + 1}") for i in range(KEPT + 150)]
        begun, sent = time.monotonic(), 0
        while alive(slow) > KEPT and time.monotonic() < begun + 20:
            for s in slow:
                with contextlib.suppress(OSError):
                    s.send(b"R")
            time.sleep(0.5)
        assert alive(slow) <= KEPT, alive(slow)

    with lab.case("all the strangers gone: their descriptors are, too"):
        open_now.close()
        wait_for("the descriptors to be given back", lambda: gateway.fds() <= fds + 12, 15)

    with lab.case("the phones of before have kept their connections: one is rung, the two lose no sound"):
        alice = lab.peer("alice", room=lab.server.room("other")).wait_joined()
        alice.propose()
        gateway.wait_talking("102")
        alice.wait_hears("Phone 102", 1400)
        waiting.hang_up()
        for u, hears in ((a, 1200), (b, 1000)):
            code, said = u.hang_up()
            assert code == 0 and said["ended_by"] == "us" and said["lost"] == 0 and not said["gaps"], said
            assert_heard(said, hears, 6)
        gateway.wait_idle()
        assert gateway.stop() == 0
