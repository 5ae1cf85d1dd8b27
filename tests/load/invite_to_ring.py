#!/usr/bin/python3
"""From the invitation of a phone in a room to the INVITE at the phone: milliseconds by hop, median and range of 20."""
import datetime
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

TRIES = 20  # as many as one inviter has at once
HOPS = ("client, server, gateway", "policy and media address", "SIP, to the phone", "in all")

with Lab("invite_to_ring") as lab:
    gateway = lab.daemon()
    alice = lab.keep(Contact(lab.server, "alice")).enter(lab.room, "Alice")
    phone = lab.keep(SipPhone(gateway, "103", manner="busy")).register()
    wait_for("the watcher", lambda: gateway.ctl("room", "list")[0]["watching"], 60)
    hops = {name: [] for name in HOPS}

    def once(number):
        rung, sent = phone.count("INVITE"), time.time()
        alice.invite(lab.room, f"103@{lab.server.phones}")
        wait_for("the phone to ring", lambda: phone.count("INVITE") > rung, 10)
        record = wait_for("the record", lambda: gateway.ctl("history")[:1] if len(gateway.ctl("history")) > number else None, 10)[0]
        began = datetime.datetime.fromisoformat(record["since"].replace("Z", "+00:00")).timestamp()
        asked = next(e["ms"] for e in gateway.ctl("call", "trace", record["id"])["events"] if e["text"].startswith("INVITE"))
        parts = (began - sent, asked / 1000, phone.invited_at - began - asked / 1000, phone.invited_at - sent)
        for name, seconds in zip(HOPS, parts):
            hops[name].append(1000 * seconds)

    with lab.case(f"{TRIES} invitations, each rings the phone"):
        for number in range(TRIES):
            once(number)
    for name, values in hops.items():
        lab.say(f"{name:26s} median {statistics.median(values):6.1f} ms   {min(values):6.1f} to {max(values):6.1f}")
