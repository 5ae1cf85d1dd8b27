#!/usr/bin/python3
"""A hundred calls in a row into a running call of two scripted peers; how long each step takes."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab  # noqa: E402

CALLS = 100

with Lab("calls_100") as lab:
    gateway = lab.daemon()
    people = [lab.peer("alice"), lab.peer("bob")]
    for p in people:
        p.wait_joined()
    people[0].propose()
    people[1].wait("proposed", nick="alice")
    people[1].accept()
    lab.check_mesh(people)
    time.sleep(1.6)

    with lab.case(f"{CALLS} calls in a row, all answered, audio in all"):
        load = lab.load("100", calls=CALLS, concurrency=1, rate=100, duration=1)
        code, document = load.result(CALLS * 4)
        lab.say(f"{document}")
        assert code == 0 and document["answered"] == CALLS == document["audio"], document

    with lab.case("time of each step"):
        gateway.wait_idle()
        steps = {}
        for record in gateway.ctl("history")[:CALLS]:
            seen = set()
            for hop in gateway.ctl("call", "show", record["id"])["hops"]:
                if hop["event"] not in seen:  # the first of each kind
                    seen.add(hop["event"])
                    steps.setdefault(hop["event"], []).append(hop["ms"])
        lab.say(f"{'step (ms since the INVITE)':34s}{'calls':>6s}{'p50':>8s}{'p95':>8s}{'max':>8s}")
        for event, ms in sorted(steps.items(), key=lambda e: statistics.median(e[1])):
            ms.sort()
            lab.say(f"{event:34s}{len(ms):6d}{statistics.median(ms):8.0f}{ms[int(len(ms) * 0.95)]:8.0f}{ms[-1]:8.0f}")
        assert steps, "no call has hops"
        lab.say(f"first sound at the phone: {document['first_audio_ms']}")
