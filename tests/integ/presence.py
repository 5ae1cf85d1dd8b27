#!/usr/bin/python3
"""How a phone stands, as people see it in their contact list: registered, ringing, in a call, gone; after a restart of the
gateway and of the server too. And what a desk phone gets that asks for more than there is."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone, header  # noqa: E402

HERE, RINGING, CALL = ("here", None), ("dnd", "ringing"), ("dnd", "in a call")

with Lab("presence") as lab:
    gateway = lab.daemon(sip={"ring_limit": 20})
    stands = lambda n: f"{n}@{lab.server.phones}/tipring"  # noqa: E731

    def sees(who, number, what, timeout=10):
        wait_for(f"{who.user} to see {number} as {what}, now {who.sees(stands(number))}", lambda: who.sees(stands(number)) == what, timeout)

    alice = lab.keep(Contact(lab.server, "alice"))
    with lab.case("a phone that is not registered is not there"):
        wait_for("an answer to alice's probe", lambda: (alice.sees(stands("103")) or [""])[0] == "unavailable", 10)

    phone = lab.keep(SipPhone(gateway, "103"))
    with lab.case("it registers, rings, is let alone, goes"):
        phone.register()
        sees(alice, "103", HERE)
        call = gateway.ctl("call", "dial", "103", "8000")["id"]
        sees(alice, "103", RINGING)
        gateway.ctl("call", "hangup", call)
        sees(alice, "103", HERE)

    with lab.case("in a call, and free again; whoever logs in meanwhile sees it"):
        ua = lab.dial("101")
        gateway.wait_state("101", "waiting")
        sees(alice, "101", CALL)
        bob = lab.keep(Contact(lab.server, "bob"))
        sees(bob, "101", CALL)
        sees(bob, "103", HERE)
        ua.hang_up()
        sees(alice, "101", ("unavailable", None))  # it never registered
        sees(bob, "101", ("unavailable", None))

    with lab.case("the phone answers what clients ask, and announces calls where somebody may call it"):
        identities, features = alice.disco(stands("103"))
        assert {i[:2] for i in identities} == {("client", "phone")}, identities
        calls = {"urn:xmpp:jingle:1", "urn:xmpp:jingle-message:0", "urn:xmpp:jingle:apps:rtp:audio", "urn:xmpp:jingle:transports:ice-udp:1"}
        assert calls | {"jabber:x:conference"} <= set(features) and "urn:xmpp:jingle:apps:rtp:video" not in features, features

    with lab.case("who watches is remembered over a restart, and told that it is going"):
        assert gateway.stop() == 0
        sees(alice, "103", ("unavailable", "shutting down"))
        gateway.conf["xmpp"]["callers"] = []
        gateway.write()
        gateway.start()
        sees(alice, "103", HERE)  # the registration was kept, too
        assert "urn:xmpp:jingle:1" not in alice.disco(stands("103"))[1], "nobody may call, and the button is there"
        phone.register(0)
        sees(alice, "103", ("unavailable", None))
        phone.register()
        sees(bob, "103", HERE)

    with lab.case("the stream is lost and comes back: who watched before is told, whoever logs in first"):
        lab.server.stop()
        lab.server.start()
        again = lab.keep(Contact(lab.server, "alice"))
        sees(again, "103", HERE, 30)

    with lab.case("a phone that is removed is gone for good"):
        gateway.ctl("phone", "add", "150", "password=x")
        gateway.ctl("phone", "remove", "150")
        gateway.conf["phones"] = [p for p in gateway.conf["phones"] if p["number"] != "103"]
        gateway.write()
        gateway.ctl("reload")
        sees(again, "103", ("unavailable", None))

    with lab.case("a desk phone that asks for news of voice mail is told for good that there are none"):
        answer = phone.request("SUBSCRIBE", f"sip:103@127.0.0.1:{gateway.port}", "Event: message-summary", "Expires: 3600",
                               "Accept: application/simple-message-summary")
        assert answer.startswith("SIP/2.0 405") and "SUBSCRIBE" not in header(answer, "Allow"), answer
