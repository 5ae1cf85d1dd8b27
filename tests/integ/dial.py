#!/usr/bin/python3
"""tipringctl call dial: a phone is called and put into a room; and what becomes of it when nobody answers."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import TIPRINGCTL  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone, header  # noqa: E402


def refused(gateway, *command):
    """The line of a command that must fail with exit 1."""
    done = subprocess.run([TIPRINGCTL, "-s", gateway.socket, "call", "dial", *command], capture_output=True, text=True, timeout=15)
    assert done.returncode == 1 and not done.stdout, (done.returncode, done.stdout, done.stderr)
    return done.stderr.strip()


def ended(gateway, call):
    """The record of a call, once it has ended."""
    return wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)


with Lab("dial") as lab:
    gateway = lab.daemon(sip={"ring_limit": 5}, rooms=[{"number": "8000", "room": lab.room, "pin": "4711"}],
                         phones=[{"number": n, "password": "pw-" + n, "name": "Phone " + n, "max_calls": 1, **more} for n, more in
                                 (("100", {"room": "8000"}), ("101", {}), ("102", {}), ("103", {}))])
    registered = lambda n: any(p["number"] == n and p["registered"] for p in gateway.ctl("phone", "list"))  # noqa: E731

    with lab.case("what is not known is said at once, with exit 1"):
        assert "not known here" in refused(gateway, "999", "8000")
        assert "no room 8999" in refused(gateway, "101", "8999")
        assert "no room x@y" in refused(gateway, "101", "x@y")
        assert "not registered" in refused(gateway, "101", "8000")
        assert "not known here" in refused(gateway, "+49301234567", "8000")

    with lab.case("a phone is called, answers, and is in the room's call without a PIN"):
        dave = lab.peer("dave").wait_joined()
        ua = lab.answering("102", calls=2)
        wait_for("phone 102 to be registered", lambda: registered("102"), 10)
        dave.propose()
        call = gateway.ctl("call", "dial", "102", "8000")["id"]
        live = gateway.wait_talking("102", peers=1)
        assert (live["id"], live["direction"], live["number"]) == (call, "out", "8000"), live
        lab.check_hears([dave], "Phone 102", 1400)
        assert "as many calls as it may have" in refused(gateway, "102", lab.room)
        wait_for("a second of sound", lambda: (gateway.call("102")["sip"]["packets_out"] or 0) > 60, 15)
        gateway.ctl("call", "hangup", call)
        gateway.wait_idle()
        wait_for("the phone's result", ua.documents, 10)
        assert_heard(ua.documents()[-1], 550, 0.3)
        record = ended(gateway, call)
        assert (record["direction"], record["cause"]) == ("out", "normal"), record
        assert {"answered", "muc-joined"} <= {h["event"] for h in record["hops"]}, record

    with lab.case("the room's JID does as well; the phone hangs up"):
        call = gateway.ctl("call", "dial", "102", lab.room)["id"]
        dave.wait("proposed", nick="Phone 102")  # the first call was over when the phone had left it
        dave.accept()
        gateway.wait_talking("102", peers=1)
        ua.hang_up()
        assert ended(gateway, call)["cause"] == "normal"
        dave.hangup()

    phone = lab.keep(SipPhone(gateway, "103")).register()
    for manner, status, cause in (("busy", 486, "busy"), ("decline", 603, "rejected"), ("unavailable", 480, "timeout")):
        with lab.case(f"{manner}: the call ends with {status}", go_on=True):
            phone.manner = manner
            record = ended(gateway, gateway.ctl("call", "dial", "103", "8000")["id"])
            assert (record["cause"], record["sip_status"], record["nick"]) == (cause, status, None), record

    with lab.case("nobody answers: it rings for as long as configured, then CANCEL"):
        phone.manner = "ring"
        before = phone.count("CANCEL")
        call = gateway.ctl("call", "dial", "103", "8000")["id"]
        gateway.wait_state("103", "ringing")
        record = ended(gateway, call)
        assert record["cause"] == "timeout", record
        wait_for("CANCEL", lambda: phone.count("CANCEL") > before, 5)
        assert lab.room in header(phone.invite, "From") and "sip:8000@" in header(phone.invite, "From"), phone.invite

    with lab.case("hung up while it rings"):
        before = phone.count("CANCEL")
        call = gateway.ctl("call", "dial", "103", "8000")["id"]
        gateway.wait_state("103", "ringing")
        gateway.ctl("call", "hangup", call)
        assert ended(gateway, call)["cause"] == "normal"
        wait_for("CANCEL", lambda: phone.count("CANCEL") > before, 5)

    with lab.case("a phone that takes all contacts: all ring, the first one to answer has it"):
        again = lab.answering("103", calls=1)
        wait_for("two contacts", lambda: next(len(p["contacts"]) for p in gateway.ctl("phone", "list") if p["number"] == "103") == 2, 10)
        invites, cancels = phone.count("INVITE"), phone.count("CANCEL")
        call = gateway.ctl("call", "dial", "103", "8000")["id"]
        wait_for("the call to be up", lambda: gateway.ctl("call", "show", call)["state"] in ("waiting", "connecting", "talking"), 15)
        wait_for("the other contact to be let go", lambda: phone.count("INVITE") > invites and phone.count("CANCEL") > cancels, 10)
        gateway.ctl("call", "hangup", call)
        ended(gateway, call)

    with lab.case("a refused phone has the reason to show", go_on=True):
        answer = phone.authorized("INVITE", gateway.uri("8999"))
        assert answer.startswith("SIP/2.0 404"), answer
        assert "This number is not known here." in header(answer, "Warning"), answer
        assert "cause=1;" in header(answer, "Reason") and "not known" in header(answer, "Reason"), answer

    with lab.case("a phone's own room, and its limit of calls"):
        one = lab.dial("100", to="")
        wait_for("the question for the PIN", lambda: (gateway.call("100") or {}).get("state") == "menu"
                 or (gateway.call("100") or {}).get("number") == "8000", 10)
        assert gateway.call("100")["number"] == "8000"
        two = lab.dial("100", to="8000")
        code, document = two.result()
        assert document["status"] == 486, document
        one.stop()
        gateway.wait_idle()
