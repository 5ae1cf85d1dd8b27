#!/usr/bin/python3
"""Phones that do not simply sit beside the gateway: one behind a NAT that picks a new port for every destination and forgets
after 30 s, one with IPv6 only, and a way that loses packets. All call, are called and are heard in both directions."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from daemon import Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

GATEWAY, OUTSIDE, HOME, PHONE = "203.0.113.1", "203.0.113.2", "192.168.7.1", "192.168.7.2"
GATEWAY6, PHONE6 = "2001:db8:1::1", "2001:db8:1::2"
LIFE = 30  # s that the NAT remembers

router, home, six = (netns.Machine(n) for n in ("router", "home", "six"))
netns.link(None, "g0", GATEWAY + "/24", router, "r0", OUTSIDE + "/24")
netns.link(router, "r1", HOME + "/24", home, "h0", PHONE + "/24")
netns.link(None, "g6", GATEWAY6 + "/64", six, "s0", PHONE6 + "/64")
home.route(HOME)
PHONES = {"101": (home, GATEWAY, 700), "102": (home, GATEWAY, 900, "tcp"), "103": (None, "127.0.0.1", 1200),
          "104": (six, f"[{GATEWAY6}]", 1500), "105": (six, f"[{GATEWAY6}]", 1900, "tcp")}
netns.masquerade(router, "r1", "r0", LIFE)


def sources(log, number):
    """Where the gateway has seen this phone's REGISTERs come from."""
    return re.findall(rf"sip-registered number={number} .* source=(\S+)", log)


with Lab("nat") as lab:
    gateway = lab.daemon([{"number": "8000", "room": lab.room, "ring": ["100"]}, {"number": "8001", "room": lab.server.make_room("other")}],
                         start=False, phones=("100", *PHONES))
    port = gateway.port
    gateway.conf["sip"]["listen"] = [f"{t}:{host}:{port}" for t in ("udp", "tcp") for host in ("127.0.0.1", GATEWAY, f"[{GATEWAY6}]")]
    gateway.write()
    gateway.start()

    def ua(command, number, machine, host, tone, transport="udp"):
        target = [f"sip:8001@{host}:{port}"] if command == "call" else ["--register", "--proxy", f"{host}:{port}", "--calls", 1]
        u = lab.keep(Ua(lab.folder, number, command, *target, "--user", number, "--password", "pw-" + number, "--tone", tone,
                        "--transport", transport, run=machine.inside if machine else list))
        lab.phones.append(u)
        return u

    def meet(numbers, seconds):
        """These phones together in one room; what each heard."""
        made = {n: ua("call", n, *PHONES[n]) for n in numbers}
        for n in numbers:
            gateway.wait_talking(n, peers=len(numbers) - 1)
        time.sleep(seconds)
        told = {n: gateway.call(n)["sip"] for n in numbers}
        said = {n: u.hang_up() for n, u in made.items()}
        gateway.wait_idle()
        for n, (_, document) in said.items():
            assert document["status"] == 200, (n, document)
            for other in numbers:
                if other != n:
                    assert_heard(document, PHONES[other][2], seconds / 3, f"phone {n}, of phone {other}")
        return said, told

    alice = lab.peer("alice").wait_joined()
    with lab.case("behind NAT: the phone registers, and is known by where its packets come from"):
        called = ua("answer", "100", home, GATEWAY, 1000)
        wait_for("the phone to register", lambda: sources(gateway.process.log(), "100"), 15)
        begun = time.monotonic()
        source = sources(gateway.process.log(), "100")[0]
        own = re.search(rf"listening on udp:{PHONE}:(\d+)", called.process.log()).group(1)
        assert source.startswith(f"udp:{OUTSIDE}:") and not source.endswith(":" + own), (source, own)

    with lab.case("from behind NAT, with IPv6 only, by UDP and by TCP: all are heard by all", go_on=True):
        for numbers in (["101", "103", "104"], ["102", "103", "105"]):
            said, _ = meet(numbers, 5)
            for n, (code, document) in said.items():
                assert code == 0 and document["lost"] == 0, (n, document)

    with lab.case("one packet of twenty lost each way: the call lives, both are heard, and the loss is told", go_on=True):
        netns.lose(router, 5)
        said, told = meet(["101", "103"], 6)
        router.run("nft", "delete", "table", "inet", "loss")
        lost, got = told["101"]["lost"], told["101"]["packets_in"]
        lab.say(f"the gateway lost {lost} of {got}, the phone {said['101'][1]['lost']} of {said['101'][1]['packets_received']}")
        assert lost and said["101"][1]["lost"], (told, said)

    with lab.case(f"behind NAT: called when the NAT would have forgotten the phone for long (after {LIFE} s)"):
        time.sleep(max(0, begun + LIFE + 10 - time.monotonic()))
        assert len(sources(gateway.process.log(), "100")) == 1, "it has registered again by itself, which proves nothing"
        alice.propose()
        gateway.wait_talking("100", timeout=15)
        alice.wait_hears("Phone 100", 1000)
        time.sleep(2)
        code, document = called.hang_up()
        assert code == 0, document
        assert_heard(document, alice.tone, 1.5, "the phone behind NAT that was called")
        gateway.wait_idle()
