#!/usr/bin/python3
"""Rooms with a PIN, menus, and what callers are told. The PIN is nowhere to be read afterwards."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
from lab import Lab  # noqa: E402
from sound import loudest  # noqa: E402

PIN, WRONG = "471147", "885522"

with Lab("ivr") as lab:
    other = lab.server.make_room("waiting")
    gateway = lab.daemon(
        rooms=[{"number": "8000", "room": lab.room, "pin": PIN, "idle": "wait"}, {"number": "8001", "room": lab.room, "idle": "wait"},
               {"number": "8002", "room": other, "alone": "music", "idle": "wait"}],
        menus=[{"number": "8999", "language": "de"}], media={"prompts": lab.prompts()})

    with lab.case("who has not said the PIN neither hears the room nor is heard in it, and is not seen there"):
        inside = lab.dial("103", to="8001", duration=8)
        gateway.wait_state("103", "waiting")
        wav = lab.file("outside.wav")
        outside = lab.dial("100", duration=6, record=wav)
        lonely_wav = lab.file("lonely.wav")
        lonely = lab.dial("102", to="8002", tone=0, duration=11, record=lonely_wav)
        call = gateway.wait_state("100", "menu")
        assert call["nick"] is None and not call["peers"], call
        assert gateway.ctl("room", "list")[0]["participants"] == 1
        (_, heard_in), (_, heard_out) = inside.result(), outside.result()
        assert heard_out["status"] == 200, heard_out
        assert daemons.heard(heard_in, 1000)[0] == 0, heard_in
        assert daemons.heard(heard_out, 1700)[0] == 0, heard_out
        assert loudest(wav, 0, 4) > -40, "the question for the PIN is not audible"

    with lab.case("alone: told so, then music"):
        lonely.result()
        assert loudest(lonely_wav, 4, 6.5) > -40, "nobody said that the caller is alone"
        assert loudest(lonely_wav, 8, 10.5) > -50, "no music"
        gateway.wait_idle()

    with lab.case("three wrong PINs end the call; meanwhile a menu asks another caller for room and PIN"):
        watcher = lab.peer("alice").wait_joined()
        at = time.monotonic()
        ua = lab.dial("101", dtmf=f"{WRONG}#,,,{WRONG}#,,,{WRONG}#")
        menu = lab.dial("102", to="8999", dtmf=f"77#,,,8000#,,{PIN}#,,,,*3,,,,,*0")
        call = gateway.wait_state("102", "menu")
        assert call["room"] is None, call
        call = gateway.wait_state("102", "waiting", timeout=20)
        assert call["number"] == "8999" and call["room"] == lab.room, call
        watcher.wait("occupant", nick="Phone 102", present=True)
        code, heard = ua.result(40)
        assert heard["status"] == 200 and heard["ended_by"] == "them", heard
        assert not watcher.seen("occupant", since=at, nick="Phone 101"), "seen in the room"
        ended = next(c for c in gateway.ctl("history") if c["phone"] == "101")
        assert ended["cause"] == "auth", ended
        slowed = gateway.ctl("status")["guard"]["pins_slowed"]
        assert {"room": lab.room} in [{k: x[k] for k in x if k == "room"} for x in slowed], slowed
        assert any(x.get("source") and x["tries"] == 3 for x in slowed), slowed

    with lab.case("the caller of the menu got into the room and left it by *0"):
        code, heard = menu.result()
        assert heard["status"] == 200 and heard["ended_by"] == "them", heard
        watcher.wait("occupant", nick="Phone 102", present=False)
        gateway.wait_idle()

    with lab.case("route explain knows the menu"):
        route = gateway.ctl("route", "explain", "100", "8999")
        assert route["allowed"] and route["room"] is None and route["tried"][-1]["rule"] == "menu", route

    with lab.case("PINs are in no log, record or answer"):
        said = gateway.process.log() + str(gateway.ctl("history")) + str(gateway.ctl("config"))
        assert gateway.stop() == 0
        with open(os.path.join(gateway.folder, "tipring.db"), "rb") as f:
            said += f.read().decode("latin-1")
        for digits in (PIN, WRONG):
            assert digits not in said, f"{digits} was written down"
        assert said.count("pin-wrong") == 3
