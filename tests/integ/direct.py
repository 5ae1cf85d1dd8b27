#!/usr/bin/python3
"""Calls between one phone and one person (XEP-0353 and plain Jingle), both ways, with sound; who is refused and how."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone, header  # noqa: E402

with Lab("direct") as lab:
    gateway = lab.daemon(sip={"ring_limit": 20}, xmpp={"callers": ["alice@" + lab.server.domain]},
                         rooms=[{"number": "8000", "room": lab.room},
                                {"number": "8101", "room": lab.server.jid("alice"), "flavour": "direct"}])
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    registered = lambda n: any(p["number"] == n and p["registered"] for p in gateway.ctl("phone", "list"))  # noqa: E731
    alice = lab.person("alice")
    tablet = lab.person("alice", 770)
    bob = lab.person("bob")
    phone = lab.keep(SipPhone(gateway, "103")).register()

    def ended(call):
        return wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)

    def proposes(who, to):
        """The id of the call."""
        since = who.events[-1]["at"] + 1e-6
        who.command("propose", to)
        return who.wait("own", since=since)["id"]

    with lab.case("a phone calls her number: all her devices are asked, the first that takes it has the call, tones both ways"):
        ua = lab.dial("100", "8101")
        asked = alice.wait("jmi", action="propose")
        tablet.wait("jmi", action="propose", id=asked["id"])
        assert asked["to"].startswith(lab.server.jid("alice")), asked
        tablet.command("ring")
        wait_for("180", lambda: "180 Ringing" in str(gateway.ctl("call", "trace", gateway.call("100")["id"])), 10)
        tablet.command("take")
        call = gateway.wait_talking("100")
        assert (call["direction"], call["number"], call["flavour"], call["room"]) == ("in", "8101", "direct", lab.server.jid("alice")), call
        assert call["peers"][0]["jid"] == tablet.jid, call
        tablet.wait_hears("100", 1000)
        assert not alice.seen("offered"), alice.events
        gateway.let_listen("100", 2)

    with lab.case("she holds the call and takes it back; video is declined; what is not known is refused; strays, too"):
        tablet.command("hold", True)
        wait_for("a new offer", lambda: "holds the call" in str(gateway.ctl("call", "trace", call["id"])), 10)
        tablet.command("hold", False)
        wait_for("the other one", lambda: "takes it back" in str(gateway.ctl("call", "trace", call["id"])), 10)
        tablet.command("content_add")
        tablet.wait("action", name="content-reject")
        tablet.command("action", "make-coffee")
        tablet.wait("refused", conditions=["bad-request"])
        alice.command("stray", asked["peer"])
        alice.wait("refused", conditions=["item-not-found", "unknown-session"])
        gateway.let_listen("100", 1)

    with lab.case("the phone hangs up: she is told, once by each word"):
        ua.hang_up()
        assert_heard(ua.documents()[-1], 770, 1)
        tablet.wait("session", state="ended", reason="success")
        tablet.wait("jmi", action="finish", id=asked["id"], reason="success")
        record = ended(call["id"])
        assert record["cause"] == "normal", record

    for reason, code, cause in (("busy", 486, "busy"), ("decline", 603, "rejected")):
        with lab.case(f"{reason}: the phone gets {code}", go_on=True):
            before = alice.events[-1]["at"] + 1e-6
            ua = lab.dial("101", "8101")
            alice.wait("jmi", action="propose", since=before)
            alice.command("refuse", reason)
            status = ua.result()[1]["status"]
            assert status == code, status
            gateway.wait_idle()

    with lab.case("given up before she answers: her devices are told", go_on=True):
        before = alice.events[-1]["at"] + 1e-6
        ua = lab.dial("101", "alice%40" + lab.server.domain)  # by her address
        asked = alice.wait("jmi", action="propose", since=before)
        ua.hang_up()
        alice.wait("jmi", action="retract", id=asked["id"])
        gateway.wait_idle()

    with lab.case("somebody who does not exist", go_on=True):
        gone = lab.keep(Ua(lab.folder, "101", "call", "sip:nobody@" + lab.server.domain, "--user", "101", "--password", "pw-101",
                           "--proxy", f"127.0.0.1:{gateway.port}"))  # as a phone writes an address
        code = gone.result()[1]["status"]
        assert code in (404, 480), code

    with lab.case("she calls a phone: it rings, is picked up, tones both ways; she hangs up"):
        ua = lab.answering("102", calls=2)
        wait_for("phone 102 to be registered", lambda: registered("102"), 10)
        own = proposes(alice, jid("102"))
        proceed = alice.wait("jmi", action="proceed", id=own)
        assert proceed["peer"].startswith(jid("102") + "/"), proceed
        call = gateway.wait_talking("102")
        assert (call["direction"], call["number"], call["flavour"]) == ("out", "8101", "direct"), call
        alice.wait_hears("102", 1400)
        gateway.let_listen("102", 2)
        alice.command("hangup")
        gateway.wait_idle()
        wait_for("the phone's result", ua.documents, 10)
        assert_heard(ua.documents()[-1], 440, 1)
        alice.wait("jmi", action="finish", id=own)

    with lab.case("the same without asking before: a session-initiate to the JID that the phone shows"):
        alice.command("offer", jid("102") + "/tipring")
        gateway.wait_talking("102")
        alice.wait_hears("102", 1400)
        gateway.let_listen("102", 1)
        alice.command("hangup")
        gateway.wait_idle()

    for manner, reason in (("busy", "busy"), ("decline", "decline"), ("unavailable", "timeout")):
        with lab.case(f"the phone says {manner}: she gets {reason}", go_on=True):
            phone.manner = manner
            said = alice.wait("jmi", action="reject", id=proposes(alice, jid("103")))
            assert said["reason"] == reason, said
            gateway.wait_idle()

    with lab.case("she gives up while it rings: CANCEL", go_on=True):
        phone.manner = "ring"
        before = phone.count("CANCEL")
        alice.wait("jmi", action="ringing", id=proposes(alice, jid("103")))
        alice.command("retract")
        wait_for("CANCEL", lambda: phone.count("CANCEL") > before, 10)
        assert "sip:8101@" in header(phone.invite, "From") and lab.server.jid("alice") in header(phone.invite, "From"), phone.invite
        gateway.wait_idle()

    with lab.case("the same of a session without asking before", go_on=True):
        before = phone.count("CANCEL")
        since = alice.events[-1]["at"] + 1e-6
        alice.command("offer", jid("103") + "/tipring")
        alice.wait("info", name="ringing", since=since)
        alice.command("hangup")
        wait_for("CANCEL", lambda: phone.count("CANCEL") > before, 10)
        gateway.wait_idle()

    with lab.case("who may not call is refused by either way, and nothing rings", go_on=True):
        before = phone.count("INVITE")
        assert bob.wait("jmi", action="reject", id=proposes(bob, jid("103")))["reason"] == "decline"
        bob.command("offer", jid("103") + "/tipring")
        bob.wait("session", state="ended", reason="decline")
        alice.wait("jmi", action="reject", id=proposes(alice, jid("+4930123456")))  # no trunk lets it leave
        assert phone.count("INVITE") == before and not gateway.calls()

    with lab.case("calls of one person have a pace: told once, then silence", go_on=True):
        phone.manner = "busy"
        invites, since = phone.count("INVITE"), alice.events[-1]["at"] + 1e-6
        for _ in range(20):
            alice.command("propose", jid("103"))
        wait_for("her words to be said", lambda: len(alice.seen("own", since=since)) == 20, 15)
        alice.wait("jmi", action="reject", id=proposes(alice, jid("+4930123456")))  # after them: all have been weighed
        assert 1 <= gateway.process.log().count("calls too often") <= 4  # once for each time that it had been fine again
        assert phone.count("INVITE") - invites <= 11, phone.count("INVITE") - invites
        gateway.wait_idle()

    with lab.case("the XMPP server restarts in a call: the sound goes on, and so does the call; hung up then, she is told"):
        before = time.monotonic()
        ua = lab.dial("100", "8101")
        asked = tablet.wait("jmi", action="propose", since=before)
        tablet.command("take")
        gateway.wait_talking("100")
        tablet.wait_hears("100", 1000)
        at = time.monotonic()
        lab.server.kill()
        wait_for("the gateway to notice", lambda: gateway.ctl("status")["xmpp"]["state"] != "up", 15)
        lab.server.start()
        tablet.wait("joined", since=at, timeout=30)
        wait_for("the gateway to be back", lambda: gateway.ctl("status")["xmpp"]["state"] == "up", 30)
        gateway.let_listen("100", 1)
        tablet.heard.clear()
        tablet.wait_hears("100", 1000)
        assert gateway.call("100")["state"] == "talking"
        code, heard = ua.hang_up()
        assert code == 0, heard
        assert_heard(heard, 770, 2)
        tablet.wait("session", since=at, state="ended", reason="success")
        tablet.wait("jmi", since=at, action="finish", id=asked["id"])
        gateway.wait_idle()
