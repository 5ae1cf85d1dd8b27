#!/usr/bin/python3
"""Calls at once, most of them long: held for 60 s; kept by session timers of 90 s, refreshed by the phone and by the gateway;
transferred into another room; taken over by another telephone. Each lives, and none has a gap over 60 ms outside the hold. About 110 s;
run by hand, alone on the machine. Prints the figures."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from relay import Relay  # noqa: E402

LENGTH = float(os.environ.get("TIPRING_FIGURES_S", "104"))

with Lab("dialog_figures") as lab:
    other, quiet = lab.server.make_room("second"), lab.server.make_room("third")
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room}, {"number": "8001", "room": other},
                                {"number": "8002", "room": quiet}],
                         phones=[{"number": n, "password": "pw-" + n, "name": "Phone " + n} for n in ("100", "101", "102", "103", "104", "105")])
    alice, dave = lab.peer("alice"), lab.peer("dave", room=other)
    for p in (alice, dave):
        p.wait_joined()
        p.propose()
    time.sleep(1.6)

    with lab.case("held for 60 s, session timer of 90 s kept by either side, transferred, taken over: no gap outside the hold"):
        relays = {"101": lab.keep(Relay(gateway.port)),
                  "102": lab.keep(Relay(gateway.port, rewrite=(b"Session-Expires: 90\r\n", b"Session-Expires: 90;refresher=uas\r\n")))}
        phones = {
            "hold 60 s": lab.dial("100", hold="8:60"),
            "timer 90 s, the phone refreshes": lab.dial("101", session_timer="90:us", proxy=f"127.0.0.1:{relays['101'].port}"),
            "timer 90 s, the gateway refreshes": lab.dial("102", session_timer="90", proxy=f"127.0.0.1:{relays['102'].port}"),
            "transfer to another room": lab.dial("103", transfer=f"12:sip:8001@127.0.0.1:{gateway.port}"),
        }
        began = time.monotonic()
        for n in ("100", "101", "102", "103"):
            gateway.wait_talking(n, peers=1)
        # in a room where nobody else says anything, so that the ear hears one telephone or the other
        relay = lab.keep(Relay(gateway.port))
        old, ear = lab.dial("104", to="8002", proxy=f"127.0.0.1:{relay.port}", tone=800), lab.dial("105", to="8002", tone=0)
        gateway.wait_talking("105", peers=1)
        time.sleep(4)
        new = lab.dial("104", to="8002", tone=800, replaces=relay.replaces())
        _, was = old.result()
        time.sleep(4)
        (_, now), (_, heard_by_ear) = new.hang_up(), ear.hang_up()
        time.sleep(max(0, LENGTH - (time.monotonic() - began)))
        states = {c["phone"]: (c["state"], c["room"]) for c in gateway.calls()}
        results = {name: ua.hang_up()[1] for name, ua in phones.items()}
        for name, d in results.items():
            heard = {t["hz"]: t["seconds"] for t in d["heard"]}
            lab.say(f"{name}: lived {d['duration_s']} s, ended by {d['ended_by']}, gaps {d['gaps']}, lost {d['lost']}, heard {heard}")
        lab.say(f"taken over: the old one lived {was['duration_s']} s, gaps {was['gaps']}; "
                f"the ear in the room: {heard_by_ear['duration_s']} s, gaps {heard_by_ear['gaps']}")
        for n, r in relays.items():
            lab.say(f"phone {n}: {r.count('in', 'UPDATE')} UPDATE from the phone, {r.count('out', 'UPDATE')} from the gateway, "
                    f"{r.count('in', 'INVITE') + r.count('out', 'INVITE')} INVITE")
        for name, d in results.items():
            assert d["ended_by"] == "us" and d["duration_s"] >= LENGTH - 8, (name, d)
            assert not d["gaps"], (name, d["gaps"])
        assert was["ended_by"] == "them" and now["status"] == 200 and not heard_by_ear["gaps"] and not was["gaps"]
        assert relays["101"].count("in", "UPDATE") >= 2 and relays["102"].count("out", "UPDATE") >= 2
        assert results["transfer to another room"]["transfer"] == 200
        assert states["103"] == ("talking", other) and states["100"] == ("talking", lab.room), states
        assert_heard(results["hold 60 s"], 440, LENGTH - 60 - 15)
        assert_heard(results["transfer to another room"], 550, LENGTH - 30)
