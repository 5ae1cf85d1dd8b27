#!/usr/bin/python3
"""What a telephone's dialog does besides beginning and ending, with sipp: reliable provisional responses, the reason before a
refusal, hold by every form, transfers, call forwards, packets that get lost."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402
from relay import Relay  # noqa: E402
from scenario import Scenario, errors, pause, recv, sdp  # noqa: E402

RSEQ = ('<recv response="{0}"><action><ereg regexp="RSeq: *([0-9]+)" search_in="msg" check_it="true" assign_to="seen,rseq"/>'
        '</action></recv>')

with Lab("dialogs") as lab:
    other = lab.server.make_room("second")
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room}, {"number": "8001", "room": other}],
                         phones=[{"number": n, "password": "pw-" + n, "name": "Phone " + n, "max_calls": 20} for n in ("100", "101", "102", "103")],
                         media={"prompts": lab.prompts()})

    def phone(to="8000", number="103"):
        return Scenario(lab, number, to)

    def last_record(number):
        return next(c for c in gateway.ctl("history") if c["phone"] == number)

    with lab.case("100rel required: 180 is acknowledged by PRACK, then the call comes up", go_on=True):
        s = phone().invite("Require: 100rel", sdp()).add(RSEQ.format(180))
        s.request("PRACK", "RAck: [$rseq] 2 INVITE").add(recv(200), recv(200))
        s.request("ACK", cseq=2).bye().check("required")

    with lab.case("an unknown number: 183 with the reason in words, PRACK, then 404", go_on=True):
        s = phone("9999").invite("Supported: 100rel", sdp())
        s.add('<recv response="183"><action><ereg regexp="m=audio" search_in="msg" check_it="true" assign_to="seen"/>'
              '<ereg regexp="RSeq: *([0-9]+)" search_in="msg" check_it="true" assign_to="seen,rseq"/></action></recv>')
        s.request("PRACK", "RAck: [$rseq] 2 INVITE").add(recv(200)).request("UPDATE").add(recv(200))
        s.request("UPDATE", body=sdp(version=2)).add(recv(500))
        s.add(recv(404, check="cause=1;")).request("ACK", cseq=2, refused=True).check("refused")
        record = wait_for("the record", lambda: last_record("103")["cause"] == "not-found" and last_record("103"), 5)
        assert record["sip_status"] == 404 and record["sip"]["packets_out"] > 50, record

    with lab.case("the same for a phone that says 100rel and never acknowledges, and for one that gives up", go_on=True):
        s = phone("9999").invite("Supported: 100rel", sdp()).add(recv(183), recv(183, True), recv(183, True), recv(404))
        s.request("ACK", cseq=2, refused=True).check("liar")
        s = phone("9999").invite("", sdp()).add(recv(183), pause(300))
        s.request("CANCEL", 'Reason: SIP;cause=200;text="completed elsewhere"', tag=False, cseq=2, refused=True)
        s.add(recv(200), recv(487)).request("ACK", cseq=2, refused=True).check("gives_up")
        wait_for("the record", lambda: (last_record("103")["sip_status"], last_record("103")["sip_reason"]) == (487, "SIP 200: completed elsewhere"), 5)

    with lab.case("unknown extensions 420, no hops left 483", go_on=True):
        for name, headers, hops, status in (("strange", "Require: foo", 70, 420), ("hops", "", 0, 483)):
            s = phone().request("INVITE", headers, sdp(), tag=False, hops=hops).add(recv(100, True), recv(status))
            s.request("ACK", cseq=1, refused=True).check(name)

    with lab.case("hold by every form, back with another address, other packet times, late offers; their reason is in the record", go_on=True):
        s = phone().call("Diversion: <sip:200@pbx.example.test>;reason=no-answer")
        s.reinvite(sdp("a=sendonly", 2), check="a=recvonly").reinvite(sdp("a=sendrecv", 3, port="[media_port+2]"), check="a=sendrecv")
        s.reinvite(sdp("a=inactive", 4), check="a=inactive").reinvite(sdp("a=sendrecv\na=ptime:40", 5), check="a=sendrecv")
        s.reinvite(sdp("a=sendrecv", 6, address="0.0.0.0")).reinvite(sdp("a=sendrecv\na=ptime:10", 7), check="a=sendrecv")
        s.request("UPDATE", body=sdp("a=sendonly", 8)).add(recv(200, check="a=recvonly"))
        s.request("UPDATE", body=sdp("a=sendrecv", 9)).add(recv(200, check="a=sendrecv"))
        s.request("INVITE").add(recv(100, True), recv(200, check="m=audio"))
        s.request("ACK", cseq=s.cseq, body=sdp(version=10)).add(pause(200))
        s.bye("Reason: Q.850;cause=17;text=\"User busy\"").check("holds")
        record = wait_for("the record", lambda: last_record("103")["sip_reason"] == "Q.850 17: User busy" and last_record("103"), 5)
        assert record["history"].startswith("Diversion: <sip:200@pbx.example.test>"), record

    with lab.case("transfers: outwards never, to another room yes, and every step is told", go_on=True):
        s = phone().call()
        for target, status in (("sip:+4990012345@provider.example.test", 403), ("tel:+4990012345", 400),
                               ("sip:8000@[remote_ip]:[remote_port]", 403)):
            s.request("REFER", f"Refer-To: <{target}>").add(recv(status))
        s.request("REFER", "Refer-To: <sip:0049900123@[remote_ip]:[remote_port]>").add(recv(202))  # a 404 here would end the call (RFC 5057)
        s.add(recv("NOTIFY", check="SIP/2.0 100")).answer("200 OK").add(recv("NOTIFY", check="SIP/2.0 404")).answer("200 OK")
        s.request("REFER", "Refer-To: <sip:8001@[remote_ip]:[remote_port]>").add(recv(202))
        s.add(recv("NOTIFY", check="SIP/2.0 100")).answer("200 OK").add(recv("NOTIFY", check="SIP/2.0 200")).answer("200 OK")
        s.request("REFER", "Refer-To: <sip:8000@[remote_ip]:[remote_port]>\nRefer-Sub: false").add(recv(202, check="Refer-Sub: false"))
        s.add(pause(1500)).bye().check("refer")
        record = wait_for("the record", lambda: last_record("103")["room"] == lab.room and last_record("103"), 5)
        assert [c["direction"] for c in gateway.ctl("history")].count("out") == 0
        gateway.wait_idle()

    def registered(name, *steps):
        """sipp as phone 102, that answers an INVITE like this."""
        port, s = free_port(), Scenario(lab, "102", "102")
        s.request("REGISTER", tag=False).add(recv(401, rest='auth="true"'))
        s.request("REGISTER", "[authentication username=102 password=pw-102]\nExpires: 60", tag=False).add(recv(200))
        p = s.run(name + "_register", port=port)
        assert p.wait(15) == 0, errors(lab.folder, name + "_register", p.pid)
        u = Scenario(lab, "102", "102").add(recv("INVITE"))
        for step in steps:
            step(u)
        return u.run(name, port=port)

    def transferred(name, *steps):
        """What a phone in the room is told that sends it there; the transferee's sipp must be content as well."""
        p = registered(name, *steps)
        ua = lab.dial("100", transfer=f"0.5:sip:102@127.0.0.1:{gateway.port}")
        yield ua
        code = p.wait(25)
        assert code == 0, errors(lab.folder, name, p.pid)

    def told(ua, status):
        code, document = ua.hang_up()
        assert document["transfer"] == status, document
        assert not document["gaps"], document

    with lab.case("to another phone: reliable early media, PRACK, answered, in the room", go_on=True):
        invite = '<recv request="INVITE"><action>' + "".join(
            f'<ereg regexp="[^\\r\\n]*" search_in="hdr" header="{h}:" assign_to="{v}"/>' for h, v in (("Via", "via"), ("CSeq", "cseq"))) + "</action></recv>"
        steps = [lambda u: u.steps.clear(), lambda u: u.add(invite),
                 lambda u: u.answer("183 Session Progress", "tag=x\nRequire: 100rel\nRSeq: 5", sdp()),
                 lambda u: u.add(recv("PRACK", check="RAck: 5 ")).answer("200 OK").add(pause(300)),
                 lambda u: u.answer("200 OK", "", sdp()), lambda u: u.steps.append(
                     u.steps.pop().replace("[last_Via:]", "Via:[$via]").replace("[last_CSeq:]", "CSeq:[$cseq]")),
                 lambda u: u.add(recv("ACK"), recv("BYE")).answer("200 OK")]
        for ua in transferred("early", *steps):
            gateway.wait_state("102", "talking", 15)
            wait_for("the transfer", lambda: "transfer: 200" in str(gateway.ctl("call", "trace", gateway.call("100")["id"])), 10)
            told(ua, 200)
            gateway.ctl("call", "hangup", gateway.call("102")["id"])
        gateway.wait_idle()

    with lab.case("busy, and a call forward that leads outside: told as it is, nobody else is rung", go_on=True):
        for name, status, headers, wanted in (("busy", "486 Busy Here", "", 486),
                                              ("outside", "302 Moved Temporarily", "Contact: <sip:+4990012345@provider.example.test>", 603)):
            for ua in transferred(name, lambda u: u.answer(status, "tag=x\n" + headers).add(recv("ACK"))):
                gateway.wait_state("100", "waiting")
                wait_for("the transfer", lambda: f"transfer: {wanted}" in str(gateway.ctl("call", "trace", gateway.call("100")["id"])), 10)
                told(ua, wanted)
            gateway.wait_idle()

    with lab.case("taken over by another telephone of the same user: the room hears it on, and nobody leaves", go_on=True):
        alice = lab.peer("alice")
        alice.wait_joined()
        relay = lab.keep(Relay(gateway.port))
        old = lab.dial("100", proxy=f"127.0.0.1:{relay.port}")
        alice.wait("proposed", nick="Phone 100")
        alice.accept()
        gateway.wait_talking("100", peers=1)
        ear = lab.dial("101", tone=0)  # another telephone in the room hears whether there is a gap
        gateway.wait_talking("100", peers=2)
        alice.wait_hears("Phone 100", 1000)
        call = gateway.call("100")
        stranger = lab.dial("101", replaces=relay.replaces())
        assert stranger.result()[1]["status"] == 403
        new = lab.dial("100", replaces=relay.replaces())
        code, document = old.result()
        assert document["ended_by"] == "them" and not document["gaps"], document
        alice.wait_hears("Phone 100", 1000)
        now = gateway.call("100")
        assert now["id"] == call["id"] and now["nick"] == call["nick"] and now["state"] == "talking", now
        assert [p for p in now["peers"] if p["nick"] == "alice"][0]["state"] == "up"
        time.sleep(2.5)  # to hear something
        code, document = new.hang_up()
        assert document["status"] == 200 and not document["gaps"], document
        assert_heard(document, 440, 0.5)
        code, document = ear.hang_up()
        assert not document["gaps"], document
        assert_heard(document, 1000, document["duration_s"] * 0.6)
        events = str(gateway.ctl("call", "trace", call["id"]))
        assert events.count("join as") == 1 and "another dialog took over" in events, events
        alice.hangup()
        gateway.wait_idle()

    with lab.case("packets that get lost: INVITE, answer, acknowledgement, goodbye", go_on=True):
        def calls():
            return sum(c["phone"] == "101" for c in gateway.ctl("history"))
        before = calls()
        relay = lab.keep(Relay(gateway.port, {("in", "INVITE"): 1, ("out", "200 INVITE"): 1, ("in", "ACK"): 2, ("in", "BYE"): 1,
                                              ("out", "200 BYE"): 1}))
        ua = lab.dial("101", proxy=f"127.0.0.1:{relay.port}")
        wait_for("the call to be in the room", lambda: gateway.call("101") and gateway.call("101")["nick"], 15)  # with alice or alone
        wait_for("the acknowledgement", lambda: relay.count("in", "ACK") >= 2, 10)
        code, document = ua.hang_up()
        assert document["status"] == 200 and document["ended_by"] == "us", document
        gateway.wait_idle()
        assert len(relay.lost) >= 5, relay.lost
        assert calls() == before + 1, "an INVITE that came twice was two calls"
