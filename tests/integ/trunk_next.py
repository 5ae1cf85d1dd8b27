#!/usr/bin/python3
"""Several trunks may carry a number: when the first one fails after it was dialled, the next one is, each as often as its own rules
let it; what the callee says is final. Each try is in the call's ladder and in the log."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

NUMBER, TONE = "+49301234567", 1000

with Lab("trunk_next") as lab:
    def trunk(name, port, *patterns, **more):
        return {"name": name, "proxy": f"127.0.0.1:{port}", "transport": "udp", "keepalive": 0, "country": "49",
                "dial_out": list(patterns), **more}

    ports = [free_port() for _ in range(3)]
    gateway = lab.daemon(sip={"ring_limit": 30}, trunks=[
        trunk("first", ports[0], "+4930*"), trunk("abroad", ports[1], "!+49*", "+*"), trunk("second", ports[2], "+4930*", format="national")])
    first, abroad, second = (SipPhone(gateway, n, port=p) for n, p in zip(("first", "abroad", "second"), ports))
    wait_for("the trunks to count as up", lambda: all(t["state"] == "up" for t in gateway.ctl("trunk", "list")), 10)
    dave = lab.peer("dave").wait_joined()

    def dial():
        for t in (first, abroad, second):
            t.asked.clear()
        return gateway.ctl("call", "dial", NUMBER, "8000")["id"]

    def record(call):
        return wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 40)

    def ladder(call):
        return [e["text"] for e in gateway.ctl("call", "trace", call)["events"]]

    def invites():
        return [len({a.split("branch=")[1].split(";")[0].split("\r")[0] for a in t.asked if a.startswith("INVITE")})
                for t in (first, abroad, second)]

    def log_of(call, event):
        return [line for line in gateway.process.log().splitlines() if event in line and call in line]

    with lab.case("what the callee says is final: busy and declined go to nobody else", go_on=True):
        for manner, cause in (("busy", "busy"), ("decline", "rejected")):
            first.manner = manner
            call = dial()
            assert record(call)["cause"] == cause
            assert invites() == [1, 0, 0], invites()
            assert not log_of(call, "trunk-failed")

    with lab.case("503: the next one rings, by its own way of writing numbers; who may not carry it is not asked"):
        first.manner, second.manner = "overload", "busy"
        call = dial()
        ended = record(call)
        assert (ended["trunk"], ended["cause"], ended["caller"], ended["sip_status"]) == ("second", "busy", NUMBER, 486), ended
        assert invites() == [1, 0, 1], invites()
        assert first.invite.startswith(f"INVITE sip:{NUMBER}@") and second.invite.startswith("INVITE sip:0301234567@"), second.invite
        steps = ladder(call)
        tries = [s for s in steps if s.startswith("INVITE by trunk ")]
        assert [s.split()[3].rstrip(":") for s in tries] == ["first", "second"], steps
        assert "trunk first failed (overload): next is second" in steps, steps
        failed = log_of(call, "trunk-failed")
        assert len(failed) == 1 and "trunk=first" in failed[0] and "status=503" in failed[0] and "next=second" in failed[0], failed

    with lab.case("all of them fail: each is asked once, then it is over", go_on=True):
        second.manner = "overload"
        call = dial()
        ended = record(call)
        assert (ended["trunk"], ended["cause"], ended["sip_status"]) == ("second", "overload", 503), ended
        assert invites() == [1, 0, 1], invites()
        assert "trunk second failed (overload): no other may take it now" in ladder(call)

    with lab.case("nothing at all is said: the next one after 4 s", go_on=True):
        first.manner, second.manner = "silent", "busy"
        call = dial()
        assert record(call)["trunk"] == "second"
        assert invites() == [1, 0, 1], invites()
        assert "trunk first failed (timeout): next is second" in ladder(call), ladder(call)

    with lab.case("nobody is there: the next one, and both hear each other"):
        first.stop()
        second.stop()
        far = lab.keep(Ua(lab.folder, "far", "answer", "--listen", f"127.0.0.1:{ports[2]}", "--tone", TONE, "--transport", "udp"))
        lab.phones.append(far)
        wait_for("the far end to listen", lambda: "listening" in far.process.log(5), 10)
        at = time.monotonic()
        call = dial()
        dave.wait("proposed", since=at)
        dave.accept()
        wait_for("the call to talk", lambda: gateway.ctl("call", "show", call)["state"] == "talking", 20)
        dave.wait_hears("+49 30 ••• 67", TONE, 15)
        shown = gateway.ctl("call", "show", call)
        assert shown["trunk"] == "second", shown
        assert any(s.startswith("trunk first failed (peer-gone): next is second") for s in ladder(call)), ladder(call)
        wait_for("two seconds of sound", lambda: (gateway.ctl("call", "show", call)["sip"]["packets_out"] or 0) > 100, 15)
        gateway.ctl("call", "hangup", call)
        gateway.wait_idle()
        wait_for("the far end's result", far.documents, 10)
        assert_heard(far.documents()[-1], dave.tone, 0.3)
    abroad.stop()
