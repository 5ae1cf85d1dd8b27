#!/usr/bin/python3
"""Transfers into a room with a PIN: the caller is asked where he is, and is in the other room, or seen there, only with the right
PIN. A call taken over by a telephone that makes no offer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from relay import Relay  # noqa: E402
from scenario import Scenario, errors, pause, recv, sdp  # noqa: E402
from sound import loudest  # noqa: E402

PIN, WRONG = "471147", "885522"
MARK = "asked for the PIN of 8002"

with Lab("transfer") as lab:
    other = lab.server.make_room("second")
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "idle": "wait"}, {"number": "8001", "room": other, "idle": "wait"},
                                {"number": "8002", "room": other, "idle": "wait", "pin": PIN}],
                         media={"prompts": lab.prompts()})
    there = lab.peer("bob", room=other).wait_joined()

    def moved(*steps):
        """A phone in the first room that is sent to the second, and what it says and hears from then on."""
        s = Scenario(lab, "103", "8000").call()
        s.request("REFER", "Refer-To: <sip:8002@[remote_ip]:[remote_port]>").add(recv(202))
        s.add(recv("NOTIFY", check="SIP/2.0 100")).answer("200 OK")
        for step in steps:
            step(s)
        return s

    def press(digits):
        def step(s):
            for d in digits:
                s.request("INFO", body=f"Signal={d}\nDuration=100\n", kind="application/dtmf-relay").add(recv(200))
        return step

    def told(status):
        return lambda s: s.add(recv("NOTIFY", check=f"SIP/2.0 {status}")).answer("200 OK")

    def trace(call):
        return [e["text"] for e in gateway.ctl("call", "trace", call["id"])["events"]]

    def last(phone):
        return next(c for c in gateway.ctl("history") if c["phone"] == phone)

    with lab.case("the question is heard, and nobody there sees the caller before the PIN is right"):
        silent = lab.dial("102", tone=0)  # so that nobody is told that he is alone
        gateway.wait_state("102", "waiting")
        wav = lab.file("asked.wav")
        ua = lab.dial("100", tone=0, record=wav, transfer=f"0.5:sip:8002@127.0.0.1:{gateway.port}")  # it holds the call first
        call = gateway.wait_state("100", "talking")
        wait_for("the question", lambda: MARK in trace(call), 10)
        said = trace(call)
        assert said.index("on hold") < said.index("transfer: 401") < said.index("off hold") < said.index(MARK), said
        gateway.let_listen("100", 3)
        now = gateway.call("100")
        assert now["room"] == lab.room and not now["muted"], now
        code, document = ua.hang_up()
        assert document["transfer"] == 401, document
        assert loudest(wav, 0, 10) > -40, "the question for the PIN is not audible"
        silent.hang_up()
        gateway.wait_idle()
        assert not there.seen("occupant", nick="Phone 100"), "seen in the other room"

    with lab.case("the right PIN: in the other room, heard there, and told so"):
        ear = lab.dial("101", to="8001")
        gateway.wait_state("101", "waiting")
        s = moved(lambda s: s.add(pause(1500)), press(PIN + "#"), told(200)).add(recv("BYE")).answer("200 OK")
        p = s.run("right")
        gateway.wait_talking("103", peers=1, timeout=25)
        call = wait_for("the call in the other room", lambda: (gateway.call("103") or {}).get("room") == other and gateway.call("103"), 15)
        there.wait("occupant", nick="Phone 103", present=True)
        gateway.let_listen("101", 3)  # sipp gives back what it hears: the other phone's own tone
        gateway.ctl("call", "hangup", call["id"])
        assert p.wait(70) == 0, errors(lab.folder, "right", p.pid)
        code, document = ear.hang_up()
        assert_heard(document, 1200, 1)
        said = trace(last("103"))
        joins = [i for i, t in enumerate(said) if t.startswith("joined as")]
        assert len(joins) == 2 and joins[0] < said.index(MARK) < joins[1], said
        gateway.wait_idle()

    with lab.case("three wrong PINs: told so, and the call goes on where it was"):
        since = len(there.events)
        again = lambda s: (press(WRONG + "#")(s), s.add(pause(1500)))  # noqa: E731
        before = last("103")["id"]
        s = moved(again, again, press(WRONG + "#"), told(403)).add(pause(300)).bye()
        s.check("wrong")
        wait_for("the record", lambda: last("103")["id"] != before, 10)
        record = last("103")
        assert record["room"] == lab.room and not [e for e in there.events[since:] if e.get("nick") == "Phone 103"], record
        assert "transfer: 403" in trace(record), trace(record)
        slowed = gateway.ctl("status")["guard"]["pins_slowed"]
        assert any(x.get("source") == "103" and x["tries"] == 3 for x in slowed), slowed
        gateway.wait_idle()

    with lab.case("taken over by a telephone that makes no offer: ours is answered in its ACK, and the call goes on"):
        relay = lab.keep(Relay(gateway.port))
        old = lab.dial("100", proxy=f"127.0.0.1:{relay.port}")
        call = gateway.wait_state("100", "waiting")
        ear = lab.dial("101")
        gateway.wait_state("101", "talking")
        s = Scenario(lab, "100", "8000").invite("Replaces: " + relay.replaces()).add(recv(180, True), recv(200, check="m=audio"))
        s.request("ACK", cseq=s.cseq, body=sdp()).add(recv("BYE")).answer("200 OK")
        p = s.run("late")
        code, document = old.result()
        assert document["ended_by"] == "them", document
        now = wait_for("the taken-over call", lambda: gateway.call("100"), 5)
        assert now["id"] == call["id"] and now["state"] == "talking", now
        gateway.let_listen("101", 3)
        gateway.ctl("call", "hangup", call["id"])
        assert p.wait(70) == 0, errors(lab.folder, "late", p.pid)
        code, document = ear.hang_up()
        assert_heard(document, 1200, 1)  # what the new one gives back
        assert "another dialog took over" in trace(last("100"))
        gateway.wait_idle()

    with lab.case("PINs are in no log, record or answer"):
        written = gateway.process.log() + str(gateway.ctl("history")) + str(trace(last("103")))
        for digits in (PIN, WRONG):
            assert digits not in written, f"{digits} was written down"
