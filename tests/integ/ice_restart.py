#!/usr/bin/python3
"""A browser begins ICE anew in a running call, as it does when its network changes: by transport-info, by transport-replace, in
sessions that either side began, and after everything between it and the gateway was cut until consent was lost."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

GATEWAY = "127.0.0.2"  # of its media towards the room: the phones are elsewhere


def cut(on):
    netns.run("nft", "flush ruleset;" + (
        f"add table inet wall; add chain inet wall out {{ type filter hook output priority 0; }};"
        f"add rule inet wall out ip saddr {GATEWAY} meta l4proto udp drop; add rule inet wall out ip daddr {GATEWAY} meta l4proto udp drop"
        if on else ""))


with Lab("ice_restart") as lab:
    gateway = lab.daemon(media={"addresses": [GATEWAY]})
    alice = lab.browser("alice", strict=False).wait_joined()

    def log(event):
        return re.findall(rf"^info {event} (.*)$", gateway.process.log(100000), re.M)

    def propose():
        since = time.monotonic()
        alice.propose()
        alice.wait("word", action="propose", nick="alice", since=since)

    def restart(ua, call, action, answered, before=lambda: None):
        """The browser begins anew; what the phone missed."""
        settled, since = len(log("ice-settled")), time.monotonic()
        alice.wait_hears(call["nick"], ua.tone)
        before()
        alice.command("restart", call["nick"], action)
        assert alice.wait("restarted", since=since, nick=call["nick"])["action"] == answered
        took = wait_for("a new pair", lambda: log("ice-settled")[settled:], 15)[-1]
        gateway.let_listen(call["phone"], 2)
        alice.wait_hears(call["nick"], ua.tone)
        return took

    def finish(ua, longest):
        code, heard = ua.hang_up()
        gateway.wait_idle()
        assert code == 0 and heard["status"] == 200, heard
        assert_heard(heard, alice.tone, 1.5, "the phone")
        gaps = [g["ms"] for g in heard["gaps"]]
        assert max(gaps, default=0) <= longest, heard
        return f"gaps at the phone {gaps} ms, lost {heard['lost']} of {heard['packets_received']}"

    with lab.case("in a session that the browser began: by transport-info, then by transport-replace: the sound goes on"):
        propose()
        ua = lab.dial("100")
        call = gateway.wait_talking("100")
        took = [restart(ua, call, "transport-info", "transport-info"), restart(ua, call, "transport-replace", "transport-accept")]
        lab.say(f"{took}; {finish(ua, 1000)}")

    with lab.case("in a session that the gateway began"):
        alice.hangup()
        ua = lab.dial("101")
        gateway.wait_state("101", "waiting")
        alice.wait("proposed", nick="Phone 101")
        alice.accept()
        call = gateway.wait_talking("101")
        took = restart(ua, call, "transport-info", "transport-info")
        lab.say(f"{took}; {finish(ua, 1000)}")

    with lab.case("everything cut until consent is lost: the session waits, and goes on when the browser begins anew"):
        alice.hangup()
        propose()
        ua = lab.dial("102")
        call = gateway.wait_talking("102")

        def outage():
            cut(True)
            wait_for("the loss to be seen", lambda: log("ice-lost"), 15)
            assert gateway.call("102")["peers"], "the session was given up at once"
            cut(False)
        took = restart(ua, call, "transport-info", "transport-info", outage)
        lab.say(f"{took}; {finish(ua, 20000)}")
