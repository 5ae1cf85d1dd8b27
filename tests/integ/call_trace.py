#!/usr/bin/python3
"""call trace: live, lately ended, and from the store after a restart; the ladder and its JSON agree."""
import os
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon as daemons  # noqa: E402
from lab import Lab  # noqa: E402

ROOM_SIDE = [("jmuci", "gateway", "room", "accept"), ("jingle", "alice", "gateway", "session-initiate"),
             ("jingle", "gateway", "alice", "session-accept"), ("ice", "alice", "alice", "a pair works"),
             ("dtls", "alice", "alice", "keys agreed"), ("media", "alice", "gateway", "first RTP")]
PHONE_SIDE = [("sip", "gateway", "phone", "180 Ringing"), ("muc", "gateway", "room", "join as Phone 100"),
              ("muc", "room", "gateway", "joined as Phone 100"), ("media", "phone", "gateway", "first RTP")]


def rows(trace):
    return [(e["lane"], e["from"], e["to"], e["text"]) for e in trace["events"]]


def in_order(all_rows, wanted):
    places = [all_rows.index(w) for w in wanted]
    assert places == sorted(places), (wanted, all_rows)


with Lab("call_trace") as lab:
    gateway = lab.daemon()
    alice, dave = lab.peer("alice"), lab.peer("dave")
    for p in (alice, dave):
        p.wait_joined()
    alice.propose()
    dave.wait("proposed", nick="alice")
    dave.accept()
    lab.check_mesh([alice, dave])
    time.sleep(1.6)

    with lab.case("a live call: each lane, in order, with growing times"):
        ua = lab.dial("100", dtmf="4711")
        call = gateway.wait_talking("100", peers=2)
        lab.check_hears([alice, dave], "Phone 100", 1000)
        time.sleep(2)  # the digits are pressed
        trace = gateway.ctl("call", "trace", call["id"])
        assert trace["id"] == call["id"] and trace["dropped"] == 0, trace
        seen, times = rows(trace), [e["ms"] for e in trace["events"]]
        in_order(seen, PHONE_SIDE)
        in_order(seen, ROOM_SIDE)
        assert seen[0][:3] == ("sip", "phone", "gateway") and seen[0][3].startswith("INVITE 8000: "), seen
        assert times[0] == 0 and times == sorted(times) and times[-1] < 60000, times
        assert "4711" not in str(trace) and "pw-100" not in str(trace)

    with lab.case("the ladder for people"):
        done = subprocess.run([daemons.TIPRINGCTL, "-s", gateway.socket, "call", "trace", call["id"]], capture_output=True, text=True)
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and lines[0].split()[:5] == ["ms", "lane", "phone", "gateway", "room"], done
        assert set(lines[0].split()[5:]) == {"alice", "dave"}, lines[0]
        assert len(lines) == 1 + len(trace["events"]) and "|------------>|" in lines[1], done.stdout

    with lab.case("an ended call: how it ended is there, and who ended it"):
        ua.hang_up()
        gateway.wait_idle()
        ended = rows(gateway.ctl("call", "trace", call["id"]))
        assert ended[:len(seen)] == seen, ended
        in_order(ended, [("sip", "phone", "gateway", "ended: normal"), ("jingle", "gateway", "alice", "session-terminate: success"),
                         ("muc", "gateway", "room", "leave")])

    with lab.case("the record: everybody who was there, codecs, quality, causes"):
        record = gateway.ctl("history")[0]
        assert {p["nick"]: p["codec"] for p in record["peers"]} == {"alice": "opus", "dave": "opus"}, record["peers"]
        assert record["sip"]["mos"] > 4 and all(p["mos"] > 3.5 for p in record["peers"]), record
        assert record["sip"]["codec"] and record["sip"]["packets_in"] > 40 and record["sip"]["lost"] == 0, record["sip"]
        assert record["cause"] == "normal" and record["jingle_reason"] == "success" and record["sip_status"] is None, record
        page = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics", timeout=5).read().decode()
        assert '\ntipring_calls_ended_total{cause="normal"} 1\n' in page and "\ntipring_call_mos_count 1\n" in page, page

    with lab.case("from the store, after a restart; lists stay short"):
        gateway.stop()
        gateway.start()
        assert rows(gateway.ctl("call", "trace", call["id"])) == ended
        assert "trace" not in gateway.ctl("history")[0] and "trace" not in gateway.ctl("call", "show", call["id"])

    with lab.case("a call that is refused by the room says why"):
        lab.server.make_room("closed", members_only=True)
        gateway.ctl("room", "add", "8001", lab.server.room("closed"), "watch=false")
        ua = lab.dial("101", "8001", duration=3)
        assert ua.result()[1]["status"] == 403
        last = gateway.ctl("history")[0]
        assert last["sip_status"] == 403 and last["cause"] == "forbidden", last
        refused = rows(gateway.ctl("call", "trace", last["id"]))
        assert any(r[0] == "muc" and "registration-required" in r[3] for r in refused), refused
        assert ("sip", "gateway", "phone", "hang-up: forbidden (403 before an answer)") in refused, refused
