#!/usr/bin/python3
"""The keys in a room, behind a PIN: mute that the others hear, raised hand, leaving."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sound import loudest  # noqa: E402

PIN = "471147"

with Lab("keys") as lab:
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "pin": PIN}], media={"prompts": lab.prompts()})
    people = alice, bob = lab.peer("alice").wait_joined(), lab.peer("bob").wait_joined()
    alice.propose()
    bob.wait("proposed", nick="alice")
    bob.accept()
    lab.check_mesh(people)
    time.sleep(1.6)

    with lab.case("the right PIN: into the room, which is heard"):
        wav = lab.file("inside.wav")
        ua = lab.dial("100", dtmf=f"{PIN}#,,,,,,,,*6,,,,,,*6,,,,,*5,,,*9,,*0", record=wav)
        assert gateway.wait_state("100", "menu")["peers"] == []
        gateway.wait_talking("100", peers=2)
        lab.check_hears(people, "Phone 100", 1000)

    with lab.case("*6: nobody hears the phone, and call list says so; again *6: it is heard again"):
        wait_for("the phone to be muted", lambda: gateway.call("100")["muted"], 12)
        for p in people:
            p.wait_silence("Phone 100", 1000, timeout=5)
        wait_for("the phone to be unmuted", lambda: not gateway.call("100")["muted"], 12)
        lab.check_hears(people, "Phone 100", 1000)

    with lab.case("*5 and *9: the hand"):
        wait_for("the hand to be raised", lambda: gateway.call("100")["hand"], 12)
        wait_for("the hand to be lowered", lambda: not gateway.call("100")["hand"], 12)

    with lab.case("*0 leaves; the caller has heard the question, then everybody"):
        code, heard = ua.result()
        assert code == 0 and heard["ended_by"] == "them", heard
        assert loudest(wav, 0, 1.5) > -40, "the question for the PIN is not audible"
        for p in people:
            assert_heard(heard, p.tone, 8)
            p.wait("occupant", nick="Phone 100", present=False)
        gateway.wait_idle()
