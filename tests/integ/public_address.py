#!/usr/bin/python3
"""The gateway behind a 1:1 NAT, with sip.public_address and media.public_address: a phone outside calls and is called, both
are heard, and no message tells the address inside."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from daemon import Ua  # noqa: E402
from eavesdropper import Capture  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

INSIDE, PUBLIC, PHONE = "10.9.0.2", "203.0.113.10", "203.0.113.20"

router, outside = netns.Machine("router"), netns.Machine("outside")
netns.link(None, "g0", INSIDE + "/24", router, "r0", "10.9.0.1/24")
netns.link(router, "r1", PUBLIC + "/24", outside, "o0", PHONE + "/24")
netns.run("ip", "route", "add", "default", "via", "10.9.0.1")
netns.one_to_one(router, PUBLIC, INSIDE, "r1")


def said_by_us(capture, port, transport="udp"):
    """SIP messages that left the gateway."""
    return [p.decode("utf-8", "replace") for s, _, p in capture.seen if s == port and (p[:7] == b"SIP/2.0" or b" SIP/2.0\r\n" in p)]


with Lab("public_address") as lab:
    gateway = lab.daemon([{"number": "8000", "room": lab.room, "ring": ["100"]}], start=False,
                         media={"public_address": PUBLIC})
    port = gateway.port
    gateway.conf["sip"].update({"listen": [f"{t}:{host}:{port}" for t in ("udp", "tcp") for host in ("127.0.0.1", INSIDE)],
                                "public_address": PUBLIC})
    gateway.write()
    gateway.start()
    capture = lab.keep(Capture("g0"))
    capture.start()

    def ua(number, command, *more, transport="udp", tone=1000):
        target = [f"sip:8000@{PUBLIC}:{port}"] if command == "call" else ["--register", "--proxy", f"{PUBLIC}:{port}"]
        u = lab.keep(Ua(lab.folder, f"{number}-{len(lab.phones)}", command, *target, "--user", number, "--password", "pw-" + number,
                        "--tone", tone, "--transport", transport, *more, run=outside.inside))
        lab.phones.append(u)
        return u

    with lab.case("a phone outside calls, by UDP and by TCP; one inside is in the room: all are heard by all"):
        tones = {"101": 700, "102": 1100, "103": 1700}
        made = {"101": ua("101", "call", tone=700), "102": ua("102", "call", transport="tcp", tone=1100), "103": lab.dial("103")}
        for n in made:
            gateway.wait_talking(n, peers=2)
        time.sleep(5)
        for n, u in made.items():
            code, document = u.hang_up()
            assert code == 0 and document["lost"] == 0 and document["ended_by"] == "us", (n, document)
            for other, hz in tones.items():
                if other != n:
                    assert_heard(document, hz, 2, f"phone {n}, of phone {other}")
        gateway.wait_idle()

    with lab.case("a phone outside is called, and both are heard"):
        called = ua("100", "answer", "--calls", 1, tone=1000)
        wait_for("the phone to register", lambda: any(p["registered"] for p in gateway.ctl("phone", "list")), 15)
        alice = lab.peer("alice").wait_joined()
        alice.propose()
        gateway.wait_talking("100", timeout=15)
        alice.wait_hears("Phone 100", 1000)
        time.sleep(2)
        alice.hangup()
        code, document = called.result()
        assert code == 0 and document["ended_by"] == "them", document
        assert_heard(document, alice.tone, 1.5, "the phone outside that was called")
        gateway.wait_idle()

    with lab.case("Contact, Via and the description name the public address, and nothing the one inside"):
        capture.stop()
        messages = said_by_us(capture, port)
        assert len(messages) > 8, len(messages)
        found = {"contact": set(), "via": set(), "c": set(), "o": set()}
        for m in messages:
            assert INSIDE not in m, m
            found["contact"] |= set(re.findall(r"^(?:Contact|m):.*@([0-9.]+):", m, re.M))
            found["c"] |= set(re.findall(r"^c=IN IP4 (\S+)", m, re.M))
            found["o"] |= set(re.findall(r"^o=.* IN IP4 (\S+)", m, re.M))
            if not m.startswith("SIP/2.0"):
                found["via"] |= set(re.findall(r"^(?:Via|v):\s*SIP/2.0/\w+ ([0-9.]+)", m, re.M)[:1])
        lab.say(found)
        assert all(PUBLIC in found[k] for k in found), found
        assert found["c"] == {PUBLIC} and found["via"] == {PUBLIC}, found
