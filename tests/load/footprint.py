#!/usr/bin/python3
"""Memory of a phone leg with three remote participants: what each more costs from 20 to 100, each phone in a call of its own, and how much
of that is above three bare sessions of ICE and DTLS. footprint.py LOAD BARE (the two programs)"""
import re
import subprocess
import sys

FEW, MANY, PEERS, MOST, MOST_OWN = 20, 100, 3, 700, 300


def figure(unit, *command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    found = re.search(rf"([\d.]+) {unit}", done.stdout)
    assert found, (command, done.stderr[-500:])
    return float(found.group(1))


load, bare = sys.argv[1:3]
resident = {m: figure("KiB", load, "-n", str(PEERS), "-m", str(m), "-u", "-s", "2") for m in (FEW, MANY)}
leg, session = (resident[MANY] - resident[FEW]) / (MANY - FEW), figure("KiB/session", bare)
print(f"# resident with {FEW} and {MANY} legs: {resident[FEW]:.0f} and {resident[MANY]:.0f} KiB; a bare session {session:.1f} KiB")
print(f"# one leg with {PEERS} peers: {leg:.0f} KiB, of which above bare sessions: {leg - PEERS * session:.0f} KiB")
for number, (what, value, most) in enumerate((("a leg", leg, MOST), ("above its bare sessions", leg - PEERS * session, MOST_OWN)), 1):
    print(f"{'ok' if value <= most else 'not ok'} {number} - {what}: at most {most} KiB")
print("1..2")
