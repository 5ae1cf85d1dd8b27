#!/usr/bin/python3
"""A scanner tries thousands of REGISTERs and INVITEs while phones talk: no call loses sound, the memory stays bounded, whoever
guesses is banned and `status` says so, nobody gets in, and phones elsewhere go on as if nothing were.
The full size by hand: TIPRING_SCAN=10000,20 tests/integ/scanner.py (attempts of each kind, calls)."""
import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from certificates import certificate  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port  # noqa: E402
from scanner import Scanner  # noqa: E402

ATTEMPTS, CALLS = (int(x) for x in os.environ.get("TIPRING_SCAN", "2000,6").split(","))
TONES = (700, 1100)  # of the two phones of a room
GROWTH = 120 * 1024  # KiB: 8000 answers that are kept at once, about 9 KB each, and what the allocator holds back

with Lab("scanner") as lab:
    numbers = [str(200 + i) for i in range(CALLS)]
    rooms = [{"number": str(8000 + i), "room": lab.server.make_room(f"room{i}")} for i in range(CALLS // 2)]
    tls = free_port()
    certificate(lab.folder, "server")
    gateway = lab.daemon(rooms, phones=("100", *numbers), start=False)
    gateway.conf["sip"]["listen"].append(f"tls:127.0.0.1:{tls}")
    gateway.conf["sip"].update({"certificate": lab.file("server.pem"), "key": lab.file("server.key")})
    gateway.write()
    gateway.start()
    phones = {}
    with lab.case(f"{CALLS} phones talk, two in a room"):
        for i, n in enumerate(numbers):
            phones[n] = lab.dial(n, to=str(8000 + i // 2), tone=TONES[i % 2], codec="PCMA")
        for n in numbers:
            gateway.wait_talking(n)
        time.sleep(2)
        before = gateway.rss_kib()

    with lab.case(f"{ATTEMPTS} REGISTERs and {ATTEMPTS} INVITEs of a scanner: all answered or dropped, nobody gets in"):
        scanner = lab.keep(Scanner(gateway.port, gateway.conf["xmpp"]["domain"]))
        told = []
        thread = threading.Thread(target=lambda: told.append(scanner.run(ATTEMPTS, ATTEMPTS)))
        thread.start()
        peak, worst_ms = before, 0.0
        while thread.is_alive():
            at = time.monotonic()
            gateway.ctl("version")  # the control thread goes on answering
            worst_ms = max(worst_ms, (time.monotonic() - at) * 1000)
            peak = max(peak, gateway.rss_kib())
            time.sleep(0.2)
        told = told[0]
        lab.say(f"scanner: {told}")
        lab.say(f"memory: {before} KiB before, {peak} at most, {gateway.rss_kib()} after; tipringctl answered within {worst_ms:.0f} ms")
        assert not set(told["by_status"]) & {200, 180, 183}, told
        assert told["by_status"].get(401, 0) > ATTEMPTS // 4 and told["by_status"].get(403, 0) > 0, told
        assert told["answered"] > told["sent"] // 2, told
        assert peak - before < GROWTH, (before, peak)
        assert len(gateway.calls()) == CALLS

    with lab.case("the same by TCP and by TLS, over one connection each"):
        for port, wrap in ((gateway.port, False), (tls, True)):
            with socket.create_connection(("127.0.0.1", port), 5, ("127.0.0.6", 0)) as s:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                got = scanner.stream(context.wrap_socket(s) if wrap else s, ATTEMPTS // 4, "127.0.0.2")
            lab.say(f"{'TLS' if wrap else 'TCP'}: {got}")
            assert got["answered"] == got["sent"] and not set(got["by_status"]) & {200, 180, 183}, got

    with lab.case("the bans are in status, and no secret is in the log"):
        guard = gateway.ctl("status")["guard"]
        lab.say(f"guard: { {k: v for k, v in guard.items() if k != 'bans'} } {guard['bans'][:3]}")
        assert guard["banned"] > 0 and guard["auth_failed"] > 20, guard
        assert {b["source"] for b in guard["bans"]} <= {*scanner.sockets, "127.0.0.6"}, guard
        log = gateway.process.log()
        assert "sip-auth-failed" in log and "pw-" not in log and "response=" not in log

    with lab.case("a phone that comes from elsewhere registers and calls meanwhile"):
        code, said = lab.dial("100", to="8000", duration=2, tone=1700).result()
        assert code == 0, said

    with lab.case("no call has lost sound"):
        worst = {"lost": 0, "gaps": [], "jitter_ms": 0}
        for i, n in enumerate(numbers):
            code, said = phones[n].hang_up()
            assert code == 0 and said["ended_by"] == "us", (n, said)
            assert_heard(said, TONES[1 - i % 2], said["duration_s"] * 0.8, "phone " + n)
            worst = {"lost": max(worst["lost"], said["lost"]), "gaps": worst["gaps"] + said["gaps"],
                     "jitter_ms": max(worst["jitter_ms"], said["jitter_ms"])}
        lab.say(f"worst of {CALLS} calls of {said['duration_s']:.0f} s: {worst}")
        assert not worst["gaps"] and worst["lost"] == 0, worst
        gateway.wait_idle()
